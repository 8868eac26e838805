//! The controls of a study, from its arguments to its report.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
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
        .args(["--covariates", "age,duration_weeks", "--controls"])
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
}
