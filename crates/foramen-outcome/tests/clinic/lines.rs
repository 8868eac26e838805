//! Kinds 1 and 6: lines, headers, separators, columns and rows of other shapes.

use std::fmt::Write as _;

use foramen_outcome::{OutcomeOptions, Remark};

use super::*;

fn detected() -> OutcomeOptions {
    OutcomeOptions::default()
}

/// 288 patients with a comment, the quote of one of which never closes well.
fn quoted(comment_40: &str, comment_180: &str) -> String {
    let mut table = format!("{},comment\n", HEADER.replace(",age,sex", ""));
    for n in 0..288 {
        let comment = match n {
            40 => comment_40,
            180 => comment_180,
            _ => "ok",
        };
        writeln!(table, "P{n:03},C5/6,left,2024-03-01,7,2024-04-30,3,{comment}").unwrap();
    }
    table
}

#[test]
fn a_quote_that_swallows_patients_stops_the_run_and_names_its_line() {
    for (first, second) in [
        ("\"worse after fall", "slept \"better\" now"),
        ("\"worse after fall", "\"better\""),
        ("\"worse after fall", "better\""),
        ("\"worse after fall", "ok"),
    ] {
        let message = refusal(quoted(first, second), &detected());
        assert!(message.starts_with("a quote opens on line 42 and takes in the "), "{message}");
    }
    let outcomes = label(quoted("\"worse,\nthen \"\"better\"\"\"", "ok"), &detected());
    assert_eq!((outcomes.rows, outcomes.lines.continued), (288, 1));
    assert_eq!(outcomes.rejected.len() + outcomes.episodes.len(), 288);
}

#[test]
fn a_quote_in_the_first_column_swallows_no_patient_either() {
    let table = plain().replace("P003,", "\"P003,").replace("P006,", "P006\",");
    let message = refusal(table, &detected());
    assert!(message.contains("line 4 and takes in the 3 lines"), "{message}");
}

#[test]
fn lines_may_end_in_any_way() {
    for end in ["\r", "\r\n"] {
        assert_base(plain().replace('\n', end), &detected());
    }
    let mixed = plain().replacen('\n', "\r", 3).replacen('\n', "\r\n", 3) + "\n\n\r\n";
    let outcomes = assert_base(mixed, &detected());
    assert_eq!(outcomes.lines.to_string(), "12 lines: 1 header, 8 rows, 3 blank");
}

#[test]
fn a_line_that_states_the_separator_is_taken_at_its_word() {
    for separator in [";", "|", "\t"] {
        let table = plain().replace(',', separator);
        let outcomes = assert_base(format!("sep={separator}\r\n{table}"), &detected());
        assert_eq!((outcomes.lines.skipped, outcomes.remarks.len()), (1, 0));
    }
}

#[test]
fn titles_and_merged_headings_above_the_header_are_skipped_and_said() {
    for above in [
        "Cervical TFESI registry 2024,,,,,,,,\n",
        "Cervical TFESI registry 2024\nexported 2024-08-01\n\n",
        "Patient,Procedure,,,Before,2 months,,Demographics,\n",
    ] {
        let outcomes = assert_base(format!("{above}{}", plain()), &detected());
        assert_eq!(outcomes.remarks[0].name(), "header_row", "{above}");
        assert!(outcomes.rejected.is_empty());
    }
    // A title with the words of other columns than those of the mapping.
    let table = format!("age,sex,side\n{}", plain());
    assert_base(&table, &detected());
    assert_base(&table, &options("header_row = 2"));
    let message = refusal(&table, &options("header_row = 20"));
    assert!(message.contains("line 20"), "{message}");
}

#[test]
fn names_are_one_name_however_their_accents_are_written() {
    let columns = "[columns]\nsubject_id = \"Patient\"\nlevel = \"Höhe\"\nside = \"Seite\"\n\
                   injection_date = \"Datum\"\nnrs_baseline = \"NRS vor\"\n\
                   followup_date = \"Kontrolle\"\nnrs_followup = \"NRS nach\"\n";
    let header = "Patient;Ho\u{308}he;Seite;Datum;NRS vor;Kontrolle;NRS nach;Alter;Geschlecht";
    let table = base(header, |row| row.replace(',', ";"));
    assert_base(&table, &options(columns));
    assert_base(table.replace("o\u{308}", "ö"), &options(&columns.replace('ö', "o\u{308}")));
}

#[test]
fn rows_that_end_early_are_padded_and_said() {
    let header = format!("{HEADER},comment,complication");
    let row = |row: &str| match row {
        row if row < "P003" => format!("{row},note,none"),
        row => row.to_owned(),
    };
    let outcomes = assert_base(base(&header, row), &detected());
    assert_eq!(
        remarks(&outcomes),
        ["6 rows have fewer cells than the header, padded with empty ones: rows 4, 5, 6, 7, 8, 9"]
    );
    // A program that leaves out empty cells at the end leaves out scores too.
    let table = plain() + "P009,C5/6,left,2024-03-01,7\n";
    let outcomes = assert_base(table, &detected());
    assert_eq!(reasons(&outcomes), [(10, "missing_followup")]);
    // More cells than the header are another matter.
    let outcomes = assert_base(plain() + &format!("{},x\n", ROWS[0]), &detected());
    assert_eq!(reasons(&outcomes), [(10, "ragged_row")]);
}

#[test]
fn a_column_that_is_there_twice_is_named_by_its_place() {
    let table = base(&format!("{HEADER},nrs_followup"), |row| format!("{row},9"));
    let message = refusal(&table, &detected());
    assert!(message.contains("(columns 7 and 10)") && message.contains("nrs_followup = 7"));
    let outcomes = assert_base(&table, &options("[columns]\nnrs_followup = 7"));
    assert_eq!(&outcomes.episodes[0].covariates["nrs_followup (column 10)"], "9");
    // The mapping may name the other.
    let outcomes = label(&table, &options("[columns]\nnrs_followup = 10"));
    assert_eq!(labels(&outcomes).0.len(), 0);
}

#[test]
fn a_doubled_column_that_nothing_needs_is_no_obstacle() {
    let table = base(&format!("{HEADER},Timestamp,Timestamp"), |row| format!("{row},1,2"));
    let outcomes = assert_base(&table, &detected());
    let doubled = Remark::DoubledColumn { column: "Timestamp".to_owned(), places: vec![10, 11] };
    assert_eq!(outcomes.remarks, [doubled]);
    let message = refusal(&table, &options("[covariates]\nentered = \"timestamp\""));
    assert!(message.contains("(columns 10 and 11)"), "{message}");
    let outcomes = assert_base(&table, &options("[covariates]\nentered = 11"));
    assert_eq!(&outcomes.episodes[0].covariates["entered"], "2");
}

#[test]
fn a_labelled_redcap_export_has_survey_timestamps_twice() {
    let table = "\
Study number,Repeat Instrument,Repeat Instance,Survey Timestamp,Age at injection,Complete?,\
Level of the disc,Side of the patient,Date of injection,\
\"Arm pain before the injection, 0 (none) to 10 (worst)\",Complete?,Survey Timestamp,\
Date of the visit,\"Arm pain now, 0 (none) to 10 (worst)\",Complete?
R1,,,2024-01-02 10:11:12,50,Complete,,,,,,,,,
R1,Injection,1,,,,C5/6,left,2024-03-01,7,Complete,,,,
R1,Followup,1,,,,,,,,,[not completed],2024-04-30,3,Complete
";
    let outcomes = label(table, &with_dictionary(""));
    assert_eq!(labels(&outcomes), (vec!["R1"], vec![]));
}
