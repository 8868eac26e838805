//! Reads the tables of clinics.
//!
//! [`Table`] is a whole table as text, for short ones: [`Table::read`] finds the encoding, the
//! separator, the header and the decimal comma. [`Text`] and [`Records`] are the two steps below
//! it, for tables of a million rows: bytes to text, text to rows. [`LineCount`] accounts for each
//! physical line, and [`MissingCodes`] finds cells that mean "not entered". [`inert`] and
//! [`restored`] write and read cells that a spreadsheet would run as a formula.
//!
//! ```
//! use foramen_table::Table;
//!
//! let table = Table::read(&b"sep=;\nsubject_id;age\nP1;61,5\nP2;NA\n"[..], &["subject_id"])?;
//! let age = table.find("age").expect("there is such a column");
//! let ages = table.rows().iter().map(|row| table.number(row.cell(age)));
//! assert_eq!(ages.collect::<Vec<_>>(), [Ok(Some(61.5)), Ok(None)]);
//! assert_eq!(table.rows()[0].line, 3);
//! # Ok::<(), foramen_table::TableError>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")
)]

mod codes;
mod error;
mod formula;
mod ids;
mod lines;
mod quote;
mod records;
mod table;
mod text;
mod workbook;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use codes::{MISSING, MissingCodes};
pub use error::TableError;
pub use formula::{inert, restored};
pub use ids::{is_shortened, without_decimals};
pub use lines::LineCount;
pub use records::{Records, find_delimiter, separator_line};
pub use table::{NotANumber, Row, Table, is_missing};
pub use text::{Text, plain};
pub use workbook::Merged;
