//! The stages of the main path on a small cohort.

use std::fs::File;
use std::path::{Path, PathBuf};

use foramen_dicom::{Scan, ScanOptions, scan};
use foramen_outcome::{OutcomeOptions, Outcomes};
use foramen_phantom::{CohortConfig, write_cohort};
use foramen_study::{Manifest, Selected, Selections, StudyConfig, StudyInputs, select_slices};
use foramen_types::SubjectKey;

/// The folder of a small synthetic cohort with every defect, drawn below
/// `folder` by the first test that asks for it.
///
/// # Panics
/// When it cannot be drawn.
#[must_use]
pub fn cohort(folder: &Path) -> PathBuf {
    let config = CohortConfig::default().with_analysable(18).with_defects(8);
    let cohort = folder.join(config.fingerprint());
    // Tests run side by side, in threads and in processes.
    let lock = File::create(folder.join("cohort.lock")).expect("cargo makes the folder for tests");
    lock.lock().expect("files in the folder for tests can be locked");
    if !cohort.join("truth.json").exists() {
        write_cohort(&config, &cohort, &|_, _| {}).expect("the cohort fits on the disk");
    }
    cohort
}

/// The first two stages: the images and the table.
///
/// # Panics
/// When either cannot be read.
#[must_use]
pub fn open(dicom: &Path, outcomes: &Path, key: &SubjectKey) -> (Scan, Outcomes) {
    let scan = scan(dicom, &ScanOptions::default().with_key(key.clone()));
    let table = File::open(outcomes).expect("the cohort has a table");
    let outcomes = foramen_outcome::read(table, &OutcomeOptions::default());
    (scan.expect("the cohort has images"), outcomes.expect("the table is well formed"))
}

/// The next two: the join, and the slices chosen.
#[must_use]
pub fn select(scan: &Scan, outcomes: &Outcomes) -> (Manifest, Selections) {
    let config = StudyConfig::default();
    let manifest = Manifest::join(&StudyInputs::new(scan, outcomes), &config);
    let Selected { manifest, selections } =
        select_slices(manifest, scan, None, &config, &|_, _| {});
    (manifest, selections)
}
