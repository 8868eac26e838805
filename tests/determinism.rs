//! The same inputs give the same bytes, whatever the threads, the order of the
//! files and the way the ids are written.

#![allow(clippy::unwrap_used, clippy::format_collect, reason = "a test may unwrap")]

use std::fs;
use std::path::{Path, PathBuf};

use foramen_learn::{Dataset, Split, WidthBaseline, cross_validate};
use foramen_phantom::Truth;
use foramen_study::{files, read_links};
use foramen_tests::{cohort, open, select};
use foramen_types::SubjectKey;

/// The stage files of a run.
const FILES: [&str; 7] = [
    "manifest.json",
    "selections.csv",
    "profile.csv",
    "levels.csv",
    "patches.csv",
    "patches.safetensors",
    "predictions.csv",
];

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
        let result = cross_validate(&WidthBaseline::default(), &dataset, &split).unwrap();
        files::write_predictions(&path("predictions.csv"), &result.predictions).unwrap();
        FILES.map(|name| fs::read(path(name)).unwrap()).to_vec()
    })
}

#[test]
fn threads_do_not_matter() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let (dicom, outcomes) = (folder.join("dicom"), folder.join("outcomes.csv"));
    let key = SubjectKey::identity();
    assert!(run(&dicom, &outcomes, &key, 1) == run(&dicom, &outcomes, &key, 3));
}

/// A copy of a folder of DICOM files in explicit VR little endian under other
/// Patient IDs (0010,0020) of the same length, which can be put in their place.
fn renamed(from: &Path, to: &Path, name: &impl Fn(&str) -> String) {
    const PATIENT_ID: [u8; 6] = [0x10, 0x00, 0x20, 0x00, b'L', b'O'];
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            renamed(&path, &copy, name);
            continue;
        }
        let mut bytes = fs::read(&path).unwrap();
        let tag = bytes.windows(PATIENT_ID.len()).position(|window| window == PATIENT_ID);
        let start = tag.unwrap() + PATIENT_ID.len() + 2;
        let length = usize::from(bytes[start - 2]);
        let id = String::from_utf8(bytes[start..start + length].to_vec()).unwrap();
        let new = format!("{:length$}", name(id.trim()));
        bytes[start..start + length].copy_from_slice(new.as_bytes());
        fs::write(&copy, bytes).unwrap();
    }
}

/// Hospital numbers in the images, the study's own ids in the table, and a
/// linkage table between them give what the study's ids in both give.
#[test]
fn hospital_ids_joined_through_a_link_give_the_same_files() {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let (dicom, outcomes) = (folder.join("dicom"), folder.join("outcomes.csv"));
    let hospital = tempfile::tempdir().unwrap();
    // Numbers that fall in another order than the ids of the study.
    let number = |id: &str| id.chars().rev().collect::<String>();
    renamed(&dicom, hospital.path(), &number);
    let truth = Truth::read(&folder.join("truth.json")).unwrap();
    let ids = truth.subjects.iter().map(|subject| &subject.subject_id);
    let links: String = ids.map(|id| format!("{},{id}\n", number(id))).collect();
    let links = read_links(format!("patient_id,subject_id\n{links}").as_bytes()).unwrap();
    let linked = run(hospital.path(), &outcomes, &links, 2);
    let direct = run(&dicom, &outcomes, &SubjectKey::identity(), 2);
    for ((name, linked), direct) in FILES.iter().zip(&linked).zip(&direct) {
        assert!(linked == direct, "{name} differs");
    }
}
