//! Kinds 6 and 9: workbooks, and files of other programs.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use foramen_outcome::OutcomeOptions;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A sheet: its name, its rows of cells, and its merged areas.
type Sheet<'a> = (&'a str, &'a [Vec<String>], &'a [&'a str]);

/// A workbook of sheets, each with a name, rows of cells and merged areas. Cells
/// that are dates become numbers with the style of one.
fn workbook(sheets: &[Sheet<'_>]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        let stored =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(name, stored).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let (mut listed, mut relations) = (String::new(), String::new());
    for (n, (name, rows, merged)) in (1..).zip(sheets) {
        write!(listed, "<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"r{n}\"/>").unwrap();
        write!(
            relations,
            "<Relationship Id=\"r{n}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"
        )
        .unwrap();
        let mut text = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>");
        for (row, cells) in (1..).zip(*rows) {
            write!(text, "<row r=\"{row}\">").unwrap();
            for (column, cell) in ('A'..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let place = format!("{column}{row}");
                let date: Result<jiff::civil::Date, _> = cell.parse();
                match (date, cell.parse::<f64>()) {
                    (Ok(date), _) => {
                        let day = (date - jiff::civil::date(1899, 12, 30)).get_days();
                        write!(text, "<c r=\"{place}\" s=\"1\"><v>{day}</v></c>").unwrap();
                    }
                    (_, Ok(number)) => {
                        write!(text, "<c r=\"{place}\"><v>{number}</v></c>").unwrap();
                    }
                    _ => {
                        write!(text, "<c r=\"{place}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>")
                            .unwrap()
                    }
                }
            }
            text += "</row>";
        }
        text += "</sheetData>";
        if !merged.is_empty() {
            write!(text, "<mergeCells count=\"{}\">", merged.len()).unwrap();
            merged.iter().for_each(|area| write!(text, "<mergeCell ref=\"{area}\"/>").unwrap());
            text += "</mergeCells>";
        }
        add(&format!("xl/worksheets/sheet{n}.xml"), &(text + "</worksheet>"));
    }
    let styles = "<cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>";
    add("xl/styles.xml", &format!("<styleSheet xmlns=\"{MAIN}\">{styles}</styleSheet>"));
    let book = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{listed}</sheets></workbook>"
    );
    add("xl/workbook.xml", &book);
    let root = format!(
        "<Relationship Id=\"b\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>"
    );
    add("_rels/.rels", &format!("<Relationships xmlns=\"{RELATIONS}\">{root}</Relationships>"));
    let styled = format!("<Relationship Id=\"s\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/>");
    add(
        "xl/_rels/workbook.xml.rels",
        &format!("<Relationships xmlns=\"{RELATIONS}\">{relations}{styled}</Relationships>"),
    );
    zip.finish().unwrap().into_inner()
}

fn cells(table: &str) -> Vec<Vec<String>> {
    table.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn a_workbook_is_read_directly_and_its_dates_are_dates() {
    let outcomes =
        assert_base(workbook(&[("Data", &cells(&plain()), &[])]), &OutcomeOptions::default());
    assert_eq!(outcomes.encoding, "xlsx");
    assert_eq!(outcomes.episodes[0].followup_date.to_string(), "2024-04-30");
    assert_eq!(&outcomes.episodes[0].covariates["age"], "61");
    // Rows are those of the sheet, empty ones and titles counted.
    let table =
        format!("Registry 2024\n\n{}\n{}", plain(), "P009,C5/6,left,2024-03-01,7,2024-04-30,x");
    let book = workbook(&[("Data", &cells(&table), &["A1:I1"]), ("Notes", &[], &[])]);
    let outcomes = assert_base(book, &OutcomeOptions::default());
    assert_eq!(reasons(&outcomes), [(13, "bad_value")]);
}

#[test]
fn of_several_sheets_the_mapping_names_one() {
    let notes = cells("who,what\nme,all");
    let book = workbook(&[("Notes", &notes, &[]), ("NRS", &cells(&plain()), &[])]);
    let message = refusal(&book, &OutcomeOptions::default());
    assert!(message.contains("Notes, NRS") && message.contains("sheet = "), "{message}");
    assert_base(&book, &options("sheet = \"NRS\""));
    assert!(refusal(&book, &options("sheet = \"VAS\"")).contains("\"VAS\""));
    let message = refusal(plain(), &options("sheet = \"NRS\""));
    assert!(message.contains("no effect"), "{message}");
}

#[test]
fn merged_cells_among_the_rows_are_refused_by_their_place() {
    let book = workbook(&[("Data", &cells(&plain()), &["A2:A4"])]);
    let message = refusal(book, &OutcomeOptions::default());
    assert!(message.contains("A2:A4"), "{message}");
}

#[test]
fn files_of_other_programs_are_refused_with_the_remedy() {
    for (bytes, part) in [
        (&b"$FL2@(#) SPSS DATA FILE"[..], "in SPSS save it as CSV"),
        (b"<stata_dta><header><release>118", "export delimited"),
        (b"PK\x03\x04 and nothing more", "save the table as .xlsx or CSV"),
        (b"PK\x03\x04 xl/workbook.xml cut off", "could not read the workbook"),
    ] {
        let message = refusal(bytes, &OutcomeOptions::default());
        assert!(message.contains(part), "{message}");
    }
}

proptest::proptest! {
    /// Whatever happens to its bytes, a workbook is read or refused.
    #[test]
    fn broken_workbooks_are_refused(
        at in proptest::prelude::any::<proptest::sample::Index>(),
        length in 0_usize..60,
        by in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..6),
        cell in "[ -~]{0,12}",
    ) {
        let cell = cell.replace(['<', '>', '&', '"', ','], "");
        let table = plain().replace("P003", &cell);
        let mut bytes = workbook(&[("Data", &cells(&table), &[])]);
        let outcomes = read(&bytes[..], &OutcomeOptions::default());
        proptest::prop_assert!(outcomes.is_ok_and(|outcomes| outcomes.flow().adds_up()));
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, by);
        let _ = read(&bytes[..], &OutcomeOptions::default());
    }
}
