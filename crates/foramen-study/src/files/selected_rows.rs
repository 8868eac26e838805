use std::fs::File;
use std::path::Path;

use foramen_types::{Level, Side, SubjectId};

use crate::StudyError;
use foramen_table::Row;

use crate::table::Table;

/// The columns of a row of `selections.csv` that a report uses.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedRow {
    /// The subject.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// The width in millimetres, to a thousandth.
    pub width: Option<f64>,
    /// The width of the other side on the same slice, millimetres.
    pub contralateral_width: Option<f64>,
    /// The width of the nerve root, millimetres.
    pub root_width: Option<f64>,
    /// Kim's grade, 0 to 3.
    pub kim: Option<f64>,
    /// Whether a slice was chosen.
    pub chosen: bool,
    /// Confidence in the choice, 0 to 1.
    pub confidence: Option<f64>,
    /// Whether a person chose or corrected the slice: `hint` or `reviewed`.
    pub by_person: bool,
    /// The names of the remarks on its images.
    pub remarks: Vec<String>,
}

/// Reads `selections.csv`.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::Table`], [`StudyError::MissingColumn`],
/// [`StudyError::Value`] and [`StudyError::Cell`].
pub fn read_selections(path: &Path) -> Result<Vec<SelectedRow>, StudyError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            StudyError::MissingStage { path: path.to_owned(), stage: "select" }
        }
        _ => StudyError::Read { path: path.to_owned(), source },
    })?;
    let table =
        Table::read("table of selections", file, &["subject_id", "level", "side", "status"])?;
    let [subject, level, side] =
        [table.column("subject_id")?, table.column("level")?, table.column("side")?];
    let [width, status] = [table.column("width_mm")?, table.column("status")?];
    let [contralateral, root, kim, confidence, remarks] =
        ["contralateral_width_mm", "root_width_mm", "kim", "confidence", "remarks"]
            .map(|column| table.optional(column));
    let row = |row: &Row| {
        let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
        let number = |column: &str, place: Option<usize>| {
            let Some(place) = place else { return Ok(None) };
            let text = row.cell(place);
            crate::table::number_in(text).ok_or_else(|| StudyError::Cell {
                table: table.name(),
                row: row.line,
                column: column.to_owned(),
                value: text.to_owned(),
                remedy: "write a number (of a width, millimetres), or nothing",
            })
        };
        Ok(SelectedRow {
            subject: SubjectId::new(row.cell(subject)).map_err(value)?,
            level: row.cell(level).parse().map_err(value)?,
            side: row.cell(side).parse().map_err(value)?,
            width: number("width_mm", Some(width))?,
            contralateral_width: number("contralateral_width_mm", contralateral)?,
            root_width: number("root_width_mm", root)?,
            kim: number("kim", kim)?,
            chosen: row.cell(status) != "refused",
            confidence: number("confidence", confidence)?,
            by_person: ["hint", "reviewed"].contains(&row.cell(status)),
            remarks: remarks.map_or_else(Vec::new, |at| {
                row.cell(at).split_whitespace().map(str::to_owned).collect()
            }),
        })
    };
    table.rows().iter().map(row).collect()
}
