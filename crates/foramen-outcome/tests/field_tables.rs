//! The tables beside the test data (`field/tables`), each with the answer that its README
//! states. What they share with the made-up tables of `clinic` is the kind, not the text.
//!
//! | table | test |
//! |---|---|
//! | `base`, `sep_line`, `title_row`, `merged_header`, `rows_short_of_empty_tail`, `event_no_words`, `workbook`, `nbsp_zwsp` | `tables_of_one_content_give_one_answer_directly` |
//! | `nfd_header`, `long_time_column`, `wide_no_dates`, `weeks_not_dates` | `tables_of_other_shapes_give_it_by_their_mapping` |
//! | `dup_header` | `a_doubled_column_is_named_by_its_place` |
//! | `id_float_and_int` | `an_id_with_and_without_decimals_is_never_two_people_in_silence` |
//! | `score_nil_none`, `nil_mapped` | `words_for_nothing_are_refused_until_the_mapping_says_what_they_mean` |
//! | `vas_mm`, `vas_mm_low` | `a_scale_of_100_is_refused_as_a_whole_and_read_with_its_name` |
//! | `quote_288` | `a_quote_that_swallows_patients_stops_the_run_at_its_line` |
//! | `redcap_enrolment_baseline_two_injections` | `a_baseline_at_enrolment_is_of_one_injection` |
//! | `redcap_missing_data_codes`, `redcap_double_data_entry`, `redcap_labels_survey_timestamps` | `exports_of_redcap_say_what_is_missing_and_who_is_one_person` |
//! | `scores_*` | `crates/foramen/tests/evaluate.rs` |
//!
//! Inputs of our own for each kind are the tests of `clinic`: `lines` (kind 1), `words` (2),
//! `scales` and `words` (3), `identity` (4), `redcap` (5), `shapes`, `workbooks` and `drafts`
//! (6); those of kind 7 are in `foramen-metrics`, of kind 8 in `foramen/src/scored_table.rs`,
//! of kind 11 in `foramen/tests/program.rs` and `models.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use foramen_outcome::{Dictionary, Mapping, OutcomeOptions, Outcomes, read};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(foramen_test_data::path("../field/tables").join(name)).unwrap()
}

fn with(mapping: &str) -> OutcomeOptions {
    OutcomeOptions::default().with_mapping(Mapping::read(mapping.as_bytes()).unwrap())
}

/// What comes of a table, with the mapping and the dictionary of its name where there are.
fn options_of(name: &str) -> OutcomeOptions {
    let folder = foramen_test_data::path("../field/tables");
    let mut options = OutcomeOptions::default();
    if let Ok(mapping) = std::fs::read(folder.join(format!("{name}.toml"))) {
        options = options.with_mapping(Mapping::read(&mapping[..]).unwrap());
    }
    if let Ok(dictionary) = std::fs::read(folder.join(format!("{name}.dictionary.csv"))) {
        options = options.with_dictionary(Dictionary::read(&dictionary[..]).unwrap());
    }
    options
}

fn label(file: &str, options: &OutcomeOptions) -> Outcomes {
    let outcomes = read(&bytes(file)[..], options).unwrap();
    assert!(outcomes.flow().adds_up() && outcomes.lines.adds_up(), "{file}");
    outcomes
}

fn refusal(file: &str, options: &OutcomeOptions) -> String {
    read(&bytes(file)[..], options).unwrap_err().to_string()
}

fn subjects(outcomes: &Outcomes, favourable: bool) -> Vec<&str> {
    let of = outcomes.episodes.iter().filter(|one| one.outcome.is_favourable() == favourable);
    of.map(|one| one.subject.as_str()).collect()
}

