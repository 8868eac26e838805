//! The same inputs give the same bytes, whatever the threads, the order of the
//! files and the way the ids are written.

#![allow(clippy::unwrap_used, clippy::format_push_string, reason = "a test may unwrap")]

use std::fs;
use std::path::{Path, PathBuf};

use foramen_learn::{Dataset, Ruler, Split, cross_validate};
use foramen_study::{files, read_links};
use foramen_tests::{cohort, open, select};
use foramen_types::SubjectKey;

/// The bytes of the stage files of a run.
fn run(dicom: &Path, outcomes: &Path, key: &SubjectKey, threads: usize) -> Vec<Vec<u8>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let (scan, outcomes) = open(dicom, outcomes, key);
        let (manifest, selections) = select(&scan, &outcomes);
        let out = tempfile::tempdir().unwrap();
        let path = |name: &str| -> PathBuf { out.path().join(name) };
        files::write_manifest(&path("manifest.json"), &manifest).unwrap();
        files::write_selections(&path("selections.csv"), &selections).unwrap();
        files::write_profile(&path("profile.csv"), &selections.profile).unwrap();
        files::write_levels(&path("levels.csv"), &selections.levels).unwrap();
        files::write_patches(out.path(), &selections.patches).unwrap();
        let samples = files::read_patches(out.path()).unwrap();
        let dataset = Dataset::new(samples.into_iter().map(|p| p.sample).collect()).unwrap();
        let split = Split::by_subject(&dataset, 2, 1).unwrap();
        let result = cross_validate(&Ruler::default(), &dataset, &split).unwrap();
        files::write_predictions(&path("predictions.csv"), &result.predictions).unwrap();
        let names = [
            "manifest.json",
            "selections.csv",
            "profile.csv",
            "levels.csv",
            "patches.csv",
            "patches.safetensors",
            "predictions.csv",
        ];
        names.map(|name| fs::read(path(name)).unwrap()).to_vec()
    })
}

#[test]
fn threads_do_not_matter() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let (dicom, outcomes) = (folder.join("dicom"), folder.join("outcomes.csv"));
    let key = SubjectKey::identity();
    assert!(run(&dicom, &outcomes, &key, 1) == run(&dicom, &outcomes, &key, 3));
}

/// Hospital numbers in the images, the study's own ids in the table, and a
/// linkage table between them: the same files come out.
#[test]
fn hospital_ids_joined_through_a_link_give_the_same_files() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let (dicom, outcomes) = (folder.join("dicom"), folder.join("outcomes.csv"));
    // Relabelling the table instead of the images is the same test from the
    // other side: the images keep P…, the table says S….
    let table = fs::read_to_string(&outcomes).unwrap();
    let mut lines = table.lines();
    let mut relabelled = format!("{}\n", lines.next().unwrap());
    let mut links = "patient_id,subject_id\n".to_owned();
    let mut plain = "patient_id,subject_id\n".to_owned();
    let mut ids = std::collections::BTreeSet::new();
    for line in lines {
        let (id, rest) = line.split_once(',').unwrap();
        relabelled.push_str(&format!("S-{id},{rest}\n"));
        if ids.insert(id.to_owned()) {
            links.push_str(&format!("{id},S-{id}\n"));
            plain.push_str(&format!("{id},{id}\n"));
        }
    }
    let out = tempfile::tempdir().unwrap();
    let linked_table = out.path().join("outcomes.csv");
    fs::write(&linked_table, relabelled).unwrap();
    let linked = run(&dicom, &linked_table, &read_links(links.as_bytes()).unwrap(), 2);
    let direct = run(&dicom, &outcomes, &read_links(plain.as_bytes()).unwrap(), 2);
    for (linked, direct) in linked.iter().zip(&direct) {
        // The patches hold no ids; the tables differ in the prefix alone.
        let text = String::from_utf8_lossy(linked).replace("S-", "");
        assert!(text == String::from_utf8_lossy(direct));
    }
}
