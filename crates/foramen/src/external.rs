//! Evaluates trained models on another cohort: external validation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail, ensure};
use foramen_learn::{Dataset, Overlap, Part, Prediction, Sample, Split};
use foramen_study::files::{self, LeakageNotes, read_patches, read_stages};
use foramen_study::{CohortFlow, Manifest, PatchSample, PatchUse, leakage_between_folds};

use crate::engine::{Engine, Models};
use crate::far_covariates::predict_mean;
use crate::inputs::{Inputs, prepare_output};
use crate::splitting::refuse_overlaps;
use crate::stages::{patch_frame, run_selection, say_excluded};
use crate::terminal::say;

/// The cohort that trained models are evaluated on.
pub(crate) struct External<'a> {
    /// A folder `models` of a study, or one of its folds.
    pub(crate) model: &'a Path,
    /// The folder of a study with selected slices; without it, slices are selected in `out`.
    pub(crate) study: Option<&'a Path>,
    /// Images and outcome table, where no study is given.
    pub(crate) inputs: &'a Inputs,
    /// Folder for the files.
    pub(crate) out: Option<&'a Path>,
    /// Kinds of overlap between the cohorts that are allowed.
    pub(crate) allowed: &'a [Overlap],
    /// The software that computes.
    pub(crate) engine: Engine,
    /// The device to compute on.
    pub(crate) device: &'a str,
}

/// Predictions of models for a cohort that they were not trained on.
pub(crate) struct ExternalPredictions {
    /// One for each injection with a known outcome: the mean of the models.
    pub(crate) predictions: Vec<Prediction>,
    /// The threshold of the study in which they were trained, if its folder holds the models.
    pub(crate) threshold: Option<f64>,
}

/// Predicts the injections of a cohort with the mean of trained models.
///
/// # Errors
/// When models or inputs cannot be used, a file cannot be written, or the cohort shares subjects
/// or images with the one that the models were trained on.
pub(crate) fn predict(external: &External<'_>) -> Result<ExternalPredictions> {
    let loaded = Models::load(external.model, external.engine, external.device)?;
    let models = loaded.each();
    let first = models[0];
    let study = match (external.study, external.out) {
        (Some(study), _) => study,
        (None, Some(out)) => {
            let names: Vec<String> =
                first.covariate_names().into_iter().map(str::to_owned).collect();
            let edge = first.patch_pixels() as f64 * first.pixel();
            let inputs = Inputs { covariates: names, ..external.inputs.clone() };
            let config = inputs.config().with_patch(patch_frame(edge, first.pixel())?);
            let _lock = prepare_output(out, false)?;
            let selected = run_selection(&inputs.open()?, &config, out)?.selected;
            let flow = CohortFlow::of(&selected.manifest);
            say!("{} rows, {} included", flow.rows, flow.included);
            say_excluded(&selected);
            out
        }
        (None, None) => bail!(
            "slices of another cohort are selected first; give --out DIR for what comes of it, or \
             --study DIR where that was done"
        ),
    };
    let patches = read_patches(study)?;
    let treated = patches.iter().filter(|patch| patch.usage == PatchUse::Treated);
    let samples: Vec<&Sample> =
        treated.map(|patch| &patch.sample).filter(|sample| sample.outcome.is_some()).collect();
    ensure!(
        !samples.is_empty(),
        "{} holds no injection with a known outcome; its manifest.json says why",
        study.display()
    );
    let (pixels, pixel) = (samples[0].patch.nrows(), files::read_pixel(study)?);
    ensure!(
        pixels == first.patch_pixels() && (pixel - first.pixel()).abs() < 1e-9,
        "the models read patches of {} pixels of {} mm, and those in {} have {pixels} of {pixel} \
         mm; leave --study out, so that others are cut, or select again with such patches",
        first.patch_pixels(),
        first.pixel(),
        study.display()
    );
    // `models` lies in the study that it was trained in, a fold in `models`.
    let mut above = external.model.ancestors().skip(1).take(2);
    let trained_in = above.find(|folder| folder.join("patches.csv").is_file());
    let threshold = match trained_in {
        Some(folder) => {
            compare(folder, &patches, study, external.allowed)?;
            let notes = read_stages(folder)?.unwrap_or_default();
            notes.models.iter().find(|model| model.name == "cnn").and_then(|model| model.threshold)
        }
        None => {
            eprintln!(
                "note: the study that the models were trained in does not lie beside them, so that \
                 it is not known whether this cohort shares subjects or images with it"
            );
            None
        }
    };
    let probabilities = predict_mean(&models, &samples)?;
    let predictions = samples.iter().zip(probabilities).map(|(sample, probability)| Prediction {
        subject: sample.subject.clone(),
        level: sample.level,
        side: sample.side,
        repeat: 0,
        fold: 0,
        outcome: sample.outcome,
        probability,
    });
    let predictions: Vec<Prediction> = predictions.collect();
    if let Some(out) = external.out {
        std::fs::create_dir_all(out)?;
        files::write_predictions(&out.join("predictions.csv"), &predictions)?;
    }
    say!(
        "{} injections predicted by the mean of {} models that have not seen them",
        predictions.len(),
        models.len()
    );
    Ok(ExternalPredictions { predictions, threshold })
}

/// Returns an error if a cohort and the training cohort share something that was not allowed.
fn compare(
    trained_in: &Path,
    patches: &[PatchSample],
    study: &Path,
    allowed: &[Overlap],
) -> Result<()> {
    let before = read_patches(trained_in)?;
    let subjects = |of: &[PatchSample]| -> BTreeSet<_> {
        of.iter().map(|patch| patch.sample.subject.clone()).collect()
    };
    let (trained, tested) = (subjects(&before), subjects(patches));
    let shared: Vec<&str> = trained.intersection(&tested).map(|one| one.as_str()).collect();
    if !shared.is_empty() && !allowed.contains(&Overlap::Subject) {
        let named: Vec<&str> = shared.iter().take(8).copied().collect();
        bail!(
            "{} subjects of this cohort were in the one that the models were trained on, such as \
             {}: the result would be too good. Leave them out, or, where the ids are those of \
             other people, allow it by name: --allow-overlap subject",
            shared.len(),
            named.join(", ")
        );
    }
    // Those whose id is allowed to be in both are compared as other people.
    let renamed = |patch: &PatchSample| {
        let mut patch = patch.clone();
        if trained.contains(&patch.sample.subject) {
            let other = format!("{} of this cohort", patch.sample.subject);
            patch.sample.subject = foramen_types::SubjectId::new(&other)?;
        }
        anyhow::Ok(patch)
    };
    let others = patches.iter().map(renamed).collect::<Result<Vec<_>>>()?;
    let mut parts: BTreeMap<_, Part> =
        trained.iter().map(|subject| (subject.clone(), Part::Train)).collect();
    parts.extend(subjects(&others).into_iter().map(|subject| (subject, Part::Test)));
    let all: Vec<PatchSample> = before.into_iter().chain(others).collect();
    let dataset = Dataset::new(all.iter().map(|patch| patch.sample.clone()).collect())?;
    let split = Split::given(&dataset, parts)?;
    let compared = LeakageNotes {
        folds: 1,
        leakage: leakage_between_folds(&all, &Manifest::default(), &[split]),
        allowed: allowed.to_vec(),
    };
    refuse_overlaps(study, &compared)
}
