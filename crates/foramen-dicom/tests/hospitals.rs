//! One folder with the habits of three hospitals.

#![allow(clippy::unwrap_used, dead_code, reason = "a test stops at the first surprise")]

#[path = "field/examination.rs"]
mod examination;

use std::collections::BTreeMap;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use examination::{Examination, Image, put, renewed, series, text, write};
use foramen_dicom::{
    Accepted, Examination as Visit, FatSignal, Remark, ScanOptions, SubjectFrom, scan,
};
use tempfile::TempDir;

fn split(image: &mut Image, tag: dicom_core::Tag, number: usize) {
    let uid = format!("{}.{number}", text(image, tag));
    put(image, tag, VR::UI, &uid);
}

/// A copy of the examination as that of another person, whose id is empty.
fn of_another(drawn: &Examination, number: usize) -> Examination {
    let mut other = drawn.clone();
    for image in other.all() {
        put(image, tags::PATIENT_ID, VR::LO, "");
        for tag in [
            tags::SOP_INSTANCE_UID,
            tags::SERIES_INSTANCE_UID,
            tags::STUDY_INSTANCE_UID,
            tags::FRAME_OF_REFERENCE_UID,
        ] {
            split(image, tag, number);
        }
    }
    other
}

#[test]
fn habits_of_three_hospitals_are_told_apart_in_one_scan() {
    let drawn = Examination::draw();
    let dir = TempDir::new().unwrap();
    let folder = |name: &str| dir.path().join(name);
    let images = drawn.axial.len();

    // The first writes a series per slice, a head coil's body part, and D.M.Y.
    let mut first = of_another(&drawn, 1);
    for (number, image) in first.axial.iter_mut().enumerate() {
        split(image, tags::SERIES_INSTANCE_UID, number + 1);
    }
    for image in first.all() {
        put(image, tags::BODY_PART_EXAMINED, VR::CS, "HEAD");
        for tag in [tags::STUDY_DATE, tags::SERIES_DATE, tags::ACQUISITION_DATE] {
            put(image, tag, VR::LO, "23.05.2024");
        }
    }
    write(&first.axial, &folder("A-1/ax"), "A");
    write(&first.sagittal, &folder("A-1"), "S");

    // The second adds a fat-suppressed series, repeats the plain one, and loses a file.
    let second = of_another(&drawn, 2);
    let mut suppressed = series(&second.axial, 9, "T2 TSE FS AX");
    for image in &mut suppressed {
        put(image, tags::SCAN_OPTIONS, VR::CS, "FS");
    }
    let mut again = series(&second.axial, 10, "T2 TSE AX");
    again.remove(images / 2);
    write(&second.axial, &folder("B-7"), "A");
    write(&suppressed, &folder("B-7"), "F");
    write(&again, &folder("B-7"), "R");
    write(&second.sagittal, &folder("B-7"), "S");

    // The third was anonymised: every UID new for each image, a dummy date, and a
    // reference image in the axial series.
    let mut third = of_another(&drawn, 3);
    let mut reference = renewed(&third.sagittal[4], "9");
    let of = text(&third.axial[0], tags::SERIES_INSTANCE_UID);
    put(&mut reference, tags::SERIES_INSTANCE_UID, VR::UI, &of);
    third.axial.push(reference);
    for image in third.all() {
        let uid = text(image, tags::SOP_INSTANCE_UID);
        put(image, tags::FRAME_OF_REFERENCE_UID, VR::UI, &format!("{uid}.1"));
        put(image, tags::STUDY_INSTANCE_UID, VR::UI, "2.25.3");
        put(image, tags::STUDY_DATE, VR::DA, "19000101");
    }
    write(&third.axial, &folder("C-3"), "A");
    write(&third.sagittal, &folder("C-3"), "S");

    let options = ScanOptions::default()
        .with_subject_from(SubjectFrom::Folder { depth: 1 })
        .with_assume_one_frame(true);
    let found = scan(dir.path(), &options).unwrap();
    assert!(found.conflicts.is_empty());
    assert_eq!(found.rejected_counts(), BTreeMap::from([("reference image", 1)]));
    let visits: BTreeMap<String, Visit<'_>> =
        found.examinations().into_iter().map(|visit| (visit.subject.to_string(), visit)).collect();
    assert_eq!(visits.keys().collect::<Vec<_>>(), ["A-1", "B-7", "C-3"]);
    let pool = |name: &str| visits[name].pool(&Accepted::default()).unwrap();
    let names = |remarks: &[Remark]| remarks.iter().map(Remark::name).collect::<Vec<_>>();

    let first = pool("A-1");
    assert_eq!((first.sets.len(), first.best().images.len()), (1, images));
    assert_eq!(first.acquired, Some(jiff::civil::date(2024, 5, 23)));
    assert_eq!(names(&first.best().remarks), ["contradicted_region"]);

    // The repeat fills its gap from the first series, and comes before fat suppression.
    let second = pool("B-7");
    let best = second.best();
    assert_eq!((best.images.len(), best.fat, best.series().len()), (images, FatSignal::Plain, 2));
    assert_eq!(names(&best.remarks), ["missing_number"]);
    assert!(second.sets.iter().any(|set| set.fat == FatSignal::Suppressed));

    let third = pool("C-3");
    assert_eq!(third.best().images.len(), images);
    assert_eq!(third.acquired, None);
    let mut seen = names(&third.best().remarks);
    seen.sort_unstable();
    assert_eq!(seen, ["assumed_frame", "reference_image", "unreadable_date"]);
}
