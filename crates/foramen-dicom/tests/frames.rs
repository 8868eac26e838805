//! Frames of reference that an anonymiser removed or replaced.

#![allow(clippy::unwrap_used, dead_code, reason = "a test stops at the first surprise")]

#[path = "field/examination.rs"]
mod examination;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use examination::{Examination, put, text};
use foramen_dicom::{Accepted, FrameAgreement, Remark, Scan, ScanOptions};

fn assuming() -> ScanOptions {
    ScanOptions::default().with_assume_one_frame(true)
}

fn removed() -> Examination {
    let mut drawn = Examination::draw();
    for image in drawn.all() {
        image.remove_element(tags::FRAME_OF_REFERENCE_UID);
    }
    drawn
}

fn agreement(found: &Scan) -> FrameAgreement {
    found.examinations()[0].frames()
}

#[test]
fn one_frame_is_assumed_only_where_it_was_asked_for() {
    let (_dir, found) = removed().scan();
    assert!(!found.stacks[0].shares_frame_with(&found.stacks[1]));
    assert_eq!(agreement(&found), FrameAgreement::Assumable { frames: 0 });
    let shown = agreement(&found).to_string();
    assert!(shown.contains("--assume-one-frame may be given"), "{shown}");

    let (_dir, found) = removed().scan_with(&assuming());
    assert!(found.stacks[0].shares_frame_with(&found.stacks[1]));
    assert_eq!(agreement(&found), FrameAgreement::One);
    assert!(found.stacks.iter().all(|stack| stack.remarks.contains(&Remark::AssumedFrame)));
}

#[test]
fn frames_that_differ_by_series_or_image_become_one() {
    let mut drawn = Examination::draw();
    for image in &mut drawn.sagittal {
        put(image, tags::FRAME_OF_REFERENCE_UID, VR::UI, "2.25.4");
    }
    assert_eq!(agreement(&drawn.scan().1), FrameAgreement::Assumable { frames: 2 });
    let (_dir, found) = drawn.scan_with(&assuming());
    assert!(found.stacks[0].shares_frame_with(&found.stacks[1]));

    // Every UID of every image is its own.
    let mut drawn = Examination::draw();
    let images = drawn.axial.len();
    for image in drawn.all() {
        let uid = text(image, tags::SOP_INSTANCE_UID);
        for (tag, end) in [
            (tags::STUDY_INSTANCE_UID, 1),
            (tags::SERIES_INSTANCE_UID, 2),
            (tags::FRAME_OF_REFERENCE_UID, 3),
        ] {
            put(image, tag, VR::UI, &format!("{uid}.{end}"));
        }
    }
    let (_dir, found) = drawn.scan_with(&assuming());
    let examinations = found.examinations();
    assert_eq!(examinations.len(), 1);
    let pool = examinations[0].pool(&Accepted::default()).unwrap();
    assert_eq!((pool.sets.len(), pool.best().images.len()), (1, images));
    assert_eq!(pool.best().runs().len(), 1);
}

#[test]
fn images_that_do_not_cross_are_never_brought_into_one_frame() {
    let mut drawn = removed();
    for image in &mut drawn.sagittal {
        let place = text(image, tags::IMAGE_POSITION_PATIENT);
        let mut place: Vec<f64> = place.split('\\').map(|v| v.parse().unwrap()).collect();
        place[2] += 600.0;
        let place: Vec<String> = place.iter().map(ToString::to_string).collect();
        put(image, tags::IMAGE_POSITION_PATIENT, VR::DS, &place.join("\\"));
    }
    let (_dir, found) = drawn.scan_with(&assuming());
    assert!(!found.stacks[0].shares_frame_with(&found.stacks[1]));
    assert_eq!(agreement(&found), FrameAgreement::Apart { frames: 0 });
    let shown = agreement(&found).to_string();
    assert!(shown.contains("do not cross; export with the original"), "{shown}");
}

#[test]
fn an_examination_in_one_frame_is_left_as_it_is() {
    let (_dir, found) = Examination::draw().scan_with(&assuming());
    assert_eq!(agreement(&found), FrameAgreement::One);
    assert!(!found.stacks.iter().any(|stack| stack.remarks.contains(&Remark::AssumedFrame)));
}
