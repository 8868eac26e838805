//! Who is who after an anonymiser.

#![allow(clippy::unwrap_used, dead_code, reason = "a test stops at the first surprise")]

#[path = "field/examination.rs"]
mod examination;

use std::collections::BTreeMap;
use std::path::PathBuf;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use examination::{Examination, put, write};
use foramen_dicom::{RejectReason, Scan, ScanOptions, SubjectFrom, scan};
use foramen_types::SubjectKey;
use tempfile::TempDir;

/// Two patients, a folder each, with this Patient ID in all files.
fn folders(id: &str) -> TempDir {
    let mut drawn = Examination::draw();
    drawn.axial.truncate(3);
    for image in drawn.all() {
        put(image, tags::PATIENT_ID, VR::LO, id);
    }
    let dir = TempDir::new().unwrap();
    write(&drawn.axial, &dir.path().join("site/P0001/ax"), "A");
    for image in drawn.all() {
        let uid = format!("{}.9", examination::text(image, tags::SOP_INSTANCE_UID));
        put(image, tags::SOP_INSTANCE_UID, VR::UI, &uid);
        put(image, tags::STUDY_INSTANCE_UID, VR::UI, "2.25.99");
    }
    write(&drawn.axial, &dir.path().join("site/P0002"), "A");
    dir
}

fn subjects(found: &Scan) -> Vec<&str> {
    found.stacks.iter().map(|stack| stack.subject.as_str()).collect()
}

#[test]
fn an_empty_patient_id_is_refused_with_the_way_out() {
    let dir = folders("");
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    assert!(found.stacks.is_empty());
    let reason = found.rejected[0].reason.to_string();
    assert!(reason.contains("--subject-from folder"), "{reason}");
    assert_eq!(found.rejected_counts()["no patient id"], 6);
}

#[test]
fn folders_name_patients_whatever_their_ids_are() {
    for id in ["", "ANON"] {
        let dir = folders(id);
        let options = ScanOptions::default().with_subject_from(SubjectFrom::Folder { depth: 2 });
        let found = scan(dir.path(), &options).unwrap();
        assert_eq!(subjects(&found), ["P0001", "P0002"]);
        assert!(found.rejected.is_empty() && found.conflicts.is_empty());
        // The names go through the key, as Patient IDs do.
        let key = SubjectKey::linked([("P0001", "S1"), ("P0002", "S2")]).unwrap();
        let found = scan(dir.path(), &options.with_key(key)).unwrap();
        assert_eq!(subjects(&found), ["S1", "S2"]);
    }
    let found = scan(folders("ANON").path(), &ScanOptions::default()).unwrap();
    assert!(found.conflicts[0].to_string().contains("word that an anonymiser wrote"));
}

#[test]
fn a_table_of_paths_names_patients() {
    let dir = folders("");
    let table = BTreeMap::from([(PathBuf::from("site/P0001"), "S1".to_owned())]);
    let options = ScanOptions::default().with_subject_from(SubjectFrom::Paths(table));
    let found = scan(dir.path(), &options).unwrap();
    assert_eq!(subjects(&found), ["S1"]);
    assert!(matches!(found.rejected[0].reason, RejectReason::NoPath));
}

#[test]
fn a_file_outside_of_the_folders_says_so() {
    let mut drawn = Examination::draw();
    drawn.axial.truncate(2);
    drawn.sagittal.clear();
    let options = ScanOptions::default().with_subject_from("folder".parse().unwrap());
    let (_dir, found) = drawn.scan_with(&options);
    assert!(matches!(found.rejected[0].reason, RejectReason::NoFolder { depth: 1 }));
}

#[test]
fn one_instance_uid_in_all_files_is_reported_and_mixes_nothing_up() {
    let mut drawn = Examination::draw();
    for image in drawn.all() {
        put(image, tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.4");
        for tag in [tags::SERIES_NUMBER, tags::ACQUISITION_NUMBER, tags::INSTANCE_NUMBER] {
            image.remove_element(tag);
        }
    }
    let (_dir, found) = drawn.scan();
    assert!(found.stacks.is_empty());
    let files = drawn.axial.len() + drawn.sagittal.len();
    assert_eq!(found.rejected_counts()["one instance UID for several images"], files);
    let reason = found.rejected[0].reason.to_string();
    assert!(reason.contains("export them again with new UIDs"), "{reason}");
}

#[test]
fn two_images_of_one_uid_cost_no_other_image() {
    let mut drawn = Examination::draw();
    drawn.sagittal.clear();
    let uid = examination::text(&drawn.axial[0], tags::SOP_INSTANCE_UID);
    put(&mut drawn.axial[5], tags::SOP_INSTANCE_UID, VR::UI, &uid);
    let (_dir, found) = drawn.scan();
    let left: usize = found.stacks.iter().map(|stack| stack.slices.len()).sum();
    assert_eq!((left, found.rejected.len()), (drawn.axial.len() - 2, 2));
}
