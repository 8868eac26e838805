use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use foramen_table::{Row, inert};

use crate::StudyError;
use crate::atomic_file::AtomicFile;

/// Optional columns of text or numbers; those whose names end in `_mm` are numbers as well.
const OPTIONAL: [&str; 9] =
    ["nx", "ny", "nz", "confidence", "frame", "kim", "modified_kim", "state", "status"];

/// A table with a header, with its name in messages.
pub(crate) struct Table {
    name: &'static str,
    table: foramen_table::Table,
}

impl Table {
    /// Reads a table whose header is found by the `wanted` names. Numbers are converted to have a
    /// decimal point; in optional columns, words for "missing" become blank.
    pub(crate) fn read(
        name: &'static str,
        reader: impl Read,
        wanted: &[&str],
    ) -> Result<Self, StudyError> {
        let of_table = |source| StudyError::Table { table: name, source };
        let mut table = foramen_table::Table::read(reader, wanted).map_err(of_table)?;
        for id in ["subject_id", "patient_id"] {
            let Some(column) = table.find(id).filter(|_| wanted.contains(&id)) else { continue };
            table.tidy_ids(column).map_err(of_table)?;
        }
        let mut tidied = Self { name, table };
        let optional = |title: &String| {
            let title = title.to_lowercase();
            let number = title.ends_with("_mm") && title != "drafted_mm";
            number || OPTIONAL.contains(&title.as_str())
        };
        let titles = (0..).zip(tidied.table.header());
        let columns: Vec<usize> =
            titles.filter(|(_, title)| optional(title)).map(|(at, _)| at).collect();
        columns.into_iter().for_each(|column| tidied.plain_numbers(column));
        Ok(tidied)
    }

    /// Converts the numbers of a column to have a decimal point, and words for "missing" to blanks.
    /// Other values are unchanged, so that the caller refuses them.
    pub(crate) fn plain_numbers(&mut self, column: usize) {
        for place in 0..self.table.rows().len() {
            let cell = self.table.rows()[place].cell(column);
            if cell.is_empty() || cell.parse::<f64>().is_ok_and(f64::is_finite) {
                continue;
            }
            if let Ok(number) = self.table.number(cell) {
                self.table.set(place, column, self::number(number));
            }
        }
    }

    /// Makes a table from objects whose keys are column titles; rows are counted from 1.
    pub(crate) fn from_objects(
        name: &'static str,
        objects: Vec<serde_json::Map<String, serde_json::Value>>,
    ) -> Self {
        let titles: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
        let header: Vec<String> = titles.into_iter().cloned().collect();
        let text = |value: Option<&serde_json::Value>| match value {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.trim().to_owned(),
            Some(other) => other.to_string(),
        };
        let rows: Vec<Vec<String>> = objects
            .iter()
            .map(|object| header.iter().map(|title| text(object.get(title))).collect())
            .collect();
        Self { name, table: foramen_table::Table::of_rows(header, rows) }
    }

    /// The name of the table in messages.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The titles of its columns.
    pub(crate) fn titles(&self) -> &[String] {
        self.table.header()
    }

    /// The index of a required column.
    pub(crate) fn column(&self, column: &str) -> Result<usize, StudyError> {
        self.optional(column).ok_or_else(|| StudyError::MissingColumn {
            table: self.name,
            column: column.to_owned(),
            found: self.table.header().to_vec(),
        })
    }

    /// The index of an optional column, where present.
    pub(crate) fn optional(&self, column: &str) -> Option<usize> {
        self.table.find(column)
    }

    /// The columns whose titles begin with a prefix: each title without the prefix, and its index.
    pub(crate) fn beginning(&self, prefix: &str) -> Vec<(String, usize)> {
        let titles = (0..).zip(self.table.header());
        titles
            .filter_map(|(at, title)| Some((title.strip_prefix(prefix)?.to_owned(), at)))
            .collect()
    }

    /// The rows in order.
    pub(crate) fn rows(&self) -> &[Row] {
        self.table.rows()
    }
}

/// Writes rows of text as CSV.
pub(crate) fn write_csv(
    path: &Path,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), StudyError> {
    let mut writer = CsvWriter::create(path, header)?;
    rows.into_iter().try_for_each(|row| writer.add(&row))?;
    writer.finish()
}

/// A CSV file that is written row by row, and appears only when it is complete.
#[derive(Debug)]
pub(crate) struct CsvWriter {
    path: PathBuf,
    writer: csv::Writer<AtomicFile>,
}

impl CsvWriter {
    /// Creates a file and writes its header.
    pub(crate) fn create(path: &Path, header: &[&str]) -> Result<Self, StudyError> {
        let writer = csv::Writer::from_writer(AtomicFile::create(path)?);
        let mut file = Self { path: path.to_owned(), writer };
        let written = file.writer.write_record(header);
        written.map_err(|error| file.failed(error.into()))?;
        Ok(file)
    }

    /// Writes a row; cells that a spreadsheet would run as formulas are made inert.
    pub(crate) fn add(&mut self, row: &[String]) -> Result<(), StudyError> {
        let written = self.writer.write_record(row.iter().map(|cell| inert(cell).into_owned()));
        written.map_err(|error| self.failed(error.into()))
    }

    /// Moves the finished file to its path.
    pub(crate) fn finish(self) -> Result<(), StudyError> {
        let Self { path, writer } = self;
        let file = writer
            .into_inner()
            .map_err(|error| StudyError::Write { path, source: error.into_error() })?;
        file.finish()
    }

    fn failed(&self, source: std::io::Error) -> StudyError {
        StudyError::Write { path: self.path.clone(), source }
    }
}

/// The number in a cell, which may be blank; `None` if it holds anything else.
pub(crate) fn number_in(cell: &str) -> Option<Option<f64>> {
    if cell.is_empty() {
        return Some(None);
    }
    cell.parse().ok().filter(|number: &f64| number.is_finite()).map(Some)
}

/// The shortest text of a number that reads back as the same number; empty for `None`.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A measurement to a thousandth; empty for `None`.
pub(crate) fn millimetres(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.3}")).unwrap_or_default()
}
