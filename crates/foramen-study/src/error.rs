use std::path::PathBuf;

use foramen_types::{KeyError, TypeError};
use thiserror::Error;

/// Why a stage of a study could not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// A file or folder could not be read.
    #[error("could not read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder could not be written.
    #[error("could not write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A stage's file is missing: the stage before has not run.
    #[error("{path} is not there; run `{stage}` first, which writes it")]
    MissingStage {
        /// The file.
        path: PathBuf,
        /// The stage that writes it.
        stage: &'static str,
    },
    /// A JSON file does not hold what it should.
    #[error("{path} is no {what} of this version")]
    Json {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A file was written by another version.
    #[error(
        "{path} has schema version {found}, this version reads {expected}; run its stage again"
    )]
    SchemaVersion {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Version that is read.
        expected: u32,
    },
    /// A table has no column of a name.
    #[error(
        "the {table} has no column {column:?}; its columns are {}; rename the column or add it",
        found.join(", ")
    )]
    MissingColumn {
        /// Which table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The columns there are.
        found: Vec<String>,
    },
    /// A cell of a table holds no value of its column.
    #[error("row {row} of the {table}: {column} = {value:?} cannot be used; {remedy}")]
    Cell {
        /// Which table.
        table: &'static str,
        /// Line number; the header is line 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// The text as given.
        value: String,
        /// What to write instead.
        remedy: &'static str,
    },
    /// A cell of a table is no subject id or level.
    #[error("row {row} of the {table} cannot be used")]
    Value {
        /// Which table.
        table: &'static str,
        /// Line number; the header is line 1.
        row: u64,
        /// Why.
        #[source]
        source: TypeError,
    },
    /// A table names one thing twice.
    #[error("row {row} of the {table} repeats an earlier row; keep one of them")]
    RepeatedRow {
        /// Which table.
        table: &'static str,
        /// Line number; the header is line 1.
        row: u64,
    },
    /// The linkage table contradicts itself.
    #[error("the linkage table cannot be used")]
    Links(#[from] KeyError),
    /// A table is no CSV.
    #[error("could not split the {table} into rows and columns")]
    Csv {
        /// Which table.
        table: &'static str,
        /// Where and why.
        #[source]
        source: csv::Error,
    },
    /// The patches do not fit their index.
    #[error("{path} does not hold the patches that its index lists: {what}; run `select` again")]
    Patches {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// Samples do not make a dataset.
    #[error("the samples of the study do not make a dataset")]
    Learn(#[from] foramen_learn::LearnError),
}
