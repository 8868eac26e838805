use std::path::Path;

use foramen_image::SliceSource;
use foramen_select::State;
use foramen_types::{Level, Point, Side, SubjectId};

use super::cells::{Cells, open_stage};
use crate::table::Table;
use crate::{Rank, StudyError};

/// One slice and side of `profile.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredSide {
    /// The subject.
    pub subject: SubjectId,
    /// Series Instance UID of the image.
    pub series_uid: String,
    /// The image.
    pub image: SliceSource,
    /// The side.
    pub side: Side,
    /// The measured state.
    pub state: State,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// Confidence of the measurement, 0 to 1.
    pub confidence: Option<f64>,
    /// Front and back wall, LPS millimetres.
    pub walls: Option<[Point; 2]>,
    /// The level whose profile the slice belongs to.
    pub level: Option<Level>,
    /// Height of the slice above (+) or below (−) the disc of that level, millimetres.
    pub offset: Option<f64>,
    /// Whether the slice was chosen or is the runner-up.
    pub rank: Option<Rank>,
}

/// Reads `profile.csv`.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::Read`], [`StudyError::Table`],
/// [`StudyError::MissingColumn`], [`StudyError::Value`] and [`StudyError::Cell`].
pub fn read_measured(path: &Path) -> Result<Vec<MeasuredSide>, StudyError> {
    let file = open_stage(path, "select")?;
    let table = Table::read("profile", file, &["sop_instance_uid", "side"])?;
    table.rows().iter().map(|row| read_row(Cells::of(&table, row))).collect()
}

fn read_row(cells: Cells<'_>) -> Result<MeasuredSide, StudyError> {
    let state = cells.needed("state")?;
    let known = [State::Open, State::Pedicle, State::Shut, State::Occluded, State::Refused];
    let state = known
        .into_iter()
        .find(|known| known.name() == state)
        .ok_or_else(|| cells.refused("state", "write open, closed, shut, occluded or refused"))?;
    let image = cells.image("sop_instance_uid", "frame")?;
    Ok(MeasuredSide {
        subject: cells.subject()?,
        series_uid: cells.needed("series_uid")?.to_owned(),
        image: image.ok_or_else(|| cells.refused("sop_instance_uid", "run `select` again"))?,
        side: cells.value("side")?,
        state,
        width: cells.number("width_mm")?,
        confidence: cells.number("confidence")?,
        walls: cells.walls()?,
        level: match cells.text("level") {
            "" => None,
            _ => Some(cells.value("level")?),
        },
        offset: cells.number("slice_position_mm")?,
        rank: match cells.text("rank") {
            "chosen" => Some(Rank::Chosen),
            "runner_up" => Some(Rank::RunnerUp),
            _ => None,
        },
    })
}
