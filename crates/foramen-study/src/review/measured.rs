use std::fs::File;
use std::path::Path;

use foramen_image::SliceSource;
use foramen_select::State;
use foramen_types::{Level, Point, Side, SubjectId};

use foramen_table::Row;

use crate::table::{Table, number_in};
use crate::{Rank, StudyError};

/// One slice and side of `profile.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredSide {
    /// Whose image.
    pub subject: SubjectId,
    /// Series Instance UID of the image.
    pub series_uid: String,
    /// The image.
    pub image: SliceSource,
    /// The side.
    pub side: Side,
    /// What was seen.
    pub state: State,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// How sure that is, 0 to 1.
    pub confidence: Option<f64>,
    /// Front and back wall, LPS millimetres.
    pub walls: Option<[Point; 2]>,
    /// The level to whose profile it belongs.
    pub level: Option<Level>,
    /// How far it lies above (+) or below (−) the disc of that level, millimetres.
    pub offset: Option<f64>,
    /// Whether the choice fell on it.
    pub rank: Option<Rank>,
}

/// Reads `profile.csv`.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::Read`], [`StudyError::Table`],
/// [`StudyError::MissingColumn`], [`StudyError::Value`] and [`StudyError::Cell`].
pub fn read_measured(path: &Path) -> Result<Vec<MeasuredSide>, StudyError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            StudyError::MissingStage { path: path.to_owned(), stage: "select" }
        }
        _ => StudyError::Read { path: path.to_owned(), source },
    })?;
    let table = Table::read("profile", file, &["sop_instance_uid", "side"])?;
    table.rows().iter().map(|row| read_row(&table, row)).collect()
}

fn read_row(table: &Table, row: &Row) -> Result<MeasuredSide, StudyError> {
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
    let frame = match text("frame") {
        "" => 1,
        frame => frame.parse().map_err(|_| cell("frame", "write the number of the frame"))?,
    };
    let place = |wall: &str| -> Result<Option<Point>, StudyError> {
        let [x, y, z] = ["x", "y", "z"].map(|axis| number(&format!("{wall}_{axis}_mm")));
        Ok(match (x?, y?, z?) {
            (Some(x), Some(y), Some(z)) => Some(Point::new(x, y, z)),
            _ => None,
        })
    };
    let state = needed("state")?;
    let known = [State::Open, State::Closed, State::Shut, State::Occluded, State::Refused];
    let state = known
        .into_iter()
        .find(|known| known.name() == state)
        .ok_or_else(|| cell("state", "write open, closed, shut, occluded or refused"))?;
    let level = match text("level") {
        "" => None,
        level => Some(level.parse().map_err(value)?),
    };
    Ok(MeasuredSide {
        subject: SubjectId::new(needed("subject_id")?).map_err(value)?,
        series_uid: needed("series_uid")?.to_owned(),
        image: SliceSource { sop_instance_uid: needed("sop_instance_uid")?.to_owned(), frame },
        side: needed("side")?.parse().map_err(value)?,
        state,
        width: number("width_mm")?,
        confidence: number("confidence")?,
        walls: place("front")?.zip(place("back")?).map(|(front, back)| [front, back]),
        level,
        offset: number("slice_position_mm")?,
        rank: match text("rank") {
            "chosen" => Some(Rank::Chosen),
            "runner_up" => Some(Rank::RunnerUp),
            _ => None,
        },
    })
}
