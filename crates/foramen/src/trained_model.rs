use foramen_learn::Prediction;
use foramen_metrics::{MetricsError, Scores, discrimination::auc};
use foramen_study::files::{FoldTemperature, ModelNotes, ModelRole};

use crate::reporting::predictions_file;

/// A model with its predictions for subjects that it was not trained on.
pub(crate) struct TrainedModel {
    /// The name in files.
    pub(crate) name: String,
    /// The name for people.
    pub(crate) title: String,
    /// A description for people.
    pub(crate) description: String,
    /// One prediction per labelled sample and repeat.
    pub(crate) predictions: Vec<Prediction>,
    /// The threshold of each trained fold, in order; empty if nothing was trained.
    pub(crate) thresholds: Vec<Option<f64>>,
    /// The hash of each fold's training data, if models are kept.
    pub(crate) fitted_on: Vec<Option<String>>,
    /// The model's role.
    pub(crate) role: ModelRole,
    /// The temperature of each fold by which log-odds were divided, if any.
    pub(crate) temperatures: Vec<FoldTemperature>,
    /// For a point of a learning curve: the mean number of subjects on which each fold was trained
    /// and tuned.
    pub(crate) subjects: Option<f64>,
}

impl TrainedModel {
    /// `AUC 0.812 (0.763–0.861)`; with several repeats, that of the first repeat.
    #[must_use]
    pub(crate) fn summary(&self) -> String {
        match self.scores().map(|scores| auc(&scores)) {
            Ok(Ok(estimate)) => match estimate.ci() {
                Some((low, high)) => format!("AUC {:.3} ({low:.3}–{high:.3})", estimate.estimate),
                None => format!("AUC {:.3}", estimate.estimate),
            },
            Ok(Err(undefined)) => format!("AUC undefined: {undefined}"),
            Err(error) => format!("AUC undefined: {error}"),
        }
    }

    /// The AUC over the folds of the first repeat together; `None` where it is not defined.
    #[cfg(feature = "torch")]
    #[must_use]
    pub(crate) fn auc(&self) -> Option<foramen_metrics::Estimate> {
        self.scores().ok().and_then(|scores| auc(&scores).ok())
    }

    /// The mean of the folds' thresholds; `None` where no fold has one.
    #[must_use]
    pub(crate) fn threshold(&self) -> Option<f64> {
        let known: Vec<f64> = self.thresholds.iter().flatten().copied().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }

    /// The study's notes on the model, besides its predictions.
    #[must_use]
    pub(crate) fn notes(&self) -> ModelNotes {
        ModelNotes {
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            threshold: self.threshold(),
            predictions: predictions_file(&self.name),
            role: self.role,
            temperatures: self.temperatures.clone(),
            subjects: self.subjects,
        }
    }

    /// The predictions of the first repeat with known outcomes. Predictions of further repeats are
    /// for the same subjects, and would make an interval too narrow.
    fn scores(&self) -> Result<Scores, MetricsError> {
        let first = self.predictions.iter().filter(|p| p.repeat == 0);
        let known = first.filter_map(|p| Some((p.outcome?, p.probability.get())));
        let (labels, values): (Vec<bool>, Vec<f64>) =
            known.map(|(outcome, value)| (outcome.is_favourable(), value)).unzip();
        Scores::new(&labels, &values)
    }
}
