use std::collections::BTreeMap;
use std::io;

use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};

use crate::OutcomeError;

/// The columns every table needs.
pub(crate) const REQUIRED: [&str; 7] = [
    "subject_id",
    "level",
    "side",
    "injection_date",
    "nrs_baseline",
    "followup_date",
    "nrs_followup",
];

/// The columns that are understood but need not be there.
const OPTIONAL: [&str; 4] = ["baseline_date", "event", "event_date", "slice_hint"];

/// The separators that are tried, in order of preference.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// A table split into cells, with the line on which each row begins.
pub(crate) struct Table {
    columns: BTreeMap<String, usize>,
    /// Names of the columns that are not understood, with their places.
    pub(crate) others: Vec<(String, usize)>,
    pub(crate) width: usize,
    /// Whether `4,5` can be a number: not where commas separate cells.
    pub(crate) decimal_comma: bool,
    pub(crate) rows: Vec<(u64, StringRecord)>,
}

impl Table {
    /// Reads all bytes, skips a byte order mark, finds the separator, checks the
    /// header.
    pub(crate) fn read(
        mut input: impl io::Read,
        delimiter: Option<u8>,
    ) -> Result<Self, OutcomeError> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(OutcomeError::Read)?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => find_delimiter(bytes)?,
        };
        let mut records = split(bytes, delimiter)?.into_iter();
        let Some((_, header)) = records.next() else { return Err(OutcomeError::Empty) };
        let columns = columns(&header)?;
        let known = |name: &str| REQUIRED.contains(&name) || OPTIONAL.contains(&name);
        let others = columns
            .iter()
            .filter(|(name, _)| !known(name) && !name.is_empty())
            .map(|(_, place)| (header[*place].to_owned(), *place))
            .collect();
        for column in REQUIRED {
            if !columns.contains_key(column) {
                let found = header.iter().map(str::to_owned).collect();
                return Err(OutcomeError::MissingColumn { column, found });
            }
        }
        Ok(Self {
            columns,
            others,
            width: header.len(),
            decimal_comma: delimiter != b',',
            rows: records.collect(),
        })
    }

    /// The cell of a row under a known column; empty where there is none.
    pub(crate) fn cell<'a>(&self, row: &'a StringRecord, column: &str) -> &'a str {
        self.columns.get(column).and_then(|place| row.get(*place)).unwrap_or_default()
    }
}

/// The separator under which the header holds the most known columns.
fn find_delimiter(bytes: &[u8]) -> Result<u8, OutcomeError> {
    let mut best = (0, DELIMITERS[0]);
    for delimiter in DELIMITERS {
        let mut header = ByteRecord::new();
        reader(bytes, delimiter).read_byte_record(&mut header)?;
        let known = header
            .iter()
            .filter(|cell| REQUIRED.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(cell)))
            .count();
        if known > best.0 {
            best = (known, delimiter);
        }
    }
    Ok(best.1)
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter)
        .from_reader(bytes)
}

/// All records with the line each begins on, counted here because blank lines
/// and line ends other than `\n` would shift the reader's own count.
fn split(bytes: &[u8], delimiter: u8) -> Result<Vec<(u64, StringRecord)>, OutcomeError> {
    let mut reader = reader(bytes, delimiter);
    let mut records = Vec::new();
    let (mut line, mut counted) = (1u64, 0usize);
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let start = record.position().map_or(counted, |position| {
            usize::try_from(position.byte()).expect("the bytes are in memory")
        });
        // The reader's position is before the line ends it skips.
        let start = start + bytes[start..].iter().take_while(|b| b"\r\n".contains(b)).count();
        line += line_ends(&bytes[counted..start]);
        counted = start;
        let text = StringRecord::from_byte_record(std::mem::take(&mut record))
            .map_err(|_| OutcomeError::NotUtf8 { row: line })?;
        records.push((line, text));
    }
    Ok(records)
}

/// Line ends in bytes that do not end between `\r` and `\n`.
fn line_ends(bytes: &[u8]) -> u64 {
    let lone =
        |i: usize, byte: u8| byte == b'\n' && (i == 0 || bytes[i - 1] != b'\r') || byte == b'\r';
    bytes.iter().enumerate().map(|(i, byte)| u64::from(lone(i, *byte))).sum()
}

/// Column places by lower-case name.
fn columns(header: &StringRecord) -> Result<BTreeMap<String, usize>, OutcomeError> {
    let mut columns = BTreeMap::new();
    for (place, name) in header.iter().enumerate() {
        let column = name.to_lowercase();
        // Spreadsheets leave empty columns at the right.
        if column.is_empty() {
            continue;
        }
        if let Some(first) = columns.insert(column.clone(), place) {
            return Err(OutcomeError::RepeatedColumn {
                column,
                first: first + 1,
                second: place + 1,
            });
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup";

    fn lines(text: &str) -> Vec<u64> {
        let table = Table::read(text.as_bytes(), None).unwrap();
        table.rows.iter().map(|(line, _)| *line).collect()
    }

    #[test]
    fn rows_are_line_numbers_whatever_ends_a_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = [HEADER, "a,,,,,,", "", "b,\"x", "y\",,,,,", "c,,,,,,"].join(end);
            assert_eq!(lines(&text), [2, 4, 6], "{end:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_blank_lines_before_the_header_are_skipped() {
        assert_eq!(lines(&format!("\u{feff}{HEADER}\na,,,,,,\n")), [2]);
        assert_eq!(lines(&format!("\n\n{HEADER}\na,,,,,,\n")), [4]);
    }

    #[test]
    fn semicolons_and_tabs_are_found() {
        for delimiter in [";", "\t"] {
            let text =
                format!("{HEADER}\nS1,C5/6,left,2024-01-01,7,2024-03-01,3").replace(',', delimiter);
            let table = Table::read(text.as_bytes(), None).unwrap();
            assert_eq!(table.cell(&table.rows[0].1, "nrs_followup"), "3");
            assert!(table.decimal_comma);
        }
    }

    #[test]
    fn a_missing_column_is_named_with_those_that_are_there() {
        let text = HEADER.replace("nrs_baseline", "pain_before");
        let error = Table::read(text.as_bytes(), None).err().unwrap().to_string();
        assert_eq!(
            error,
            "the outcome table has no column \"nrs_baseline\"; its columns are subject_id, level, \
             side, injection_date, pain_before, followup_date, nrs_followup; rename the column \
             that holds it, or add it"
        );
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let error = Table::read(format!("{HEADER},Side").as_bytes(), None).err().unwrap();
        assert!(matches!(error, OutcomeError::RepeatedColumn { first: 3, second: 8, .. }));
    }

    #[test]
    fn other_encodings_are_refused_by_row() {
        let mut bytes = format!("{HEADER},site\nS1,,,,,,,M").into_bytes();
        bytes.push(0xfc); // "ü" in Latin-1.
        let error = Table::read(&bytes[..], None).err().unwrap();
        assert!(matches!(error, OutcomeError::NotUtf8 { row: 2 }));
    }

    #[test]
    fn nothing_is_no_table() {
        assert!(matches!(Table::read(&b""[..], None), Err(OutcomeError::Empty)));
    }
}
