//! Every remark of `docs/data-contract.md` reaches the selections and limits their confidence:
//! each test writes the images that call for it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use foramen_dicom::{Accepted, Refusal, Remark, ScanOptions, scan};
use foramen_phantom::{CohortConfig, SubjectTruth, Truth, write_cohort};
use foramen_study::{
    DiscPositions, EpisodeSelection, Manifest, StudyConfig, Undated, select_slices,
};
use foramen_types::{Level, Side, SubjectKey};

#[path = "field/dicom_file.rs"]
mod dicom_file;

use dicom_file::{DicomFile, Tag};

const IMAGE_TYPE: Tag = (0x8, 0x8);
const SOP_INSTANCE_UID: Tag = (0x8, 0x18);
const DATES: [Tag; 4] = [(0x8, 0x20), (0x8, 0x21), (0x8, 0x22), (0x8, 0x23)];
const STUDY_DESCRIPTION: Tag = (0x8, 0x1030);
const SERIES_DESCRIPTION: Tag = (0x8, 0x103e);
const SEX: Tag = (0x10, 0x40);
const BODY_PART: Tag = (0x18, 0x15);
const SCANNING_SEQUENCE: Tag = (0x18, 0x20);
const SCAN_OPTIONS: Tag = (0x18, 0x22);
const REPETITION_TIME: Tag = (0x18, 0x80);
const ECHO_TIME: Tag = (0x18, 0x81);
const ECHO_TRAIN: Tag = (0x18, 0x91);
const PROTOCOL_NAME: Tag = (0x18, 0x1030);
const FLIP_ANGLE: Tag = (0x18, 0x1314);
const SERIES_UID: Tag = (0x20, 0xe);
const INSTANCE_NUMBER: Tag = (0x20, 0x13);
const POSITION: Tag = (0x20, 0x32);
const ORIENTATION: Tag = (0x20, 0x37);
const FRAME_OF_REFERENCE: Tag = (0x20, 0x52);
const PIXEL_SPACING: Tag = (0x28, 0x30);

/// The images of one subject, T2 FSE in one straight stack, and what is true of them.
struct Drawn {
    axial: Vec<DicomFile>,
    sagittal: Vec<DicomFile>,
    truth: SubjectTruth,
}

static DRAWN: LazyLock<Drawn> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let is_fit = |of: &SubjectTruth| of.contrast == "t2_fse" && of.planning == "straight";
    // One of the first few is; drawing takes the time here.
    let (cohort, truth) = [1, 3, 9]
        .into_iter()
        .find_map(|subjects| {
            let cohort = folder.path().join(subjects.to_string());
            let config = CohortConfig::default().with_analysable(subjects).with_defects(0);
            write_cohort(&config, &cohort, &|_, _| ()).unwrap();
            let truth = Truth::read(&cohort.join("truth.json")).unwrap();
            Some((cohort, truth.subjects.into_iter().find(is_fit)?))
        })
        .unwrap();
    let files = |series: &str| {
        let folder = cohort.join("dicom").join(&truth.subject_id).join(series);
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| DicomFile::read(path)).collect::<Vec<_>>()
    };
    let (axial, sagittal) = (files("3-axial"), files("2-sagittal"));
    Drawn { axial, sagittal, truth }
});

/// An examination that a test changes.
struct Case {
    axial: Vec<DicomFile>,
    sagittal: Vec<DicomFile>,
    options: ScanOptions,
    config: StudyConfig,
    levels: Option<DiscPositions>,
}

