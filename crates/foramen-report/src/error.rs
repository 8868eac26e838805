use foramen_metrics::MetricsError;
use thiserror::Error;

/// Why a report could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// There is no model to report on.
    #[error("there is no model to report on")]
    NoModels,
    /// Two models have the same name.
    #[error("two models are named {name:?}; give each its own name")]
    DuplicateModel {
        /// The name.
        name: String,
    },
    /// A model's predictions cannot be evaluated.
    #[error("could not evaluate the model {name:?}")]
    Model {
        /// The model.
        name: String,
        /// Why not.
        #[source]
        source: MetricsError,
    },
    /// One foramen has both outcomes in the predictions.
    #[error(
        "the {side} foramen {level} of subject {subject} has both outcomes in the predictions \
         of {name:?}; repeats of one injection must carry one label"
    )]
    Labels {
        /// The model, or the second of two that are compared.
        name: String,
        /// The subject.
        subject: String,
        /// Level of the foramen.
        level: String,
        /// Side of the foramen.
        side: String,
    },
    /// Some rows of the outcome table are neither included nor excluded.
    #[error(
        "the cohort does not add up: {included} rows included and {excluded} excluded of {rows}"
    )]
    Cohort {
        /// Rows of the outcome table.
        rows: usize,
        /// Rows included.
        included: usize,
        /// Excluded rows, over all reasons.
        excluded: usize,
    },
    /// A table of predictions cannot be used.
    #[error(transparent)]
    Predictions(#[from] foramen_learn::LearnError),
}
