//! Faults that make results too good, planted into a small synthetic cohort, and what the
//! program says of each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

/// A cohort of 20 subjects in `c`, below a folder that the program has for itself.
struct Cohort(tempfile::TempDir);

impl Cohort {
    /// A copy of the cohort, which is drawn once.
    fn draw() -> Self {
        static DRAWN: LazyLock<Cohort> = LazyLock::new(|| {
            let cohort = Cohort(tempfile::tempdir().unwrap());
            let drawn = cohort.run(&["cohort", "--out", "c", "--subjects", "20"]);
            assert!(drawn.status.success(), "{}", text(&drawn.stderr));
            cohort
        });
        let cohort = Self(tempfile::tempdir().unwrap());
        for file in files_below(&DRAWN.at("c")) {
            let copy = cohort.at("c").join(file.strip_prefix(DRAWN.at("c")).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&file, copy).unwrap();
        }
        cohort
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let folder = self.0.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_foramen"));
        command.current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache")).env("HOME", folder);
        command.args(arguments).output().unwrap()
    }

    fn study(&self, further: &[&str]) -> Output {
        let common =
            ["study", "--dicom", "c/dicom", "--outcomes", "c/outcomes.csv", "--epochs", "1"];
        self.run(&[&common[..], &["--out", "out", "--force"], further].concat())
    }

    fn table(&self) -> String {
        fs::read_to_string(self.at("c/outcomes.csv")).unwrap()
    }

