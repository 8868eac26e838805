//! Which stacks of an examination are axial T2 images of the cervical spine.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test stops at the first surprise, and writes fewer kinds of files than others"
)]

#[path = "guards/written.rs"]
mod written;

use foramen_dicom::{Accepted, Refusal, Region, Remark, Scan, ScanOptions, scan};
use foramen_image::Contrast;
use tempfile::TempDir;
use written::File;

fn folder(files: &[File]) -> Scan {
    let dir = TempDir::new().unwrap();
    for (index, file) in files.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{index:03}")), file.bytes()).unwrap();
    }
    scan(dir.path(), &ScanOptions::default()).unwrap()
}

/// A T2 fast spin echo by its physics alone; no text describes it.
fn t2(number: i32) -> File {
    let texts: [(u16, u16, &'static [u8; 2], &str); 4] = [
        (0x0018, 0x0020, b"CS", "SE"),
        (0x0018, 0x0080, b"DS", "3500"),
        (0x0018, 0x0081, b"DS", "105"),
        (0x0018, 0x0091, b"IS", "17"),
    ];
    texts.into_iter().fold(File::new(number), |file, (group, element, kind, value)| {
        file.with(group, element, kind, value)
    })
}

fn axial(change: impl Fn(File) -> File) -> Vec<File> {
    (0..6).map(|k| change(t2(k)).at(0.0, 3.0 * f64::from(k))).collect()
}

fn refusal(found: &Scan) -> String {
    found.studies()[0].axial_t2().unwrap_err().to_string()
}

#[test]
fn physics_alone_finds_the_axial_t2() {
    let found = folder(&axial(|file| file));
    let best = found.studies()[0].axial_t2().unwrap().remove(0);
    assert_eq!(best.stacks[0].contrast, Contrast::T2Fse);
    assert!(best.reasons[0].contains("spin echo, TE 105 ms, TR 3500 ms"), "{:?}", best.reasons);
    assert!(best.reasons.iter().any(|reason| reason.contains("region is not told")));
    assert!(best.score > 0.5 && best.score < 0.95);
}

#[test]
fn angled_blocks_are_one_answer_and_the_best_series_comes_first() {
    let mut files: Vec<File> = Vec::new();
    for block in 0..4 {
        for slice in 0..3 {
            let height = 18.0 * f64::from(block) + 3.0 * f64::from(slice);
            let file = t2(block * 3 + slice).at(3.0 * f64::from(block), height);
            files.push(file.with(0x0018, 0x0015, b"CS", "CSPINE"));
        }
    }
    let coarse = |k: i32| File {
        series: "2.25.99",
        pixel_spacing: "1.2\\1.2",
        uid: 100 + k,
        ..t2(k).at(0.0, 3.0 * f64::from(k)).with(0x0018, 0x0015, b"CS", "CSPINE")
    };
    files.extend((0..5).map(coarse));
    let found = folder(&files);
    let answers = found.studies()[0].axial_t2().unwrap();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0].stacks.len(), 4);
    assert_eq!(answers[1].stacks[0].series_uid, "2.25.99");
    assert!(answers[1].reasons.iter().any(|r| r.contains("coarse pixels of 1.20 mm")));
}

#[test]
fn a_steep_block_stays_with_a_remark_and_a_steeper_one_goes_alone() {
    let blocks = |steepest: f64| {
        let mut files = Vec::new();
        for (block, tilt) in [steepest, 20.0, 5.0].into_iter().enumerate() {
            let block = i32::try_from(block).unwrap();
            for slice in 0..3 {
                let height = 18.0 * f64::from(block) + 3.0 * f64::from(slice);
                files.push(t2(block * 3 + slice).at(tilt, height));
            }
        }
        let found = folder(&files);
        let best = found.studies()[0].axial_t2().unwrap().remove(0);
        let names: Vec<_> = best.remarks.iter().map(Remark::name).collect();
        (best.stacks.iter().map(|s| s.stack).collect::<Vec<_>>(), names.contains(&"steep_block"))
    };
    assert_eq!(blocks(45.0), (vec![0, 1, 2], true));
    assert_eq!(blocks(55.0), (vec![1, 2], false));
    assert_eq!(blocks(30.0), (vec![0, 1, 2], false));
}

