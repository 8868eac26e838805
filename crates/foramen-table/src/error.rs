use thiserror::Error;

/// Why a file could not be read as a table. A bad cell is never an error here.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file has no header.
    #[error("the table is empty; its first line must name the columns")]
    Empty,
    /// The bytes could not be read.
    #[error("could not read the table")]
    Read(#[source] std::io::Error),
    /// The mapping names an encoding that does not exist.
    #[error("{label:?} is no encoding; write \"utf-8\", \"windows-1252\" or another web encoding")]
    UnknownEncoding {
        /// The name.
        label: String,
    },
    /// The bytes are not text in the stated or detected encoding.
    #[error("the file is not text in {encoding}; save it as \"CSV UTF-8\"")]
    Undecodable {
        /// The encoding that was stated or detected.
        encoding: &'static str,
    },
    /// The delimiter of the mapping is not a single byte.
    #[error("{delimiter:?} cannot separate columns; use a comma, a semicolon or a tab")]
    Delimiter {
        /// The delimiter.
        delimiter: char,
    },
    /// The file is another program's file, not text.
    #[error("the table is {what}, which is not read here; {remedy}")]
    NotText {
        /// The kind of file.
        what: &'static str,
        /// What to do instead.
        remedy: &'static str,
    },
    /// The workbook could not be read.
    #[error("could not read the workbook (.xlsx); open it, save it again, or save it as CSV UTF-8")]
    Workbook(#[source] Box<calamine::XlsxError>),
    /// Several sheets of the workbook may hold the table, or none.
    #[error("{}", sheets(asked.as_deref(), names))]
    Sheet {
        /// The sheet that the mapping names.
        asked: Option<String>,
        /// The sheets of the workbook.
        names: Vec<String>,
    },
    /// The mapping names a sheet, but the file is not a workbook.
    #[error(
        "the mapping names a sheet, but the table is no workbook, so it has no effect; remove it"
    )]
    SheetOfNoWorkbook,
    /// Cells of the rows are merged.
    #[error(
        "the cells {place} of the workbook are merged, so that their value is given once for \
         several; unmerge them, and fill each"
    )]
    MergedCells {
        /// The cells, as the spreadsheet names them.
        place: String,
    },
    /// A quote opens a cell that contains further rows of the table, or never ends.
    #[error(
        "a quote opens on line {line} and takes in the {lines} lines after it, so their rows would \
         be lost; remove that quote, or close it on its line"
    )]
    OpenQuote {
        /// Line on which the unclosed quote begins.
        line: usize,
        /// Number of lines after it that the cell contains.
        lines: usize,
    },
    /// No row begins on the line that the mapping gives for the header.
    #[error(
        "no row of the table begins on line {line}, where header_row of the mapping has the header"
    )]
    HeaderRow {
        /// The line.
        line: u64,
    },
    /// The counts of lines do not add up, which is a fault of this crate.
    #[error("the table has lines that were neither read nor skipped ({lines}); please report this")]
    Lines {
        /// The counts.
        lines: crate::LineCount,
    },
    /// An id is a number that a spreadsheet has shortened.
    #[error(
        "the id on line {line} is a number that a spreadsheet has shortened (as 1.23E+08), so its \
         last digits are gone; format the column as text where it comes from, and export it again"
    )]
    ShortenedId {
        /// Its line.
        line: u64,
    },
    /// A row has more cells than the header names.
    #[error(
        "the row on line {line} has {found} cells and the header {expected}; quote the cell that \
         holds a separator, or name every column"
    )]
    LongRow {
        /// Its line.
        line: u64,
        /// Columns of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// The table is not valid CSV.
    #[error("could not split the table into rows and columns")]
    Csv(#[from] csv::Error),
}

fn sheets(asked: Option<&str>, names: &[String]) -> String {
    let names = names.join(", ");
    match asked {
        Some(asked) => {
            format!(
                "the workbook has no sheet {asked:?}; its sheets are {names}; correct the mapping"
            )
        }
        None => format!(
            "the workbook has no or several sheets with cells, {names}; say which in the mapping: \
             sheet = \"{}\"",
            names.split(", ").next().unwrap_or_default()
        ),
    }
}
