//! What the reader knows reaches whoever measures: every remark is made to appear.

#![allow(clippy::unwrap_used, dead_code, reason = "a test stops at the first surprise")]

#[path = "field/examination.rs"]
mod examination;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use examination::{Examination, Image, put, text};
use foramen_dicom::{Orientation, Remark, Scan, StackHeader, load};

fn axial(found: &Scan) -> Vec<&StackHeader> {
    found.stacks.iter().filter(|stack| stack.orientation == Orientation::Axial).collect()
}

/// The names of the remarks on the axial stack after this change.
fn names(change: impl Fn(&mut Vec<Image>)) -> Vec<&'static str> {
    let mut drawn = Examination::draw();
    change(&mut drawn.axial);
    let (_dir, found) = drawn.scan();
    let mut names: Vec<_> =
        axial(&found).iter().flat_map(|stack| stack.remarks.iter().map(Remark::name)).collect();
    names.dedup();
    names
}

fn each(images: &mut [Image], change: impl Fn(&mut Image)) {
    images.iter_mut().for_each(change);
}

#[test]
fn a_plain_examination_has_no_remark() {
    assert!(names(|_| ()).is_empty());
}

#[test]
fn a_lost_file_is_remarked_by_the_gap_and_by_its_number() {
    for lost in [1, 7, 12] {
        let seen = names(|images| {
            images.remove(lost);
        });
        assert_eq!(seen, ["missing_slice", "missing_number"], "{lost}");
    }
    // Without numbers the gap tells.
    let seen = names(|images| {
        each(images, |image| {
            image.remove_element(tags::INSTANCE_NUMBER);
        });
        images.remove(7);
    });
    assert_eq!(seen, ["missing_slice"]);
    // At the end of an angled block there is no gap, but a number.
    let mut drawn = Examination::draw_blocks();
    let last_of_block = drawn
        .axial
        .windows(2)
        .position(|pair| {
            let tilt = |image: &Image| text(image, tags::IMAGE_ORIENTATION_PATIENT);
            tilt(&pair[0]) != tilt(&pair[1])
        })
        .unwrap();
    drawn.axial.remove(last_of_block);
    let (_dir, found) = drawn.scan();
    let numbers =
        |stack: &&StackHeader| stack.remarks.iter().any(|remark| remark.name() == "missing_number");
    assert!(axial(&found).iter().all(numbers));
    assert!(!axial(&found)[0].remarks.iter().any(|remark| remark.name() == "missing_slice"));
}

#[test]
fn the_gap_of_a_lost_file_names_its_place() {
    let mut drawn = Examination::draw();
    drawn.axial.remove(7);
    let image_below = text(&drawn.axial[6], tags::SOP_INSTANCE_UID);
    let (_dir, found) = drawn.scan();
    let Remark::MissingSlice { slices, below, gap, spacing } = &axial(&found)[0].remarks[0] else {
        panic!("{:?}", axial(&found)[0].remarks)
    };
    assert_eq!((*slices, below.sop_instance_uid.as_str()), (1, image_below.as_str()));
    assert!((gap / spacing - 2.0).abs() < 0.01);
    assert!(axial(&found)[0].remarks[0].cap() <= 0.5);
}

#[test]
fn numbers_in_steps_and_single_slices_are_told_apart() {
    let stepped = names(|images| {
        for (number, image) in images.iter_mut().enumerate() {
            put(image, tags::INSTANCE_NUMBER, VR::IS, &(2 * number + 1).to_string());
        }
    });
    assert!(stepped.is_empty(), "{stepped:?}");
    assert_eq!(names(|images| images.truncate(1)), ["single_slice"]);
}

#[test]
fn uneven_spacing_is_remarked() {
    let seen = names(|images| {
        let place = text(&images[5], tags::IMAGE_POSITION_PATIENT);
        let mut place: Vec<f64> = place.split('\\').map(|v| v.parse().unwrap()).collect();
        place[2] += 0.9;
        let place: Vec<String> = place.iter().map(|v| format!("{v:.4}")).collect();
        put(&mut images[5], tags::IMAGE_POSITION_PATIENT, VR::DS, &place.join("\\"));
    });
    assert!(seen.contains(&"uneven_spacing"), "{seen:?}");
}

#[test]
fn a_contrast_that_only_a_name_tells_is_uncertain() {
    let seen = names(|images| {
        each(images, |image| {
            for tag in [tags::ECHO_TIME, tags::REPETITION_TIME, tags::SCANNING_SEQUENCE] {
                image.remove_element(tag);
            }
        });
    });
    assert_eq!(seen, ["uncertain_contrast"]);
}

#[test]
fn fat_suppression_and_derivation_are_remarked() {
    let suppressed =
        names(|images| each(images, |image| put(image, tags::SCAN_OPTIONS, VR::CS, "FS")));
    assert_eq!(suppressed, ["fat_taken_away"]);
    let derived = names(|images| {
        each(images, |image| put(image, tags::IMAGE_TYPE, VR::CS, "DERIVED\\SECONDARY\\MPR"));
    });
    assert_eq!(derived, ["derived"]);
}

#[test]
fn days_that_are_absent_and_days_that_cannot_be_read_differ() {
    let days = |value: &'static str| {
        names(|images| {
            each(images, |image| {
                for tag in [tags::SERIES_DATE, tags::ACQUISITION_DATE, tags::CONTENT_DATE] {
                    image.remove_element(tag);
                }
                put(image, tags::STUDY_DATE, VR::LO, value);
            });
        })
    };
    assert_eq!(days(""), ["undated"]);
    assert_eq!(days("03/04/24"), ["unreadable_date"]);
    assert_eq!(days("19000101"), ["unreadable_date"]);
}

#[test]
fn an_image_that_cannot_be_decoded_is_remarked_by_who_loads_it() {
    let drawn = Examination::draw();
    let (dir, found) = drawn.scan();
    assert!(load(axial(&found)[0]).unwrap().remarks().is_empty());
    std::fs::write(dir.path().join("A0003.dcm"), b"gone").unwrap();
    let remarks = load(axial(&found)[0]).unwrap().remarks();
    assert_eq!(remarks, [Remark::UndecodableImage { images: 1 }]);
    assert!(remarks[0].cap() < 1.0);
}

#[test]
fn an_image_that_the_scan_rejected_is_remarked_on_its_series() {
    let drawn = Examination::draw();
    let (dir, _) = drawn.scan();
    // The last of the series: neither a gap nor a number tells.
    let last = dir.path().join(format!("A{:04}.dcm", drawn.axial.len() - 1));
    let bytes = std::fs::read(&last).unwrap();
    std::fs::write(&last, &bytes[..bytes.len() - 1000]).unwrap();
    let found = foramen_dicom::scan(dir.path(), &foramen_dicom::ScanOptions::default()).unwrap();
    assert_eq!(found.rejected[0].series_uid.as_ref(), Some(&axial(&found)[0].series_uid));
    assert_eq!(axial(&found)[0].remarks, [Remark::UndecodableImage { images: 1 }]);
}