/// Series and study texts, and what becomes of the axial images.
fn with_texts(texts: &[(u16, u16, &'static [u8; 2], &str)]) -> Scan {
    folder(&axial(|file| {
        texts.iter().fold(file, |file, &(group, element, kind, value)| {
            file.with(group, element, kind, value)
        })
    }))
}

#[test]
fn one_weak_sign_keeps_the_patient_with_a_remark() {
    let remarks = |found: &Scan| -> Vec<&'static str> {
        let best = found.studies()[0].axial_t2().unwrap().remove(0);
        // These files have no date.
        best.remarks.iter().map(Remark::name).filter(|name| *name != "undated").collect()
    };
    // The scanner wrote the body part of the coil.
    let head = with_texts(&[
        (0x0018, 0x0015, b"CS", "HEAD"),
        (0x0008, 0x1030, b"LO", "MRI C-SPINE WITHOUT CONTRAST"),
    ]);
    assert_eq!(remarks(&head), ["contradicted_region"]);
    let lumbar =
        with_texts(&[(0x0018, 0x0015, b"CS", "LSPINE"), (0x0008, 0x103E, b"LO", "T2 tra HWS")]);
    assert_eq!(remarks(&lumbar), ["contradicted_region"]);
    // A large patient: a wide field of view alone.
    let wide = folder(&axial(|file| File { pixel_spacing: "18\\18", ..file }));
    assert_eq!(wide.stacks[0].region, Region::Lumbar);
    assert_eq!(remarks(&wide), ["contradicted_region"]);
    // A wide sagittal field beside axial images that say nothing.
    let mut beside = axial(|file| file);
    beside.extend((0..5).map(|k| File {
        series: "2.25.50",
        uid: 50 + k,
        position: Some(format!("{}\\0\\0", 4 * k)),
        orientation: Some("0\\1\\0\\0\\0\\-1"),
        pixel_spacing: "20\\20",
        ..t2(k)
    }));
    assert_eq!(remarks(&folder(&beside)), ["contradicted_region"]);
    // Nothing at all, and what is well told.
    assert_eq!(remarks(&folder(&axial(|file| file))), ["weak_region"]);
    let told = [(0x0018, 0x0015, b"CS", "CSPINE"), (0x0008, 0x1030, b"LO", "MR cervical spine")];
    assert!(remarks(&with_texts(&told)).is_empty());
}

#[test]
fn a_refusal_is_overruled_by_its_name_alone() {
    let found = with_texts(&[(0x0018, 0x0015, b"CS", "LSPINE")]);
    let study = &found.studies()[0];
    let refused = study.axial_t2().unwrap_err();
    assert_eq!(refused.refused[0].refusal, Refusal::Region);
    assert!(study.axial_t2_accepting(&Accepted::new([Refusal::Contrast])).is_err());
    let best = study.axial_t2_accepting(&Accepted::new([Refusal::Region])).unwrap().remove(0);
    let remark = Remark::Accepted { refusal: Refusal::Region };
    assert!(best.remarks.contains(&remark) && remark.cap() <= 0.3);
}

#[test]
fn a_reference_image_inside_a_series_is_set_aside() {
    let across = |number: i32| File {
        orientation: Some("0\\1\\0\\0\\0\\-1"),
        position: Some(format!("{}\\0\\9", 4 * number)),
        ..t2(number)
    };
    let mut files = axial(|file| file);
    files.push(across(6));
    let found = folder(&files);
    assert_eq!((found.stacks.len(), found.stacks[0].localizer), (1, false));
    let reason = found.rejected[0].reason.to_string();
    assert!(reason.contains("lies across the other 6 images of its series"), "{reason}");
    let best = found.studies()[0].axial_t2().unwrap().remove(0);
    assert_eq!(best.stacks[0].slices.len(), 6);
    assert!(best.remarks.contains(&Remark::ReferenceImage { images: 1 }));
    // Three planes of as many slices are a scout as before.
    let scout: Vec<File> = (0..3).map(|k| t2(k).at(0.0, 9.0 * f64::from(k))).collect();
    let scout: Vec<File> = scout.into_iter().chain((3..6).map(across)).collect();
    assert!(folder(&scout).stacks.iter().all(|stack| stack.localizer));
}

#[test]
fn a_lumbar_study_is_refused_with_the_evidence() {
    let part = folder(&axial(|file| file.with(0x0018, 0x0015, b"CS", "LSPINE")));
    assert_eq!(part.stacks[0].region, Region::Lumbar);
    let shown = refusal(&part);
    assert!(shown.contains("another region (lumbar): Body Part Examined is LSPINE"), "{shown}");
    let words = folder(&axial(|file| file.with(0x0008, 0x1030, b"LO", "MRI Lumbar wo")));
    assert!(refusal(&words).contains("a description says \"lumbar\""));
}

#[test]
fn lumbar_blocks_are_known_by_their_distance_without_any_description() {
    let blocks = |apart: f64| {
        let mut files = Vec::new();
        for block in 0..5 {
            for slice in 0..3 {
                let height = apart * f64::from(block) + 3.0 * f64::from(slice);
                files.push(t2(block * 3 + slice).at(5.0 * f64::from(block), height));
            }
        }
        folder(&files)
    };
    let shown = refusal(&blocks(38.0));
    assert!(shown.contains("blocks lie 38 mm apart, as lumbar discs do"), "{shown}");
    let cervical = blocks(18.0);
    assert_eq!(cervical.studies()[0].axial_t2().unwrap()[0].stacks.len(), 5);
    assert_eq!(cervical.studies()[0].region().0, Region::Cervical);
}

#[test]
fn a_head_study_is_refused_with_the_evidence() {
    let part = folder(&axial(|file| file.with(0x0018, 0x0015, b"CS", "BRAIN")));
    assert!(refusal(&part).contains("another region (head): Body Part Examined is BRAIN"));
    // No description at all: sagittal slices of the same study cover a whole head.
    let mut files = axial(|file| file);
    files.extend((0..30).map(|k| {
        let place = format!("{}\\0\\0", 5 * k);
        File {
            series: "2.25.50",
            uid: 50 + k,
            position: Some(place),
            orientation: Some("0\\1\\0\\0\\0\\-1"),
            ..t2(k)
        }
    }));
    let shown = refusal(&folder(&files));
    assert!(shown.contains("span 145 mm from side to side, a whole head"), "{shown}");
}

#[test]
fn a_sagittal_only_study_is_refused_with_the_evidence() {
    let turned = |file: File| File { orientation: Some("0\\1\\0\\0\\0\\-1"), ..file };
    let found = folder(&[turned(t2(0))]);
    assert!(refusal(&found).contains("sagittal: the normal is 0° from left to right"));
}

#[test]
fn other_contrasts_and_scouts_are_refused_with_the_evidence() {
    let mut t1 = axial(|file| file);
    for file in &mut t1 {
        file.more[1].3 = "600".to_owned();
        file.more[2].3 = "12".to_owned();
    }
    assert!(refusal(&folder(&t1)).contains("no T2 contrast (t1): spin echo, TE 12 ms, TR 600 ms"));
    let scout = axial(|file| File { image_type: "ORIGINAL\\PRIMARY\\LOCALIZER", ..file });
    assert!(refusal(&folder(&scout)).contains("a localizer: Image Type is LOCALIZER"));
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn real_series_are_answered_without_echo_train_or_region() {
    let dir = foramen_test_data::path("spine/dicom");
    let found = scan(&dir, &ScanOptions::default()).unwrap();
    let answers: Vec<_> = found.studies().iter().map(|s| s.axial_t2().is_ok()).collect();
    // T2*, T2, a gradient echo with magnetisation transfer, sagittal.
    assert_eq!(answers, [true, true, false, false]);
    let refused = found.studies()[3].axial_t2().unwrap_err();
    assert!(refused.refused[0].reason.starts_with("sagittal: the normal is"), "{refused}");
}

#[test]
fn a_sagittal_volume_is_no_axial_image_and_what_becomes_of_it_is_told() {
    let volume = |spacing: f64| {
        let slice = |k: i32| File {
            orientation: Some("0\\1\\0\\0\\0\\-1"),
            position: Some(format!("{}\\0\\0", spacing * f64::from(k))),
            ..t2(k)
        };
        refusal(&folder(&(0..40).map(slice).collect::<Vec<_>>()))
    };
    let shown = volume(0.9);
    assert!(shown.contains("a T2 volume of thin slices, of which"), "{shown}");
    assert!(!volume(3.0).contains("a T2 volume"));
}
