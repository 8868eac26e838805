//! `evaluate` on tables of predictions as others leave them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What `evaluate` says, on both streams, and what it writes for a program.
fn evaluated(tables: &[PathBuf]) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("numbers.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
    command.current_dir(folder.path());
    let output = command.arg("evaluate").arg("--json").arg(&json).arg("--predictions").args(tables);
    let output = output.output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    (said, serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap())
}

fn field(name: &str) -> String {
    evaluated(&[foramen_test_data::path("../field/tables").join(name)]).0
}

/// The line that begins with these words.
fn line<'a>(said: &'a str, words: &str) -> &'a str {
    said.lines().find(|line| line.starts_with(words)).unwrap_or_else(|| panic!("{words}: {said}"))
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn probabilities_of_0_and_1_do_not_decide_the_slope() {
    let said = field("scores_some_zeros_and_ones.csv");
    assert!(line(&said, "calibration slope").contains("1.31"), "{said}");
    assert!(said.contains("exactly 0 or 1 (6 of them"), "{said}");
    let said = field("scores_saturated.csv");
    let slope = line(&said, "calibration slope");
    assert!(slope.contains("undefined: most predictions are exactly 0 or 1"), "{said}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn folds_that_do_not_compare_are_told() {
    let said = field("scores_folds_on_other_scales.csv");
    assert!(said.contains("AUC pooled 0.600, mean of the folds 0.858"), "{said}");
    assert!(said.contains("Warning: the predictions of the folds are on different scales"));
    let said = field("scores_leave_one_out_prevalence.csv");
    assert!(said.contains("AUC pooled 0.000") && said.contains("artefact of the folds"), "{said}");
}

/// A table of predictions: of 60 subjects, and how much each score says of the label.
fn table(to: &Path, signal: f64, subjects: impl Iterator<Item = usize>) {
    let mut text = "subject_id,level,side,repeat,fold,label,probability\n".to_owned();
    for subject in subjects {
        let label = usize::from(subject % 7 % 2 == 0);
        let noise = (subject * 37 % 101) as f64 / 101.0;
        let score = 0.05 + 0.9 * (signal * label as f64 + (1.0 - signal) * noise);
        writeln!(text, "S{subject:03},C5/6,left,0,{},{label},{score}", subject % 5).unwrap();
    }
    std::fs::write(to, text).unwrap();
}

#[test]
fn models_in_two_files_are_compared_over_the_subjects_they_share() {
    let folder = tempfile::tempdir().unwrap();
    let [good, poor] = ["good.csv", "poor.csv"].map(|name| folder.path().join(name));
    table(&good, 0.6, 0..60);
    // In another order, and without ten of the subjects.
    table(&poor, 0.05, (10..60).rev());
    let (said, numbers) = evaluated(&[good.clone(), poor.clone()]);
    assert!(said.contains("comparison of 2 models on the 50 cases that all scored"), "{said}");
    let p = numbers["comparison"]["p"].as_f64();
    assert!(p.is_some_and(|p| p < 0.01), "{numbers:#}");
    // Of two models the global test is the paired one.
    let pairs = numbers["comparison"]["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 1, "{numbers:#}");
    let pair = pairs[0]["comparison"]["p"].as_f64().unwrap();
    assert!((pair - p.unwrap()).abs() < 1e-9, "{pair} {p:?}");
    // A model is not different from itself.
    let again = folder.path().join("again.csv");
    table(&again, 0.6, 0..60);
    let (said, _) = evaluated(&[good, again]);
    assert!(said.contains("no test, because the models rank alike"), "{said}");
}
