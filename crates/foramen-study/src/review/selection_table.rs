use std::fs::File;
use std::path::Path;

use foramen_image::SliceSource;
use foramen_types::{Level, Side, SubjectId};

use crate::StudyError;
use foramen_table::Row;

use crate::table::{Table, number_in};

/// `selections.csv` with every cell, also of columns that this version does not know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SelectionTable {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<SelectionRow>,
}

/// What was chosen for one episode, as far as a person needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionRow {
    /// Whose foramen.
    pub subject: SubjectId,
    /// Its level.
    pub level: Level,
    /// Its side.
    pub side: Side,
    /// Series Instance UID of the chosen image; empty where none was.
    pub series_uid: String,
    /// The chosen image.
    pub image: Option<SliceSource>,
    /// How far it lies above (+) or below (−) the disc, millimetres.
    pub offset: Option<f64>,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// That of the other side on the same image.
    pub contralateral: Option<f64>,
    /// How sure the choice is, 0 to 1.
    pub confidence: Option<f64>,
    /// `selected`, `hint` or `refused`.
    pub status: String,
    /// Why there is no choice.
    pub reason: String,
    /// What whoever measures should know, each a word or a phrase.
    pub remarks: Vec<String>,
    pub(super) cells: Vec<String>,
}

impl SelectionTable {
    /// Reads `selections.csv`.
    ///
    /// # Errors
    /// [`StudyError::MissingStage`], [`StudyError::Read`], [`StudyError::Table`],
    /// [`StudyError::MissingColumn`], [`StudyError::Value`] and [`StudyError::Cell`].
    pub fn read(path: &Path) -> Result<Self, StudyError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                StudyError::MissingStage { path: path.to_owned(), stage: "select" }
            }
            _ => StudyError::Read { path: path.to_owned(), source },
        })?;
        let table = Table::read("table of selections", file, &["subject_id", "level", "side"])?;
        let rows = table.rows().iter().map(|row| read_row(&table, row));
        Ok(Self { rows: rows.collect::<Result<_, _>>()?, header: table.titles().to_vec() })
    }

    /// The rows, in the order of the manifest.
    #[must_use]
    pub fn rows(&self) -> &[SelectionRow] {
        &self.rows
    }
}

fn read_row(table: &Table, row: &Row) -> Result<SelectionRow, StudyError> {
    let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
    let text = |column: &str| table.optional(column).map_or("", |at| row.cell(at));
    let cell = |column: &str, remedy| StudyError::Cell {
        table: table.name(),
        row: row.line,
        column: column.to_owned(),
        value: text(column).to_owned(),
        remedy,
    };
    let number = |column: &str| {
        number_in(text(column)).ok_or_else(|| cell(column, "write a number, or nothing"))
    };
    let needed = |column: &str| table.column(column).map(|at| row.cell(at));
    let uid = needed("sop_instance_uid")?;
    let image = match (uid, text("frame")) {
        ("", _) => None,
        (uid, frame) => {
            let frame = if frame.is_empty() { "1" } else { frame };
            let frame =
                frame.parse().map_err(|_| cell("frame", "write the number of the frame"))?;
            Some(SliceSource { sop_instance_uid: uid.to_owned(), frame })
        }
    };
    let remarks = text("remarks").split(';').map(|remark| remark.trim().to_owned());
    Ok(SelectionRow {
        subject: SubjectId::new(needed("subject_id")?).map_err(value)?,
        level: needed("level")?.parse().map_err(value)?,
        side: needed("side")?.parse().map_err(value)?,
        series_uid: text("series_uid").to_owned(),
        image,
        offset: number("slice_position_mm")?,
        width: number("width_mm")?,
        contralateral: number("contralateral_width_mm")?,
        confidence: number("confidence")?,
        status: needed("status")?.to_owned(),
        reason: text("reason").to_owned(),
        remarks: remarks.filter(|remark| !remark.is_empty()).collect(),
        cells: (0..table.titles().len()).map(|at| row.cell(at).to_owned()).collect(),
    })
}
