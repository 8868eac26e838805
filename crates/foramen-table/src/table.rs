use std::borrow::Cow;
use std::io;

use csv::StringRecord;

use crate::{
    LineCount, MISSING, MissingCodes, Records, TableError, Text, find_delimiter, restored,
};

/// A table as text, every cell trimmed; short rows are extended by empty cells.
#[derive(Debug, Clone)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Row>,
    encoding: &'static str,
    lines: LineCount,
    decimal_comma: bool,
}

/// One row with its line number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line number in the file, from 1; in a workbook the row number.
    pub line: u64,
    cells: Vec<String>,
}

impl Row {
    /// The text of a cell; empty when the row is short.
    #[must_use]
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// A cell that holds neither a number nor a word for "missing".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotANumber;

impl Table {
    /// Reads a table from a CSV of any encoding, separator and line end, or from a workbook. The
    /// header is the row among the first 30 with most of the `wanted` names, in any case, or the
    /// first row if none has any. Rows in which every cell is empty are left out.
    ///
    /// # Errors
    /// [`TableError`] for a file that is not a table, for a row with more filled cells than the
    /// header, and for a quote that includes further rows.
    pub fn read(input: impl io::Read, wanted: &[&str]) -> Result<Self, TableError> {
        let Text { text, encoding, sheet } = Text::read(input, None, None)?;
        let is_wanted = |cell: &str| {
            let cell = cell.to_lowercase();
            wanted.iter().any(|name| name.to_lowercase() == cell)
        };
        let delimiter = if sheet.is_some() { b'\t' } else { find_delimiter(&text, is_wanted) };
        let mut records = Records::of(&text, delimiter);
        let (header, header_line) = records.header(None, is_wanted)?;
        let merged = sheet.iter().flatten().find(|merged| merged.last > header_line);
        if let Some(merged) = merged {
            return Err(TableError::MergedCells { place: merged.place.clone() });
        }
        let header: Vec<String> = header.iter().map(|title| title.trim().to_owned()).collect();
        let mut rows = Vec::new();
        let mut record = StringRecord::new();
        while let Some(line) = records.next(&mut record)? {
            let cells: Vec<String> =
                record.iter().map(|cell| restored(cell.trim()).to_owned()).collect();
            match cells.iter().rposition(|cell| !cell.is_empty()) {
                None => {}
                Some(last) if last >= header.len() => {
                    let (expected, found) = (header.len(), cells.len());
                    return Err(TableError::LongRow { line, expected, found });
                }
                Some(_) => rows.push(Row { line, cells }),
            }
        }
        let lines = records.lines()?;
        Ok(Self { header, rows, encoding, lines, decimal_comma: delimiter != b',' })
    }

    /// Makes a table from objects whose keys are column titles; rows are counted from 1.
    #[must_use]
    pub fn of_rows(header: Vec<String>, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let rows = (1..).zip(rows).map(|(line, cells)| Row { line, cells }).collect();
        let lines = LineCount::default();
        Self { header, rows, encoding: "UTF-8", lines, decimal_comma: false }
    }

    /// Replaces the text of an existing cell.
    pub fn set(&mut self, row: usize, column: usize, text: String) {
        if let Some(cell) = self.rows.get_mut(row).and_then(|row| row.cells.get_mut(column)) {
            *cell = text;
        }
    }

    /// The names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The rows in order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The encoding of the file, such as `windows-1252`, or `xlsx`.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        self.encoding
    }

    /// Counts of the file's lines.
    #[must_use]
    pub fn lines(&self) -> LineCount {
        self.lines
    }

    /// The index of a column with a name, in any case; the first of several.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let name = name.trim().to_lowercase();
        self.header.iter().position(|title| title.to_lowercase() == name)
    }

    /// Number of columns with a name.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        let name = name.trim().to_lowercase();
        self.header.iter().filter(|title| title.to_lowercase() == name).count()
    }

    /// The finite number of a cell, with a decimal point or comma; `None` where the cell is empty
    /// or holds a word that means "missing" (`NA`, `n/a`, `.`, …). Numbers that often mean
    /// "missing" (99, −9) are read as numbers: 99 may be an age.
    ///
    /// # Errors
    /// [`NotANumber`] for anything else, and for `1,234` between commas, which may mean one
    /// thousand.
    pub fn number(&self, cell: &str) -> Result<Option<f64>, NotANumber> {
        if let Ok(number) = cell.parse::<f64>()
            && number.is_finite()
        {
            return Ok(Some(number));
        }
        if is_missing(cell) {
            return Ok(None);
        }
        let Some((_, decimals)) = cell.split_once(',') else { return Err(NotANumber) };
        let comma = self.decimal_comma || decimals.len() != 3;
        let number = cell.replace(',', ".").parse::<f64>().ok();
        number.filter(|number| comma && number.is_finite()).map(Some).ok_or(NotANumber)
    }
}

/// Whether a cell is empty or holds a word that means "missing" (`NA`, `.`, …).
#[must_use]
pub fn is_missing(cell: &str) -> bool {
    // `NaN` parses as a number and is none.
    let is_word = |code: &&&str| !code.parse::<f64>().is_ok_and(f64::is_finite);
    let words = MISSING.iter().filter(is_word).map(|word| Cow::Borrowed(*word));
    MissingCodes::of(words.collect()).hold(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Table {
        Table::read(bytes, &["subject_id", "age"]).unwrap()
    }

    #[test]
    fn one_table_in_many_forms_is_one_table() {
        let utf16: Vec<u8> = [0xfeff]
            .into_iter()
            .chain("subject_id\tage\nP1\t61\nMüller\t\n".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let forms: [&[u8]; 6] = [
            b"subject_id,age\nP1,61\nM\xc3\xbcller,\n",
            b"subject_id;age\r\nP1;61\r\nM\xfcller;n/a\r\n",
            b"sep=;\rSubject_ID;Age\rP1;61\rM\xc3\xbcller\r",
            b"Export of 2024,\n\nsubject_id,age\nP1,61\n,\nM\xc3\xbcller,.\n",
            b"subject_id|age\nP1|61,0\nMu\xcc\x88ller|NaN\n",
            &utf16,
        ];
        for form in forms {
            let table = read(form);
            let age = table.find("AGE").unwrap();
            let rows: Vec<_> = table
                .rows()
                .iter()
                .map(|row| (row.cell(0), table.number(row.cell(age)).unwrap()))
                .collect();
            let text = String::from_utf8_lossy(form);
            assert_eq!(rows, [("P1", Some(61.0)), ("Müller", None)], "{text}");
        }
    }

    #[test]
    fn numbers_are_read_and_what_is_none_is_refused() {
        let comma = read(b"subject_id;age\n1;2\n");
        let point = read(b"subject_id,age\n1,2\n");
        assert_eq!(comma.number("1,234"), Ok(Some(1.234)));
        assert_eq!(point.number("1,234"), Err(NotANumber));
        assert_eq!(point.number("61,5"), Ok(Some(61.5)));
        assert_eq!(point.number("99"), Ok(Some(99.0)));
        for cell in ["old", "inf", "1e999", "1,2,3"] {
            assert_eq!(comma.number(cell), Err(NotANumber), "{cell}");
        }
    }

    #[test]
    fn cells_that_were_made_inert_read_back() {
        assert_eq!(read(b"subject_id,age\n'=1+1,2\n").rows()[0].cell(0), "=1+1");
    }

    #[test]
    fn a_row_with_more_cells_than_the_header_is_named() {
        let error = Table::read(&b"subject_id,age\nP1,1\nP2,1,2,3\n"[..], &[]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 3") && text.contains("4 cells"), "{text}");
    }
}
