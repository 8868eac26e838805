use foramen_table::TableError;
use thiserror::Error;

/// Why a table as a whole could not be read. One bad row is never an error: it
/// becomes a [`Rejection`](crate::Rejection).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutcomeError {
    /// The file could not be read as a table.
    #[error(transparent)]
    Table(TableError),
    /// The mapping file could not be read.
    #[error("could not read the mapping file")]
    Read(#[source] std::io::Error),
    /// The file has no header.
    #[error(
        "the outcome table is empty; its first line must name the columns {}",
        crate::field::Field::names(crate::field::Field::required())
    )]
    Empty,
    /// A required column is not in the header.
    #[error(
        "the outcome table has no column {column:?}; its columns are {}; rename the column that \
         holds it, or name it in a mapping under [columns]{}",
        found.join(", "), instead_of(column)
    )]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// The columns of the file.
        found: Vec<String>,
    },
    /// Two columns have the same name.
    #[error(
        "the outcome table has two columns {column:?} (columns {first} and {second}); remove or \
         rename one, or name the one to use by its place in a mapping: {column} = {first}"
    )]
    RepeatedColumn {
        /// The name, as compared.
        column: String,
        /// Place of the first, counted from 1.
        first: usize,
        /// Place of the second, counted from 1.
        second: usize,
    },
    /// A column is mapped to a field, and another column has the field's name.
    #[error(
        "the mapping says that {field} is the column {mapped:?}, and column {place} is called \
         {field:?} as well; rename it, or list it under `ignore` in the mapping"
    )]
    TwoColumns {
        /// The field.
        field: &'static str,
        /// The column that the mapping names.
        mapped: String,
        /// Place of the column with the field's name, counted from 1.
        place: usize,
    },
    /// The mapping names a column that the table lacks.
    #[error(
        "the mapping says that {field} is the column {column:?}, which the table lacks; its \
         columns are {}; correct the mapping", found.join(", ")
    )]
    MappedColumnMissing {
        /// The field.
        field: &'static str,
        /// The column that the mapping names.
        column: String,
        /// The columns of the file.
        found: Vec<String>,
    },
    /// The mapping gives meanings for the words of a column that the table lacks.
    #[error(
        "the mapping has [values.{name}], which no column of the table is kept under, so it has \
         no effect; there are {}; correct the name, or remove it", known.join(", ")
    )]
    ValuesOfNothing {
        /// The name in the mapping.
        name: String,
        /// The names of the kept columns.
        known: Vec<String>,
    },
    /// The mapping ignores a column that the table lacks.
    #[error(
        "the mapping ignores the column {column:?}, which the table lacks, so that has no effect; \
         its columns are {}; correct the name, or remove it", found.join(", ")
    )]
    IgnoresNothing {
        /// The column that the mapping names.
        column: String,
        /// The columns of the file.
        found: Vec<String>,
    },
    /// The mapping names REDCap events, but the table is not a REDCap export.
    #[error(
        "the mapping names events under [redcap], but the table is no REDCap export, so they have \
         no effect; say format = \"redcap\", or remove them"
    )]
    EventsOfNoRedcap,
    /// Most scores are outside 0 to 10.
    #[error(
        "{above} of the {of} scores in the column {column:?} are above 10, so it has another scale \
         and its low scores would be labelled wrongly; say scale = 100 in the mapping (or what the \
         highest score is), or scale = 10 if they are errors"
    )]
    OtherScale {
        /// The column.
        column: String,
        /// Scores above 10.
        above: usize,
        /// Scores.
        of: usize,
    },
    /// The mapping states a scale that does not fit the scores.
    #[error(
        "the mapping says scale = {scale}, but no score is above 10, so every score would be read \
         as nearly none; remove it, or correct the scores"
    )]
    ScaleOfNothing {
        /// The scale.
        scale: u16,
    },
    /// The mapping gives a field both a constant and a column.
    #[error(
        "the mapping has {name} under [constant], and a column for it as well; remove one of the \
         two, or list the column under `ignore`"
    )]
    ConstantAndColumn {
        /// The field.
        name: String,
    },
    /// A nominal visit has no time.
    #[error(
        "the mapping does not say when the visit {visit:?} under [nominal] is; give the days after \
         the injection, a text such as \"2 months\", or \"baseline\""
    )]
    NominalVisit {
        /// The visit.
        visit: String,
    },
    /// A nominal visit is neither a column nor an event of the export.
    #[error(
        "the mapping says under [nominal] when {event:?} is, which is neither a column nor an \
         event of the export; its events are {}; correct the mapping",
        found.join(", ")
    )]
    NominalEvent {
        /// The name in the mapping.
        event: String,
        /// The events of the export.
        found: Vec<String>,
    },
    /// A value of the mapping is not allowed.
    #[error("the mapping has a {key} that cannot be; {remedy}")]
    MappingValue {
        /// The key.
        key: &'static str,
        /// What to write instead.
        remedy: &'static str,
    },
    /// The mapping file is not a valid mapping.
    #[error("could not read the mapping file")]
    Mapping(#[source] Box<toml::de::Error>),
    /// The mapping names a field that does not exist.
    #[error(
        "the mapping names the column {name:?}, which is none of {}; correct it, or move it under \
         [covariates]", crate::field::Field::names(&crate::field::Field::ALL)
    )]
    UnknownField {
        /// The name in the mapping.
        name: String,
    },
    /// The mapping gives a covariate the name of a field.
    #[error("the mapping lists {name:?} under [covariates]; move it under [columns]")]
    FieldAsCovariate {
        /// The name in the mapping.
        name: String,
    },
    /// The mapping uses one column for two fields.
    #[error(
        "the mapping takes the column {column:?} for both {first} and {second}; give each its \
         own, or say what tells the visits apart: the column `visit` under [columns], or, for a \
         REDCap export, redcap.baseline_events"
    )]
    MappedTwice {
        /// The column.
        column: String,
        /// One field.
        first: String,
        /// The other.
        second: String,
    },
    /// A file given as a REDCap data dictionary is not one.
    #[error(
        "the data dictionary has no columns \"Variable / Field Name\" and \"Field Type\"; export \
         it from REDCap under Data Dictionary"
    )]
    NotADictionary,
    /// A required column is not in the data dictionary.
    #[error(
        "the data dictionary has no field {column:?}; its fields are {}; give the dictionary of \
         this project, or correct the mapping", fields.join(", ")
    )]
    NotInDictionary {
        /// The column.
        column: String,
        /// The fields of the dictionary.
        fields: Vec<String>,
    },
    /// A field of the data dictionary has the wrong type for its use.
    #[error(
        "the data dictionary says that {column:?} is {found}, but {field} needs {expected}; \
         correct the mapping or the field"
    )]
    WrongFieldType {
        /// The column.
        column: String,
        /// The field for which it is used.
        field: &'static str,
        /// Its type according to the dictionary.
        found: String,
        /// The required type.
        expected: &'static str,
    },
    /// No episode has a value under a name.
    #[error(
        "no episode of the outcome table has anything under {name:?}; there are {}; correct the \
         name", found.join(", ")
    )]
    NoCovariate {
        /// The name.
        name: String,
        /// The names that have values.
        found: Vec<String>,
    },
    /// A covariate is larger than any plausible measurement of a patient.
    #[error(
        "row {} of the outcome table: {column} = {value:e} is larger than any measurement of a \
         patient; correct it, or leave it blank",
        rows.iter().map(u64::to_string).collect::<Vec<_>>().join(" or ")
    )]
    HugeNumber {
        /// The rows of the episode, from 2.
        rows: Vec<u64>,
        /// The column.
        column: String,
        /// The number.
        value: f64,
    },
    /// The value of a numeric covariate is not a number.
    #[error(
        "row {} of the outcome table: {column} = {value:?} is no number; correct it, leave it \
         blank, or leave this covariate out",
        rows.iter().map(u64::to_string).collect::<Vec<_>>().join(" or ")
    )]
    NoNumber {
        /// The rows of the episode; the header is 1.
        rows: Vec<u64>,
        /// The covariate.
        column: String,
        /// Its value.
        value: String,
    },
    /// No row begins on a line.
    #[error("no row of the table begins on line {row}; the header is line 1 in a plain table")]
    NoRow {
        /// The line.
        row: u64,
    },
}

impl From<TableError> for OutcomeError {
    /// Adds the required columns to the error for an empty table.
    fn from(error: TableError) -> Self {
        match error {
            TableError::Empty => Self::Empty,
            other => Self::Table(other),
        }
    }
}

/// The alternatives in a mapping for a missing column.
fn instead_of(column: &str) -> &'static str {
    match column {
        "level" | "side" | "injection_date" => ", or give what holds for all rows under [constant]",
        "followup_date" | "nrs_followup" => {
            ", or say under [nominal] when the columns or the events of visits without dates are"
        }
        _ => "",
    }
}
