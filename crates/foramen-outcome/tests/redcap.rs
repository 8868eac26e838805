//! A longitudinal REDCap project with repeating instruments, exported raw and
//! labelled. Both files were written by hand in REDCap's documented form; what
//! becomes of each row was written down before the reader was run on them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use foramen_outcome::{Dictionary, Mapping, OutcomeOptions, Outcomes, read};

const DICTIONARY: &str = include_str!("data/redcap_dictionary.csv");
const MAPPING: &str = include_str!("data/redcap_mapping.toml");
const RAW: &str = include_str!("data/redcap_raw.csv");
const LABELS: &str = include_str!("data/redcap_labels.csv");

fn options(mapping: &str) -> OutcomeOptions {
    OutcomeOptions::default()
        .with_mapping(Mapping::read(mapping.as_bytes()).unwrap())
        .with_dictionary(Dictionary::read(DICTIONARY.as_bytes()).unwrap())
}

fn raw() -> Outcomes {
    read(RAW.as_bytes(), &options(MAPPING)).unwrap()
}

fn labelled() -> Outcomes {
    let mapping = MAPPING
        .replace("baseline_arm_1", "Baseline")
        .replace("month_1_arm_1", "Month 1")
        .replace("month_2_arm_1", "Month 2");
    read(LABELS.as_bytes(), &options(&mapping)).unwrap()
}

/// What becomes of each data row, from the first.
const FATES: [(u64, &str); 26] = [
    // Record 1: 7 to 3 on day 60, all rows but the visit at one month.
    (2, "used"),
    (3, "used"),
    (4, "followup_outside_window"),
    (5, "used"),
    // Record 2: both sides, one visit for both.
    (6, "used"),
    (7, "used"),
    (8, "used"),
    (9, "used"),
    // Record 3: no row for month 2.
    (10, "no_episode"),
    (11, "missed_visit"),
    (12, "followup_outside_window"),
    // Record 4: surgery on 2 April, asked on 11 May.
    (13, "no_episode"),
    (14, "surgery_before_followup"),
    (15, "no_episode"),
    (16, "surgery_before_followup"),
    // Record 5: never injected.
    (17, "no_injection"),
    // Record 6: injected on 10 January and 20 February, asked on day 60 of the
    // first; the score before it is 43 days older than the second.
    (18, "no_episode"),
    (19, "repeat_injection_before_followup"),
    (20, "baseline_too_old"),
    (21, "repeat_injection_before_followup"),
    // Record 7: a level that is no choice.
    (22, "no_episode"),
    (23, "not_a_choice"),
    (24, "no_episode"),
    // Record 8: seen at month 2 and not asked.
    (25, "no_episode"),
    (26, "missing_followup"),
    (27, "missing_followup"),
];

fn fates(outcomes: &Outcomes) -> Vec<(u64, &'static str)> {
    let used = outcomes.episodes.iter().flat_map(|episode| &episode.rows);
    let mut fates: Vec<(u64, &str)> = used.map(|row| (*row, "used")).collect();
    fates.extend(outcomes.rejected.iter().map(|r| (r.row, r.reason.name())));
    fates.sort_unstable();
    fates
}

#[test]
fn every_row_of_the_raw_export_has_the_fate_written_down() {
    assert_eq!(fates(&raw()), FATES);
    assert!(raw().flow().adds_up());
}

#[test]
fn the_labelled_export_says_the_same() {
    let (raw, labelled) = (raw(), labelled());
    // "C8/T1" is no level in words, as 7 is none in codes.
    assert_eq!(fates(&labelled), FATES);
    assert_eq!(labelled.episodes.len(), raw.episodes.len());
    for (one, other) in raw.episodes.iter().zip(&labelled.episodes) {
        assert_eq!((one.outcome, &one.rows), (other.outcome, &other.rows));
        assert_eq!(other.covariates["Sex"], one.covariates["sex"]);
    }
}

#[test]
fn episodes_are_put_together_from_the_rows_of_a_record() {
    let outcomes = raw();
    let episodes: Vec<String> = outcomes
        .episodes
        .iter()
        .map(|e| {
            format!(
                "{} {} {} {}: {} to {} {}, rows {:?} shared {:?}, {:?}",
                e.subject,
                e.level,
                e.side,
                e.injection_date,
                e.nrs_baseline,
                e.nrs_followup,
                e.outcome,
                e.rows,
                e.shared_rows,
                e.covariates,
            )
        })
        .collect();
    // The hospital number is marked as an identifier and is not kept.
    assert_eq!(
        episodes,
        [
            "1 C5/6 left 2024-03-01: 7 to 3 favourable, rows [2, 3, 5] shared [], \
             {\"age\": \"54\", \"redcap_data_access_group\": \"north\", \"sex\": \"female\"}",
            "2 C6/7 left 2024-03-05: 8 to 5 poor, rows [6, 7, 9] shared [], \
             {\"age\": \"61\", \"redcap_data_access_group\": \"north\", \"sex\": \"male\"}",
            "2 C6/7 right 2024-03-05: 8 to 5 poor, rows [8] shared [6, 9], \
             {\"age\": \"61\", \"redcap_data_access_group\": \"north\", \"sex\": \"male\"}",
        ]
    );
}

#[test]
fn excluded_episodes_and_missed_visits_are_named() {
    let outcomes = raw();
    let excluded: Vec<String> = outcomes
        .excluded
        .iter()
        .map(|e| format!("{} {} {}: {}", e.subject, e.level, e.injection_date, e.reason))
        .collect();
    assert_eq!(
        excluded,
        [
            "3 C5/6 2024-03-11: no row of a follow-up (month_2_arm_1): the visit was missed",
            "4 C7/T1 2024-03-12: surgery on 2024-04-02 came before the follow-up",
            "6 C5/6 2024-01-10: another injection on 2024-02-20 came before the follow-up",
            "6 C6/7 2024-02-20: the baseline was scored 43 days before the injection, more than 14",
            "8 C5/6 2024-03-22: no follow-up score: the visit was missed or not entered",
        ]
    );
    let missed: Vec<String> =
        outcomes.missed_visits.iter().map(|m| format!("{} {}", m.subject, m.event)).collect();
    let expected = ["2 month_1", "3 month_2", "4 month_1", "6 month_1", "7 month_1", "8 month_1"];
    assert_eq!(missed, expected.map(|visit| format!("{visit}_arm_1")));
}

#[test]
fn the_dictionary_finds_fields_that_cannot_hold_what_they_should() {
    let mapping = MAPPING.replace("\"inj_date\"", "\"sex\"");
    assert_eq!(
        read(RAW.as_bytes(), &options(&mapping)).unwrap_err().to_string(),
        "the data dictionary says that \"sex\" is radio, but injection_date needs a text with date \
         validation; correct the mapping or the field"
    );
}

#[test]
fn a_visit_that_no_event_names_is_rejected_as_such() {
    let mapping = MAPPING.replace("\"month_1_arm_1\", ", "");
    let outcomes = read(RAW.as_bytes(), &options(&mapping)).unwrap();
    assert!(fates(&outcomes).contains(&(4, "other_visit")));
    assert!(outcomes.flow().adds_up());
}
