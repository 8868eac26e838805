use std::error::Error;

use foramen_types::Probability;

use crate::{Sample, TrainSet, TuneSet};

/// Something that can be fitted.
pub trait Learner {
    /// What fitting gives.
    type Fitted: Classifier;
    /// Why fitting can fail.
    type Error: Error + Send + Sync + 'static;

    /// The name in files and reports, such as `cnn` or `ruler`.
    fn name(&self) -> &str;

    /// Fits on the train set; every choice (when to stop, temperature) is made on
    /// the tune set.
    ///
    /// # Errors
    /// The learner's own.
    fn fit(&self, train: &TrainSet<'_>, tune: &TuneSet<'_>) -> Result<Self::Fitted, Self::Error>;
}

/// Something fitted, which tells how likely a favourable outcome is.
pub trait Classifier {
    /// Why predicting can fail.
    type Error: Error + Send + Sync + 'static;

    /// The probability of a favourable outcome for each sample, in order.
    ///
    /// # Errors
    /// The classifier's own.
    fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, Self::Error>;
}
