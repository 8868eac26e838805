//! The controls of a study, from its arguments to its report.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use foramen_phantom::{CohortConfig, OutcomeModel, write_cohort};
use serde_json::Value;

/// What is trained without libtorch, and what needs it.
const OF_NUMBERS: [&str; 4] =
    ["control-measurements", "control-covariates", "control-width-covariates", "control-metadata"];
const OF_PICTURES: [&str; 3] = ["control-mirrored", "control-background", "control-permuted"];

#[test]
fn controls_are_trained_on_the_folds_of_the_study_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    // Both outcomes often enough for two folds.
    let mut outcome = OutcomeModel::default();
    outcome.intercept = 1.5;
    let config = CohortConfig::default().with_outcome(outcome).with_analysable(22).with_defects(0);
    write_cohort(&config, &folder.path().join("c"), &|_, _| ()).unwrap();
    let study = Command::new(env!("CARGO_BIN_EXE_foramen"))
        .current_dir(folder.path())
        .args(["study", "--dicom", "c/dicom", "--outcomes", "c/outcomes.csv", "--out", "out"])
        .args(["--covariates", "age,duration_weeks", "--controls", "--learning-curve"])
        .args(["--folds", "2", "--epochs", "1", "--threads", "1"])
        .output()
        .unwrap();
    assert!(study.status.success(), "{}", String::from_utf8_lossy(&study.stderr));
    let out = folder.path().join("out");
    let report: Value =
        serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    let controls = &report["controls"];
    let models = controls["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|one| one["name"].as_str().unwrap()).collect();
    let expected = if cfg!(feature = "torch") {
        [&OF_NUMBERS[..], &OF_PICTURES].concat()
    } else {
        OF_NUMBERS.to_vec()
    };
    assert_eq!(names, expected);
    let model = if cfg!(feature = "torch") { "cnn" } else { "ruler" };
    let predicted = &report["models"][model]["n"];
    for control in models {
        assert_eq!(&control["n"], predicted, "{control}");
        let own_outcomes = control["name"] == "control-permuted";
        assert_eq!(control["difference"].is_null(), own_outcomes, "{control}");
    }
    assert_eq!(controls["all_equal"]["n"], *predicted, "{controls}");
    // The same folds as the models.
    let folds = |name: &str| -> Vec<String> {
        let table = fs::read_to_string(out.join(name)).unwrap();
        let place = |row: &str| row.split(',').take(5).collect::<Vec<_>>().join(",");
        table.lines().map(place).collect()
    };
    for name in names {
        assert_eq!(folds(&format!("predictions-{name}.csv")), folds("predictions-ruler.csv"));
    }
    assert!(fs::read_to_string(out.join("report.html")).unwrap().contains("Metadata"));
    // Parts of the subjects, and all of them: 11 learned and tuned in each of two folds.
    let curve = report["learning_curve"].as_array().map_or(&[][..], Vec::as_slice);
    let subjects: Vec<f64> = curve.iter().map(|p| p["subjects"].as_f64().unwrap()).collect();
    if cfg!(feature = "torch") {
        assert_eq!(subjects.len(), 4, "{subjects:?}");
        assert!(subjects.is_sorted_by(|a, b| a < b), "{subjects:?}");
        assert!(curve.iter().all(|point| point["n"] == *predicted), "{curve:?}");
        assert_eq!(curve[3]["auc"], report["models"]["cnn"]["auc"]);
    } else {
        assert!(subjects.is_empty());
    }
    if cfg!(feature = "torch") {
        let before = &report["models"]["cnn"]["before_recalibration"];
        assert!(before["calibration_slope"].is_number() && before["brier"].is_number(), "{before}");
    }
    refused_by_site_scanner_and_date(&out);
    evaluated_on_another_cohort(&out);
}

/// What a command says on both streams, and whether it succeeded.
fn run(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// What cannot be split by site, scanner or date is refused before anything is removed, and says
/// why: so few subjects are too few.
fn refused_by_site_scanner_and_date(out: &Path) {
    let train = |by: &str| {
        let quick = ["--epochs", "1", "--threads", "1", "--force"];
        run(out, &[&["train", "--study", ".", "--split-by", by], &quick[..]].concat())
    };
    let (done, said) = train("site");
    assert!(!done && said.contains("where P00") && said.contains("column `site`"), "{said}");
    let (done, said) = train("scanner");
    for field in ["1.5", "3"] {
        assert!(said.contains(&format!("foramen foramen-phantom {field} T (")), "{said}");
    }
    assert!(!done && said.contains("from 5 subjects of each outcome on"), "{said}");
    let (done, said) = train("date");
    assert!(!done && said.contains("choose another date"), "{said}");
}

/// Models are refused the subjects they were trained on, unless that is allowed by name.
fn evaluated_on_another_cohort(out: &Path) {
    if !cfg!(feature = "torch") {
        return;
    }
    let evaluate = ["evaluate", "--model", "models", "--study", "."];
    let (done, said) = run(out, &evaluate);
    assert!(!done && said.contains("were in the one that the models were trained on"), "{said}");
    let allowed = ["--allow-overlap", "subject,image,pixels,near-duplicate"];
    let (done, said) = run(out, &[&evaluate[..], &allowed, &["--json", "e.json"]].concat());
    assert!(done, "{said}");
    let evaluated: Value = serde_json::from_slice(&fs::read(out.join("e.json")).unwrap()).unwrap();
    assert!(evaluated["n"].as_u64().unwrap() > 10 && evaluated["auc"].is_number(), "{evaluated}");
    let (done, said) = run(out, &["evaluate", "--model", "models"]);
    assert!(!done && said.contains("--out DIR"), "{said}");
}
