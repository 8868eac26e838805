use std::path::Path;

use foramen_image::SliceSource;
use foramen_table::Row;
use foramen_types::{Level, Side, SubjectId};

use super::cells::{Cells, open_stage};
use crate::StudyError;
use crate::table::Table;

/// `selections.csv` with every cell, including columns unknown to this version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SelectionTable {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<SelectionRow>,
}

/// The choice for one episode, with the columns that a reviewer needs.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionRow {
    /// The subject.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// Series Instance UID of the chosen image; empty where none was.
    pub series_uid: String,
    /// The chosen image.
    pub image: Option<SliceSource>,
    /// Height of the image above (+) or below (−) the disc, millimetres.
    pub offset: Option<f64>,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// The width of the other side on the same image, millimetres.
    pub contralateral: Option<f64>,
    /// Confidence in the choice, 0 to 1.
    pub confidence: Option<f64>,
    /// `selected`, `hint` or `refused`.
    pub status: String,
    /// Why there is no choice.
    pub reason: String,
    /// Remarks for the person who measures, each by its name.
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
        let file = open_stage(path, "select")?;
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
    let cells = Cells::of(table, row);
    // Names of remarks hold no blanks.
    let remarks = cells.text("remarks").split([' ', ';']).map(str::to_owned);
    Ok(SelectionRow {
        subject: cells.subject()?,
        level: cells.value("level")?,
        side: cells.value("side")?,
        series_uid: cells.text("series_uid").to_owned(),
        image: cells.image("sop_instance_uid", "frame")?,
        offset: cells.number("slice_position_mm")?,
        width: cells.number("width_mm")?,
        contralateral: cells.number("contralateral_width_mm")?,
        confidence: cells.number("confidence")?,
        status: cells.needed("status")?.to_owned(),
        reason: cells.text("reason").to_owned(),
        remarks: remarks.filter(|remark| !remark.is_empty()).collect(),
        cells: (0..table.titles().len()).map(|at| row.cell(at).to_owned()).collect(),
    })
}
