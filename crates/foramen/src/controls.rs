//! Controls, with which the CNN is compared: simpler models, and models without relevant
//! information.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use foramen_learn::{Dataset, Feature, Learner, Logistic, Sample, Split, cross_validate_repeats};
use foramen_study::Numbers;
use foramen_study::files::{ModelRole, read_acquisitions, read_selections, write_predictions};
use foramen_types::Level;

use crate::reporting::predictions_file;
use crate::terminal::say;
use crate::trained_model::TrainedModel;

/// Names of a control's covariates that are not covariates of the study.
const CONTRALATERAL: &str = "contralateral width";
const ROOT: &str = "root width";
const KIM: &str = "Kim grade";

/// A control with its name in files, its name for people and its description.
pub(crate) struct Control {
    name: &'static str,
    title: &'static str,
    description: String,
}

impl Control {
    pub(crate) fn new(name: &'static str, title: &'static str, description: &str) -> Self {
        Self { name, title, description: description.to_owned() }
    }
}

/// Trains the controls that use numbers only, on the folds of the study, and writes their
/// predictions.
///
/// # Errors
/// When a file of the study cannot be read, a model not be fitted or a file not be written.
pub(crate) fn number_controls(
    dataset: &Dataset,
    splits: &[Split],
    study: &Path,
) -> Result<Vec<TrainedModel>> {
    let named: Vec<String> = covariates(dataset);
    let own = |names: &[String]| names.iter().cloned().map(Feature::Covariate).collect::<Vec<_>>();
    let measured = [CONTRALATERAL, ROOT, KIM].map(str::to_owned);
    let mut width_too = vec![Feature::Width];
    width_too.extend(own(&measured));
    let mut models = Vec::new();
    let with = with_measurements(dataset, study)?;
    let control = Control::new(
        "control-measurements",
        "Measurements",
        "Penalised logistic regression on what was measured: width (z-score of the level), width \
         of the other side, width of the root and Kim\u{2019}s grade. No picture.",
    );
    models.push(train(&control, width_too, &with, splits, study)?);
    if !named.is_empty() {
        let told = named.join(", ");
        let control = Control::new(
            "control-covariates",
            "Covariates",
            &format!("Penalised logistic regression on {told}. No image."),
        );
        models.push(train(&control, own(&named), dataset, splits, study)?);
        let control = Control::new(
            "control-width-covariates",
            "Width and covariates",
            &format!("Penalised logistic regression on the width and {told}. No picture."),
        );
        let mut features = vec![Feature::Width];
        features.extend(own(&named));
        models.push(train(&control, features, dataset, splits, study)?);
    } else {
        eprintln!(
            "note: the study has no covariates (--covariates COLUMNS), so that there are no \
             controls that read them"
        );
    }
    let (with, acquired) = with_acquisitions(dataset, study)?;
    let control = Control::new(
        "control-metadata",
        "Metadata",
        "Penalised logistic regression on the level, the side and how the images were acquired: \
         contrast, fat, spacing, size, echo and repetition time, thickness, field strength, \
         manufacturer and model, days from scan to injection. It sees no image and no width, and \
         should know nothing.",
    );
    let mut features: Vec<Feature> = Level::ALL.map(Feature::Level).into();
    features.push(Feature::Left);
    features.extend(own(&acquired));
    models.push(train(&control, features, &with, splits, study)?);
    Ok(models)
}

fn train(
    control: &Control,
    features: Vec<Feature>,
    dataset: &Dataset,
    splits: &[Split],
    study: &Path,
) -> Result<TrainedModel> {
    let learner = Logistic::new(control.name, features);
    fit(control, &learner, dataset, splits, study, ModelRole::Control)
}

/// Trains a control and writes its predictions; reports the time.
///
/// # Errors
/// When it cannot be fitted, or the file not be written.
pub(crate) fn fit<L: Learner>(
    control: &Control,
    learner: &L,
    dataset: &Dataset,
    splits: &[Split],
    study: &Path,
    role: ModelRole,
) -> Result<TrainedModel> {
    let clock = Instant::now();
    let result = cross_validate_repeats(learner, dataset, splits)
        .with_context(|| format!("could not train the control {}", control.title))?;
    let thresholds = result.folds.iter().map(|fold| fold.threshold).collect();
    finish(control, (result.predictions, thresholds), role, clock, study)
}

/// Writes the predictions of a control and reports its AUC.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn finish(
    control: &Control,
    (predictions, thresholds): (Vec<foramen_learn::Prediction>, Vec<Option<f64>>),
    role: ModelRole,
    clock: Instant,
    study: &Path,
) -> Result<TrainedModel> {
    write_predictions(&study.join(predictions_file(control.name)), &predictions)?;
    let model = TrainedModel {
        name: control.name.to_owned(),
        title: control.title.to_owned(),
        description: control.description.clone(),
        predictions,
        thresholds,
        fitted_on: Vec::new(),
        role,
        temperatures: Vec::new(),
        subjects: None,
    };
    let seconds = clock.elapsed().as_secs_f64();
    say!("control {}: {} ({seconds:.1} s)", control.title, model.summary());
    Ok(model)
}

/// The names of the covariates of the samples with an outcome.
fn covariates(dataset: &Dataset) -> Vec<String> {
    let sample = dataset.samples().iter().find(|sample| sample.outcome.is_some());
    sample.iter().flat_map(|sample| sample.covariates.keys().cloned()).collect()
}

/// The samples with an outcome, with other covariates and without images.
fn with_numbers(dataset: &Dataset, numbers: impl Fn(&Sample) -> Numbers) -> Result<Dataset> {
    let labelled = dataset.samples().iter().filter(|sample| sample.outcome.is_some());
    let plain = labelled.map(|sample| {
        let mut plain = Sample::new(sample.subject.clone(), sample.level, sample.side);
        plain.outcome = sample.outcome;
        plain.width = sample.width;
        plain.covariates = numbers(sample);
        plain
    });
    Ok(Dataset::new(plain.collect())?)
}

fn with_measurements(dataset: &Dataset, study: &Path) -> Result<Dataset> {
    let table = study.join("selections.csv");
    // The folder of reviewed patches has its own, in another form.
    let rows = read_selections(&table)?;
    let mut measured: BTreeMap<_, Numbers> = BTreeMap::new();
    for row in rows {
        let z = |width: Option<f64>| width.map(|width| row.level.width_z(width));
        let numbers =
            [(CONTRALATERAL, z(row.contralateral_width)), (ROOT, row.root_width), (KIM, row.kim)];
        let numbers = numbers.map(|(name, number)| (name.to_owned(), number));
        measured.insert((row.subject.clone(), row.level, row.side), numbers.into());
    }
    with_numbers(dataset, |sample| {
        let key = (sample.subject.clone(), sample.level, sample.side);
        measured.get(&key).cloned().unwrap_or_default()
    })
}

fn with_acquisitions(dataset: &Dataset, study: &Path) -> Result<(Dataset, Vec<String>)> {
    let read = read_acquisitions(&study.join("acquisitions.csv"))?;
    if read.is_empty() {
        eprintln!(
            "note: the study has no acquisitions.csv, which `select` writes; the control Metadata \
             reads level and side alone"
        );
    }
    let names = read.values().next().map(|numbers| numbers.keys().cloned().collect());
    let dataset = with_numbers(dataset, |sample| {
        let key = (sample.subject.clone(), sample.level, sample.side);
        read.get(&key).cloned().unwrap_or_default()
    })?;
    Ok((dataset, names.unwrap_or_default()))
}
