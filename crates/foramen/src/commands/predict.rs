//! Predicts with trained models the probability of a favourable outcome for patients who have not
//! been injected yet.
//!
//! `--model` is the folder `models` written by `train` or `study`; its folds are averaged. For
//! every subject of the DICOM folder it finds the level, measures the foramina, chooses the
//! narrowest slice, and prints its width and the probability, or why there is none. A covariate far
//! outside the range of the training data is marked, with the probability without this covariate.
//! `--out` writes the table, `--explain` draws explanations of each prediction, by Grad-CAM and by
//! occlusion. Models of the compact network can also predict without libtorch (`--engine native`).
//! With no arguments it trains on a small synthetic cohort first, which needs the feature `torch`,
//! and predicts another one.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;
use foramen_learn::{Prediction, Sample, write_predictions_with};
use foramen_phantom::Design;
use foramen_study::{Manifest, PatchUse, files, select_slices};
#[cfg(feature = "torch")]
use foramen_types::Probability;
use foramen_types::{Level, Side};

use crate::covariates::covariates;
use crate::demo_cohort::demo_cohort;
#[cfg(feature = "torch")]
use crate::demo_models::demo_models;
use crate::engine::{Engine, Models};
#[cfg(feature = "torch")]
use crate::explanation::Explanations;
use crate::far_covariates::{Far, predict_mean};
use crate::folder_arguments::DicomFolder;
use crate::inputs::{read_key, read_levels, scan_shown};
use crate::run_lock::RunLock;
use crate::scan_arguments::{ImageArguments, ScanArguments};
use crate::stages::patch_frame;
use crate::terminal::say;

/// Further columns of predictions by models with covariates: covariates far outside the training
/// data, and the probability without them.
const FAR_COLUMNS: [&str; 2] = ["far_covariates", "probability_without"];

