use foramen_learn::Prediction;
use foramen_metrics::{MetricsError, Scores, auc};
use foramen_study::files::ModelNotes;

use crate::reporting::predictions_file;

/// A model and what it says of subjects it has not seen.
pub(crate) struct TrainedModel {
    /// The name in files.
    pub(crate) name: String,
    /// The name for people.
    pub(crate) title: String,
    /// What it is, for people.
    pub(crate) description: String,
    /// One prediction per labelled sample.
    pub(crate) predictions: Vec<Prediction>,
    /// The threshold of each fold that was trained, in order.
    pub(crate) thresholds: Vec<Option<f64>>,
    /// The hash of what the model of each fold was fitted on, where models are kept.
    pub(crate) fitted_on: Vec<Option<String>>,
}

impl TrainedModel {
    /// `AUC 0.812 (0.763–0.861)`.
    #[must_use]
    pub(crate) fn summary(&self) -> String {
        match self.scores().map(|scores| auc(&scores)) {
            Ok(Ok(estimate)) => match estimate.ci {
                Some((low, high)) => format!("AUC {:.3} ({low:.3}–{high:.3})", estimate.estimate),
                None => format!("AUC {:.3}", estimate.estimate),
            },
            Ok(Err(undefined)) => format!("AUC undefined: {undefined}"),
            Err(error) => format!("AUC undefined: {error}"),
        }
    }
}

impl TrainedModel {
    /// The AUC over the folds together; `None` where it is not defined.
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

    /// What the study keeps of it beside its predictions.
    #[must_use]
    pub(crate) fn notes(&self) -> ModelNotes {
        ModelNotes {
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            threshold: self.threshold(),
            predictions: predictions_file(&self.name),
        }
    }

    /// The predictions whose outcome is known.
    fn scores(&self) -> Result<Scores, MetricsError> {
        let known = self.predictions.iter().filter_map(|p| Some((p.outcome?, p.probability.get())));
        let (labels, values): (Vec<bool>, Vec<f64>) =
            known.map(|(outcome, value)| (outcome.is_favourable(), value)).unzip();
        Scores::new(&labels, &values)
    }
}
