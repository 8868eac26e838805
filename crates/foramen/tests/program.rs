//! The program as a user meets it: arguments in, files and exit code out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::Parser as _;
use serde_json::Value;

use process::{ended, foramen, text};

#[path = "program/process.rs"]
mod process;

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
    assert_eq!(former["truth"], report["truth"]);
    // What they do not have is how each fold was recalibrated.
    let without_temperatures = |report: &Value| {
        let mut models = report["models"].clone();
        let cnn = models["cnn"].as_object_mut().unwrap();
        cnn.remove("before_recalibration");
        let notes = cnn["notes"].as_array_mut().unwrap();
        notes.retain(|note| !note.as_str().unwrap().starts_with("Recalibration"));
        models
    };
    assert_eq!(without_temperatures(&former), without_temperatures(&report));

    // What is there is not written over.
    let again = ended(foramen(folder.path()).args(arguments));
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("--force"), "{}", text(&again.stderr));

    // A finished study has nothing to resume, and goes only where that is asked for.
    let predictions = fs::read(out.join("predictions-ruler.csv")).unwrap();
    let resumed = ended(foramen(folder.path()).args([&arguments[..], &["--resume"]].concat()));
    let said = text(&resumed.stderr);
    assert!(!resumed.status.success() && said.contains("finished study"), "{said}");
    assert_eq!(fs::read(out.join("predictions-ruler.csv")).unwrap(), predictions);
    let forced = ended(foramen(folder.path()).args([&arguments[..], &["--force"]].concat()));
    assert!(forced.status.success(), "{}", text(&forced.stderr));
    // Without arguments a command works on drawn subjects again and again.
    let levels = || ended(foramen(folder.path()).arg("levels"));
    let first = levels();
    assert!(first.status.success(), "{}", text(&first.stderr));
    let drafted = folder.path().join("foramen-study-levels");
    fs::write(drafted.join("levels.csv"), "corrected by hand").unwrap();
    let again = levels();
    let said = text(&again.stderr);
    assert!(again.status.success() && said.contains("it is made anew"), "{said}");
    // A log has a line for each stage.
    assert!(said.lines().any(|line| line.starts_with("scan: ")), "{said}");
    assert_eq!(text(&again.stdout), text(&first.stdout));
    let kept = fs::read_to_string(drafted.join("levels-before.csv")).unwrap();
    assert_eq!(kept, "corrected by hand");
    // What a person has reviewed is not made anew.
    fs::write(drafted.join("review.sqlite"), "answers").unwrap();
    let refused = levels();
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("is not empty"), "{said}");

    // One that was interrupted is gone on with.
    for name in ["predictions-ruler.csv", "report.json"] {
        fs::remove_file(out.join(name)).unwrap();
    }
    let resumed = ended(foramen(folder.path()).args([&arguments[..], &["--resume"]].concat()));
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
}

#[test]
fn a_folder_holds_one_run_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let arguments = ["select", "--out", "out", "--force"];
    let lock = foramen::commands::prepare_output(&out, false).unwrap();
    let refused = ended(foramen(folder.path()).args(arguments));
    let said = text(&refused.stderr);
    let process = format!("in use by process {}", std::process::id());
    assert!(!refused.status.success() && said.contains(&process), "{said}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "the refused run wrote something");
    drop(lock);
    // What is left of a process that was killed stops nobody.
    let mut killed = foramen(folder.path());
    let killed = killed.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let mut killed = killed.spawn().unwrap();
    while !out.join("foramen.lock").is_file() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // It has taken the lock when it has written its name.
    while fs::read(out.join("foramen.lock")).map_or(true, |written| written.is_empty()) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    killed.kill().unwrap();
    let id = killed.id();
    killed.wait().unwrap();
    let after = ended(foramen(folder.path()).args(arguments));
    let said = text(&after.stderr);
    assert!(after.status.success(), "{said}");
    assert!(said.contains(&format!("process {id} on")) && said.contains("taken over"), "{said}");
    assert!(!out.join("foramen.lock").exists());
}

