//! What a hospital folder throws at a reader, written byte by byte: every file
//! ends as a slice or as a reason.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    dead_code,
    reason = "a test stops at the first surprise, and its numbers are small"
)]

#[path = "guards/folder.rs"]
mod folder;
#[path = "guards/written.rs"]
mod written;

use std::path::Path;

use folder::{folder, refusal, series};
use foramen_dicom::{
    DicomError, Orientation, Problem, RejectReason, ScanOptions, load, read_picture, scan,
};
use proptest::prelude::*;
use tempfile::TempDir;
use written::{Coding, File};

#[test]
fn slices_are_ordered_by_position_never_by_number() {
    let mut files = series();
    for (file, number) in files.iter_mut().zip([1, 4, 2, 5, 3]) {
        file.instance_number = number;
    }
    let (_dir, found) = folder(&files);
    let heights: Vec<_> = found.stacks[0].slices.iter().map(|s| s.plane.origin().z).collect();
    assert_eq!(heights, [0.0, 3.0, 6.0, 9.0, 12.0]);
    assert_eq!(found.stacks[0].problems, []);
    assert_eq!(load(&found.stacks[0]).unwrap().stack.gaps(), [3.0; 4]);
}

#[test]
fn one_bad_file_never_loses_a_series() {
    let mut files = series();
    files[2].cut = 40;
    let (_dir, found) = folder(&files);
    assert_eq!(found.stacks[0].slices.len(), 4);
    assert!(matches!(found.rejected[0].reason, RejectReason::PixelLength { .. }));
    let missing = Problem::Missing { after: 1, slices: 1, gap: 6.0, spacing: 3.0 };
    assert_eq!(found.stacks[0].problems, [missing]);
}

#[test]
fn angled_blocks_of_one_series_are_several_stacks() {
    let mut files = series();
    files.extend((5..9).map(|k| File::new(k).at(10.0, 30.0 + f64::from(k))));
    let (_dir, found) = folder(&files);
    let sizes: Vec<_> = found.stacks.iter().map(|s| (s.stack, s.slices.len())).collect();
    assert_eq!(sizes, [(0, 5), (1, 4)]);
    assert!(found.stacks.iter().all(|s| s.orientation == Orientation::Axial && !s.localizer));
    assert_eq!(found.stacks[0].series_uid, found.stacks[1].series_uid);
}

#[test]
fn perpendicular_slices_are_a_localizer() {
    let files = [File::new(0).at(0.0, 0.0), File::new(1).at(90.0, 0.0)];
    let (_dir, found) = folder(&files);
    assert!(found.stacks.len() == 2 && found.stacks.iter().all(|s| s.localizer));
}

#[test]
fn the_same_image_twice_is_used_once() {
    let mut files = series();
    files.push(File::new(3).at(0.0, 9.0));
    let (_dir, found) = folder(&files);
    assert_eq!((found.stacks[0].slices.len(), found.stacks[0].problems.len()), (5, 0));
    assert!(matches!(found.rejected[0].reason, RejectReason::DuplicateInstance { .. }));
    // A new UID and number at an old place.
    files[5] = File::new(9).at(0.0, 9.0);
    let (_dir, found) = folder(&files);
    assert_eq!(found.stacks[0].problems, [Problem::Duplicates { images: 1 }]);
    assert!(matches!(found.rejected[0].reason, RejectReason::DuplicatePosition { .. }));
}

#[test]
fn repeats_are_told_apart_by_time_before_number() {
    let repeat = |times: [&'static str; 2]| {
        let mut files = series();
        files.extend((5..10).map(|k| File::new(k).at(0.0, 3.0 * f64::from(k - 5))));
        for (index, file) in files.iter_mut().enumerate() {
            file.trigger = times[index / 5];
        }
        let (_dir, found) = folder(&files);
        assert!(found.stacks.len() == 2 && found.stacks.iter().all(|s| s.slices.len() == 5));
        found.stacks[0].problems[0].clone()
    };
    assert_eq!(repeat(["10", "200"]), Problem::Repeated { repeats: 2, by: "Trigger Time" });
    let ranked = Problem::Repeated { repeats: 2, by: "the rank of their Instance Number" };
    assert_eq!(repeat(["", ""]), ranked);
}

#[test]
fn what_is_no_slice_of_a_known_patient_says_so() {
    let anonymous = refusal(File { patient: "", ..File::new(0) });
    assert!(anonymous.to_string().contains("is missing or empty; where each patient is a folder"));
    let computed = refusal(File { sop_class: "1.2.840.10008.5.1.4.1.1.2", ..File::new(0) });
    assert!(matches!(computed, RejectReason::NotMr { .. }));
    let mosaic = refusal(File { image_type: "ORIGINAL\\PRIMARY\\M\\MOSAIC", ..File::new(0) });
    assert!(matches!(mosaic, RejectReason::Mosaic));
    let index = refusal(File { sop_class: "1.2.840.10008.1.3.10", ..File::new(0) });
    assert!(matches!(index, RejectReason::Dicomdir { absent: None }));
    let skewed = refusal(File { orientation: Some("1\\0\\0\\0.5\\1\\0"), ..File::new(0) });
    assert!(matches!(skewed, RejectReason::Plane(_)));
}