    /// Gives a patient's row and images to another id as well.
    fn copy(&self, from: &str, to: &str, change: impl Fn(&mut [u8])) {
        let table = self.table();
        let row = table.lines().find(|line| line.starts_with(from)).unwrap();
        let copied = format!("{table}{}\n", row.replace(from, to));
        fs::write(self.at("c/outcomes.csv"), copied).unwrap();
        copy_patient(&self.at("c/dicom"), from, to, change);
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.at(name)).unwrap()).unwrap()
    }

    /// Folds in which `P0002` and `Q0002` are apart, with further rows.
    fn folds(&self, further: &str) {
        let manifest = self.json("out/manifest.json");
        let mut table = String::from("subject_id,fold\n");
        for (place, kept) in manifest["kept"].as_array().unwrap().iter().enumerate() {
            let subject = kept["subject_id"].as_str().unwrap();
            let fold = match subject {
                "P0002" => 0,
                "Q0002" => 1,
                _ => place % 2,
            };
            let row = format!("{subject},{fold}\n");
            if !table.contains(&row) {
                table += &row;
            }
        }
        fs::write(self.at("folds.csv"), table + further).unwrap();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Copies the DICOM files of a patient under another Patient ID and other UIDs, as an
/// anonymiser that ran twice leaves them.
fn copy_patient(dicom: &Path, from: &str, to: &str, change: impl Fn(&mut [u8])) {
    let replace = |bytes: &mut Vec<u8>, what: &[u8], by: &[u8]| {
        for at in 0..bytes.len().saturating_sub(what.len()) {
            if bytes[at..].starts_with(what) {
                bytes[at..at + by.len()].copy_from_slice(by);
            }
        }
    };
    let files = files_below(dicom);
    fs::create_dir(dicom.join("copied")).unwrap();
    let mut copied = 0;
    for (place, file) in files.iter().enumerate() {
        let mut bytes = fs::read(file).unwrap();
        if bytes.windows(from.len()).any(|window| window == from.as_bytes()) {
            replace(&mut bytes, from.as_bytes(), to.as_bytes());
            replace(&mut bytes, b"2.25.", b"2.26.");
            change(&mut bytes);
            fs::write(dicom.join(format!("copied/{place}.dcm")), bytes).unwrap();
            copied += 1;
        }
    }
    assert!(copied > 10);
}

/// Gives an image the Study Instance UID back that it had: the export forgot to replace it.
fn keep_study_uid(bytes: &mut [u8]) {
    let tag = [0x20, 0x00, 0x0d, 0x00, b'U', b'I'];
    let at = bytes.windows(tag.len()).position(|window| window == tag).unwrap() + 8;
    assert_eq!(&bytes[at..at + 5], b"2.26.");
    bytes[at..at + 5].copy_from_slice(b"2.25.");
}

/// A little noise in every pixel: the image shows the same and is no copy.
fn add_noise(bytes: &mut [u8]) {
    let tag = [0xe0, 0x7f, 0x10, 0x00, b'O', b'W', 0, 0];
    let at = bytes.windows(tag.len()).position(|window| window == tag).unwrap() + 12;
    for (place, byte) in bytes[at..].iter_mut().step_by(2).enumerate() {
        *byte ^= u8::try_from(place * 7 % 4).unwrap();
    }
}

#[test]
fn one_person_under_two_ids_stops_the_study_unless_that_is_allowed_by_name() {
    let cohort = Cohort::draw();
    cohort.copy("P0002", "Q0002", |_| ());
    // One patient is written in two ways.
    let row = cohort.table().lines().find(|line| line.starts_with("P0002")).unwrap().to_owned();
    let almost = format!("{}{}\n", cohort.table(), row.replace("P0002", "p-0003"));
    fs::write(cohort.at("c/outcomes.csv"), almost).unwrap();
    // Where both are in one fold of two, one cannot teach of the other.
    let first = cohort.study(&["--folds", "2"]);
    cohort.folds("");
    let refused = cohort.study(&["--folds-file", "folds.csv"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    assert!(
        said.contains("warning: subjects P0002 and Q0002 have "),
        "{said}{}",
        text(&first.stderr)
    );
    assert!(
        said.contains("P0002 and Q0002 have the same pixels") || said.contains("left and Q0002")
    );
    assert!(said.contains("--allow-overlap pixels"), "{said}");
    let leakage = cohort.json("out/leakage.json");
    assert_eq!(leakage["shared"][0]["kind"], "pixels", "{leakage:#}");
    assert!(!cohort.at("out/predictions-ruler.csv").exists());

    let allowed =
        cohort.study(&["--folds-file", "folds.csv", "--allow-overlap", "pixels,near-duplicate"]);
    let said = text(&allowed.stderr);
    assert!(allowed.status.success(), "{said}");
    let almost = "subjects P0003 (row 4) and p-0003 (row ";
    assert!(said.contains(almost), "{said}");
    let page = fs::read_to_string(cohort.at("out/report.html")).unwrap();
    for words in ["may be one person:", "subjects P0002 and Q0002 have ", almost, "allowed by name"]
    {
        assert!(page.contains(words), "{words}");
    }
    let manifest = cohort.json("out/manifest.json");
    assert_eq!(manifest["same_images"].as_array().unwrap().len(), 1, "{manifest:#}");
    assert!(manifest["same_images"][0]["images"].as_u64().unwrap() > 5);
    let report = cohort.json("out/report.json");
    assert_eq!(report["leakage"]["allowed"], serde_json::json!(["pixels", "near-duplicate"]));
    let folds = fs::read_to_string(cohort.at("out/folds.csv")).unwrap();
    assert!(folds.contains("P0002,0,0,test") && folds.contains("Q0002,0,1,test"), "{folds}");
}

#[test]
fn one_study_exported_under_two_ids_is_found_by_its_uid() {
    let cohort = Cohort::draw();
    cohort.copy("P0002", "Q0002", |bytes| {
        keep_study_uid(bytes);
        add_noise(bytes);
    });
    cohort.study(&["--folds", "2"]);
    cohort.folds("");
    let refused = cohort.study(&["--folds-file", "folds.csv"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    assert!(
        said.contains("P0002 and Q0002 have images of one study (Study Instance UID "),
        "{said}"
    );
    assert!(said.contains("P0002 and Q0002 are of one study (Study Instance UID)"), "{said}");
    assert!(said.contains("--allow-overlap study"), "{said}");
}

#[test]
fn a_slice_that_shows_the_same_with_other_noise_is_found() {
    let cohort = Cohort::draw();
    cohort.copy("P0002", "Q0002", add_noise);
    cohort.study(&["--folds", "2"]);
    cohort.folds("");
    let refused = cohort.study(&["--folds-file", "folds.csv"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("show the same (correlation "), "{said}");
    assert!(said.contains("--allow-overlap near-duplicate"), "{said}");
    let leakage = cohort.json("out/leakage.json");
    let kinds: Vec<_> =
        leakage["shared"].as_array().unwrap().iter().map(|shared| &shared["kind"]).collect();
    assert_eq!(kinds, ["near-duplicate"], "{leakage:#}");
    // The command says the same of what lies there.
    let compared = cohort.run(&["leakage", "--study", "out", "--folds-file", "folds.csv"]);
    let said = text(&compared.stdout);
    assert!(said.contains("near-duplicate") && said.contains("Q0002"), "{said}");
}

#[test]
fn a_subject_in_two_folds_is_refused_with_its_rows() {
    let cohort = Cohort::draw();
    let first = cohort.study(&["--folds", "2"]);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let leakage = cohort.json("out/leakage.json");
    assert_eq!(leakage["shared"], serde_json::json!([]), "{leakage:#}");
    cohort.folds("P0002,1\n");
    let refused = cohort.study(&["--folds-file", "folds.csv"]);
    let said = text(&refused.stderr);
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("could not use folds.csv"), "{said}");
    assert!(said.contains("subject P0002 is tested in fold 0 (row 3) and in fold 1"), "{said}");
}

#[test]
fn a_follow_up_before_the_injection_and_a_scan_after_it_leave_the_row_out() {
    let cohort = Cohort::draw();
    let table = cohort.table();
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|title| *title == name).unwrap();
    let changed = table.lines().map(|line| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        match cells[0].as_str() {
            "P0002" => cells[column("followup_date")] = "2001-01-01".to_owned(),
            // All of its scans are later.
            "P0003" => {
                cells[column("injection_date")] = "2001-01-01".to_owned();
                cells[column("followup_date")] = "2001-03-01".to_owned();
            }
            _ => {}
        }
        cells.join(",") + "\n"
    });
    let changed: String = changed.collect();
    fs::write(cohort.at("c/outcomes.csv"), changed).unwrap();
    let selected = cohort.run(&[
        "select",
        "--dicom",
        "c/dicom",
        "--outcomes",
        "c/outcomes.csv",
        "--out",
        "out",
    ]);
    assert!(selected.status.success(), "{}", text(&selected.stderr));
    let manifest = cohort.json("out/manifest.json");
    let reason = |subject: &str| {
        let all = manifest["excluded"].as_array().unwrap();
        let row = all.iter().find(|row| row["subject_id"] == subject).unwrap();
        format!("{}: {}", row["reason"], row["detail"])
    };
    assert!(reason("P0002").contains("before"), "{}", reason("P0002"));
    assert!(reason("P0003").contains("after"), "{}", reason("P0003"));
}
