//! What an export still tells about a person.

#![allow(clippy::unwrap_used, dead_code, reason = "a test stops at the first surprise")]

#[path = "field/examination.rs"]
mod examination;

use std::collections::BTreeMap;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use examination::{Examination, Image, put};
use foramen_dicom::{IdentifierGroup, Residual, identity_report, series_description};

fn listed(change: impl Fn(&mut Image)) -> (Vec<Residual>, Vec<Option<String>>) {
    let mut drawn = Examination::draw();
    drawn.axial.truncate(3);
    drawn.sagittal.truncate(2);
    drawn.all().for_each(change);
    let (_dir, found) = drawn.scan();
    let described = found.stacks.iter().map(|stack| series_description(stack).unwrap()).collect();
    (identity_report(&found.stacks).unwrap(), described)
}

fn groups(residuals: &[Residual]) -> BTreeMap<&str, IdentifierGroup> {
    residuals.iter().map(|residual| (residual.name, residual.group)).collect()
}

#[test]
fn names_that_hold_a_word_of_an_anonymiser_are_listed() {
    let (residuals, _) = listed(|image| {
        for (tag, vr, value) in [
            (tags::PATIENT_NAME, VR::PN, "Exemple^Manon"),
            (tags::INSTITUTION_NAME, VR::LO, "Lebanon County Hospital"),
            (tags::STATION_NAME, VR::SH, "CANONMR1"),
            (tags::REFERRING_PHYSICIAN_NAME, VR::PN, "Kanon^A"),
            (tags::REQUESTING_PHYSICIAN, VR::PN, "Doe^Jane"),
            (tags::STUDY_DESCRIPTION, VR::LO, "C-Spine Manon Exemple"),
            (tags::REQUESTED_PROCEDURE_ID, VR::SH, "ORDER-4711"),
            (tags::PERFORMED_STATION_AE_TITLE, VR::AE, "MRT_WARD_3"),
            (tags::PATIENT_COMMENTS, VR::LT, "phone unknown, lives at 12 Main Street"),
            (tags::DEVICE_SERIAL_NUMBER, VR::LO, "0815"),
        ] {
            put(image, tag, vr, value);
        }
    });
    let groups = groups(&residuals);
    for (name, group) in [
        ("PatientName", IdentifierGroup::Direct),
        ("ReferringPhysicianName", IdentifierGroup::Direct),
        ("RequestingPhysician", IdentifierGroup::Direct),
        ("StudyDescription", IdentifierGroup::Direct),
        ("RequestedProcedureID", IdentifierGroup::Direct),
        ("PatientComments", IdentifierGroup::Direct),
        ("InstitutionName", IdentifierGroup::Indirect),
        ("PatientAge", IdentifierGroup::Indirect),
        ("StudyDate", IdentifierGroup::Dates),
        ("StationName", IdentifierGroup::Device),
        ("PerformedStationAETitle", IdentifierGroup::Device),
        ("DeviceSerialNumber", IdentifierGroup::Device),
    ] {
        assert_eq!(groups.get(name), Some(&group), "{name}");
    }
    // Each once, with the stacks and files that hold it, and no value.
    let name = residuals.iter().find(|residual| residual.name == "PatientName").unwrap();
    assert_eq!((name.stacks, name.files), (2, 5));
    let shown = format!("{residuals:?}");
    assert!(!shown.contains("Manon") && !shown.contains("Main Street") && !shown.contains("0815"));
}

#[test]
fn what_says_that_it_was_removed_is_not_listed() {
    let (residuals, _) = listed(|image| {
        for (tag, vr, value) in [
            (tags::PATIENT_NAME, VR::PN, "ANONYMOUS^0017"),
            (tags::INSTITUTION_NAME, VR::LO, "removed"),
            (tags::PATIENT_BIRTH_DATE, VR::DA, "19000101"),
            (tags::ACCESSION_NUMBER, VR::SH, "0000"),
            (tags::STUDY_DATE, VR::DA, "19000101"),
        ] {
            put(image, tag, vr, value);
        }
    });
    let groups = groups(&residuals);
    for name in ["PatientName", "InstitutionName", "PatientBirthDate", "AccessionNumber"] {
        assert!(!groups.contains_key(name), "{name}");
    }
    assert!(!groups.values().any(|group| *group == IdentifierGroup::Direct), "{groups:?}");
}

#[test]
fn names_in_sequences_and_other_scripts_are_found() {
    let (residuals, described) = listed(|image| {
        put(image, tags::PATIENT_NAME, VR::PN, "Yamada^Tarou=山田^太郎");
        put(image, tags::SERIES_DESCRIPTION, VR::LO, "頚椎 山田様");
        let mut item = InMemDicomObject::new_empty();
        item.put(DataElement::new(tags::PERSON_NAME, VR::PN, "Kanon^B"));
        item.put(DataElement::new(tags::PATIENT_ID, VR::LO, "H-4711"));
        let sequence = DataSetSequence::from(vec![item]);
        image.put(DataElement::new(tags::REFERENCED_PATIENT_SEQUENCE, VR::SQ, sequence));
    });
    let groups = groups(&residuals);
    assert_eq!(groups["SeriesDescription"], IdentifierGroup::Direct);
    assert_eq!(groups["PersonName"], IdentifierGroup::Direct);
    assert_eq!(groups["PatientID"], IdentifierGroup::Direct);
    assert!(described.iter().all(Option::is_none), "{described:?}");
}

#[test]
fn original_uids_and_overlays_are_listed() {
    let (residuals, _) = listed(|image| {
        let uid = "1.3.12.2.1107.5.2.19.45152.2013030808110258929186035";
        put(image, tags::STUDY_INSTANCE_UID, VR::UI, uid);
        let pixels = dicom_core::PrimitiveValue::U8(vec![7; 100_000].into());
        image.put(DataElement::new(dicom_core::Tag(0x6000, 0x3000), VR::OW, pixels));
    });
    let groups = groups(&residuals);
    assert_eq!(groups["StudyInstanceUID"], IdentifierGroup::Device);
    assert_eq!(groups["OverlayData"], IdentifierGroup::Indirect);
    let (residuals, _) = listed(|_| ());
    assert!(!residuals.iter().any(|residual| residual.name.ends_with("UID")), "{residuals:?}");
}

#[test]
fn a_series_description_is_shown_where_it_names_nobody() {
    let described = |text: &'static str| {
        let (_, described) = listed(|image| {
            put(image, tags::PATIENT_NAME, VR::PN, "Exemple^Manon");
            put(image, tags::SERIES_DESCRIPTION, VR::LO, text);
        });
        described[0].clone()
    };
    assert_eq!(described("T2 TSE TRA 512").as_deref(), Some("T2 TSE TRA 512"));
    for text in ["T2 manon", "T2 for m.exemple", "T2 0123456", "T2 a@b.example"] {
        assert_eq!(described(text), None, "{text}");
    }
}