#[test]
fn no_name_is_ever_kept() {
    let (_dir, found) = folder(&series());
    let shown = format!("{found:?}");
    assert!(shown.contains("subject") && !shown.contains("Doe") && !shown.contains("19700101"));
}

#[test]
fn nesting_and_lengths_cannot_exhaust_the_machine() {
    let mut deep = File::new(0).coded(Coding::Implicit).head();
    for _ in 0..100_000 {
        // An open sequence of an unknown tag, then an open item.
        deep.extend([0x09, 0x00, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF]);
        deep.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    }
    let mut long = File::new(0).coded(Coding::Implicit).head();
    long.extend([0x10, 0x00, 0x20, 0x00, 0xFE, 0xFF, 0xFF, 0xFF, b'X']);
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("deep"), deep).unwrap();
    std::fs::write(dir.path().join("long"), long).unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    let reasons: Vec<_> = found.rejected.iter().map(|r| r.reason.to_string()).collect();
    assert!(reasons[0].contains("nested too deep"), "{reasons:?}");
    assert!(reasons[1].contains("longer than 64 KiB"), "{reasons:?}");
}

#[test]
fn any_cut_or_changed_byte_ends_in_a_slice_or_a_reason() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("file");
    let whole = File::new(0).bytes();
    for at in (0..whole.len()).step_by(3) {
        for change in [0x00, 0x5A, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = change;
            check(&dir, &path, &bytes);
        }
        check(&dir, &path, &whole[..at]);
    }
}

fn check(dir: &TempDir, path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    assert_eq!(found.stacks.len() + found.rejected.len(), 1);
    assert!(!matches!(found.rejected.first().map(|r| &r.reason), Some(RejectReason::Panicked)));
    if let Some(stack) = found.stacks.first() {
        assert!(load(stack).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_a_slice_or_a_reason(
        begin in prop::sample::select(vec![Coding::Explicit, Coding::Implicit, Coding::BigEndian]),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("file");
        let mut random = File::new(0).coded(begin).head();
        random.extend(bytes);
        check(&dir, &path, &random);
        let mut changed = File::new(0).coded(begin).bytes();
        for (at, byte) in changes {
            let length = changed.len();
            changed[at.index(length)] = byte;
        }
        check(&dir, &path, &changed);
    }
}

#[test]
fn a_file_changed_after_the_scan_is_refused() {
    let (dir, found) = folder(&series());
    std::fs::write(dir.path().join("002"), b"short").unwrap();
    let loaded = load(&found.stacks[0]).unwrap();
    assert!(loaded.stack.slices().len() == 4 && loaded.rejected.len() == 1);
    assert!(matches!(loaded.rejected[0].reason, RejectReason::Changed));
    assert!(matches!(read_picture(&dir.path().join("002"), 1), Err(DicomError::Picture { .. })));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let absent = scan(Path::new("/no/such/folder"), &ScanOptions::default());
    assert!(matches!(absent, Err(DicomError::Folder { .. })));
}

#[test]
fn a_mosaic_is_known_by_its_tiles_too() {
    let file = File::new(0).with(0x0019, 0x0010, b"LO", "SIEMENS MR HEADER");
    // 35 slices, as a number of 16 bits.
    let tiled = file.clone().with(0x0019, 0x100A, b"US", "#\0");
    assert!(matches!(refusal(tiled), RejectReason::Mosaic));
    let (_dir, found) = folder(&[file.with(0x0019, 0x100A, b"US", "\u{1}\0")]);
    assert_eq!(found.stacks.len(), 1);
}

#[test]
fn residual_identifiers_are_listed_without_their_values() {
    let mut files = series();
    for file in &mut files {
        file.more.push((0x0008, 0x0080, b"LO", "General Hospital".to_owned()));
        file.more.push((0x0008, 0x103E, b"LO", "ax t2 Doe".to_owned()));
        file.more.push((0x0010, 0x1040, b"LO", "REMOVED".to_owned()));
        file.more.push((0x0029, 0x1010, b"LO", "anything".to_owned()));
    }
    files[1].more.push((0x0028, 0x0301, b"CS", "YES".to_owned()));
    let (_dir, found) = folder(&files);
    let residuals = foramen_dicom::residual_identifiers(&found.stacks[0]).unwrap();
    let listed: Vec<_> = residuals.iter().map(|r| (r.name, r.files)).collect();
    assert_eq!(
        listed,
        [
            ("SeriesDescription", 5),
            ("PatientName", 5),
            ("PatientBirthDate", 5),
            ("BurnedInAnnotation", 1),
            ("InstitutionName", 5),
            ("Private", 5),
        ]
    );
    let shown = format!("{residuals:?}");
    assert!(!shown.contains("Hospital") && !shown.contains("Doe") && !shown.contains("1970"));
}
