//! Workbooks (`.xlsx`) as text, and named errors for files that are not tables.

use std::io::Cursor;

use calamine::{Data, Reader as _, SheetType, SheetVisible, Xlsx};

use crate::TableError;

/// Separator between the cells of a workbook's text.
pub(crate) const SEPARATOR: char = '\t';

/// A sheet as text, with one line for each of its rows, so that line numbers equal row numbers.
pub(crate) struct Sheet {
    pub(crate) text: String,
    /// Merged cells with the rows they cover, counted from 1.
    pub(crate) merged: Vec<Merged>,
}

/// Merged cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The cells, as the spreadsheet names them: `B2:B5`.
    pub place: String,
    /// The last row.
    pub last: u64,
}

/// Returns an error, with a remedy, for other programs' files that are not text.
pub(crate) fn refuse_others(bytes: &[u8]) -> Result<(), TableError> {
    let starts = |with: &[u8]| bytes.starts_with(with);
    let (what, remedy) = if starts(b"$FL2") || starts(b"$FL3") {
        ("an SPSS file (.sav)", "in SPSS save it as CSV, with value labels or with the codes")
    } else if starts(b"<stata_dta>")
        || bytes.len() > 4
            && (0x6c..=0x73).contains(&bytes[0])
            && [1, 2].contains(&bytes[1])
            && bytes[2] == 1
            && bytes[3] == 0
    {
        ("a Stata file (.dta)", "in Stata export it: export delimited using outcomes.csv")
    } else if starts(b"\xd0\xcf\x11\xe0") {
        ("an old workbook (.xls), or one with a password", "save it as .xlsx or CSV UTF-8")
    } else if starts(b"%PDF") {
        ("a PDF", "export the table it was made from as CSV")
    } else if starts(b"\x1f\x8b") {
        ("compressed (.gz)", "unpack it")
    } else if starts(b"PK\x03\x04") {
        ("no workbook (.xlsx) although it is packed as one", "save the table as .xlsx or CSV UTF-8")
    } else {
        return Ok(());
    };
    Err(TableError::NotText { what, remedy })
}

/// The sheet of a workbook, if the bytes are a workbook: the named sheet, else the only sheet with
/// cells.
pub(crate) fn read(bytes: &[u8], sheet: Option<&str>) -> Result<Option<Sheet>, TableError> {
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    if !bytes.starts_with(b"PK\x03\x04") || !holds(b"xl/workbook.xml") {
        return Ok(None);
    }
    let broken = |error| TableError::Workbook(Box::new(error));
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let sheets = book.sheets_metadata().iter();
    let sheets = sheets.filter(|one| one.typ == SheetType::WorkSheet);
    let named: Vec<(String, bool)> =
        sheets.map(|one| (one.name.clone(), one.visible == SheetVisible::Visible)).collect();
    let mut filled = Vec::new();
    for (name, visible) in &named {
        let wanted = sheet.map_or(*visible, |sheet| sheet.trim() == name.trim());
        if wanted {
            let range = book.worksheet_range(name).map_err(broken)?;
            if sheet.is_some() || !range.is_empty() {
                filled.push((name.clone(), range));
            }
        }
    }
    let names = || named.iter().map(|(name, _)| name.clone()).collect();
    let (name, range) = match filled.len() {
        1 => filled.swap_remove(0),
        _ => {
            let asked = sheet.map(str::to_owned);
            return Err(TableError::Sheet { asked, names: names() });
        }
    };
    let merged = book.merge_cells_by_sheet_name(&name).map_err(broken)?;
    let merged = merged.into_iter().filter(|area| area.start != area.end).map(|area| Merged {
        place: format!("{}:{}", place(area.start), place(area.end)),
        last: u64::from(area.end.0) + 1,
    });
    let (top, left) = range.start().unwrap_or_default();
    let mut text = "\n".repeat(top as usize);
    for row in range.rows() {
        let cells: Vec<String> = row.iter().map(cell).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            text.extend(std::iter::repeat_n(SEPARATOR, left as usize));
            text.push_str(&cells.join(&SEPARATOR.to_string()));
        }
        text.push('\n');
    }
    Ok(Some(Sheet { text, merged: merged.collect() }))
}

/// A cell as text, as a person would have typed it.
fn cell(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::Int(number) => number.to_string(),
        // What spreadsheets show: sums of decimals end in digits that are noise.
        Data::Float(number) if number.abs() < 1e9 => ((number * 1e9).round() / 1e9).to_string(),
        Data::Float(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(time) if time.is_datetime() => {
            let (year, month, day, hour, minute, ..) = time.to_ymd_hms_milli();
            match (hour, minute) {
                (0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}"),
            }
        }
        Data::DateTime(time) => time.as_f64().to_string(),
        Data::DateTimeIso(text) | Data::DurationIso(text) => plain(text),
        Data::String(text) => plain(text),
        Data::Error(error) => error.to_string(),
    }
}

/// A text on one line, quoted where it begins with a quote.
fn plain(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    if line.starts_with('"') { format!("\"{}\"", line.replace('"', "\"\"")) } else { line }
}

/// The name `B3` for row 2 and column 1, counted from 0.
fn place((row, column): (u32, u32)) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default()));
        rest = (rest - 1) / 26;
    }
    format!("{}{}", letters.iter().rev().collect::<String>(), row + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_spreadsheets_name_them() {
        let names = [((0, 0), "A1"), ((4, 25), "Z5"), ((9, 26), "AA10"), ((0, 702), "AAA1")];
        for (at, name) in names {
            assert_eq!(place(at), name);
        }
    }

    #[test]
    fn cells_are_what_a_person_would_type() {
        assert_eq!(cell(&Data::Float(7.0)), "7");
        assert_eq!(cell(&Data::Float(0.1 + 0.2)), "0.3");
        assert_eq!(cell(&Data::String("\"a\"\nb".to_owned())), "\"\"\"a\"\" b\"");
    }

    #[test]
    fn files_of_other_programs_are_called_by_their_name() {
        for (bytes, part) in [
            (&b"$FL2@(#) SPSS"[..], "SPSS"),
            (b"<stata_dta><header>", "Stata"),
            (b"\x72\x02\x01\x00\x07\x00", "Stata"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", ".xls"),
            (b"PK\x03\x04\x14", ".xlsx"),
            (b"%PDF-1.7", "PDF"),
        ] {
            let message = refuse_others(bytes).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
        assert!(refuse_others(b"subject_id,level").is_ok());
        assert!(refuse_others(b"sex,side").is_ok());
    }
}
