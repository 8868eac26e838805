//! The table of characteristics against SciPy 1.17:
//!
//! ```text
//! from scipy import stats; import numpy as np
//! good = [41,45,52,52,58,61,63,66,70]; bad = [38,49,55,59,59,62,68,71,74,77]
//! stats.mannwhitneyu(good, bad).pvalue                            # age, with ties
//! stats.mannwhitneyu([4.5,6,8,10], [7,12,20,26,30], method="asymptotic").pvalue
//! stats.fisher_exact([[6,3],[3,7]])[1]                            # sex
//! stats.chi2_contingency([[2,3],[5,2],[2,5]], correction=False)   # level
//! np.percentile(good, [25,50,75]); np.mean(good)
//! ```

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use foramen_outcome::{Characteristic, Groups, OutcomeOptions, Outcomes, Test, read};

const P_AGE: f64 = 0.347_322_307_323_173_7;
const P_WEEKS: f64 = 0.06619257972219345;
const P_SEX: f64 = 0.178_895_407_997_575_17;
const P_LEVEL: f64 = 0.255_847_272_795_898_64;

const HEADER: &str = "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,Age,sex,\
     duration_weeks";

fn outcomes() -> Outcomes {
    let group = |letter: &str,
                 followup: u8,
                 ages: &[u8],
                 females: usize,
                 levels: [usize; 2],
                 weeks: &[&str]| {
        let rows = ages.iter().enumerate().map(|(n, age)| {
            let sex = if n < females { "F" } else { "m" };
            let level = match n {
                n if n < levels[0] => "C4/5",
                n if n < levels[1] => "C5/6",
                _ => "C6/7",
            };
            let weeks = weeks.get(n).unwrap_or(&"unknown");
            let side = if n % 2 == 0 { "left" } else { "right" };
            format!(
                "{letter}{n},{level},{side},2024-03-01,8,2024-04-30,{followup},{age},{sex},{weeks}"
            )
        });
        rows.collect::<Vec<_>>()
    };
    let good = [41, 45, 52, 52, 58, 61, 63, 66, 70];
    let bad = [38, 49, 55, 59, 59, 62, 68, 71, 74, 77];
    let mut rows = vec![HEADER.to_owned()];
    rows.extend(group("G", 2, &good, 6, [2, 7], &["4.5", "6", "8", "10"]));
    rows.extend(group("B", 7, &bad, 3, [3, 5], &["7", "12", "20", "26", "30"]));
    read(rows.join("\n").as_bytes(), &OutcomeOptions::default()).unwrap()
}

fn line(name: &str) -> Characteristic {
    let lines = outcomes().characteristics();
    lines.into_iter().find(|line| line.name == name).unwrap()
}

/// Whether a p is the one that SciPy gives; both compute in double precision.
fn is_p(line: &Characteristic, expected: f64) -> bool {
    line.test.is_some_and(|(_, p)| (p - expected).abs() < 1e-9)
}

#[test]
fn numbers_are_ranked() {
    let age = line("age");
    assert!(is_p(&age, P_AGE), "{age:?}");
    let Groups::Number { favourable: Some(good), poor: Some(bad) } = age.groups else {
        panic!("age is a number");
    };
    assert_eq!((good.n, good.median, good.quartiles), (9, 58.0, (52.0, 63.0)));
    assert_eq!((bad.n, bad.median, bad.quartiles), (10, 60.5, (56.0, 70.25)));
    assert!((bad.mean - 61.2).abs() < 1e-12);
    assert!(is_p(&line("duration_weeks"), P_WEEKS), "{:?}", line("duration_weeks"));
    assert_eq!(line("duration_weeks").missing, (5, 5));
}

#[test]
fn categories_are_counted() {
    let sex = line("sex");
    assert_eq!(sex.groups, Groups::Category(vec![("f".to_owned(), 6, 3), ("m".to_owned(), 3, 7)]));
    assert!(is_p(&sex, P_SEX), "{sex:?}");
    assert_eq!(sex.test.unwrap().0, Test::Fisher);
    let level = line("level");
    assert!(is_p(&level, P_LEVEL), "{level:?}");
    let Some((Test::ChiSquared { least_expected }, _)) = level.test else {
        panic!("three levels are compared by chi-squared");
    };
    assert!((least_expected - 45.0 / 19.0).abs() < 1e-12);
}

#[test]
fn what_cannot_be_tested_has_no_p() {
    // All baselines are equal.
    let baseline = line("nrs_baseline");
    assert!(baseline.test.is_none_or(|(_, p)| p > 0.999), "{baseline:?}");
    let mut outcomes = outcomes();
    outcomes.episodes.retain(|episode| episode.outcome.is_favourable());
    assert!(outcomes.characteristics().iter().all(|line| line.test.is_none()));
    outcomes.episodes.clear();
    assert!(outcomes.characteristics().is_empty());
}
