//! The axial T2 images of one examination are one pool, whatever their series are.

#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    dead_code,
    reason = "a test stops at the first surprise, and its numbers are exact"
)]

#[path = "field/examination.rs"]
mod examination;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use examination::{Examination, Image, at, put, renewed, series, text};
use foramen_dicom::{Accepted, FatSignal, ImageSet, Pool, Remark, Rule, Scan};
use tempfile::TempDir;

fn scanned(axial: Vec<Image>) -> (TempDir, Scan) {
    let drawn = Examination { axial, sagittal: Vec::new() };
    drawn.scan()
}

fn pool(found: &Scan) -> Pool<'_> {
    let examinations = found.examinations();
    assert_eq!(examinations.len(), 1, "one examination");
    examinations[0].pool(&Accepted::default()).unwrap()
}

fn names(set: &ImageSet<'_>) -> Vec<&'static str> {
    set.remarks.iter().map(Remark::name).collect()
}

/// Every image gets UIDs of its own in this attribute.
fn split(mut images: Vec<Image>, tag: dicom_core::Tag) -> Vec<Image> {
    for (number, image) in images.iter_mut().enumerate() {
        let uid = format!("{}.{}", text(image, tag), number + 1);
        put(image, tag, VR::UI, &uid);
    }
    images
}

/// Asserts that the best set holds as many images as the plain examination, in one
/// run, without a remark.
fn is_whole(axial: Vec<Image>) {
    let images = axial.len();
    let (_dir, found) = scanned(axial);
    let pool = pool(&found);
    let best = pool.best();
    assert_eq!((pool.sets.len(), best.images.len(), best.runs().len()), (1, images, 1));
    assert!(names(best).is_empty() && best.set_aside.is_empty(), "{:?}", best.remarks);
    let heights: Vec<f64> = best.images.iter().map(|image| image.centre().z).collect();
    assert!(heights.is_sorted());
    let loaded = best.load().unwrap();
    assert_eq!(loaded[0].stack.slices().len(), images);
}

#[test]
fn a_plain_series_is_one_set() {
    is_whole(Examination::draw().axial);
}

#[test]
fn a_series_or_a_study_for_each_slice_is_one_set() {
    let axial = Examination::draw().axial;
    is_whole(split(axial.clone(), tags::SERIES_INSTANCE_UID));
    let studies = split(axial, tags::STUDY_INSTANCE_UID);
    is_whole(split(studies, tags::SERIES_INSTANCE_UID));
}

#[test]
fn halves_and_packages_are_one_set() {
    let axial = Examination::draw().axial;
    let half = axial.len() / 2;
    let lower = series(&axial[..half], 6, "T2 AX lower");
    let upper = series(&axial[half..], 5, "T2 AX upper");
    is_whole([lower, upper].concat());
    let package = |rest: usize| -> Vec<Image> {
        let numbered = axial.iter().enumerate().filter(|(index, _)| index % 2 == rest);
        numbered.map(|(_, image)| image.clone()).collect()
    };
    is_whole([series(&package(0), 6, "T2 AX"), series(&package(1), 7, "T2 AX")].concat());
}

#[test]
fn series_that_meet_leave_one_image_at_each_position() {
    let axial = Examination::draw().axial;
    let (images, half) = (axial.len(), axial.len() / 2);
    let lower = series(&axial[..half + 1], 5, "lower");
    let upper = series(&axial[half - 1..], 6, "upper");
    let (_dir, found) = scanned([lower, upper].concat());
    let pool = pool(&found);
    let best = pool.best();
    assert_eq!((pool.sets.len(), best.images.len(), best.set_aside.len()), (1, images, 2));
    assert_eq!(best.series().len(), 2);
    // The later of the two is kept.
    assert!(best.set_aside.iter().all(|aside| {
        aside.image.stack.series_number == Some(5) && aside.kept.stack.series_number == Some(6)
    }));
}

#[test]
fn blocks_as_series_are_one_set_of_as_many_runs() {
    let axial = Examination::draw_blocks().axial;
    let tilt = |image: &Image| text(image, tags::IMAGE_ORIENTATION_PATIENT);
    let mut blocks: Vec<Vec<Image>> = Vec::new();
    for image in &axial {
        match blocks.iter_mut().find(|block| tilt(&block[0]) == tilt(image)) {
            Some(block) => block.push(image.clone()),
            None => blocks.push(vec![image.clone()]),
        }
    }
    let apart: Vec<Image> =
        blocks.iter().zip(700..).flat_map(|(block, n)| series(block, n, "T2 AX")).collect();
    let (_dir, found) = scanned(apart);
    let pool = pool(&found);
    let best = pool.best();
    assert_eq!((pool.sets.len(), best.images.len()), (1, axial.len()));
    assert_eq!((best.runs().len(), best.series().len()), (blocks.len(), blocks.len()));
    assert!(names(best).is_empty(), "{:?}", best.remarks);
}

#[test]
fn of_a_repeat_the_later_is_used_and_the_other_named() {
    let axial = Examination::draw().axial;
    let (mut first, mut second) = (series(&axial, 5, "T2 AX"), series(&axial, 6, "T2 AX"));
    let check = |images: Vec<Image>, later: i64| {
        let (_dir, found) = scanned(images);
        let pool = pool(&found);
        assert_eq!(pool.sets.len(), 2);
        let numbers = |set: &ImageSet<'_>| set.images[0].stack.series_number;
        assert_eq!(numbers(pool.best()), Some(later));
        let (runner_up, why) = pool.runner_up().unwrap();
        assert_ne!(numbers(runner_up), Some(later));
        assert!(why.contains("acquired later"), "{why}");
        assert_eq!(runner_up.images.len(), axial.len());
    };
    check([first.clone(), second.clone()].concat(), 6);
    // The clock counts more than the number.
    at(&mut first, "101500");
    at(&mut second, "100000");
    check([first, second].concat(), 5);
}

#[test]
fn plain_images_come_before_fat_suppressed_ones_whatever_their_number() {
    let axial = Examination::draw().axial;
    let mut suppressed = series(&axial, 9, "T2 TSE AX");
    for image in &mut suppressed {
        put(image, tags::SCAN_OPTIONS, VR::CS, "FS");
    }
    let plain = axial[..axial.len() - 1].to_vec();
    let (_dir, found) = scanned([plain, suppressed].concat());
    let pool = pool(&found);
    assert_eq!(pool.best().fat, FatSignal::Plain);
    let (runner_up, why) = pool.runner_up().unwrap();
    assert_eq!((runner_up.fat, names(runner_up)), (FatSignal::Suppressed, vec!["fat_taken_away"]));
    assert_eq!(why, "t2_fse plain comes before t2_fse fat_suppressed");
}

#[test]
fn of_a_dixon_fat_is_never_used() {
    let axial = Examination::draw().axial;
    let typed = |number: u32, value: &str| {
        let mut images = series(&axial, number, "T2 DIXON AX");
        for image in &mut images {
            put(image, tags::IMAGE_TYPE, VR::CS, &format!("ORIGINAL\\PRIMARY\\{value}"));
        }
        images
    };
    let all = [typed(7, "FAT"), typed(6, "WATER"), typed(5, "IN_PHASE")].concat();
    let (_dir, found) = scanned(all);
    let pool = pool(&found);
    let order: Vec<_> = pool.sets.iter().map(|set| set.fat).collect();
    assert_eq!(order, [FatSignal::InPhase, FatSignal::Water]);
    assert!(pool.refused[0].reason.starts_with("an image of fat"), "{:?}", pool.refused);
    // Fat alone is no axial T2 image of the neck.
    let (_dir, found) = scanned(typed(7, "FAT"));
    assert!(found.examinations()[0].pool(&Accepted::default()).is_err());
}

#[test]
fn originals_come_before_later_reformats() {
    let axial = Examination::draw().axial;
    let mut derived = series(&axial, 9, "T2 AX MPR");
    for image in &mut derived {
        put(image, tags::IMAGE_TYPE, VR::CS, "DERIVED\\SECONDARY\\MPR");
    }
    let (_dir, found) = scanned([derived, axial].concat());
    let pool = pool(&found);
    assert!(!pool.best().derived && pool.sets[1].derived);
    assert!(pool.runner_up().unwrap().1.contains("the other is computed"));
}

#[test]
fn a_block_that_was_scanned_again_takes_the_place_of_the_first() {
    let axial = Examination::draw_blocks().axial;
    let tilt = |image: &Image| text(image, tags::IMAGE_ORIENTATION_PATIENT);
    let of = tilt(&axial[axial.len() / 2]);
    let block: Vec<Image> = axial.iter().filter(|image| tilt(image) == of).cloned().collect();
    let again = series(&block, 9, "T2 AX");
    let (_dir, found) = scanned([axial.clone(), again].concat());
    let pool = pool(&found);
    let best = pool.best();
    assert_eq!(best.images.len(), axial.len());
    let newer = best.images.iter().filter(|image| image.stack.series_number == Some(9)).count();
    assert_eq!(newer, block.len());
    let (runner_up, _) = pool.runner_up().unwrap();
    assert_eq!(runner_up.images.len(), block.len());
    // At the height of the block both are whole, and the later one is asked first.
    let place = runner_up.images[block.len() / 2].centre();
    let ranked = pool.at(place, None, 3.0);
    assert_eq!(ranked[0].set.images.len(), axial.len());
    assert_eq!(ranked[0].before_next.as_ref().unwrap().0, Rule::Later);
}

#[test]
fn one_slice_again_takes_the_place_of_the_first_without_a_remark() {
    let mut axial = Examination::draw().axial;
    for image in &mut axial {
        put(image, tags::ACQUISITION_NUMBER, VR::IS, "1");
    }
    let images = axial.len();
    let mut again = renewed(&axial[images / 2], "2");
    put(&mut again, tags::ACQUISITION_NUMBER, VR::IS, "2");
    put(&mut again, tags::INSTANCE_NUMBER, VR::IS, &(images + 1).to_string());
    let uid = text(&again, tags::SOP_INSTANCE_UID);
    axial.push(again);
    let (_dir, found) = scanned(axial);
    let pool = pool(&found);
    let best = pool.best();
    assert_eq!((pool.sets.len(), best.images.len(), best.runs().len()), (1, images, 1));
    assert!(names(best).is_empty(), "{:?}", best.remarks);
    let kept = best.set_aside[0].kept.header();
    assert_eq!((best.set_aside.len(), &kept.source.sop_instance_uid), (1, &uid));
}

#[test]
fn a_copy_under_other_uids_adds_nothing() {
    let axial = Examination::draw().axial;
    let copies: Vec<Image> = axial[3..9].iter().map(|image| renewed(image, "7")).collect();
    let images = axial.len();
    // In the series itself the reader tells them apart already.
    let (_dir, found) = scanned([axial.clone(), copies.clone()].concat());
    assert_eq!(found.rejected_counts()["duplicate position"], 6);
    assert_eq!(pool(&found).best().images.len(), images);
    // As a series of its own.
    let (_dir, found) = scanned([axial, series(&copies, 3, "T2 TSE TRA")].concat());
    assert_eq!(pool(&found).best().images.len(), images);
}

#[test]
fn coverage_of_the_level_comes_first() {
    let axial = Examination::draw().axial;
    let mut suppressed = series(&axial, 9, "T2 TSE FS AX");
    for image in &mut suppressed {
        put(image, tags::SCAN_OPTIONS, VR::CS, "FS");
    }
    let (low, high) = (axial.len() / 5, 4 * axial.len() / 5);
    let plain = axial[..2 * axial.len() / 5].to_vec();
    let (_dir, found) = scanned([plain, suppressed].concat());
    let pool = pool(&found);
    let whole = pool.sets.iter().find(|set| set.fat == FatSignal::Suppressed).unwrap();
    let (below, above) = (whole.images[low].centre(), whole.images[high].centre());
    let first = |place| {
        let ranked = pool.at(place, None, 8.0);
        (ranked[0].set.fat, ranked[0].before_next.as_ref().unwrap().0)
    };
    assert_eq!(first(below), (FatSignal::Plain, Rule::Kind));
    assert_eq!(first(above), (FatSignal::Suppressed, Rule::Coverage));
    // Over the whole neck the plain series covers too little.
    assert_eq!(pool.best().fat, FatSignal::Suppressed);
    assert!(pool.runner_up().unwrap().1.starts_with("it covers 100 % of the height"));
}

#[test]
fn series_in_two_frames_of_reference_are_never_one_set() {
    let axial = Examination::draw().axial;
    let half = axial.len() / 2;
    let mut upper = series(&axial[half..], 6, "T2 AX upper");
    for image in &mut upper {
        put(image, tags::FRAME_OF_REFERENCE_UID, VR::UI, "2.25.9");
    }
    let (_dir, found) = scanned([axial[..half].to_vec(), upper].concat());
    let pool = pool(&found);
    assert_eq!(pool.sets.len(), 2);
    let place = pool.sets[0].images[2].centre();
    let other = pool.sets[1].frame_of_reference_uid();
    let ranked = pool.at(place, other, 3.0);
    let of_first = ranked.iter().find(|ranked| ranked.set.frame_of_reference_uid() != other);
    assert!(of_first.unwrap().coverage == 0.0);
}

#[test]
fn a_slice_lost_among_series_of_one_slice_is_remarked() {
    let mut axial = split(Examination::draw().axial, tags::SERIES_INSTANCE_UID);
    axial.remove(7);
    let (_dir, found) = scanned(axial);
    let pool = pool(&found);
    assert_eq!(names(pool.best()), ["missing_slice"]);
}

#[test]
fn scans_of_two_days_are_two_examinations_even_under_one_study_uid() {
    let axial = Examination::draw().axial;
    let mut later = series(&axial, 6, "T2 AX");
    for image in &mut later {
        for tag in [tags::STUDY_DATE, tags::SERIES_DATE, tags::ACQUISITION_DATE] {
            put(image, tag, VR::DA, "20260105");
        }
    }
    let (_dir, found) = scanned([axial, later].concat());
    let days: Vec<_> = found.examinations().iter().map(|e| e.acquired.unwrap()).collect();
    assert!(days.len() == 2 && days[0] < days[1], "{days:?}");
}

#[test]
fn of_repeats_without_any_time_the_sharper_is_used_where_it_is_measured() {
    let axial = Examination::draw().axial;
    let anonymous = |number: u32, blurred: bool| {
        let mut images = series(&axial, number, "T2 AX");
        for image in &mut images {
            image.remove_element(tags::SERIES_NUMBER);
            if blurred {
                blur(image);
            }
        }
        images
    };
    for blurred in [5, 6] {
        let images = [anonymous(5, blurred == 5), anonymous(6, blurred == 6)].concat();
        let (_dir, found) = scanned(images);
        let mut pool = pool(&found);
        pool.measure_sharpness().unwrap();
        let best = pool.best().series()[0].to_owned();
        assert!(!best.ends_with(&format!(".{blurred}")), "{best}");
        assert_eq!(pool.runner_up().unwrap().1, "its images are sharper");
    }
}

/// Ghosts of a motion along rows, as in real repeats.
fn blur(image: &mut Image) {
    let pixels = image.element(tags::PIXEL_DATA).unwrap().to_multi_int::<u16>().unwrap();
    let columns = image.element(tags::COLUMNS).unwrap().to_int::<usize>().unwrap();
    let shifted =
        |index: usize, rows: usize| f64::from(pixels[(index + rows * columns) % pixels.len()]);
    let ghost = |index: usize| {
        let sum = shifted(index, 0) + 0.6 * shifted(index, 6) + 0.5 * shifted(index, 9);
        format!("{:.0}", sum / 2.1).parse::<u16>().unwrap()
    };
    let value: Vec<u16> = (0..pixels.len()).map(ghost).collect();
    let value = dicom_core::PrimitiveValue::U16(value.into());
    image.put(dicom_core::DataElement::new(tags::PIXEL_DATA, VR::OW, value));
}