impl Case {
    fn new() -> Self {
        Self {
            axial: DRAWN.axial.clone(),
            sagittal: DRAWN.sagittal.clone(),
            options: ScanOptions::default(),
            config: StudyConfig::default(),
            levels: None,
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut DicomFile> {
        self.axial.iter_mut().chain(&mut self.sagittal)
    }

    fn write(&self, folder: &Path) {
        for (series, files) in [("axial", &self.axial), ("sagittal", &self.sagittal)] {
            let folder = folder.join(series);
            std::fs::create_dir_all(&folder).unwrap();
            for (number, file) in files.iter().enumerate() {
                file.write(&folder.join(format!("{number:04}.dcm")));
            }
        }
    }

    /// What is selected at C5/6 on the left.
    fn selected(&self) -> EpisodeSelection {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        self.selected_in(folder.path())
    }

    fn selected_in(&self, folder: &Path) -> EpisodeSelection {
        let found = scan(folder, &self.options).unwrap();
        let none = BTreeMap::new();
        let manifest = Manifest::to_predict(&found, Level::C5C6, Side::Left, &none, &self.config);
        assert!(manifest.excluded().is_empty(), "{:?}", manifest.excluded());
        let given = self.levels.as_ref();
        let done = select_slices(manifest, &found, given, &self.config, &|_, _| ());
        done.selections.episodes.into_iter().next().unwrap()
    }

    /// Asserts that a slice is chosen and that these, and no other, are its remarks.
    fn gives(&self, expected: &[&str]) {
        check(&self.selected(), expected);
    }
}

fn check(episode: &EpisodeSelection, expected: &[&str]) {
    assert!(episode.chosen.is_some(), "{:?}", episode.refusal);
    // A choice may be contradicted on any images.
    let names = episode.remarks.iter().map(Remark::name);
    let mut names: Vec<&str> = names.filter(|name| *name != "contradicted_choice").collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, expected, "{:?}", episode.remarks);
    let cap = episode.remarks.iter().map(Remark::cap).fold(1.0, f64::min);
    assert!(episode.confidence <= cap, "{} > {cap}", episode.confidence);
}

#[test]
fn nothing_is_remarked_on_plain_images() {
    let episode = Case::new().selected();
    check(&episode, &[]);
    assert!(episode.confidence > 0.6, "{}", episode.confidence);
}

#[test]
fn missing_number() {
    let mut case = Case::new();
    let half = case.axial.len() / 2;
    for (number, file) in case.axial.iter_mut().enumerate() {
        let number = number + 1 + usize::from(number >= half);
        file.put(INSTANCE_NUMBER, "IS", &number.to_string());
    }
    case.gives(&["missing_number"]);
}

#[test]
fn missing_slice() {
    let mut case = Case::new();
    let chosen = case.selected().chosen.unwrap().source.sop_instance_uid;
    case.axial.retain(|file| file.text(SOP_INSTANCE_UID) != chosen);
    case.gives(&["missing_number", "missing_slice"]);
}

#[test]
fn uneven_spacing() {
    let mut case = Case::new();
    let half = case.axial.len() / 2;
    for file in &mut case.axial[half..] {
        let mut at = file.numbers(POSITION);
        at[2] += 0.4;
        file.put_numbers(POSITION, &at);
    }
    case.gives(&["uneven_spacing"]);
}

#[test]
fn single_slice_and_incomplete_level() {
    let mut case = Case::new();
    let chosen = case.selected().chosen.unwrap().source.sop_instance_uid;
    case.axial.retain(|file| file.text(SOP_INSTANCE_UID) == chosen);
    case.gives(&["incomplete_level", "single_slice"]);
}

#[test]
fn undecodable_image() {
    let case = Case::new();
    let folder = tempfile::tempdir().unwrap();
    case.write(folder.path());
    let path = folder.path().join("axial/0000.dcm");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    check(&case.selected_in(folder.path()), &["undecodable_image"]);
}

#[test]
fn uncertain_contrast() {
    let mut case = Case::new();
    for file in &mut case.axial {
        for tag in [SCANNING_SEQUENCE, REPETITION_TIME, ECHO_TIME, ECHO_TRAIN, FLIP_ANGLE] {
            file.remove(tag);
        }
    }
    case.gives(&["uncertain_contrast"]);
}

#[test]
fn fat_taken_away() {
    let mut case = Case::new();
    case.axial.iter_mut().for_each(|file| file.put(SCAN_OPTIONS, "CS", "FS"));
    case.gives(&["fat_taken_away"]);
}

#[test]
fn derived() {
    let mut case = Case::new();
    case.axial.iter_mut().for_each(|file| file.put(IMAGE_TYPE, "CS", "DERIVED\\SECONDARY\\M"));
    case.gives(&["derived"]);
}

fn without_region(case: &mut Case) {
    for file in case.all() {
        file.put(STUDY_DESCRIPTION, "LO", "MR");
        file.remove(BODY_PART);
    }
}

#[test]
fn weak_region() {
    let mut case = Case::new();
    without_region(&mut case);
    case.gives(&["weak_region"]);
}

#[test]
fn contradicted_region() {
    let mut case = Case::new();
    case.all().for_each(|file| file.put(BODY_PART, "CS", "HEAD"));
    case.gives(&["contradicted_region"]);
}

#[test]
fn accepted() {
    let mut case = Case::new();
    for file in case.all() {
        file.put(STUDY_DESCRIPTION, "LO", "MR lumbar spine");
        file.put(BODY_PART, "CS", "LSPINE");
    }
    case.config = StudyConfig::default().with_accepted(Accepted::new([Refusal::Region]));
    case.gives(&["accepted"]);
}

#[test]
fn steep_block() {
    // The whole neck bent forward on its pad, with the slices across it.
    let mut case = Case::new();
    let normal = {
        let o = DRAWN.axial[0].numbers(ORIENTATION);
        [o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]]
    };
    let tilt = f64::atan2(normal[1], normal[2]);
    let (sin, cos) = (tilt.signum() * 42_f64.to_radians() - tilt).sin_cos();
    let turned = |v: &[f64]| [v[0], v[1] * cos + v[2] * sin, v[2] * cos - v[1] * sin];
    for file in case.all() {
        let at = file.numbers(POSITION);
        file.put_numbers(POSITION, &turned(&at));
        let o = file.numbers(ORIENTATION);
        file.put_numbers(ORIENTATION, &[turned(&o[..3]), turned(&o[3..])].concat());
    }
    let mut table = "subject_id,level,x_mm,y_mm,z_mm\n".to_owned();
    for disc in &DRAWN.truth.discs {
        let [x, y, z] = turned(&disc.centre);
        table += &format!("{},{},{x},{y},{z}\n", DRAWN.truth.subject_id, disc.level);
    }
    case.levels = Some(DiscPositions::read(table.as_bytes(), &SubjectKey::identity()).unwrap());
    case.gives(&["steep_block"]);
}

