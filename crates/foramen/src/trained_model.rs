use foramen_learn::Prediction;
use foramen_metrics::{MetricsError, Scores, auc};
use foramen_study::files::ModelRole;

/// A model and what it says of subjects it has not seen.
pub(crate) struct TrainedModel {
    /// The name in files.
    pub(crate) name: String,
    /// The name for people.
    pub(crate) title: &'static str,
    /// What it is, for people.
    pub(crate) description: String,
    /// One prediction per labelled sample and repeat.
    pub(crate) predictions: Vec<Prediction>,
    /// The mean of the folds' thresholds.
    pub(crate) threshold: Option<f64>,
    /// What it is for.
    pub(crate) role: ModelRole,
}

impl TrainedModel {
    /// `AUC 0.812 (0.763–0.861)`; with several repeats, that of the first.
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

    /// The predictions of the first repeat whose outcome is known: those of further ones are of
    /// the same subjects, and would make an interval too narrow.
    pub(crate) fn scores(&self) -> Result<Scores, MetricsError> {
        let first = self.predictions.iter().filter(|p| p.repeat == 0);
        let known = first.filter_map(|p| Some((p.outcome?, p.probability.get())));
        let (labels, values): (Vec<bool>, Vec<f64>) =
            known.map(|(outcome, value)| (outcome.is_favourable(), value)).unzip();
        Scores::new(&labels, &values)
    }
}