fn assert_base(file: &str, options: &OutcomeOptions) -> Outcomes {
    let outcomes = label(file, options);
    assert_eq!(subjects(&outcomes, true), ["P001", "P003", "P005", "P007", "P008"], "{file}");
    assert_eq!(subjects(&outcomes, false), ["P002", "P004", "P006"], "{file}");
    outcomes
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn tables_of_one_content_give_one_answer_directly() {
    for file in [
        "base.csv",
        "sep_line.csv",
        "title_row.csv",
        "merged_header.csv",
        "rows_short_of_empty_tail.csv",
        "event_no_words.csv",
        "workbook.xlsx",
    ] {
        assert_base(file, &OutcomeOptions::default());
    }
    // Invisible characters are no part of an id.
    let outcomes = assert_base("nbsp_zwsp.csv", &OutcomeOptions::default());
    assert!(outcomes.near_misses.is_empty());
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn tables_of_other_shapes_give_it_by_their_mapping() {
    for name in ["nfd_header", "long_time_column", "wide_no_dates", "weeks_not_dates"] {
        assert_base(&format!("{name}.csv"), &options_of(name));
    }
    // A day that is told by a name alone is said.
    let outcomes = label("wide_no_dates.csv", &options_of("wide_no_dates"));
    let said: Vec<String> = outcomes.notes().iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|note| note.contains("day 61")), "{said:?}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_doubled_column_is_named_by_its_place() {
    let said = refusal("dup_header.csv", &OutcomeOptions::default());
    assert!(said.contains("columns 7 and 10") && said.contains("nrs_followup = 7"), "{said}");
    assert_base("dup_header.csv", &with("[columns]\nnrs_followup = 7\n"));
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn an_id_with_and_without_decimals_is_never_two_people_in_silence() {
    let outcomes = label("id_float_and_int.csv", &OutcomeOptions::default());
    let misses: Vec<String> = outcomes.near_misses.iter().map(ToString::to_string).collect();
    assert_eq!(misses, ["subjects 1001 (row 2) and 1001.0 (row 3) may be one person"]);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn words_for_nothing_are_refused_until_the_mapping_says_what_they_mean() {
    let outcomes = label("score_nil_none.csv", &OutcomeOptions::default());
    assert_eq!(outcomes.rejected.len(), 7);
    for rejection in &outcomes.rejected {
        let said = rejection.to_string();
        assert!(said.contains("no pain (0)") && said.contains("missing = "), "{said}");
    }
    let outcomes = label("nil_mapped.csv", &options_of("nil_mapped"));
    assert_eq!(subjects(&outcomes, true).len(), 8);
    assert!(outcomes.episodes.iter().all(|one| one.nrs_followup.get() == 0.0));
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_scale_of_100_is_refused_as_a_whole_and_read_with_its_name() {
    for file in ["vas_mm.csv", "vas_mm_low.csv"] {
        let said = refusal(file, &OutcomeOptions::default());
        assert!(said.contains("above 10") && said.contains("scale = 100"), "{said}");
    }
    assert_base("vas_mm.csv", &with("scale = 100\n"));
    // 9 of 8 mm is no fall; 2 of 10 mm is one. As 0 to 10 all of them would be high.
    let outcomes = label("vas_mm_low.csv", &with("scale = 100\n"));
    assert!(outcomes.episodes.iter().all(|one| one.nrs_baseline.get() <= 10.0));
    assert_eq!(outcomes.episodes.len() + outcomes.rejected.len(), outcomes.rows);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_quote_that_swallows_patients_stops_the_run_at_its_line() {
    let said = refusal("quote_288.csv", &OutcomeOptions::default());
    assert!(said.contains("a quote opens on line 42") && said.contains("140 lines"), "{said}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_baseline_at_enrolment_is_of_one_injection() {
    let name = "redcap_enrolment_baseline_two_injections";
    let outcomes = label(&format!("{name}.csv"), &options_of(name));
    assert_eq!(subjects(&outcomes, true), ["R6"]);
    assert_eq!(outcomes.episodes[0].injection_date.to_string(), "2024-01-02");
    let said: Vec<&str> = outcomes.rejected.iter().map(|one| one.reason.name()).collect();
    assert!(said.contains(&"baseline_of_earlier_injection"), "{said:?}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn exports_of_redcap_say_what_is_missing_and_who_is_one_person() {
    let of = |name: &str| label(&format!("{name}.csv"), &options_of(name));
    let codes = of("redcap_missing_data_codes");
    assert_eq!((subjects(&codes, true), subjects(&codes, false)), (vec!["R1"], vec!["R2"]));
    // The codes are missing scores and dates, none of them a word nobody knows.
    let said: Vec<String> = codes.rejected.iter().map(ToString::to_string).collect();
    for (code, reason) in [
        ("UNK", "no follow-up score"),
        ("NASK", "no baseline score"),
        ("NAVU", "the follow-up has no date"),
    ] {
        let found = said.iter().any(|one| one.contains(code) && one.contains(reason));
        assert!(found, "{code}: {said:#?}");
    }
    let entries = of("redcap_double_data_entry");
    assert_eq!((subjects(&entries, true), subjects(&entries, false)), (vec!["R1"], vec!["R2"]));
    let remarks: Vec<String> = entries.remarks.iter().map(ToString::to_string).collect();
    assert!(remarks.iter().any(|one| one.contains("2 persons have two entries")), "{remarks:?}");
    let stamps = of("redcap_labels_survey_timestamps");
    assert_eq!((subjects(&stamps, true), subjects(&stamps, false)), (vec!["R1"], vec!["R2"]));
}
