//! Programs that were killed and started again.

use std::fs;
use std::path::Path;
#[cfg(all(unix, feature = "torch"))]
use std::process::Command;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{assert_same, foramen, refused, run};

/// When a program is killed, as shares of the time that it takes.
const MOMENTS: [f64; 4] = [0.2, 0.45, 0.7, 0.9];

/// Starts the program and kills it (SIGKILL) after a while; `false` where it had ended before.
fn killed(folder: &Path, arguments: &[&str], after: Duration) -> bool {
    let mut command = foramen(folder, arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let is_in_time = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    is_in_time
}

/// How long the program takes.
fn time(folder: &Path, arguments: &[&str]) -> Duration {
    let started = Instant::now();
    run(folder, arguments);
    started.elapsed()
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Ctrl-C ends a training at its last checkpoint, with the code that shells expect.
#[cfg(all(unix, feature = "torch"))]
fn interrupted(folder: &Path) {
    let train = ["train", "study", "--force", "--folds", "2", "--epochs", "1000", "--threads", "1"];
    let mut command = foramen(folder, &train);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let checkpoints = folder.join("study/checkpoints");
    let started = Instant::now();
    while !fs::read_dir(&checkpoints).is_ok_and(|mut entries| entries.next().is_some()) {
        assert!(started.elapsed() < Duration::from_secs(300), "there is no checkpoint");
        std::thread::sleep(Duration::from_millis(50));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("--resume goes on from there"), "{said}");
}

#[test]
fn a_program_that_was_killed_starts_again_and_leaves_what_it_would_have_left() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Four of each outcome at least: enough for two folds.
    run(folder.path(), &["cohort", "--out", "c", "--subjects", "10", "--seed", "2"]);
    for place in ["whole", "killed"] {
        fs::create_dir(at(place)).unwrap();
    }
    let mut kills = 0;

    // `scan` writes one file.
    let scan = ["scan", "../c/dicom", "--json", "scan.json"];
    let took = time(&at("whole"), &scan);
    let whole = fs::read(at("whole/scan.json")).unwrap();
    let written = at("killed/scan.json");
    for moment in MOMENTS {
        kills += usize::from(killed(&at("killed"), &scan, took.mul_f64(moment)));
        assert!(!written.exists() || fs::read(&written).unwrap() == whole);
    }
    run(&at("killed"), &scan);
    assert!(fs::read(&written).unwrap() == whole);

    // `train` goes on where it was.
    let select = ["select", "--dicom", "../c/dicom", "--outcomes", "../c/outcomes.csv"];
    run(&at("whole"), &[&select[..], &["--out", "study"]].concat());
    copy(&at("whole/study"), &at("killed/study"));
    let train = ["train", "--study", "study", "--folds", "2", "--epochs", "3", "--threads", "1"];
    let took = time(&at("whole"), &train);
    let resumed = [&train[..], &["--resume"]].concat();
    // A training ends when it has noted its models.
    let is_trained = || {
        let notes = fs::read_to_string(at("killed/study/stages.json")).unwrap();
        notes.contains("predictions-ruler.csv")
    };
    for moment in MOMENTS {
        kills += usize::from(killed(&at("killed"), &resumed, took.mul_f64(moment)));
        if is_trained() {
            break;
        }
        // What is half done is no study that can be reported.
        let said = refused(&at("killed"), &["report", "--study", "study"]);
        assert!(said.contains("`train --study study"), "{said}");
    }
    if !is_trained() {
        run(&at("killed"), &resumed);
    }
    assert_same(&at("whole/study"), &at("killed/study"));

    // `report` writes its files one by one, each of them whole.
    let report = ["report", "--study", "study"];
    let took = time(&at("killed"), &report);
    let [html, json] = ["report.html", "report.json"].map(|name| at("killed/study").join(name));
    let written = [&html, &json].map(|path| fs::read(path).unwrap());
    for moment in MOMENTS {
        fs::remove_file(&html).unwrap();
        fs::remove_file(&json).unwrap();
        kills += usize::from(killed(&at("killed"), &report, took.mul_f64(moment)));
        for (path, whole) in [&html, &json].into_iter().zip(&written) {
            assert!(!path.exists() || fs::read(path).unwrap() == *whole, "{}", path.display());
        }
        run(&at("killed"), &report);
        assert!([&html, &json].map(|path| fs::read(path).unwrap()) == written);
    }
    #[cfg(all(unix, feature = "torch"))]
    interrupted(&at("killed"));
    println!("{kills} kills");
    assert!(kills >= 4, "{kills} programs were killed before they ended");
}
