use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use foramen_learn::{Dataset, Learner, Prediction, Ruler, Split, cross_validate};
use foramen_metrics::{Scores, auc};
use foramen_study::files::write_predictions;

/// How models are trained.
#[derive(Debug, Clone, Args)]
pub struct TrainArguments {
    /// Where the CNN computes: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Folds of the cross-validation, by subject.
    #[arg(long, default_value_t = 5)]
    pub folds: usize,
    /// Seed of the split and of the training.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Epochs of the CNN, instead of its default.
    #[arg(long)]
    pub epochs: Option<usize>,
}

/// A model and what it says of subjects it has not seen.
pub struct TrainedModel {
    /// The name in files.
    pub name: String,
    /// The name for people.
    pub title: &'static str,
    /// What it is, for people.
    pub description: String,
    /// One prediction per labelled sample.
    pub predictions: Vec<Prediction>,
    /// The mean of the folds' thresholds.
    pub threshold: Option<f64>,
    /// How long it took, seconds.
    pub seconds: f64,
}

impl TrainedModel {
    /// `AUC 0.812 (0.763–0.861)`.
    #[must_use]
    pub fn summary(&self) -> String {
        let known = self.predictions.iter().filter_map(|p| Some((p.outcome?, p.probability.get())));
        let (labels, values): (Vec<bool>, Vec<f64>) =
            known.map(|(outcome, value)| (outcome.is_favourable(), value)).unzip();
        match Scores::new(&labels, &values).map(|scores| auc(&scores)) {
            Ok(Ok(estimate)) => match estimate.ci {
                Some((low, high)) => format!("AUC {:.3} ({low:.3}–{high:.3})", estimate.estimate),
                None => format!("AUC {:.3}", estimate.estimate),
            },
            Ok(Err(undefined)) => format!("AUC undefined: {undefined}"),
            Err(error) => format!("AUC undefined: {error}"),
        }
    }
}

/// Trains the ruler and, with the feature `torch`, the CNN by cross-validation,
/// and writes their predictions (and the CNN's models) into `out`.
///
/// # Errors
/// When a model cannot be trained or a file cannot be written.
pub fn train_models(
    dataset: &Dataset,
    arguments: &TrainArguments,
    out: &Path,
) -> Result<Vec<TrainedModel>> {
    let split = Split::by_subject(dataset, arguments.folds, arguments.seed)?;
    let ruler = timed(
        &Ruler::default(),
        dataset,
        &split,
        "Ruler",
        "Logistic regression on the z-score of the measured width: one number, no picture.",
    )?;
    write_predictions(&out.join("predictions-ruler.csv"), &ruler.0.predictions)?;
    #[cfg(not(feature = "torch"))]
    {
        eprintln!("note: built without the feature `torch`, so only the ruler is trained");
        Ok(vec![ruler.0])
    }
    #[cfg(feature = "torch")]
    {
        let cnn = train_cnn(dataset, &split, arguments, out)?;
        Ok(vec![cnn, ruler.0])
    }
}

fn timed<L: Learner>(
    learner: &L,
    dataset: &Dataset,
    split: &Split,
    title: &'static str,
    description: &str,
) -> Result<(TrainedModel, Vec<L::Fitted>)> {
    let started = Instant::now();
    let result = cross_validate(learner, dataset, split)?;
    let model = TrainedModel {
        name: learner.name().to_owned(),
        title,
        description: description.to_owned(),
        threshold: result.threshold(),
        predictions: result.predictions,
        seconds: started.elapsed().as_secs_f64(),
    };
    Ok((model, result.fitted))
}

/// The CNN's own part, which needs libtorch.
#[cfg(feature = "torch")]
fn train_cnn(
    dataset: &Dataset,
    split: &Split,
    arguments: &TrainArguments,
    out: &Path,
) -> Result<TrainedModel> {
    unimplemented!()
}
