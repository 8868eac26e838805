use foramen_learn::Prediction;
use foramen_metrics::{MetricsError, Scores, discrimination::auc};
use foramen_study::files::{FoldTemperature, ModelNotes, ModelRole};

use crate::reporting::predictions_file;

/// A model and what it says of subjects it has not seen.
pub(crate) struct TrainedModel {
    /// The name in files.
    pub(crate) name: String,
    /// The name for people.
    pub(crate) title: String,
    /// What it is, for people.
    pub(crate) description: String,
    /// One prediction per labelled sample and repeat.
    pub(crate) predictions: Vec<Prediction>,
    /// The threshold of each fold that was trained, in order; none where nothing was trained.
    pub(crate) thresholds: Vec<Option<f64>>,
    /// The hash of what the model of each fold was fitted on, where models are kept.
    pub(crate) fitted_on: Vec<Option<String>>,
    /// What it is for.
    pub(crate) role: ModelRole,
    /// What the log-odds of each fold were divided by, where they were.
    pub(crate) temperatures: Vec<FoldTemperature>,
    /// How many subjects each fold learned from and was tuned on, in the mean, where it is a
    /// point of a learning curve.
    pub(crate) subjects: Option<f64>,
}

impl TrainedModel {
    /// `AUC 0.812 (0.763–0.861)`; with several repeats, that of the first.
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

    /// What the study keeps of it beside its predictions.
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

    /// The predictions of the first repeat whose outcome is known: those of further ones are of
    /// the same subjects, and would make an interval too narrow.
    fn scores(&self) -> Result<Scores, MetricsError> {
        let first = self.predictions.iter().filter(|p| p.repeat == 0);
        let known = first.filter_map(|p| Some((p.outcome?, p.probability.get())));
        let (labels, values): (Vec<bool>, Vec<f64>) =
            known.map(|(outcome, value)| (outcome.is_favourable(), value)).unzip();
        Scores::new(&labels, &values)
    }
}
