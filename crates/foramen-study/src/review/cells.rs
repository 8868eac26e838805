use std::str::FromStr;

use foramen_image::SliceSource;
use foramen_table::Row;
use foramen_types::{Point, SubjectId, TypeError};

use crate::StudyError;
use crate::table::{Table, number_in};

/// The cells of one row of a study's table, by column name. The cells of an absent column are
/// blank, unless the column is required.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    table: &'a Table,
    row: &'a Row,
}

impl<'a> Cells<'a> {
    pub(super) fn of(table: &'a Table, row: &'a Row) -> Self {
        Self { table, row }
    }

    pub(super) fn text(&self, column: &str) -> &'a str {
        self.table.optional(column).map_or("", |at| self.row.cell(at))
    }

    /// A cell of a required column.
    pub(super) fn needed(&self, column: &str) -> Result<&'a str, StudyError> {
        Ok(self.row.cell(self.table.column(column)?))
    }

    pub(super) fn number(&self, column: &str) -> Result<Option<f64>, StudyError> {
        number_in(self.text(column))
            .ok_or_else(|| self.refused(column, "write a number, or nothing"))
    }

    /// A value of a type such as a level, in a required column.
    pub(super) fn value<T: FromStr<Err = TypeError>>(&self, column: &str) -> Result<T, StudyError> {
        self.needed(column)?.parse().map_err(|source| self.wrong(source))
    }

    pub(super) fn subject(&self) -> Result<SubjectId, StudyError> {
        SubjectId::new(self.needed("subject_id")?).map_err(|source| self.wrong(source))
    }

    /// The image that two columns name; a blank frame is the first.
    pub(super) fn image(&self, uid: &str, frame: &str) -> Result<Option<SliceSource>, StudyError> {
        let sop_instance_uid = match self.needed(uid)? {
            "" => return Ok(None),
            uid => uid.to_owned(),
        };
        let frame = match self.text(frame) {
            "" => 1,
            text => {
                text.parse().map_err(|_| self.refused(frame, "write the number of the frame"))?
            }
        };
        Ok(Some(SliceSource { sop_instance_uid, frame }))
    }

    /// Front and back wall, LPS millimetres, where all six coordinates are present.
    pub(super) fn walls(&self) -> Result<Option<[Point; 2]>, StudyError> {
        let wall = |name: &str| -> Result<Option<Point>, StudyError> {
            let [x, y, z] = ["x", "y", "z"].map(|axis| self.number(&format!("{name}_{axis}_mm")));
            Ok(match (x?, y?, z?) {
                (Some(x), Some(y), Some(z)) => Some(Point::new(x, y, z)),
                _ => None,
            })
        };
        Ok(wall("front")?.zip(wall("back")?).map(|(front, back)| [front, back]))
    }

    /// The error of a cell that cannot be used.
    pub(super) fn refused(&self, column: &str, remedy: &'static str) -> StudyError {
        StudyError::Cell {
            table: self.table.name(),
            row: self.row.line,
            column: column.to_owned(),
            value: self.text(column).to_owned(),
            remedy,
        }
    }

    fn wrong(&self, source: TypeError) -> StudyError {
        StudyError::Value { table: self.table.name(), row: self.row.line, source }
    }
}

/// Opens a table of an earlier stage.
///
/// # Errors
/// [`StudyError::MissingStage`] with the command that writes it, and [`StudyError::Read`].
pub(super) fn open_stage(
    path: &std::path::Path,
    stage: &'static str,
) -> Result<std::fs::File, StudyError> {
    std::fs::File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => StudyError::MissingStage { path: path.to_owned(), stage },
        _ => StudyError::Read { path: path.to_owned(), source },
    })
}
