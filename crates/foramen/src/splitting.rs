use std::path::Path;

use anyhow::{Result, bail};
use foramen_learn::{Dataset, Overlap, Shared, Split, read_folds};
use foramen_study::files::{self, LeakageNotes};
use foramen_study::review::REVIEWED;
use foramen_study::{Manifest, leakage_between_folds};

use crate::files::open;
use crate::grouping;
use crate::train_arguments::TrainArguments;

/// Most overlaps named in a message; the file has all.
const NAMED: usize = 8;

/// The requested splits, one for each repeat: from a file, by site, scanner or date, or random.
///
/// # Errors
/// When there are too few subjects, or the file cannot be used, with its name.
pub(crate) fn splits(
    dataset: &Dataset,
    arguments: &TrainArguments,
    study: &Path,
) -> Result<Vec<Split>> {
    let TrainArguments { folds, seed, repeats, split_by, test_from, .. } = *arguments;
    if let Some(what) = split_by {
        // The folder of reviewed patches has no manifest of its own.
        let whole = study.parent().filter(|_| study.ends_with(REVIEWED)).unwrap_or(study);
        return Ok(vec![grouping::split_by(what, test_from, dataset, whole, seed)?]);
    }
    match &arguments.folds_file {
        Some(path) => open(path, |file| read_folds(file, dataset, seed)),
        None => Ok(Split::repeated(dataset, folds, seed, repeats)?),
    }
}

/// Writes `folds.csv`, and what the folds share into `leakage.json`.
///
/// # Errors
/// When the folds share something that was not allowed by name, with a remedy; when the patches
/// cannot be read or a file cannot be written.
pub(crate) fn compare_folds(study: &Path, splits: &[Split], allowed: &[Overlap]) -> Result<()> {
    files::write_folds(&study.join("folds.csv"), splits)?;
    let compared = leakage(study, splits, allowed)?;
    files::write_leakage(study, &compared)?;
    refuse_overlaps(study, &compared)
}

/// Compares the patches of a study between the parts of its folds.
///
/// # Errors
/// When the patches or the manifest cannot be read.
pub(crate) fn leakage(study: &Path, splits: &[Split], allowed: &[Overlap]) -> Result<LeakageNotes> {
    let patches = files::read_patches(study)?;
    // The folder of reviewed patches has no manifest of its own.
    let folders = [Some(study), study.parent()];
    let manifest = folders.into_iter().flatten().map(|folder| folder.join("manifest.json"));
    let manifest = match manifest.into_iter().find(|path| path.is_file()) {
        Some(path) => files::read_manifest(&path)?,
        None => Manifest::default(),
    };
    Ok(LeakageNotes {
        folds: splits.iter().map(Split::folds).sum(),
        leakage: leakage_between_folds(&patches, &manifest, splits),
        allowed: allowed.to_vec(),
    })
}

/// Returns an error if the folds share something that was not allowed by name.
///
/// # Errors
/// What they share, and what to do.
pub(crate) fn refuse_overlaps(study: &Path, notes: &LeakageNotes) -> Result<()> {
    for shared in notes.leakage.shared.iter().filter(|one| notes.allowed.contains(&one.kind)) {
        eprintln!("note: allowed: {shared}");
    }
    let refused: Vec<&Shared> = notes.leakage.refused(&notes.allowed).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let mut kinds: Vec<&str> = refused.iter().map(|shared| shared.kind.name()).collect();
    kinds.dedup();
    let named: Vec<String> = refused.iter().take(NAMED).map(|one| format!("  {one}")).collect();
    let more = match refused.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("\n  and {more} more, which leakage.json in {} lists", study.display()),
    };
    let allow: Vec<String> = kinds.iter().map(|kind| format!("--allow-overlap {kind}")).collect();
    bail!(
        "the folds share what would make the results too good:\n{}{more}\ngive both ids of one \
         person one id (--link FILE), leave one of the two out, or allow it by name: {}",
        named.join("\n"),
        allow.join(" ")
    )
}
