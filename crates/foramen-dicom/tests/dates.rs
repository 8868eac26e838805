//! Days of scans as exports write them: read where there is one reading, else told.

#![allow(clippy::unwrap_used, dead_code, reason = "a test stops at the first surprise")]

#[path = "field/examination.rs"]
mod examination;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use examination::{Examination, put};
use foramen_dicom::{Dating, Scan};
use jiff::civil::date;

const OTHERS: [dicom_core::Tag; 3] =
    [tags::SERIES_DATE, tags::ACQUISITION_DATE, tags::CONTENT_DATE];

fn dated(value: &str) -> Scan {
    let mut drawn = Examination::draw();
    for image in drawn.all() {
        for tag in OTHERS {
            image.remove_element(tag);
        }
        // A longer text than a date has; the reader takes any.
        put(image, tags::STUDY_DATE, VR::LO, value);
    }
    drawn.scan().1
}

#[test]
fn every_form_of_a_date_with_one_reading_is_the_day() {
    for value in ["20240523", "2024.05.23", "2024-05-23", "23.05.2024", "05/23/2024", "23-MAY-2024"]
    {
        let found = dated(value);
        assert!(found.stacks.iter().all(|s| s.acquired == Some(date(2024, 5, 23))), "{value}");
    }
}

#[test]
fn a_date_with_two_readings_is_not_absent_and_says_what_it_is() {
    let found = dated("05/03/2024");
    let stack = &found.stacks[0];
    assert_eq!(stack.acquired, None);
    assert!(matches!(stack.dating, Dating::Unreadable { .. }));
    assert_eq!(
        stack.dating.to_string(),
        "Study Date (0008,0020) is \"05/03/2024\", which is no date with one reading"
    );
    assert_eq!(dated("").stacks[0].dating, Dating::Absent);
}

#[test]
fn a_readable_date_stands_in_for_one_that_is_not() {
    let mut drawn = Examination::draw();
    for image in drawn.all() {
        put(image, tags::ACQUISITION_DATE, VR::LO, "XXXXXXXX");
        put(image, tags::STUDY_DATE, VR::DA, "20240523");
        image.remove_element(tags::SERIES_DATE);
    }
    assert_eq!(drawn.scan().1.stacks[0].acquired, Some(date(2024, 5, 23)));
}

#[test]
fn a_dummy_date_is_a_placeholder() {
    let mut drawn = Examination::draw();
    for image in drawn.all() {
        for tag in [tags::STUDY_DATE, tags::SERIES_DATE, tags::ACQUISITION_DATE] {
            put(image, tag, VR::DA, "19000101");
        }
    }
    // The date of the content, which was forgotten, makes it no better.
    let found = drawn.scan().1;
    assert!(found.stacks.iter().all(|s| matches!(s.dating, Dating::Placeholder { .. })));
    assert!(found.stacks.iter().all(|s| s.acquired.is_none()));
}

#[test]
fn one_new_years_day_of_several_people_is_a_placeholder() {
    let mut drawn = Examination::draw();
    for image in drawn.all() {
        for tag in OTHERS.into_iter().chain([tags::STUDY_DATE]) {
            put(image, tag, VR::DA, "20200101");
        }
    }
    // One person may have been examined that day.
    assert_eq!(drawn.scan().1.stacks[0].acquired, Some(date(2020, 1, 1)));
    for image in &mut drawn.sagittal {
        put(image, tags::PATIENT_ID, VR::LO, "another");
    }
    let found = drawn.scan().1;
    assert!(found.stacks.iter().all(|s| matches!(s.dating, Dating::Placeholder { .. })));
}

#[test]
fn dates_of_one_image_that_contradict_each_other_are_no_day() {
    let shifted = |acquired: &'static str| {
        let mut drawn = Examination::draw();
        for image in drawn.all() {
            put(image, tags::STUDY_DATE, VR::DA, "20240523");
            image.remove_element(tags::SERIES_DATE);
            put(image, tags::ACQUISITION_DATE, VR::DA, acquired);
        }
        drawn.scan().1.stacks[0].dating.clone()
    };
    assert_eq!(shifted("20240524"), Dating::On(date(2024, 5, 24)));
    let dating = shifted("20230112");
    assert_eq!(dating.date(), None);
    assert_eq!(dating.to_string(), "the dates of one image reach from 2023-01-12 to 2024-05-23");
}
