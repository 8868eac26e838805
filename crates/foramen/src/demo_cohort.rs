use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use foramen_phantom::{CohortConfig, Design, write_cohort};

use crate::progress::bar;

/// Whether a folder is among the synthetic cohorts of the user cache.
pub(crate) fn is_demo_cohort(folder: &Path) -> bool {
    let folders = directories::ProjectDirs::from("", "", "foramen");
    let cohorts =
        folders.and_then(|folders| folders.cache_dir().join("cohorts").canonicalize().ok());
    cohorts.is_some_and(|cohorts| folder.starts_with(cohorts))
}

/// The folder of the synthetic cohort of a design with `analysable` subjects, simulated once and
/// kept in the user cache under its configuration, seed and generator version.
///
/// # Errors
/// When there is no user cache or the cohort cannot be written.
pub(crate) fn demo_cohort(analysable: usize, seed: u64, design: Design) -> Result<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "foramen")
        .context("no home folder, so no place to keep the synthetic cohort; give --dicom DIR")?;
    let config = CohortConfig::default().with_analysable(analysable).with_seed(seed);
    let config = config.with_design(design);
    let folder = folders.cache_dir().join("cohorts").join(config.fingerprint());
    if folder.join("truth.json").is_file() {
        return Ok(folder);
    }
    eprintln!("simulating the synthetic cohort once; it is kept for later runs");
    let progress = bar("draw", 0);
    write_cohort(&config, &folder, &|done, of| {
        progress.set_length(of as u64);
        progress.set_position(done as u64);
    })
    .with_context(|| format!("the synthetic cohort could not be drawn in {}", folder.display()))?;
    progress.finish();
    Ok(folder)
}
