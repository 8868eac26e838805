//! Trains the CNN on fewer subjects, to show whether more subjects would help.

use std::path::Path;

use anyhow::Result;
use foramen_learn::{Dataset, Learner, OnShare, Split};
use foramen_study::files::ModelRole;

use crate::controls::{Control, fit};
use crate::trained_model::TrainedModel;

/// The shares of the subjects that are tried, in percent, with their names in files and for
/// people.
const SHARES: [(u32, &str, &str); 3] = [
    (25, "learning-25", "CNN, a fourth of the subjects"),
    (50, "learning-50", "CNN, half of the subjects"),
    (75, "learning-75", "CNN, three fourths of the subjects"),
];

/// How often a learning curve fits a model in each fold.
pub(crate) const FITS: usize = SHARES.len();

/// Trains the learner on shares of the subjects of each fold, and writes the predictions.
///
/// # Errors
/// When a model cannot be trained, or a file not be written.
pub(crate) fn learning_curve<L: Learner>(
    learner: &L,
    dataset: &Dataset,
    split: &Split,
    seed: u64,
    study: &Path,
) -> Result<Vec<TrainedModel>> {
    let point = |(percent, name, title): (u32, &'static str, &'static str)| {
        let on_share = OnShare::new(learner, f64::from(percent) / 100.0, seed);
        let point = Control::new(
            name,
            title,
            &format!("The CNN, trained and tuned on {percent} % of the subjects of each fold."),
        );
        let splits = std::slice::from_ref(split);
        let role = ModelRole::LearningCurve;
        let mut model = fit(&point, &on_share, dataset, splits, study, role)?;
        model.subjects = Some(subjects(&on_share, dataset, split));
        Ok(model)
    };
    SHARES.into_iter().map(point).collect()
}

/// Mean number of subjects on which a fold is trained and tuned.
pub(crate) fn subjects<L>(on_share: &OnShare<'_, L>, dataset: &Dataset, split: &Split) -> f64 {
    let folds = split.folds();
    let of_fold = |fold: usize| {
        let fold = split.fold(dataset, fold);
        let [train, tune] =
            [fold.train.samples(), fold.tune.samples()].map(|set| on_share.subjects(set).len());
        train + tune
    };
    (0..folds).map(of_fold).sum::<usize>() as f64 / folds as f64
}