/// Puts a broken RLE stream in the place of the pixels of a file in explicit VR little
/// endian: its header is as before, and its picture cannot be decoded.
fn break_pixels(path: &Path) {
    const NATIVE: &[u8] = b"1.2.840.10008.1.2.1\0";
    const RLE: &[u8] = b"1.2.840.10008.1.2.5\0";
    const PIXEL_DATA: &[u8] = &[0xE0, 0x7F, 0x10, 0x00, b'O', b'W', 0, 0];
    const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
    let find = |bytes: &[u8], what: &[u8]| {
        bytes.windows(what.len()).rposition(|window| window == what).unwrap()
    };
    let mut bytes = fs::read(path).unwrap();
    bytes.truncate(find(&bytes, PIXEL_DATA) + PIXEL_DATA.len());
    let (syntax, end) = (find(&bytes, NATIVE), bytes.len());
    bytes[syntax..syntax + RLE.len()].copy_from_slice(RLE);
    bytes[end - 3] = b'B';
    bytes.extend([0xFF; 4]); // undefined length: an offset table and one fragment
    bytes.extend(ITEM.into_iter().chain([0; 4]));
    bytes.extend(ITEM.into_iter().chain([64, 0, 0, 0]).chain([7; 64]));
    bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_image_that_cannot_be_decoded_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = ended(foramen(folder.path()).args(["cohort", "--out", "c", "--subjects", "1"]));
    assert!(drawn.status.success(), "{}", text(&drawn.stderr));
    let dicom = folder.path().join("c/dicom");
    let found = foramen::dicom::scan(&dicom, &Default::default()).unwrap();
    let study = &found.studies()[0];
    let axial = &study.axial_t2().unwrap()[0].stacks[0];
    break_pixels(&axial.slices[0].path);

    let arguments =
        ["select", "--dicom", "c/dicom", "--outcomes", "c/outcomes.csv", "--out", "out"];
    let output = ended(foramen(folder.path()).args(arguments));
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("1 image(s) of series"), "{said}");
    let out = folder.path().join("out");
    let manifest: Value =
        serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["unread"][0]["images"], 1);
    assert_eq!(manifest["unread"][0]["series_uid"], axial.series_uid.as_str());
    let page = fs::read_to_string(out.join("decisions.html")).unwrap();
    assert!(page.contains("the narrowest may be among them"));
}

#[test]
fn levels_without_any_disc_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let levels = |dicom: &str, out: &str| {
        let output = ended(foramen(folder.path()).args(["levels", "--dicom", dicom, "--out", out]));
        (output.status.code(), text(&output.stderr))
    };
    // Nothing is written where there are no images.
    fs::create_dir(folder.path().join("empty")).unwrap();
    let (code, said) = levels("empty", "of-none");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("holds no MR stack"), "{said}");
    assert!(!folder.path().join("of-none/levels.csv").exists());

    let drawn = ended(foramen(folder.path()).args(["cohort", "--out", "c", "--subjects", "1"]));
    assert!(drawn.status.success(), "{}", text(&drawn.stderr));
    assert_eq!(levels("c/dicom", "of-all").0, Some(0));
    // Discs are found on sagittal images alone.
    let found = foramen::dicom::scan(&folder.path().join("c/dicom"), &Default::default()).unwrap();
    let is_sagittal = |stack: &&foramen::dicom::StackHeader| {
        stack.orientation == foramen::dicom::Orientation::Sagittal
    };
    for slice in found.stacks.iter().filter(is_sagittal).flat_map(|stack| &stack.slices) {
        fs::remove_file(&slice.path).unwrap();
    }
    let (code, said) = levels("c/dicom", "of-axial");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no disc was found"), "{said}");
}

