use std::fmt;

use crate::Unit;

/// A remark on how the table was read, for users of the labels. A remark does not change a label;
/// it reports an interpretation of columns or values, and how often it was made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Remark {
    /// The header is not on the first line.
    Header {
        /// Its line.
        line: u64,
        /// Lines before it, which were skipped.
        skipped: usize,
    },
    /// Rows with fewer cells than the header.
    Padded {
        /// Their line numbers.
        rows: Vec<u64>,
    },
    /// Two columns that are not needed have the same name: each is kept under its name and place.
    DoubledColumn {
        /// The name.
        column: String,
        /// The places, counted from 1.
        places: Vec<usize>,
    },
    /// The day of a visit was taken from the name of its column.
    NominalDay {
        /// The column.
        column: String,
        /// Days after the injection.
        day: u16,
    },
    /// Follow-up dates are times since the injection.
    Counted {
        /// The column.
        column: String,
        /// The unit of these times.
        unit: Unit,
        /// Number of rows.
        n: usize,
    },
    /// Ids that are whole numbers with a decimal (`1001.0`); the decimal was removed.
    Decimals {
        /// Number of subjects.
        subjects: usize,
    },
    /// Both entries of REDCap's double data entry (`R1--1`, `R1--2`) are in the
    /// table and were read as one person's.
    DoubleEntry {
        /// Number of persons with such ids.
        subjects: usize,
        /// The first line with one.
        row: u64,
    },
    /// The mapping defines words that no row uses.
    UnseenWords {
        /// The name under `values`.
        name: String,
        /// The words.
        words: Vec<String>,
    },
    /// A number that means "not entered" in a column that is kept unchanged.
    MissingCode {
        /// The column.
        column: String,
        /// The number.
        code: String,
        /// Number of cells with this code, which count as missing.
        n: usize,
    },
    /// Impossible numbers, such as an age of 999; they count as missing.
    Implausible {
        /// The column.
        column: String,
        /// One of them.
        value: String,
        /// Their line numbers.
        rows: Vec<u64>,
    },
}

impl Remark {
    /// A short name for files; it does not change between versions.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Header { .. } => "header_row",
            Self::Padded { .. } => "padded_rows",
            Self::DoubledColumn { .. } => "doubled_column",
            Self::NominalDay { .. } => "nominal_day",
            Self::Counted { .. } => "counted_followup",
            Self::Decimals { .. } => "ids_with_decimals",
            Self::DoubleEntry { .. } => "double_entry",
            Self::UnseenWords { .. } => "unseen_words",
            Self::MissingCode { .. } => "missing_code",
            Self::Implausible { .. } => "implausible",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { line, skipped } => {
                write!(f, "the header was found on line {line}; ")?;
                let (was, word) = (if *skipped == 1 { "was" } else { "were" }, "before it");
                write!(f, "{} {word} {was} skipped", counted(*skipped, "line", "lines"))
            }
            Self::Padded { rows } => {
                let n = counted(rows.len(), "row has", "rows have");
                write!(f, "{n} fewer cells than the header, padded with empty ones: ")?;
                write!(f, "{}", listed(rows, "row"))
            }
            Self::DoubledColumn { column, places } => {
                write!(f, "columns {} are all called {column:?}", joined(places, "and"))?;
                write!(f, "; nothing needs them, and each is kept under its place")
            }
            Self::NominalDay { column, day } => {
                write!(f, "the follow-ups in {column:?} have no date; its name says day ")?;
                write!(f, "{day}. Say [nominal] {column} = {day} in the mapping, or correct it")
            }
            Self::Counted { column, unit, n } => {
                let unit = match unit {
                    Unit::Days => "days",
                    Unit::Weeks => "weeks",
                    Unit::Months => "months",
                };
                write!(f, "{} of {column:?} ", counted(*n, "cell", "cells"))?;
                write!(f, "read as {unit} after the injection (followup_unit in the mapping)")
            }
            Self::Decimals { subjects } => {
                let n = counted(*subjects, "id is", "ids are");
                write!(f, "{n} a whole number with a decimal, such as 1001.0; it was left out")
            }
            Self::DoubleEntry { subjects, row } => {
                let n = counted(*subjects, "person has", "persons have");
                write!(f, "{n} two entries, --1 and --2 (from row {row} on): REDCap's double ")?;
                write!(f, "data entry. They are read as one; where they differ, no label is ")?;
                write!(f, "given. Export the merged records instead")
            }
            Self::UnseenWords { name, words } => {
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                write!(f, "[values.{name}] of the mapping explains {}", joined(&words, "and"))?;
                write!(f, ", which no row uses")
            }
            Self::MissingCode { column, code, n } => {
                write!(f, "{column}: {} {code:?}, ", counted(*n, "cell holds", "cells hold"))?;
                write!(f, "which counts as missing; if it is a number, say so: ")?;
                write!(f, "[values.{column}] \"{code}\" = \"{code}\"")
            }
            Self::Implausible { column, value, rows } => {
                let n = counted(rows.len(), "cell is", "cells are");
                write!(f, "{column}: {n} impossible, such as {value:?}, counted as missing: ")?;
                write!(f, "{}", listed(rows, "row"))
            }
        }
    }
}

/// `1 line was`, `3 lines were`.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `1, 2 and 3`.
pub(crate) fn joined<T: fmt::Display>(items: &[T], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.to_string(),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(T::to_string).collect();
            format!("{} {word} {last}", first.join(", "))
        }
    }
}

/// The first few of many line numbers.
pub(crate) fn listed(rows: &[u64], what: &str) -> String {
    const MOST: usize = 8;
    let shown: Vec<String> = rows.iter().take(MOST).map(u64::to_string).collect();
    let more = if rows.len() > MOST { ", …" } else { "" };
    let plural = if rows.len() == 1 { "" } else { "s" };
    format!("{what}{plural} {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_sentences() {
        let remark = Remark::Padded { rows: (4..20).collect() };
        assert_eq!(
            remark.to_string(),
            "16 rows have fewer cells than the header, padded with empty ones: rows 4, 5, 6, 7, \
             8, 9, 10, 11, …"
        );
        let remark = Remark::Header { line: 2, skipped: 1 };
        assert_eq!(
            remark.to_string(),
            "the header was found on line 2; 1 line before it was skipped"
        );
        assert_eq!(joined(&[1, 2, 3], "and"), "1, 2 and 3");
    }
}
