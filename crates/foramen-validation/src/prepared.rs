use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use foramen::commands::{Inputs, bar, dataset, prepare_output, run_selection};
use foramen_learn::Dataset;
use foramen_phantom::{CohortConfig, Truth, write_cohort};
use foramen_study::{PatchSample, StudyConfig, files};

/// A synthetic cohort whose slices were chosen by the program.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What models are trained on.
    pub dataset: Dataset,
    /// The patches that the dataset was made of, in its order.
    pub patches: Vec<PatchSample>,
    /// What is true of the cohort.
    pub truth: Truth,
}

impl Prepared {
    /// Draws a cohort and selects its slices in a folder, unless it lies there from a run before;
    /// the images are removed when they have been measured.
    ///
    /// # Errors
    /// When the cohort cannot be drawn, measured or written.
    pub fn of(config: &CohortConfig, folder: &Path) -> Result<Self> {
        let study = folder.join(config.fingerprint());
        let kept = study.join("truth.json");
        if !kept.is_file() {
            let _lock = prepare_output(&study, true)?;
            let cohort = study.join("cohort");
            let _ = fs::remove_dir_all(&cohort);
            let progress = bar("draw", config.subjects());
            write_cohort(config, &cohort, &|done, _| progress.set_position(done as u64))?;
            progress.finish_and_clear();
            let inputs = Inputs {
                dicom: cohort.join("dicom").into(),
                outcomes: Some(cohort.join("outcomes.csv")),
                ..Inputs::synthetic(config.analysable)
            };
            run_selection(&inputs.open()?, &StudyConfig::default(), &study)?;
            // Last: what has its truth beside is whole.
            fs::rename(cohort.join("truth.json"), &kept)?;
            fs::remove_dir_all(&cohort)
                .with_context(|| format!("could not remove {}", cohort.display()))?;
        }
        Ok(Self {
            dataset: dataset(&study)?,
            patches: files::read_patches(&study)?,
            truth: Truth::read(&kept)?,
        })
    }
}
