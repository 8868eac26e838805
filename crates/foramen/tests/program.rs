//! The program as a user meets it: arguments in, files and exit code out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program with a cache of its own, so that nothing outside `folder` is touched.
fn foramen(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
    command.current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache")).env("HOME", folder);
    command
}

fn ended(command: &mut Command) -> Output {
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_study_goes_from_its_arguments_to_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["study", "--subjects", "12", "--folds", "2", "--epochs", "1", "--out", "out"];
    let output = ended(foramen(folder.path()).args(arguments));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("report.html"), "{}", text(&output.stdout));
    let out = folder.path().join("out");
    for name in ["manifest.json", "selections.csv", "profile.csv", "levels.csv", "run.json"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let report: Value =
        serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    let cohort = &report["cohort"];
    let excluded = cohort["excluded"].as_array().unwrap().iter();
    let excluded: u64 = excluded.map(|reason| reason["n"].as_u64().unwrap()).sum();
    assert_eq!(cohort["included"].as_u64().unwrap() + excluded, cohort["rows"].as_u64().unwrap());
    assert!(report["models"]["ruler"]["n"].as_u64().unwrap() >= 10, "{report:#}");
    assert!(report["truth"]["slice_hits"].as_f64().unwrap() > 0.5, "{report:#}");

    // The report can be made again, with another title and nothing else changed.
    let report_again = |title: &[&str]| -> Value {
        let arguments = [&["report", "--study", "out"], title].concat();
        let output = ended(foramen(folder.path()).args(arguments));
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap()
    };
    assert_eq!(report_again(&[]), report);
    let titled = report_again(&["--title", "Ours"]);
    assert_eq!(titled["title"], "Ours");
    assert_eq!(titled["models"], report["models"]);
    // Studies made before there was a stages.json have their report.json.
    fs::remove_file(out.join("stages.json")).unwrap();
    let former = report_again(&[]);
    assert_eq!([&former["models"], &former["truth"]], [&report["models"], &report["truth"]]);

    // What is there is not written over.
    let again = ended(foramen(folder.path()).args(arguments));
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("--force"), "{}", text(&again.stderr));
}

#[test]
fn nobody_reading_on_ends_a_program_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = foramen(folder.path());
    let mut program =
        command.arg("scan").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(program.stdout.take());
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_failure_is_one_message_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    let output = ended(foramen(folder.path()).arg("scan").arg(&nothing));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: no MR stack below"), "{output:?}");
}

#[test]
fn the_program_tells_its_version_its_help_and_completions() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| text(&ended(foramen(folder.path()).args(arguments)).stdout);
    assert!(said(&["--version"]).starts_with(concat!("foramen ", env!("CARGO_PKG_VERSION"))));
    assert!(said(&["--version"]).contains("libtorch"));
    assert!(said(&["help"]).contains("agreement"));
    assert!(said(&["study", "--help"]).contains("--outcomes"));
    assert!(said(&["completions", "bash"]).contains("_foramen"));
}
