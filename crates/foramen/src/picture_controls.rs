//! Controls that use images: the CNN with the foramen masked out, with shuffled outcomes, and on
//! mirrored images.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use foramen_cnn::{Cnn, CnnModel};
use foramen_image::ndarray::{Array2, s};
use foramen_learn::{Classifier as _, Dataset, Prediction, Sample, Split, permute_outcomes};
use foramen_study::PatchSample;
use foramen_study::files::{ModelRole, read_patches};

use crate::controls::{Control, finish, fit};
use crate::trained_model::TrainedModel;

/// Radius of the mask, millimetres, which contains the foramen, its root, the facet joint and the
/// uncovertebral joint around [`USUAL`].
const MASKED: f64 = 12.0;

/// Usual position of a foramen: to the side and to the front of the middle of the canal,
/// millimetres.
const USUAL: [f64; 2] = [13.0, 6.0];

/// Greatest shift of a patch to bring the foramen's usual position to the middle, and the margin
/// cut from all edges, millimetres.
const MOVED: f64 = 4.0;

/// Trains the controls that use images, on the folds of the study, and writes their predictions.
/// `fitted` are the models of each fold of each repeat, `pixel` the edge of a pixel in millimetres.
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
             foramen is masked out. The patches are placed by the spinal canal and not by the \
             walls of the foramen, whose places would tell its width. It should know nothing."
        ),
    );
    let masked = background(dataset, &read_patches(study)?, pixel)?;
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

/// The predictions of each fold's CNN for its test patches, mirrored left to right.
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

/// The dataset with other images.
fn changed(dataset: &Dataset, picture: impl Fn(&Sample) -> Array2<f32>) -> Result<Dataset> {
    let samples = dataset.samples().iter();
    let samples = samples.map(|sample| sample.clone().with_patch(picture(sample)));
    Ok(Dataset::new(samples.collect())?)
}

/// The dataset with only the surroundings of the foramina. `patches` are the patches from which it
/// was read.
///
/// A patch is centred between the walls, and a narrowing from one side moves this centre, so the
/// positions of cord and vertebral body in the patch would reveal the width. Patches are therefore
/// shifted so that cord and body lie where they would around a foramen in its usual position.
///
/// # Errors
/// When the patches do not belong to the dataset.
pub fn background(dataset: &Dataset, patches: &[PatchSample], pixel: f64) -> Result<Dataset> {
    ensure!(
        patches.len() == dataset.samples().len(),
        "{} patches are not those of a dataset of {} samples",
        patches.len(),
        dataset.samples().len()
    );
    let unplaced = patches.iter().filter(|patch| patch.canal.is_none()).count();
    if unplaced > 0 {
        eprintln!(
            "note: of {unplaced} of {} patches it is not known where the spinal canal lies; the \
             control Background only leaves them where the walls of the foramen put them (studies \
             of former versions have no such places; `select` again finds them)",
            patches.len()
        );
    }
    let samples = dataset.samples().iter().zip(patches).map(|(sample, patch)| {
        let canal = patch.canal.map(|canal| patch.plane.pixel(canal));
        sample.clone().with_patch(surroundings(&sample.patch, canal, pixel))
    });
    Ok(Dataset::new(samples.collect())?)
}

/// A patch shifted by whole pixels so that the usual position of its foramen is in the middle, with
/// a circular mask around it and the same margin for all patches. `canal` is the row and column of
/// the middle of the canal.
fn surroundings(patch: &Array2<f32>, canal: Option<(f64, f64)>, pixel: f64) -> Array2<f32> {
    let (rows, columns) = patch.dim();
    let margin = (MOVED / pixel).floor();
    let [across, down] = USUAL.map(|mm| mm / pixel);
    let middle = |edge: usize| (edge as f64 - 1.0) / 2.0;
    // Halves are rounded up on both sides, so that one place stays one place.
    let steps = |found: f64, expected: f64| (found - expected + 0.5).floor().clamp(-margin, margin);
    let (by_rows, by_columns) = canal.map_or((0.0, 0.0), |(row, column)| {
        (steps(row, middle(rows) + down), steps(column, middle(columns) + across))
    });
    let inside =
        |at: usize, edge: usize| (margin..=edge as f64 - 1.0 - margin).contains(&(at as f64));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the patch: at least the margin from its edges, moved by at most the margin"
    )]
    let from = |at: usize, by: f64| (at as f64 + by) as usize;
    let shown = |row: usize, column: usize| {
        let far = (row as f64 - middle(rows)).hypot(column as f64 - middle(columns));
        let seen = inside(row, rows) && inside(column, columns) && far > MASKED / pixel;
        seen.then(|| patch[(from(row, by_rows), from(column, by_columns))])
    };
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let rest = places.filter_map(|(row, column)| shown(row, column));
    let (sum, n) = rest.fold((0.0, 0.0), |(sum, n), v| (sum + f64::from(v), n + 1.0));
    #[expect(clippy::cast_possible_truncation, reason = "a mean of f32")]
    let mean = if n > 0.0 { (sum / n) as f32 } else { 0.0 };
    Array2::from_shape_fn(patch.dim(), |(row, column)| shown(row, column).unwrap_or(mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A patch of 50 mm with a canal whose middle is at a row and column, and a bright foramen
    /// in the middle of the patch.
    fn patch(canal: (f64, f64)) -> Array2<f32> {
        Array2::from_shape_fn((100, 100), |(row, column)| {
            let from = |at: (f64, f64)| (row as f64 - at.0).hypot(column as f64 - at.1);
            if from(canal) < 10.0 {
                0.5
            } else if from((49.5, 49.5)) < 6.0 {
                9.0
            } else {
                0.1
            }
        })
    }

    #[test]
    fn the_foramen_is_gone_and_the_rest_stays() {
        let canal = (61.0, 84.0);
        let seen = surroundings(&patch(canal), Some(canal), 0.5);
        assert!(seen.iter().all(|pixel| *pixel < 0.6));
        assert!((seen[(61, 80)] - 0.5).abs() < 1e-6);
    }

    #[test]
    fn the_place_of_the_foramen_between_its_walls_does_not_show() {
        // One canal, and patches centred on foramina up to 3 mm apart.
        let places = [(61.0, 75.0), (64.0, 79.0), (58.0, 70.0)];
        let seen = places.map(|canal| surroundings(&patch(canal), Some(canal), 0.5));
        assert!(seen[0] == seen[1] && seen[1] == seen[2]);
        let left = places.map(|canal| surroundings(&patch(canal), None, 0.5));
        assert!(left[0] != left[1]);
    }
}
