//! Controls that see pictures: the CNN with the foramen masked out, with shuffled outcomes, and
//! on mirrored pictures.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use foramen_cnn::{Cnn, CnnModel};
use foramen_image::ndarray::{Array2, s};
use foramen_learn::{Classifier as _, Dataset, Prediction, Sample, Split, permute_outcomes};
use foramen_study::files::ModelRole;

use crate::controls::{Control, finish, fit};
use crate::trained_model::TrainedModel;

/// The foramen, its root, the facet and the uncovertebral joint lie within this radius of the
/// middle of a patch, millimetres.
const MASKED: f64 = 12.0;

/// Trains the controls that see pictures, on the folds of the study, and writes their
/// predictions. `fitted` are the models of each fold of each repeat, `pixel` the edge of a
/// pixel in millimetres.
///
/// # Errors
/// When a model cannot be trained, or a file not be written.
pub(crate) fn picture_controls(
    dataset: &Dataset,
    splits: &[Split],
    (learner, fitted): (&Cnn, &[CnnModel]),
    pixel: f64,
    seed: u64,
    study: &Path,
) -> Result<Vec<TrainedModel>> {
    let mut models = vec![mirrored(dataset, splits, fitted, study)?];
    let control = Control::new(
        "control-background",
        "Background only",
        &format!(
            "The CNN, trained anew on patches in which a disc of {MASKED:.0} mm radius around the \
             foramen is masked out. It should know nothing."
        ),
    );
    let masked = changed(dataset, |sample| masked(&sample.patch, MASKED / pixel))?;
    models.push(fit(&control, learner, &masked, splits, study, ModelRole::Control)?);
    let control = Control::new(
        "control-permuted",
        "Permuted outcomes",
        "The CNN, taught and judged on outcomes that were shuffled among the injections of each \
         test fold of the first repeat. It should know nothing: if it did, the folds would share \
         what they must not.",
    );
    let permuted = permute_outcomes(dataset, &splits[0], seed)?;
    let first = &splits[..1];
    models.push(fit(&control, learner, &permuted, first, study, ModelRole::Permuted)?);
    Ok(models)
}

/// What each fold's CNN says of the patches it is tested on, mirrored left to right.
fn mirrored(
    dataset: &Dataset,
    splits: &[Split],
    fitted: &[CnnModel],
    study: &Path,
) -> Result<TrainedModel> {
    let clock = Instant::now();
    let control = Control::new(
        "control-mirrored",
        "Mirrored",
        "The CNN of each fold, not trained anew, on its test patches mirrored left to right, as \
         if sides had been confused. A model that reads the foramen where it lies does worse.",
    );
    let turned = changed(dataset, |sample| sample.patch.slice(s![.., ..;-1]).to_owned())?;
    let mut predictions = Vec::new();
    let mut models = fitted.iter();
    for (repeat, split) in splits.iter().enumerate() {
        for (fold, model) in (0..split.folds()).zip(models.by_ref()) {
            let tested = split.fold(&turned, fold).test;
            let probabilities = model.predict(tested.samples())?;
            let predicted = tested.samples().iter().zip(probabilities);
            predictions.extend(predicted.map(|(sample, probability)| Prediction {
                subject: sample.subject.clone(),
                level: sample.level,
                side: sample.side,
                repeat,
                fold,
                outcome: sample.outcome,
                probability,
            }));
        }
    }
    predictions.sort_by_key(|p| (p.repeat, p.subject.clone(), p.level, p.side));
    finish(&control, (predictions, Vec::new()), ModelRole::Control, clock, study)
}

/// The dataset with other pictures.
fn changed(dataset: &Dataset, picture: impl Fn(&Sample) -> Array2<f32>) -> Result<Dataset> {
    let samples = dataset.samples().iter();
    let samples = samples.map(|sample| sample.clone().with_patch(picture(sample)));
    Ok(Dataset::new(samples.collect())?)
}

/// A patch whose middle, up to a radius in pixels, is the mean of the rest.
fn masked(patch: &Array2<f32>, radius: f64) -> Array2<f32> {
    let (rows, columns) = patch.dim();
    let middle = |edge: usize| (edge as f64 - 1.0) / 2.0;
    let (down, across) = (middle(rows), middle(columns));
    let is_masked =
        |row: usize, column: usize| (row as f64 - down).hypot(column as f64 - across) <= radius;
    let rest = patch.indexed_iter().filter(|((row, column), _)| !is_masked(*row, *column));
    let (sum, n) = rest.fold((0.0, 0.0), |(sum, n), (_, v)| (sum + f64::from(*v), n + 1.0));
    #[expect(clippy::cast_possible_truncation, reason = "a mean of f32")]
    let mean = if n > 0.0 { (sum / n) as f32 } else { 0.0 };
    Array2::from_shape_fn(patch.dim(), |(row, column)| {
        if is_masked(row, column) { mean } else { patch[(row, column)] }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disc_is_gone_and_the_rest_stays() {
        let patch = Array2::from_shape_fn((100, 100), |(row, column)| {
            if (row as f64 - 49.5).hypot(column as f64 - 49.5) <= 24.0 { 9.0 } else { 1.0 }
        });
        let masked = masked(&patch, MASKED / 0.5);
        assert!(masked.iter().all(|pixel| (pixel - 1.0).abs() < 1e-6));
        let mut marked = patch.clone();
        marked[(2, 3)] = 5.0;
        let still = super::masked(&marked, MASKED / 0.5);
        assert!((still[(2, 3)] - 5.0).abs() < 1e-6);
    }
}
