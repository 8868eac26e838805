//! Two people under one Patient ID, and numbers with decimal commas.

#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    dead_code,
    reason = "a test stops at the first surprise, and its numbers are exact"
)]

#[path = "field/examination.rs"]
mod examination;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use examination::{Examination, Image, at, put};
use foramen_dicom::{ConflictSign, RejectReason, Remark, Scan, ScanOptions, scan};

/// The examination, its sagittal images changed as those of a second study.
fn second(change: impl Fn(&mut Image)) -> Scan {
    let mut drawn = Examination::draw();
    drawn.axial.truncate(4);
    drawn.sagittal.truncate(4);
    for image in &mut drawn.sagittal {
        put(image, tags::STUDY_INSTANCE_UID, VR::UI, "2.25.77");
        change(image);
    }
    drawn.scan().1
}

fn signs(found: &Scan) -> Vec<ConflictSign> {
    found.conflicts.iter().map(|conflict| conflict.sign).collect()
}

fn with(tag: Tag, vr: VR, value: &'static str) -> impl Fn(&mut Image) {
    move |image| put(image, tag, vr, value)
}

#[test]
fn one_person_is_no_conflict() {
    assert_eq!(signs(&second(|_| ())), []);
    // What is missing or says nothing contradicts nothing.
    assert_eq!(signs(&second(with(tags::PATIENT_SEX, VR::CS, "O"))), []);
    assert_eq!(signs(&second(with(tags::PATIENT_AGE, VR::AS, ""))), []);
}

#[test]
fn another_sex_birth_date_or_age_is_another_person() {
    let other = |image: &mut Image| {
        let sex = examination::text(image, tags::PATIENT_SEX);
        put(image, tags::PATIENT_SEX, VR::CS, if sex == "M" { "F" } else { "M" });
    };
    let found = second(other);
    assert_eq!(signs(&found), [ConflictSign::Sex]);
    let remark = Remark::TwoPeople { sign: ConflictSign::Sex };
    assert!(found.stacks.iter().all(|stack| stack.remarks.contains(&remark)));
    let shown = found.conflicts[0].to_string();
    assert!(shown.contains("Sex (0010,0040) differs; give each"), "{shown}");
    assert!(shown.contains("--subject-from folder"), "{shown}");

    assert_eq!(signs(&second(with(tags::PATIENT_AGE, VR::AS, "007Y"))), [ConflictSign::Age]);
}

#[test]
fn several_patient_ids_in_the_folder_of_a_subject_are_told_and_cost_no_confidence() {
    let mut drawn = Examination::draw();
    drawn.axial.truncate(4);
    drawn.sagittal.truncate(4);
    for image in &mut drawn.sagittal {
        put(image, tags::PATIENT_ID, VR::LO, "another");
    }
    let dir = tempfile::TempDir::new().unwrap();
    examination::write(&drawn.axial, &dir.path().join("P-7"), "A");
    examination::write(&drawn.sagittal, &dir.path().join("P-7"), "S");
    let by_folder = ScanOptions::default().with_subject_from("folder".parse().unwrap());
    let found = scan(dir.path(), &by_folder).unwrap();
    assert_eq!(signs(&found), [ConflictSign::PatientId]);
    let said = found.conflicts[0].to_string();
    assert!(said.starts_with("P-7: two people may share this id (1 study)"), "{said}");
    assert!(said.contains("--subject-from patient-id"), "{said}");
    let mut remarks = found.stacks.iter().flat_map(|stack| &stack.remarks);
    assert!(!remarks.any(|remark| matches!(remark, Remark::TwoPeople { .. })));
    // By their ids they are two people, and no conflict.
    assert_eq!(signs(&scan(dir.path(), &ScanOptions::default()).unwrap()), []);
}

#[test]
fn birth_dates_are_compared_and_forgotten() {
    let born = |first: &str, second: &str| {
        let mut drawn = Examination::draw();
        drawn.axial.truncate(2);
        drawn.sagittal.truncate(2);
        for image in &mut drawn.axial {
            put(image, tags::PATIENT_BIRTH_DATE, VR::LO, first);
        }
        for image in &mut drawn.sagittal {
            put(image, tags::PATIENT_BIRTH_DATE, VR::LO, second);
        }
        drawn.scan().1
    };
    let found = born("19571104", "19630212");
    assert_eq!(signs(&found), [ConflictSign::BirthDate]);
    let shown = format!("{found:?}");
    assert!(!shown.contains("1957") && !shown.contains("1963"));
    // Written in two ways, kept as the year alone, a dummy, none.
    for (first, second) in [
        ("19571104", "04.11.1957"),
        ("19571104", "19570101"),
        ("19571104", "19000101"),
        ("19571104", ""),
    ] {
        assert_eq!(signs(&born(first, second)), [], "{first} and {second}");
    }
}

#[test]
fn nobody_lies_in_two_scanners_at_one_time() {
    let scanned = |begin: &str, end: &str| {
        let mut drawn = Examination::draw();
        drawn.axial.truncate(4);
        drawn.sagittal.truncate(4);
        at(&mut drawn.axial[..2], "100000");
        at(&mut drawn.axial[2..], "101000");
        at(&mut drawn.sagittal[..2], begin);
        at(&mut drawn.sagittal[2..], end);
        for image in &mut drawn.sagittal {
            put(image, tags::STUDY_INSTANCE_UID, VR::UI, "2.25.77");
            put(image, tags::FRAME_OF_REFERENCE_UID, VR::UI, "2.25.78");
        }
        signs(&drawn.scan().1)
    };
    assert_eq!(scanned("100500", "101500"), [ConflictSign::SameTime]);
    // One after the other, with a little play for the clock.
    assert_eq!(scanned("101500", "102500"), []);
    assert_eq!(scanned("100930", "102500"), []);
}

#[test]
fn a_word_of_an_anonymiser_in_several_studies_is_no_patient() {
    let named = |id: &'static str| {
        let mut drawn = Examination::draw();
        drawn.axial.truncate(2);
        drawn.sagittal.truncate(2);
        for image in &mut drawn.sagittal {
            put(image, tags::STUDY_INSTANCE_UID, VR::UI, "2.25.77");
        }
        for image in drawn.all() {
            put(image, tags::PATIENT_ID, VR::LO, id);
        }
        signs(&drawn.scan().1)
    };
    assert_eq!(named("ANONYMOUS"), [ConflictSign::SharedWord]);
    for id in ["P0017", "ANON_17", "PATIENT01"] {
        assert_eq!(named(id), [], "{id}");
    }
}

#[test]
fn decimal_commas_are_read_with_a_remark_or_refused_by_name() {
    let spaced = |value: &'static str| {
        let mut drawn = Examination::draw();
        drawn.axial.truncate(3);
        drawn.sagittal.clear();
        for image in drawn.all() {
            put(image, tags::PIXEL_SPACING, VR::LO, value);
        }
        drawn.scan().1
    };
    let found = spaced("0,625\\0,625");
    assert_eq!(found.stacks[0].spacing.row, 0.625);
    assert!(found.stacks[0].remarks.contains(&Remark::DecimalComma));
    assert!(!spaced("0.625\\0.625").stacks[0].remarks.contains(&Remark::DecimalComma));
    let refused = spaced("0,625,0,625");
    let RejectReason::Invalid { name } = refused.rejected[0].reason else { panic!() };
    assert_eq!(name, "Pixel Spacing (0028,0030)");
}