#[test]
fn undated() {
    let mut case = Case::new();
    case.all().for_each(|file| DATES.into_iter().for_each(|tag| file.remove(tag)));
    case.gives(&["undated"]);
}

#[test]
fn unreadable_date() {
    let mut case = Case::new();
    case.all().for_each(|file| DATES.into_iter().for_each(|tag| file.put(tag, "DA", "XXXXXXXX")));
    case.config = StudyConfig::default().with_undated(Undated::Use);
    case.gives(&["unreadable_date"]);
}

#[test]
fn assumed_frame() {
    let mut case = Case::new();
    case.all().for_each(|file| file.remove(FRAME_OF_REFERENCE));
    case.options = ScanOptions::default().with_assume_one_frame(true);
    case.gives(&["assumed_frame"]);
}

#[test]
fn two_people() {
    let mut case = Case::new();
    case.axial.iter_mut().for_each(|file| file.put(SEX, "CS", "F"));
    case.sagittal.iter_mut().for_each(|file| file.put(SEX, "CS", "M"));
    case.gives(&["two_people"]);
}

#[test]
fn reference_image() {
    let mut case = Case::new();
    let mut stray = case.sagittal[case.sagittal.len() / 2].clone();
    stray.put(SERIES_UID, "UI", &case.axial[0].text(SERIES_UID));
    stray.put(SOP_INSTANCE_UID, "UI", "2.25.7");
    for tag in [SERIES_DESCRIPTION, PROTOCOL_NAME] {
        stray.put(tag, "LO", &case.axial[0].text(tag));
    }
    case.axial.push(stray);
    case.gives(&["reference_image"]);
}

#[test]
fn decimal_comma() {
    let mut case = Case::new();
    for file in &mut case.axial {
        let spacing = file.text(PIXEL_SPACING).replace('.', ",");
        file.put(PIXEL_SPACING, "DS", &spacing);
    }
    case.gives(&["decimal_comma"]);
}
