//! Two public trials, labelled through a mapping alone. The counts are those of
//! the trials' own tables by the ≥ 50 % rule, counted with a few lines of Python.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::BTreeMap;

use foramen_outcome::{Mapping, OutcomeOptions, Outcomes, read};

/// A file of the public trials.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(foramen_test_data::path(&format!("tables/{name}"))).unwrap()
}

fn label(table: &[u8], mapping: &str) -> Outcomes {
    let mapping = Mapping::read(mapping.as_bytes()).unwrap();
    let outcomes = read(table, &OutcomeOptions::default().with_mapping(mapping)).unwrap();
    assert!(outcomes.flow().adds_up() && outcomes.lines.adds_up());
    outcomes
}

/// Favourable episodes and all of them, by what a covariate says.
fn counts<'a>(outcomes: &'a Outcomes, name: &str) -> BTreeMap<&'a str, (usize, usize)> {
    let mut counts = BTreeMap::new();
    for episode in &outcomes.episodes {
        let count: &mut (usize, usize) = counts.entry(&episode.covariates[name]).or_default();
        count.0 += usize::from(episode.outcome.is_favourable());
        count.1 += 1;
    }
    counts
}

fn rejected(outcomes: &Outcomes, reason: &str) -> usize {
    outcomes.rejected.iter().filter(|one| one.reason.name() == reason).count()
}

/// Two periods of six weeks, half a year apart by name.
const CROSSOVER: &str = r#"
window = [36, 42, 48]
[columns]
subject_id = "ID"
injection_date = "Period"
nrs_baseline = "Time1"
[nominal]
Time3 = "6 weeks"
[values.injection_date]
1 = "2000-01-01"
2 = "2000-07-01"
[constant]
level = "C5/6"
side = "left"
"#;

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_crossover_trial_of_amitriptyline_has_its_counts() {
    let table = file("amitriptyline/NNT.csv");
    let outcomes = label(&table, CROSSOVER);
    let expected = BTreeMap::from([("A", (47, 105)), ("P", (42, 110))]);
    assert_eq!(counts(&outcomes, "Treatment"), expected);
    let half = |group: &str| {
        let exactly = outcomes.episodes.iter().filter(|episode| {
            let (before, after) = (episode.nrs_baseline, episode.nrs_followup);
            before.hundredths() == 2 * after.hundredths()
                && &episode.covariates["Treatment"] == group
        });
        exactly.count()
    };
    assert_eq!((half("A"), half("P")), (4, 6));
    assert_eq!((outcomes.flow().subjects, outcomes.rejected.len()), (122, 0));
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_zero_baselines_of_the_crossover_trial_are_not_evaluable() {
    let table = file("amitriptyline/xoverPP.csv");
    let outcomes = label(&table, CROSSOVER);
    assert_eq!((outcomes.rows, rejected(&outcomes, "baseline_zero")), (244, 20));
}

/// A row for each of two times, four weeks apart.
const LONG: &str = r#"
window = [21, 28, 35]
[columns]
subject_id = "id"
visit = "time"
nrs_baseline = "pain_avg"
nrs_followup = "pain_avg"
[nominal]
1 = "baseline"
2 = "4 weeks"
[constant]
level = "C5/6"
side = "left"
injection_date = "2000-01-01"
"#;

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_trial_of_back_pain_has_its_counts_by_group() {
    let table = file("backpain/Ashar2022_outcomes_demographics.csv");
    let outcomes = label(&table, LONG);
    let expected = BTreeMap::from([("1", (35, 44)), ("2", (15, 44)), ("3", (8, 47))]);
    assert_eq!(counts(&outcomes, "group"), expected);
    // 206 subjects, 135 of them seen again.
    let lost = outcomes.excluded.iter().filter(|one| one.rows.len() == 1).count();
    assert_eq!((lost, outcomes.flow().identified), (71, 206));
    let opioids = outcomes.episodes.iter().map(|one| one.covariates.get("current_opioid_use"));
    assert!(opioids.flatten().all(|text| text != "<undefined>"));
    let strict = label(&table, &format!("low_baseline = \"exclude\"\n{LONG}"));
    let expected = BTreeMap::from([("1", (21, 27)), ("2", (8, 25)), ("3", (5, 22))]);
    assert_eq!(counts(&strict, "group"), expected);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_wide_table_of_back_pain_has_its_counts_as_well() {
    let table = file("backpain/Ashar_backpain_simple_wide.csv");
    let mapping = LONG
        .replace("visit = \"time\"\n", "")
        .replace("nrs_baseline = \"pain_avg\"", "nrs_baseline = \"BPI_Time1\"")
        .replace("nrs_followup = \"pain_avg\"\n", "")
        .replace("1 = \"baseline\"\n2 =", "BPI_Time2 =");
    let outcomes = label(&table, &format!("rounding = \"none\"\n{mapping}"));
    let expected = BTreeMap::from([("1", (32, 44)), ("2", (7, 44)), ("3", (6, 47))]);
    assert_eq!(counts(&outcomes, "group"), expected);
    assert_eq!(rejected(&outcomes, "missing_followup"), 16);
}
