//! The folder of images: it may be read-only, and some of it may be gone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use foramen::phantom::{CohortConfig, write_cohort};
use serde_json::{Value, json};

use crate::client::{Page, export, foramen};

/// Every file below a folder, with its length and when it was changed.
fn contents(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let told = entry.metadata().unwrap();
        found.insert(entry.path(), (told.len(), told.modified().unwrap()));
        if told.is_dir() {
            found.extend(contents(&entry.path()));
        }
    }
    found
}

/// Takes the right to write from all below a folder, or gives it back.
#[cfg(unix)]
fn make_writable(folder: &Path, is_writable: bool) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut paths: Vec<PathBuf> = contents(folder).into_keys().collect();
    paths.push(folder.to_owned());
    for path in paths {
        let mode = if path.is_dir() { 0o555 } else { 0o444 };
        let mode = if is_writable { mode | 0o200 } else { mode };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_folder_of_images_that_cannot_be_written_is_enough_and_stays_as_it_is() {
    let (folder, study) = two_people();
    let dicom = folder.path().join("dicom");
    make_writable(&dicom, false);
    let before = contents(&dicom);
    let page = Page::start(&study, &["--reader", "a"]);
    for id in page.items() {
        assert_eq!(page.get(&format!("/case/{id}/axial/0")).status, 200);
        let said = json!({ "item": id, "request": format!("request-{id}"), "slice": 3,
                           "seen": "open", "walls": [[60.0, 70.0], [63.0, 70.0]] });
        assert_eq!(page.post("/answer", &said).status, 200);
    }
    drop(page);
    export(&study);
    let after = contents(&dicom);
    make_writable(&dicom, true);
    // Whoever may write everywhere (root) is held to it too.
    assert_eq!(after, before);
}

#[test]
fn images_and_files_that_are_gone_are_told() {
    let (folder, study) = two_people();
    let table = fs::read_to_string(study.join("selections.csv")).unwrap();
    let subject = table.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    fs::remove_dir_all(folder.path().join("dicom").join(&subject)).unwrap();
    let page = Page::start(&study, &["--reader", "a"]);
    let list = page.get("/study").json();
    let missing = list["missing"].as_array().unwrap();
    let said = missing[0].as_str().unwrap();
    assert!(said.contains(&subject) && said.contains("no axial images"), "{said}");
    let is_gone = |item: &&Value| item["title"] == subject.as_str();
    let items = list["items"].as_array().unwrap();
    assert!(items.iter().filter(is_gone).all(|item| item["images"] == 0));
    let there = items.iter().find(|item| item["images"] != 0).unwrap();
    let answer =
        json!({ "item": there["id"], "request": "request-0", "slice": 3, "seen": "closed" });
    assert_eq!(page.post("/answer", &answer).status, 200);
    drop(page);
    let told = export(&study);
    assert!(told.contains(&format!("note: {subject} ")), "{told}");

    let refused = |folder: &Path| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_foramen"))
            .args(["review", "--export", "--study", folder.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (name, said) in [("profile.csv", "profile.csv"), ("selections.csv", "run `select` first")] {
        let kept = fs::read(study.join(name)).unwrap();
        fs::remove_file(study.join(name)).unwrap();
        // Without its selections the folder is one that `levels` has left.
        if name == "selections.csv" {
            fs::remove_file(study.join("levels.csv")).unwrap();
        }
        let told = refused(&study);
        assert!(told.contains(said), "{told}");
        fs::write(study.join(name), kept).unwrap();
    }
    fs::remove_dir_all(folder.path().join("dicom")).unwrap();
    let told = refused(&study);
    assert!(told.contains("give --dicom DIR"), "{told}");
}

/// A small cohort of its own, whose images may be changed, and its study.
fn two_people() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let config = CohortConfig::default().with_analysable(2).with_defects(0);
    write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
    let study = folder.path().join("study");
    let at = |path: PathBuf| path.to_str().unwrap().to_owned();
    foramen(&[
        "select",
        "--dicom",
        &at(folder.path().join("dicom")),
        "--outcomes",
        &at(folder.path().join("outcomes.csv")),
        "--out",
        &at(study.clone()),
    ]);
    (folder, study)
}
