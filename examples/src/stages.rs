use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use foramen_learn::Dataset;
use foramen_study::{Manifest, Selections, StudyConfig, files, select_slices};

use crate::{OpenedInputs, bar};

/// What the stages up to `select` leave.
pub struct Selected {
    /// Every row, kept or excluded.
    pub manifest: Manifest,
    /// The chosen slices.
    pub selections: Selections,
}

/// Joins the inputs, selects the slices, and writes `manifest.json`,
/// `levels.csv`, `selections.csv`, `profile.csv`, the patches and a picture per
/// decision into `out`. What later stages made of former selections there is
/// removed.
///
/// # Errors
/// When a file cannot be written.
pub fn run_selection(inputs: &OpenedInputs, config: &StudyConfig, out: &Path) -> Result<Selected> {
    let mut manifest = Manifest::join(&inputs.scan, &inputs.outcomes, config.scan_age);
    for (row, images) in &manifest.near_misses {
        eprintln!(
            "note: subject {row} of the table and {images} of the images differ only in case or \
             leading zeros; they are kept apart"
        );
    }
    let progress = bar("select", manifest.kept.len());
    let selections =
        select_slices(&manifest, &inputs.scan, inputs.levels.as_ref(), config, &|done, of| {
            progress.set_length(of as u64);
            progress.set_position(done as u64);
        });
    progress.finish();
    for episode in &selections.episodes {
        if let Some(refusal) = &episode.refusal {
            let detail = format!("row {}: {refusal}", episode.row);
            manifest.exclude(episode.row, "no slice could be selected", detail);
        }
    }
    files::remove_later_stages(out)?;
    files::write_manifest(&out.join("manifest.json"), &manifest)?;
    files::write_levels(&out.join("levels.csv"), &selections.levels)?;
    files::write_selections(&out.join("selections.csv"), &selections)?;
    files::write_profile(&out.join("profile.csv"), &selections.profile)?;
    files::write_patches(out, &selections.patches)?;
    let pictures = out.join("pictures");
    fs::create_dir_all(&pictures)
        .with_context(|| format!("could not make {}", pictures.display()))?;
    for episode in &selections.episodes {
        if let Some(picture) = &episode.picture {
            let level = episode.level.name().replace('/', "-");
            let name = format!("row{}-{level}-{}.png", episode.row, episode.side);
            let path = pictures.join(name);
            let file = File::create(&path)
                .with_context(|| format!("could not write {}", path.display()))?;
            picture.write_png(std::io::BufWriter::new(file))?;
        }
    }
    Ok(Selected { manifest, selections })
}

/// The dataset of the patches that `select` left in a folder.
///
/// # Errors
/// When the patches are not there or do not fit their index.
pub fn dataset(study: &Path) -> Result<Dataset> {
    let samples = files::read_patches(study)?;
    Ok(Dataset::new(samples.into_iter().map(|patch| patch.sample).collect())?)
}
