//! What several processes make in parts, or one that was killed and started again, is what one
//! process makes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use foramen::phantom::{CohortConfig, OutcomeModel, write_cohort};

#[path = "program/killed.rs"]
mod killed;

/// Folds, and processes that share them.
const FOLDS: usize = 4;

/// The program with these arguments, in a folder.
fn foramen(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
    command.current_dir(folder).args(arguments);
    command
}

fn said(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&said).into_owned()
}

/// Runs it to a good end.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = foramen(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// Runs it to an end that is an error.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = foramen(folder, arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// The bytes of the files of a study, by their path in it; parts, locks and what tells a run
/// from another are left out.
fn files(study: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![study.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(study).unwrap().to_owned();
            let text = name.to_string_lossy();
            let skipped = text.starts_with("shards")
                || text.starts_with("history")
                || text.contains("card.")
                || ["foramen.lock", "stages.json", "source.json"].contains(&&*text);
            if path.is_dir() && !skipped {
                open.push(path);
            } else if !skipped {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Asserts that two studies hold the same files.
fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (files(one), files(other));
    let only = |a: &BTreeMap<PathBuf, Vec<u8>>, b: &BTreeMap<PathBuf, Vec<u8>>| -> Vec<PathBuf> {
        a.keys().filter(|name| !b.contains_key(*name)).cloned().collect()
    };
    let (here, there) = (only(&one, &other), only(&other, &one));
    assert!(here.is_empty() && there.is_empty(), "only one has {here:?}, only the other {there:?}");
    for (name, bytes) in &one {
        assert!(other[name] == *bytes, "{} differs", name.display());
    }
}

#[test]
fn parts_of_several_processes_are_the_work_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Both outcomes often enough for four folds.
    let mut outcome = OutcomeModel::default();
    outcome.intercept = 1.5;
    let config = CohortConfig::default().with_outcome(outcome).with_analysable(22).with_defects(4);
    write_cohort(&config, &folder.join("cohort"), &|_, _| ()).unwrap();
    let select = |out: &str, further: &[&str]| {
        let common = [
            "select",
            "--dicom",
            "cohort/dicom",
            "--outcomes",
            "cohort/outcomes.csv",
            "--out",
            out,
        ];
        run(folder, &[&common, further].concat())
    };
    select("one", &["--covariates", "age"]);

    // The selection, in three parts, of which one is late.
    for part in ["1/3", "3/3"] {
        select("parts", &["--covariates", "age", "--shard", part]);
    }
    let text = refused(folder, &["merge", "--study", "parts"]);
    assert!(text.contains("missing: 2/3") && text.contains("select --shard K/3"), "{text}");
    select("parts", &["--shard", "2/3"]);
    let text = refused(folder, &["merge", "--study", "parts"]);
    assert!(text.contains("1/3 and 2/3 of `select` do not go together"), "{text}");
    assert!(text.contains("the setting covariates"), "{text}");
    select("parts", &["--covariates", "age", "--shard", "2/3", "--force"]);
    run(folder, &["merge", "--study", "parts"]);
    assert_same(&folder.join("one"), &folder.join("parts"));
    let notes = |study: &str| -> serde_json::Value {
        let text = fs::read(folder.join(study).join("stages.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    assert_eq!(notes("one")["truth"], notes("parts")["truth"]);
    assert!(notes("parts")["truth"]["n_rows"].as_u64().is_some_and(|rows| rows > 18));

    // The training, one fold for each of four processes at the same time.
    let train =
        ["--folds", "4", "--epochs", "1", "--seed", "3", "--device", "cpu", "--threads", "1"];
    run(folder, &[&["train", "--study", "one"], &train[..]].concat());
    let parts: Vec<String> = (1..=FOLDS).map(|part| format!("{part}/{FOLDS}")).collect();
    let started = parts.iter().map(|part| {
        let shard = ["train", "--study", "parts", "--shard", part];
        foramen(folder, &[&shard[..], &train].concat()).spawn().unwrap()
    });
    for mut process in started.collect::<Vec<_>>() {
        assert!(process.wait().unwrap().success());
    }
    let merged = run(folder, &["merge", "--study", "parts"]);
    assert!(merged.contains("Width alone AUC"), "{merged}");
    assert_same(&folder.join("one"), &folder.join("parts"));
    let names = ["predictions-ruler.csv", "predictions.csv"];
    let written = names.iter().filter(|name| folder.join("parts").join(name).is_file()).count();
    assert_eq!(written, if cfg!(feature = "torch") { 2 } else { 1 });
    assert_eq!(notes("one")["models"], notes("parts")["models"]);
    // The same by one command, which leaves no parts behind.
    run(folder, &[&["train", "--study", "one", "--jobs", "2", "--force"], &train[..]].concat());
    assert_same(&folder.join("one"), &folder.join("parts"));
    assert!(!folder.join("one/shards").exists());
    run(folder, &["report", "--study", "parts"]);

    // What is finished stays, and what was selected anew is not what was trained on.
    assert!(refused(folder, &["merge", "--study", "parts"]).contains("give --force"));
    let index = folder.join("parts/patches.csv");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, text.replacen("C5/6", "C6/7", 1)).unwrap();
    fs::remove_dir_all(folder.join("parts/shards/select-1-of-3")).unwrap();
    let text = refused(folder, &["merge", "--study", "parts", "--force"]);
    assert!(text.contains("missing: 1/3"), "{text}");
    for part in ["2", "3"] {
        fs::remove_dir_all(folder.join(format!("parts/shards/select-{part}-of-3"))).unwrap();
    }
    let text = refused(folder, &["merge", "--study", "parts", "--force"]);
    assert!(text.contains("is not the one that the parts of `train` were trained on"), "{text}");
}

#[test]
fn a_part_that_does_not_exist_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let train = |shard: &str| refused(folder.path(), &["train", "--study", "s", "--shard", shard]);
    assert!(train("5/4").contains("write K/N with K from 1 to N, or slurm"));
    assert!(train("slurm").contains("SLURM_ARRAY_TASK_ID is not set"));
    let text = refused(folder.path(), &["merge", "--study", "."]);
    assert!(text.contains("holds no parts of a selection"), "{text}");
}