/// Files below a folder, by their path from it.
fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let below = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(below, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// The files of a study without what differs from run to run: the time it took, which the
/// history of the training holds too, the command line, which `run.json` and the page of the
/// report show, and the name of its folder.
fn lasting(study: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = files_below(study);
    files.retain(|path, _| !path.starts_with("history"));
    for name in ["run.json", "report.html"] {
        files.remove(Path::new(name)).unwrap();
    }
    for name in ["stages.json", "report.json"] {
        let bytes = files.get_mut(Path::new(name)).unwrap();
        let mut json: Value = serde_json::from_slice(bytes).unwrap();
        for entry in ["timing_s", "provenance"] {
            json.as_object_mut().unwrap().remove(entry).unwrap();
        }
        *bytes = serde_json::to_vec(&json).unwrap();
    }
    // The card of a model names the study whose patches it learned from.
    for (_, bytes) in files.iter_mut().filter(|(path, _)| path.file_stem() == Some("card".as_ref()))
    {
        let card = String::from_utf8(bytes.clone()).unwrap();
        *bytes = card.replace(study.to_str().unwrap(), "the study").into_bytes();
    }
    files
}

#[test]
fn the_program_and_the_example_write_the_same_files() {
    // Four of each outcome at least: enough for two folds.
    const COHORT: [&str; 7] = ["cohort", "--out", "c", "--subjects", "10", "--seed", "2"];
    let folder = tempfile::tempdir().unwrap();
    let drawn = ended(foramen(folder.path()).args(COHORT));
    assert!(drawn.status.success(), "{}", text(&drawn.stderr));
    let arguments = |out: &str| {
        let path = |below: &str| folder.path().join(below).to_str().unwrap().to_owned();
        let named = [("--dicom", "c/dicom"), ("--outcomes", "c/outcomes.csv"), ("--out", out)];
        let named = named.into_iter().flat_map(|(name, below)| [name.to_owned(), path(below)]);
        let few = ["--folds", "2", "--epochs", "1", "--threads", "1"].map(str::to_owned);
        ["study".to_owned()].into_iter().chain(named).chain(few).collect::<Vec<_>>()
    };
    let output = ended(foramen(folder.path()).args(arguments("of-program")));
    assert!(output.status.success(), "{}", text(&output.stderr));
    // The example is a call of its command.
    let example = foramen::commands::study::Arguments::parse_from(arguments("of-example"));
    foramen::commands::study::run(&example).unwrap();

    let [program, example] =
        ["of-program", "of-example"].map(|out| lasting(&folder.path().join(out)));
    assert!(program.len() > 8, "{:?}", program.keys());
    assert!(program.keys().eq(example.keys()), "{:?} {:?}", program.keys(), example.keys());
    let differ: Vec<&PathBuf> =
        program.iter().filter(|(name, bytes)| example[*name] != **bytes).map(|(n, _)| n).collect();
    assert!(differ.is_empty(), "{differ:?}");
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
    // Nothing but the line of the stage.
    let said = text(&output.stderr);
    assert!(said.starts_with("scan: ") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_failure_is_one_message_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    let output = ended(foramen(folder.path()).arg("scan").arg(&nothing));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.lines().last().unwrap().starts_with("error: no MR stack below"), "{said}");
    assert_eq!(said.matches("error").count(), 1, "{said}");
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

#[test]
fn a_table_without_a_label_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let table = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup
S1,C5/6,left,2024-03-01,7,,
";
    fs::write(folder.path().join("outcomes.csv"), table).unwrap();
    let output = ended(foramen(folder.path()).args(["label", "--outcomes", "outcomes.csv"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("no follow-up score"), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(said.contains("none of the 1 rows gave a label"), "{said}");
}

#[test]
fn a_table_with_wrong_heads_or_no_rows_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("wrong.csv"), "a,b,c\n").unwrap();
    let heads = "subject_id,level,side,repeat,fold,label,probability\n";
    fs::write(folder.path().join("empty.csv"), heads).unwrap();
    for table in ["wrong.csv", "empty.csv"] {
        for arguments in [
            &["evaluate", "--predictions", table][..],
            &["label", "--outcomes", table],
            &["agreement", "--profile", table, "--readings", table],
            &["leakage", "--data", table],
        ] {
            let output = ended(foramen(folder.path()).args(arguments));
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
            assert!(said.contains(table), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn a_folder_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["select", "a", "--dicom", "b"][..],
        &["study", "a", "--dicom", "b", "--outcomes", "c"],
        &["train", "a", "--study", "b"],
    ] {
        let output = ended(foramen(folder.path()).args(arguments));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot be used with"), "{said}");
    }
    // A folder of images goes with its table, and a table with its folder.
    for (arguments, lacks) in
        [(["study", "a"], "--outcomes"), (["predict", "a"], "--model"), (["scan", "a"], "a")]
    {
        let output = ended(foramen(folder.path()).args(arguments));
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains(lacks), "{}", text(&output.stderr));
    }
}
