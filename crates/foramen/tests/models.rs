//! Models that a study trained: their folds, their export, and covariates they were not taught.
#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use process::{ended, foramen, text};

#[path = "program/process.rs"]
mod process;

#[test]
fn trained_folds_predict_and_are_exported_together_and_only_in_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let run = |arguments: &[&str]| ended(foramen(folder.path()).args(arguments));
    let arguments = ["study", "--subjects", "12", "--folds", "2", "--epochs", "1", "--out", "out"];
    let study = run(&arguments);
    assert!(study.status.success(), "{}", text(&study.stderr));

    let exported = run(&["export-model", "--model", "out/models", "--out", "m.pt"]);
    let said = text(&exported.stdout);
    assert!(exported.status.success(), "{said}{}", text(&exported.stderr));
    assert!(said.contains("2 models as one: m.pt") && said.contains("differ from"), "{said}");
    let described: Value = serde_json::from_slice(&fs::read(at("m.json")).unwrap()).unwrap();
    assert_eq!(described["inputs"][0]["shape"][1], 1, "{described:#}");
    assert_eq!(described["folds"].as_array().unwrap().len(), 2);
    let again = run(&["export-model", "--model", "out/models", "--out", "m.pt"]);
    assert!(!again.status.success() && text(&again.stderr).contains("--force"), "{again:?}");
    let one = run(&["export-model", "--model", "out/models/fold-1", "--out", "one.pt"]);
    assert!(text(&one.stdout).contains("1 models as one"), "{}", text(&one.stderr));

    // A finished training is not written over.
    let models = fs::read(at("out/models/fold-0/weights.safetensors")).unwrap();
    let trained = run(&["train", "--study", "out", "--folds", "2", "--epochs", "1"]);
    let said = text(&trained.stderr);
    assert!(!trained.status.success() && said.contains("--force"), "{said}");
    assert_eq!(fs::read(at("out/models/fold-0/weights.safetensors")).unwrap(), models);

    let export = || text(&run(&["export-model", "--model", "out/models", "--out", "x.pt"]).stderr);
    let [first, second, aside] = ["out/models/fold-0", "out/models/fold-1", "aside"].map(at);
    let swap = |a: &Path, b: &Path| {
        fs::rename(a, &aside).unwrap();
        fs::rename(b, a).unwrap();
        fs::rename(&aside, b).unwrap();
    };
    // Folds whose folders were swapped, one that is missing, one too many.
    swap(&first, &second);
    let said = export();
    assert!(said.contains("fold-0 holds the model of fold 1"), "{said}");
    swap(&first, &second);
    fs::rename(&second, at("out/models/fold-7")).unwrap();
    let said = export();
    assert!(said.contains("fold-1 is missing"), "{said}");
    fs::rename(at("out/models/fold-7"), &second).unwrap();
    // Weights that were swapped under their configurations.
    let weights = |folder: &Path| folder.join("weights.safetensors");
    swap(&weights(&first), &weights(&second));
    let said = export();
    assert!(said.contains("fold-0") && said.contains("put the weights back"), "{said}");
    swap(&weights(&first), &weights(&second));
    // A model of another study.
    let other = run(&[&arguments[..7], &["--cohort-seed", "5", "--out", "other"]].concat());
    assert!(other.status.success(), "{}", text(&other.stderr));
    swap(&second, &at("other/models/fold-1"));
    let said = export();
    assert!(said.contains("fold-1 holds a model of another study"), "{said}");
}

#[test]
fn covariates_far_outside_of_the_training_are_marked_with_the_prediction_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| ended(foramen(folder.path()).args(arguments));
    let drawn = run(&["cohort", "--out", "c", "--subjects", "20"]);
    assert!(drawn.status.success(), "{}", text(&drawn.stderr));
    // Ages of 40 to 69; one of 1e308 is named with file, row and column.
    let path = folder.path().join("c/outcomes.csv");
    let table = fs::read_to_string(&path).unwrap();
    let with_age = |slip: Option<&str>| {
        let lines = table.lines().enumerate().map(|(place, line)| match (place, slip) {
            (0, _) => format!("{line},years\n"),
            (3, Some(slip)) => format!("{line},{slip}\n"),
            _ => format!("{line},{}\n", 40 + 7 * place % 30),
        });
        fs::write(&path, lines.collect::<String>()).unwrap();
    };
    let study = [
        "study",
        "--dicom",
        "c/dicom",
        "--outcomes",
        "c/outcomes.csv",
        "--covariates",
        "years",
        "--folds",
        "2",
        "--epochs",
        "1",
        "--out",
        "out",
        "--force",
    ];
    with_age(Some("1e308"));
    let refused = run(&study);
    let said = text(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    for part in ["c/outcomes.csv", "row 4", "years = 1e308", "larger than any"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    with_age(None);
    let trained = run(&study);
    assert!(trained.status.success(), "{}", text(&trained.stderr));
    // `train` reads the patches' index, which a person may have edited.
    let index = folder.path().join("out/patches.csv");
    let whole = fs::read_to_string(&index).unwrap();
    let first = whole.lines().nth(1).unwrap();
    let (rest, _) = first.rsplit_once(',').unwrap();
    fs::write(&index, whole.replacen(first, &format!("{rest},1e308"), 1)).unwrap();
    let refused = run(&["train", "--study", "out", "--force"]);
    let said = text(&refused.stderr);
    assert!(said.contains("patches.csv") && said.contains("covariate_years"), "{said}");

    let found = foramen::dicom::scan(&folder.path().join("c/dicom"), &Default::default()).unwrap();
    let mut subjects: Vec<String> =
        found.studies().iter().map(|study| study.subject.to_string()).collect();
    subjects.dedup();
    let rows = subjects
        .iter()
        .enumerate()
        .map(|(place, subject)| format!("{subject},{}\n", if place == 1 { 999 } else { 50 }));
    let table: String = std::iter::once("subject_id,years\n".to_owned()).chain(rows).collect();
    fs::write(folder.path().join("ages.csv"), table).unwrap();
    let predicted = run(&[
        "predict",
        "--model",
        "out/models",
        "--dicom",
        "c/dicom",
        "--covariates",
        "ages.csv",
        "--out",
        "predicted.csv",
    ]);
    let said = text(&predicted.stdout);
    assert!(predicted.status.success(), "{}", text(&predicted.stderr));
    assert!(said.contains("years = 999 (trained on 4"), "{said}");
    assert!(said.contains("1 of ") && said.contains("use covariates far outside"), "{said}");
    let table = fs::read_to_string(folder.path().join("predicted.csv")).unwrap();
    let mut lines = table.lines();
    assert!(lines.next().unwrap().ends_with(",probability,far_covariates,probability_without"));
    let marked: Vec<&str> = lines.filter(|line| !line.ends_with(",,")).collect();
    assert_eq!(marked.len(), 1, "{table}");
    assert!(marked[0].starts_with(&subjects[1]) && marked[0].contains("years=999,0."), "{table}");
}
