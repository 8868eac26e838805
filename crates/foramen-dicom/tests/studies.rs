//! Which stacks of an examination are axial T2 images of the cervical spine.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test stops at the first surprise, and writes fewer kinds of files than others"
)]

#[path = "guards/written.rs"]
mod written;

use foramen_dicom::{Region, Scan, ScanOptions, scan};
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
fn a_block_that_lies_too_steep_does_not_take_the_others_along() {
    let mut files = Vec::new();
    for (block, tilt) in [45.0, 20.0, 5.0].into_iter().enumerate() {
        let block = i32::try_from(block).unwrap();
        for slice in 0..3 {
            let height = 18.0 * f64::from(block) + 3.0 * f64::from(slice);
            files.push(t2(block * 3 + slice).at(tilt, height));
        }
    }
    let found = folder(&files);
    let answers = found.studies()[0].axial_t2().unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].stacks.iter().map(|s| s.stack).collect::<Vec<_>>(), [1, 2]);
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
