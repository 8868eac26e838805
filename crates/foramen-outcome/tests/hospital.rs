//! A hospital's table as it really comes: Windows-1252, semicolons, decimal
//! commas, its own words, and every mistake once. `data/hospital_fates.txt` holds
//! what must become of each row, written down before the reader was run on it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::BTreeMap;

use foramen_outcome::{Mapping, OutcomeOptions, Outcomes, read};

const TABLE: &[u8] = include_bytes!("data/hospital.csv");
const MAPPING: &str = include_str!("data/hospital_mapping.toml");
const FATES: &str = include_str!("data/hospital_fates.txt");

fn outcomes() -> Outcomes {
    let mapping = Mapping::read(MAPPING.as_bytes()).unwrap();
    read(TABLE, &OutcomeOptions::default().with_mapping(mapping)).unwrap()
}

#[test]
fn every_row_has_the_fate_written_down() {
    let outcomes = outcomes();
    let mut fates: BTreeMap<u64, String> =
        outcomes.rejected.iter().map(|r| (r.row, r.reason.name().to_owned())).collect();
    for episode in &outcomes.episodes {
        let mut fate = format!("used {}", episode.outcome);
        if episode.low_baseline {
            fate += " low";
        }
        if episode.scan_is_late() {
            fate += " late";
        }
        fates.extend(episode.rows.iter().map(|row| (*row, fate.clone())));
    }
    let found: Vec<String> = fates.iter().map(|(row, fate)| format!("{row} {fate}")).collect();
    let expected: Vec<&str> = FATES.lines().collect();
    assert_eq!(found, expected);
    assert!(outcomes.flow().adds_up());
    assert_eq!(outcomes.encoding, "windows-1252");
}

#[test]
fn every_message_says_row_column_value_and_remedy() {
    let messages: Vec<String> = outcomes().rejected.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn the_flow_counts_rows_and_foramina() {
    insta::assert_snapshot!(outcomes().flow());
}

#[test]
fn covariates_have_the_names_and_words_of_the_mapping() {
    let outcomes = outcomes();
    let first = &outcomes.episodes[0];
    let covariates: Vec<(&str, &str)> = first.covariates.iter().collect();
    assert_eq!(covariates, [("age", "54"), ("duration_weeks", "12"), ("sex", "female")]);
    // 20 February to 4 March 2024, a leap year.
    assert_eq!(first.scan_age(), Some(13));
}
