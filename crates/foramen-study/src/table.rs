use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use crate::StudyError;

/// A CSV table with a header, every cell trimmed text.
pub(crate) struct Table {
    name: &'static str,
    header: Vec<String>,
    rows: Vec<Row>,
}

/// One row with its line number.
pub(crate) struct Row {
    /// Line number in the file; the header is line 1.
    pub(crate) line: u64,
    cells: Vec<String>,
}

impl Row {
    /// The text of a cell; empty when the row is short.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

impl Table {
    /// Reads a table; a byte order mark before the header is skipped.
    pub(crate) fn read(name: &'static str, reader: impl Read) -> Result<Self, StudyError> {
        let csv = |source| StudyError::Csv { table: name, source };
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(reader);
        let header = reader.headers().map_err(csv)?;
        let header =
            header.iter().map(|title| title.trim_start_matches('\u{feff}').to_owned()).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(csv)?;
            let line = record.position().map_or(0, csv::Position::line);
            let cells = record.iter().map(|cell| restored(cell).to_owned()).collect();
            rows.push(Row { line, cells });
        }
        Ok(Self { name, header, rows })
    }

    /// A table of objects with the titles of columns; rows are counted from 1.
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
        let rows = (1..).zip(&objects).map(|(line, object)| Row {
            line,
            cells: header.iter().map(|title| text(object.get(title))).collect(),
        });
        Self { name, rows: rows.collect(), header }
    }

    /// The name of the table in messages.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The titles of its columns.
    pub(crate) fn titles(&self) -> &[String] {
        &self.header
    }

    /// The place of a column that must be there.
    pub(crate) fn column(&self, column: &str) -> Result<usize, StudyError> {
        self.optional(column).ok_or_else(|| StudyError::MissingColumn {
            table: self.name,
            column: column.to_owned(),
            found: self.header.clone(),
        })
    }

    /// The place of a column that may be there.
    pub(crate) fn optional(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|title| title.eq_ignore_ascii_case(column))
    }

    /// The titles of columns that begin like this, without it, each with its place.
    pub(crate) fn beginning(&self, prefix: &str) -> Vec<(String, usize)> {
        let titles = (0..).zip(&self.header);
        titles
            .filter_map(|(at, title)| Some((title.strip_prefix(prefix)?.to_owned(), at)))
            .collect()
    }

    /// The rows in order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// Writes a file so that it is there whole or not at all: to a neighbour first,
/// then renamed.
///
/// # Errors
/// [`StudyError::Write`] with the path.
pub fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), StudyError> {
    let failed = |source| StudyError::Write { path: path.to_owned(), source };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = std::io::BufWriter::new(fs::File::create(&partial)?);
        fill(&mut file)?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(failed)
}

/// Writes rows of text as CSV.
pub(crate) fn write_csv(
    path: &Path,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), StudyError> {
    write_atomically(path, |file| {
        let mut writer = csv::Writer::from_writer(file);
        writer.write_record(header)?;
        for row in rows {
            writer.write_record(row.iter().map(|cell| inert(cell).into_owned()))?;
        }
        writer.flush()
    })
}

/// Whether a spreadsheet would run a cell as a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '@'])
        || cell.starts_with('-') && cell.len() > 1 && cell.parse::<f64>().is_err()
}

/// A cell with an apostrophe before what a spreadsheet would run as a formula:
/// ids and reasons come from tables that others wrote.
fn inert(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell without that apostrophe.
fn restored(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// The number of a cell that is blank or holds one.
pub(crate) fn number_in(cell: &str) -> Option<Option<f64>> {
    if cell.is_empty() {
        return Some(None);
    }
    cell.parse().ok().filter(|number: &f64| number.is_finite()).map(Some)
}

/// A number with the fewest digits that read back as itself; empty for none.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A measurement to a thousandth; empty for none.
pub(crate) fn millimetres(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.3}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_is_a_formula_is_written_so_that_it_is_none_and_read_back() {
        for cell in ["=HYPERLINK(\"x\")", "+1+1", "@SUM(A1)", "-cmd"] {
            assert_eq!(inert(cell), format!("'{cell}"));
            assert_eq!(restored(&inert(cell)), cell);
        }
        for cell in ["-2.5", "S1", "", "-", "'quoted", "C5/6"] {
            assert_eq!((&*inert(cell), restored(cell)), (cell, cell));
        }
    }
}
