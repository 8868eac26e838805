use std::path::Path;

use foramen_image::SliceSource;
use foramen_types::{Level, Point, Side, SubjectId};

use crate::StudyError;
use crate::table::{millimetres, write_csv};

/// One reader's reading of one foramen, for `readings.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReaderRow {
    /// The reader; a repeat by the same reader counts as another reader.
    pub reader: String,
    /// The subject.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// The image on which it was read.
    pub image: SliceSource,
    /// `open`, `closed`, `occluded` or `unclear`.
    pub state: &'static str,
    /// The width, millimetres: measured if open, 0 if occluded.
    pub width: Option<f64>,
    /// Kim's grade, 0 to 2.
    pub kim: Option<u8>,
    /// Front and back wall, LPS millimetres.
    pub walls: Option<[Point; 2]>,
    /// Time of the reading, UTC.
    pub time: String,
    /// Whether the automatic choice was hidden from the reader.
    pub blind: bool,
    /// The reader's note.
    pub note: String,
}

/// Writes `readings.csv`: the columns that [`read_readings`](crate::read_readings) reads, and for
/// people the subject and foramen, the time of reading and the reader's notes.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_readings(path: &Path, rows: &[ReaderRow]) -> Result<(), StudyError> {
    let header = [
        "reader",
        "subject_id",
        "level",
        "side",
        "sop_instance_uid",
        "frame",
        "state",
        "width_mm",
        "kim",
        "front_x_mm",
        "front_y_mm",
        "front_z_mm",
        "back_x_mm",
        "back_y_mm",
        "back_z_mm",
        "read_at",
        "blind",
        "note",
    ];
    let cells = |row: &ReaderRow| {
        let mut cells = vec![
            row.reader.clone(),
            row.subject.to_string(),
            row.level.to_string(),
            row.side.to_string(),
            row.image.sop_instance_uid.clone(),
            row.image.frame.to_string(),
            row.state.to_owned(),
            millimetres(row.width),
            row.kim.map(|grade| grade.to_string()).unwrap_or_default(),
        ];
        cells.extend(wall_cells(row.walls));
        cells.extend([row.time.clone(), row.blind.to_string(), row.note.clone()]);
        cells
    };
    write_csv(path, &header, rows.iter().map(cells))
}

/// The six cells of two walls.
pub(super) fn wall_cells(walls: Option<[Point; 2]>) -> [String; 6] {
    let [front, back] = walls.map_or([None; 2], |[front, back]| [Some(front), Some(back)]);
    let of = |point: Option<Point>, axis: fn(Point) -> f64| millimetres(point.map(axis));
    [
        of(front, |point| point.x),
        of(front, |point| point.y),
        of(front, |point| point.z),
        of(back, |point| point.x),
        of(back, |point| point.y),
        of(back, |point| point.z),
    ]
}
