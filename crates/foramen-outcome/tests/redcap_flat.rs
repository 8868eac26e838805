//! A REDCap project without events, a row for each subject, exported raw and
//! labelled. Both files were written by hand in REDCap's documented form; what
//! becomes of each row was written down before the reader was run on them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use foramen_outcome::{Dictionary, Mapping, OutcomeOptions, Outcomes, read};

const DICTIONARY: &str = include_str!("data/redcap_flat_dictionary.csv");
const RAW: &str = include_str!("data/redcap_flat_raw.csv");
const LABELS: &str = include_str!("data/redcap_flat_labels.csv");

const MAPPING: &str = "\
[columns]
subject_id = \"record_id\"
level = \"inj_level\"
side = \"inj_side\"
injection_date = \"inj_date\"
nrs_baseline = \"nrs_before\"
nrs_followup = \"nrs_2m\"
followup_date = \"date_2m\"
event = \"since\"
event_date = \"since_date\"
";

fn outcomes(table: &str) -> Outcomes {
    let options = OutcomeOptions::default()
        .with_mapping(Mapping::read(MAPPING.as_bytes()).unwrap())
        .with_dictionary(Dictionary::read(DICTIONARY.as_bytes()).unwrap());
    read(table.as_bytes(), &options).unwrap()
}

/// What becomes of each data row, from the first.
const FATES: [&str; 10] = [
    "favourable",              // 7 to 3,5: exactly half
    "poor",                    // 7 to 4
    "missing_followup",        // the form was never filled
    "surgery_before_followup", // on 1 April, asked on 5 May
    "followup_outside_window", // asked on day 105
    "no_injection",            // enrolled only
    "not_a_choice",            // 78 is no choice of the field
    "baseline_zero",
    "missing_followup", // 88
    "favourable",       // 2 to 1, flagged: the floor is near
];

fn fates(outcomes: &Outcomes) -> Vec<String> {
    let mut fates = vec![String::new(); outcomes.rows];
    let mut tell = |row: u64, fate: String| {
        let fate_of_row = &mut fates[usize::try_from(row).unwrap() - 2];
        assert!(fate_of_row.is_empty(), "row {row} is in two places");
        *fate_of_row = fate;
    };
    for episode in &outcomes.episodes {
        episode.rows.iter().for_each(|row| tell(*row, episode.outcome.to_string()));
    }
    outcomes.rejected.iter().for_each(|r| tell(r.row, r.reason.name().to_owned()));
    fates
}

#[test]
fn every_row_of_the_flat_export_has_the_fate_written_down() {
    let outcomes = outcomes(RAW);
    assert_eq!(fates(&outcomes), FATES);
    assert!(outcomes.flow().adds_up());
    assert!(outcomes.missed_visits.is_empty());
    let low: Vec<&str> = outcomes
        .episodes
        .iter()
        .filter(|episode| episode.low_baseline)
        .map(|episode| episode.subject.as_str())
        .collect();
    assert_eq!(low, ["10"]);
}

#[test]
fn an_empty_form_of_a_flat_export_is_named_by_its_column() {
    let outcomes = outcomes(RAW);
    let rejection = outcomes.rejected.iter().find(|rejection| rejection.row == 4).unwrap();
    assert_eq!(
        rejection.to_string(),
        "row 4, nrs_2m: no follow-up score: the visit was missed or not entered"
    );
}

#[test]
fn the_labelled_flat_export_says_the_same() {
    let (raw, labelled) = (outcomes(RAW), outcomes(LABELS));
    assert_eq!(fates(&labelled), FATES);
    for (one, other) in raw.episodes.iter().zip(&labelled.episodes) {
        assert_eq!(
            (&one.subject, one.level, one.side, one.nrs_followup, one.outcome),
            (&other.subject, other.level, other.side, other.nrs_followup, other.outcome),
        );
    }
    assert_eq!(format!("{:?}", raw.episodes[0].covariates), r#"{"age": "44", "sex": "female"}"#);
}