/// Predicts the outcome of an injection with trained models.
#[derive(Parser)]
#[command(mut_group("DicomFolder", |group| group.requires("model")))]
pub struct Arguments {
    /// Folder `models` of a study, or one of its folds.
    #[arg(long, value_name = "DIR", requires = "DicomFolder")]
    model: Option<PathBuf>,
    #[command(flatten)]
    dicom: DicomFolder,
    /// Disc positions: levels.csv or JSON, 3D Slicer markups, label images, or a folder;
    /// without it, discs are found on the sagittal series.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    levels: Option<PathBuf>,
    /// Table `patient_id,subject_id` with other names for the patients.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    link: Option<PathBuf>,
    #[command(flatten)]
    scan: ScanArguments,
    #[command(flatten)]
    images: ImageArguments,
    /// Table `subject_id` with the covariates that the model needs, such as age.
    #[arg(long, value_name = "FILE", requires = "model")]
    covariates: Option<PathBuf>,
    /// Level to be injected.
    #[arg(long, default_value = "C5/6")]
    level: Level,
    /// Side of the patient to be injected.
    #[arg(long, default_value = "left")]
    side: Side,
    /// Path of the table of predictions.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Folder for explanations of the predictions.
    #[arg(long, value_name = "DIR")]
    explain: Option<PathBuf>,
    /// Device to compute on: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: String,
    /// Software that computes: native (plain Rust, compact networks) or libtorch (feature `torch`);
    /// without it, libtorch if the program includes it.
    #[arg(long, value_enum)]
    engine: Option<Engine>,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let engine = arguments.engine.unwrap_or_default();
    say!("device: {}", engine.resolve(&arguments.device)?);
    ensure!(
        arguments.explain.is_none() || engine == Engine::Libtorch,
        "--explain needs the gradients of libtorch; leave it out, or use a build with the feature \
         `torch` and --engine libtorch"
    );
    let (model, dicom) = match (&arguments.model, arguments.dicom.path()) {
        (Some(model), Some(dicom)) => (model.clone(), dicom.to_owned()),
        _ => (shown_models()?.0, demo_cohort(6, 2, Design::Width)?.join("dicom")),
    };
    let loaded = Models::load(&model, engine, &arguments.device)?;
    let models = loaded.each();
    let key = read_key(arguments.link.as_deref())?;
    let found = scan_shown(&dicom, &arguments.scan, key.clone())?;
    let subjects: BTreeSet<_> = found.stacks.iter().map(|stack| stack.subject.clone()).collect();
    let names = models[0].covariate_names();
    let numbers = covariates(subjects.into_iter(), &names, arguments.covariates.as_deref())?;
    let [pixels, pixel] = [models[0].patch_pixels() as f64, models[0].pixel()];
    let config =
        arguments.images.config(&arguments.scan).with_patch(patch_frame(pixels * pixel, pixel)?);
    let (level, side) = (arguments.level, arguments.side);
    let manifest = Manifest::to_predict(&found, level, side, &numbers, &config);
    for excluded in manifest.excluded() {
        let subject = excluded.subject.as_ref().map_or("", |subject| subject.as_str());
        say!("{subject:>10} no prediction: {}", excluded.detail);
    }
    let levels = arguments.levels.as_deref();
    let levels = levels.map(|path| read_levels(path, &key, &found)).transpose()?;
    let selected = select_slices(manifest, &found, levels.as_ref(), &config, &|_, _| ());
    let selections = &selected.selections;
    for refused in selections.episodes.iter().filter(|episode| episode.chosen.is_none()) {
        let why = refused.refusal.as_deref().unwrap_or_default();
        say!("{:>10} no prediction: {why}", refused.subject);
    }
    for unread in &selections.unread {
        eprintln!("note: {unread}; the narrowest slice may be among them");
    }
    let treated = selections.patches.iter().filter(|patch| patch.usage == PatchUse::Treated);
    let samples: Vec<&Sample> = treated.map(|patch| &patch.sample).collect();
    ensure!(!samples.is_empty(), "nothing was predicted; the reasons are above");
    let probabilities = predict_mean(&models, &samples)?;
    #[cfg(feature = "torch")]
    if let (Some(folder), Models::Libtorch(models)) = (&arguments.explain, &loaded) {
        explain(models, folder, &samples, &probabilities)?;
    }
    let mut predictions = Vec::new();
    let (mut far_cells, mut without_cells) = (Vec::new(), Vec::new());
    for (sample, probability) in samples.iter().zip(probabilities) {
        let width = sample.width.map_or("–".to_owned(), |mm| format!("{mm:.1} mm"));
        let (subject, level, side) = (sample.subject.clone(), sample.level, sample.side);
        say!("{subject:>10} {level} {side}: {width}, favourable {:.2}", probability.get());
        let far = Far::of(sample, &models)?;
        if let Some(Far { in_words, without, .. }) = &far {
            let without = without.get();
            say!("{:>10} far outside the training data: {in_words}; without: {without:.2}", "");
        }
        far_cells.push(far.as_ref().map(|far| far.cell.clone()).unwrap_or_default());
        without_cells.push(far.map(|far| far.without.get().to_string()).unwrap_or_default());
        predictions.push(Prediction {
            subject,
            level,
            side,
            repeat: 0,
            fold: 0,
            outcome: None,
            probability,
        });
    }
    say!("{} predicted with the mean of {} models", predictions.len(), models.len());
    let far = far_cells.iter().filter(|cell| !cell.is_empty()).count();
    if far > 0 {
        say!(
            "{far} of {} use covariates far outside the training data; check them (columns {} and \
             {} of --out)",
            predictions.len(),
            FAR_COLUMNS[0],
            FAR_COLUMNS[1]
        );
    }
    if let Some(out) = &arguments.out {
        let reads = models.iter().any(|model| !model.covariates().is_empty());
        let columns = FAR_COLUMNS.into_iter().zip([far_cells, without_cells]);
        let further: Vec<_> = columns.filter(|_| reads).collect();
        files::write_atomically(out, |file| {
            write_predictions_with(file, &predictions, &further).map_err(std::io::Error::other)
        })?;
    }
    Ok(())
}

/// The models of a small synthetic cohort.
fn shown_models() -> Result<(PathBuf, RunLock)> {
    #[cfg(feature = "torch")]
    return demo_models(std::path::Path::new("foramen-study-predict"));
    #[cfg(not(feature = "torch"))]
    anyhow::bail!(
        "there is no model to show, since this program was built without libtorch and trains \
         none; give --model and a folder of images, DIR"
    )
}

/// Draws explanations of the predictions.
#[cfg(feature = "torch")]
fn explain(
    models: &[foramen_cnn::CnnModel],
    folder: &std::path::Path,
    samples: &[&Sample],
    probabilities: &[Probability],
) -> Result<()> {
    let mut explanations = Explanations::new(models, folder)?;
    for (sample, probability) in samples.iter().zip(probabilities) {
        explanations.add(sample, *probability)?;
    }
    explanations.finish()
}
