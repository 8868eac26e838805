//! What lies in a folder beside images is called what it is.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test stops at the first surprise, and writes fewer kinds of files than others"
)]

#[path = "guards/written.rs"]
mod written;

use std::path::Path;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use foramen_dicom::{RejectReason, Remark, ScanOptions, scan};
use tempfile::TempDir;
use written::File;

#[test]
fn an_empty_file_is_called_empty() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("nothing.dcm"), b"").unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    assert!(matches!(found.rejected[0].reason, RejectReason::Empty));
    assert!(found.rejected[0].reason.to_string().contains("copy it again"));
    assert_eq!(found.rejected_counts()["empty file"], 1);
}

#[test]
#[cfg(unix)]
fn broken_links_and_loops_are_told_and_cost_no_image() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("image"), File::new(0).bytes()).unwrap();
    std::os::unix::fs::symlink("gone.dcm", dir.path().join("broken")).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    assert_eq!((found.stacks.len(), found.rejected.len()), (1, 2));
    let reasons: Vec<_> = found.rejected.iter().map(|r| r.reason.to_string()).collect();
    assert_eq!(reasons[0], "a link to a file that is not there; copy the file itself");
    let shown = dir.path().display();
    assert_eq!(
        reasons[1],
        format!("a link back to {shown}, which holds it; what lies there is read once")
    );
}

/// Writes a DICOMDIR that names images of one series, each with its file and UID.
fn write_index(path: &Path, series_uid: &str, images: &[(String, String)]) {
    let record = |kind: &str, values: &[(Tag, VR, &str)]| {
        let mut item = InMemDicomObject::new_empty();
        for (tag, vr, value) in [&[(tags::DIRECTORY_RECORD_TYPE, VR::CS, kind)], values].concat() {
            item.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
        }
        item
    };
    let mut records = vec![record("SERIES", &[(tags::SERIES_INSTANCE_UID, VR::UI, series_uid)])];
    records.extend(images.iter().map(|(file, uid)| {
        let uid = (tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE, VR::UI, uid.as_str());
        record("IMAGE", &[(tags::REFERENCED_FILE_ID, VR::CS, file), uid])
    }));
    let records = DataSetSequence::from(records);
    let mut index = InMemDicomObject::new_empty();
    index.put(DataElement::new(tags::DIRECTORY_RECORD_SEQUENCE, VR::SQ, records));
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .media_storage_sop_class_uid(uids::MEDIA_STORAGE_DIRECTORY_STORAGE)
        .media_storage_sop_instance_uid("2.25.5");
    index.with_meta(meta).unwrap().write_to_file(path).unwrap();
}

#[test]
fn images_that_a_dicomdir_names_and_that_are_not_there_are_told() {
    let dir = TempDir::new().unwrap();
    let images = dir.path().join("images");
    std::fs::create_dir(&images).unwrap();
    for number in 0..5 {
        let file = File::new(number).at(0.0, 3.0 * f64::from(number));
        std::fs::write(images.join(format!("i{number}.dcm")), file.bytes()).unwrap();
    }
    let scanned = || scan(dir.path(), &ScanOptions::default()).unwrap();
    let stack = scanned().stacks.remove(0);
    // Four by their names in capitals, one that was renamed, and two that are lost.
    let file = |number: usize| match number {
        4 => "OTHER\\NAME".to_owned(),
        _ => format!("IMAGES\\I{number}"),
    };
    let uid = |number: usize| {
        let slice = stack.slices.get(number);
        slice.map_or_else(|| format!("2.25.9.{number}"), |one| one.source.sop_instance_uid.clone())
    };
    let index = dir.path().join("DICOMDIR");
    let named = |numbers: std::ops::Range<usize>| {
        let images: Vec<(String, String)> =
            numbers.map(|number| (file(number), uid(number))).collect();
        write_index(&index, &stack.series_uid, &images);
        scanned()
    };
    let whole = named(0..5);
    assert!(
        matches!(whole.rejected[..], [ref one] if matches!(one.reason, RejectReason::Dicomdir { absent: None }))
    );
    assert_eq!(whole.stacks[0].remarks, stack.remarks);

    let found = named(0..7);
    let said = found.way_out("DICOMDIR").unwrap();
    assert!(said.contains("2 of the 7 images that it names are not here"), "{said}");
    assert!(said.contains("I5") && said.contains("copy the medium again"), "{said}");
    assert!(found.stacks[0].remarks.contains(&Remark::UndecodableImage { images: 2 }));

    std::fs::remove_dir_all(&images).unwrap();
    let said = scanned().way_out("DICOMDIR").unwrap();
    assert!(said.contains("none of the 7 images"), "{said}");
}

#[test]
fn an_image_in_the_folders_of_two_subjects_is_told_as_that() {
    let dir = TempDir::new().unwrap();
    for subject in ["P-1", "P-2"] {
        std::fs::create_dir(dir.path().join(subject)).unwrap();
        std::fs::write(dir.path().join(subject).join("image"), File::new(0).bytes()).unwrap();
    }
    let by_folder = ScanOptions::default().with_subject_from("folder".parse().unwrap());
    let found = scan(dir.path(), &by_folder).unwrap();
    assert_eq!((found.stacks.len(), found.rejected.len()), (0, 2));
    let said = found.rejected[0].reason.to_string();
    assert!(
        said.contains("P-2") && said.contains("the same image under another subject"),
        "{said}"
    );
    // By the Patient ID it is one image, copied.
    assert_eq!(scan(dir.path(), &ScanOptions::default()).unwrap().stacks.len(), 1);
}
