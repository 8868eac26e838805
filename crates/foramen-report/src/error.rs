use foramen_metrics::MetricsError;
use foramen_types::TypeError;
use thiserror::Error;

/// Why there is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// There is no model to report on.
    #[error("there is no model to report on")]
    NoModels,
    /// Two models have one name.
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
    /// One foramen has both outcomes.
    #[error(
        "the {side} foramen {level} of subject {subject} has both outcomes in the predictions \
         of {name:?}; repeats of one injection must carry one label"
    )]
    Labels {
        /// The model, or the second of two that are compared.
        name: String,
        /// Whose foramen.
        subject: String,
        /// Its level.
        level: String,
        /// Its side.
        side: String,
    },
    /// Rows of the outcome table are neither included nor excluded.
    #[error(
        "the cohort does not add up: {included} rows included and {excluded} excluded of {rows}"
    )]
    Cohort {
        /// Rows of the outcome table.
        rows: usize,
        /// Rows included.
        included: usize,
        /// Rows excluded, over all reasons.
        excluded: usize,
    },
    /// A table of predictions cannot be read as CSV.
    #[error("could not read the predictions as a CSV table")]
    Csv(#[from] csv::Error),
    /// A column is missing.
    #[error("the predictions have no column {column:?}; the columns found are {found}")]
    MissingColumn {
        /// The column.
        column: &'static str,
        /// The columns that are there.
        found: String,
    },
    /// A cell holds no value of its column.
    #[error("row {row} of the predictions has {value:?} as {column}; write {remedy}")]
    Cell {
        /// Line number; the header is line 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// The text of the cell.
        value: String,
        /// What may stand there.
        remedy: &'static str,
    },
    /// A cell holds no subject, level or side.
    #[error("row {row} of the predictions cannot be used")]
    Value {
        /// Line number; the header is line 1.
        row: u64,
        /// Why not.
        #[source]
        source: TypeError,
    },
    /// There is no row with a label.
    #[error("the predictions have no row with a label; {without_label} rows have none")]
    NoLabels {
        /// Rows without a label.
        without_label: usize,
    },
}
