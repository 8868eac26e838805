use thiserror::Error;

/// Why a table as a whole could not be read. One bad row is never an error: it
/// becomes a [`Rejection`](crate::Rejection).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutcomeError {
    /// The bytes could not be read.
    #[error("could not read the outcome table")]
    Read(#[source] std::io::Error),
    /// There is not even a header.
    #[error(
        "the outcome table is empty; its first line must name the columns {}",
        crate::table::REQUIRED.join(",")
    )]
    Empty,
    /// A column that every table needs is not in the header.
    #[error(
        "the outcome table has no column {column:?}; its columns are {}; rename the column that \
         holds it, or add it",
        found.join(", ")
    )]
    MissingColumn {
        /// The column that was looked for.
        column: &'static str,
        /// The columns the file has.
        found: Vec<String>,
    },
    /// Two columns have one name.
    #[error(
        "the outcome table has two columns {column:?} (columns {first} and {second}); remove or \
         rename one"
    )]
    RepeatedColumn {
        /// The name, as matched.
        column: String,
        /// Place of the first, counted from 1.
        first: usize,
        /// Place of the second, counted from 1.
        second: usize,
    },
    /// The text is not UTF-8.
    #[error("row {row} of the outcome table is not UTF-8 text; save the table as \"CSV UTF-8\"")]
    NotUtf8 {
        /// Line number, the header is 1.
        row: u64,
    },
    /// The table is no CSV.
    #[error("could not split the outcome table into rows and columns")]
    Csv(#[from] csv::Error),
}
