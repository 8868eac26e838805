use std::error::Error;

use foramen_types::Probability;

use crate::{Sample, TrainSet, TuneSet};

/// A method that can be fitted.
pub trait Learner {
    /// The fitted classifier.
    type Fitted: Classifier;
    /// The error of fitting.
    type Error: Error + Send + Sync + 'static;

    /// The name in files and reports, such as `cnn` or `ruler`.
    fn name(&self) -> &str;

    /// Fits on the train set; all choices (when to stop, temperature) are made on the tune set.
    ///
    /// # Errors
    /// The learner's own.
    fn fit(&self, train: &TrainSet<'_>, tune: &TuneSet<'_>) -> Result<Self::Fitted, Self::Error>;
}

/// A fitted model, which predicts the probability of a favourable outcome.
pub trait Classifier {
    /// The error of predicting.
    type Error: Error + Send + Sync + 'static;

    /// The probability of a favourable outcome for each sample, in order.
    ///
    /// # Errors
    /// The classifier's own.
    fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, Self::Error>;
}
