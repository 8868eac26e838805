use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use foramen_dicom::Scan;
#[cfg(feature = "review")]
use foramen_review::Store;
use foramen_study::StudyConfig;
use foramen_study::files::{
    read_manifest, read_patches, read_stages, write_patches, write_run, write_stages,
};
use foramen_study::review::{
    Correction, REVIEWED, ReviewedRow, SelectionTable, StudyImages, carry_corrections, read_made,
    read_reviewed, recut_patches,
};
use serde_json::json;

use crate::stages::dataset;
use crate::train_arguments::TrainArguments;
use crate::trained_model::TrainedModel;
use crate::training::train_models;

/// The reviewed rows of a study, as written by `review --export`.
///
/// # Errors
/// When there is no such table, or no row was reviewed.
pub(crate) fn reviewed_rows(study: &Path) -> Result<Vec<ReviewedRow>> {
    let path = study.join(REVIEWED).join("selections.csv");
    let rows = read_reviewed(&path)?;
    ensure!(!rows.is_empty(), "{} holds no row that a person has looked at", path.display());
    Ok(rows)
}

/// Returns an error if nobody has reviewed a study, so that it is reported before long work.
///
/// # Errors
/// As [`reviewed_rows`], and where the answers cannot be read.
pub(crate) fn ensure_reviewed(study: &Path) -> Result<()> {
    #[cfg(feature = "review")]
    if answers(study)?.is_some_and(|store| store.rows(0).is_ok_and(|rows| !rows.is_empty())) {
        return Ok(());
    }
    reviewed_rows(study).map(|_| ())
}

/// The answers of a study, if it has any.
#[cfg(feature = "review")]
fn answers(study: &Path) -> Result<Option<Store>> {
    Ok(if Store::exists(study) { Some(Store::open(study)?) } else { None })
}

/// Applies persons' answers to a new selection, in the folder `reviewed`: the corrected table and
/// the patches refer to the new choices. Returns the rows of that table; answers that cannot be
/// applied are reported.
///
/// If this program can read the answers themselves, they are exported again; otherwise the table of
/// the last export is updated.
///
/// # Errors
/// When a table, the patches or the answers cannot be used or written.
pub(crate) fn follow_review(
    study: &Path,
    dicom: &Path,
    scan: Scan,
    config: &StudyConfig,
) -> Result<Vec<ReviewedRow>> {
    let folder = study.join(REVIEWED);
    let told = |problem: &String| eprintln!("note: {problem}");
    #[cfg(feature = "review")]
    if let Some(store) = answers(study)? {
        let reviewed = foramen_review::Study::open(study, dicom, scan, config.clone())?;
        let exported = foramen_review::export(&reviewed, &store.rows(0)?, &store.discs()?)?;
        exported.problems.iter().for_each(told);
        return reviewed_rows(study);
    }
    let table = SelectionTable::read(&study.join("selections.csv"))?;
    let lost = carry_corrections(&folder.join("selections.csv"), &table)?;
    let rows = reviewed_rows(study)?;
    let manifest = read_manifest(&study.join("manifest.json"))?;
    let made = read_made(&study.join("reformatted.csv"))?;
    let images = StudyImages { scan: &scan, made: &made, config };
    let recut = recut_patches(read_patches(study)?, &manifest, &rows, images);
    lost.iter().chain(&recut.problems).for_each(told);
    write_patches(&folder, &recut.patches)?;
    let counts = json!({ "images": dicom, "corrections": counts(&rows) });
    write_run(&folder, &json!({ "review": counts }))?;
    Ok(rows)
}

/// Reports answers given after the last export, which does not contain them.
///
/// # Errors
/// When the answers cannot be read.
pub(crate) fn tell_later_answers(study: &Path) -> Result<()> {
    #[cfg(feature = "review")]
    if let Some(store) = answers(study)? {
        let run = std::fs::read(study.join(REVIEWED).join("run.json")).unwrap_or_default();
        let run: serde_json::Value = serde_json::from_slice(&run).unwrap_or_default();
        let exported = run["provenance"]["review"]["entries"].as_u64().unwrap_or_default();
        let later = (store.rows(0)?.len() as u64).saturating_sub(exported);
        if later > 0 {
            eprintln!(
                "note: {later} answers were given after the last export and are not used; run \
                 `review --export --study {}` first to use them",
                study.display()
            );
        }
    }
    #[cfg(not(feature = "review"))]
    let _ = study;
    Ok(())
}

/// Trains twice, on the chosen patches and on the patches corrected by persons, and notes both for
/// the report, the corrected models first. These are written into `reviewed`.
///
/// # Errors
/// When the corrections are of another selection, a model cannot be trained, or a file
/// cannot be written.
pub(crate) fn train_reviewed(
    study: &Path,
    rows: &[ReviewedRow],
    arguments: &TrainArguments,
) -> Result<Vec<TrainedModel>> {
    let folder = study.join(REVIEWED);
    // Both trainings on as many threads, so that corrections alone make the difference.
    #[cfg(feature = "torch")]
    let arguments = &arguments.clone().with_threads_of_now();
    let mut without = train_models(&dataset(study)?, arguments, study)?;
    let before = read_stages(study)?.unwrap_or_default();
    let mut with = train_models(&dataset(&folder)?, arguments, &folder)?;
    let after = read_stages(&folder)?.unwrap_or_default();

    let counts = counts(rows);
    let told: Vec<String> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
    let told = told.join(", ");
    let mut notes = before.clone();
    notes.models.clear();
    for mut model in after.models {
        model.predictions = format!("{REVIEWED}/{}", model.predictions);
        model.name = format!("{}-reviewed", model.name);
        model.title = format!("{}, with corrections", model.title);
        model.description = format!(
            "{} With the corrections of a person, who looked at {} foramina: {told}.",
            model.description,
            rows.len()
        );
        notes.models.push(model);
    }
    for mut model in before.models {
        model.title = format!("{}, without corrections", model.title);
        notes.models.push(model);
    }
    notes.provenance["review"] = json!({ "looked_at": rows.len(), "corrections": counts });
    write_stages(study, &notes)?;
    for model in &mut with {
        model.name = format!("{}-reviewed", model.name);
    }
    with.append(&mut without);
    Ok(with)
}

/// Returns an error if `select` has run since the corrections were exported, so that their patches
/// belong to other choices.
///
/// # Errors
/// Which foramen differs, and the remedy.
pub(crate) fn ensure_current(study: &Path, rows: &[ReviewedRow]) -> Result<()> {
    let table = SelectionTable::read(&study.join("selections.csv"))?;
    for row in rows {
        let now = table
            .rows()
            .iter()
            .find(|one| (&one.subject, one.level, one.side) == (&row.subject, row.level, row.side));
        ensure!(
            now.is_some_and(|now| now.image == row.automatic),
            "{} {} {} was selected anew since its review was exported; run `review --export \
             --study {}` again",
            row.subject,
            row.level,
            row.side,
            study.display()
        );
    }
    Ok(())
}

/// Number of corrections of each kind.
fn counts(rows: &[ReviewedRow]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let name = match row.correction {
            Correction::None => "accepted",
            Correction::Walls => "with moved walls",
            Correction::Slice => "on another slice",
            Correction::State => "of another state",
            Correction::Excluded => "left out",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}
