use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use foramen_image::SliceSource;
use foramen_select::State;
use foramen_types::{Level, Point, Side, SubjectId};

use super::readings_table::wall_cells;
use super::{SelectionRow, SelectionTable};
use crate::StudyError;
use crate::table::{Table, millimetres, number_in, write_csv};

/// How a person's word differs from the automatic choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correction {
    /// Not at all.
    None,
    /// Other walls on the same image.
    Walls,
    /// Another image.
    Slice,
    /// Another state on the same image.
    State,
    /// The foramen cannot be used.
    Excluded,
}

impl Correction {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Walls, Self::Slice, Self::State, Self::Excluded];

    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Walls => "walls",
            Self::Slice => "slice",
            Self::State => "state",
            Self::Excluded => "excluded",
        }
    }
}

/// What a person said last of an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Reviewed {
    /// Who; several where they were adjudicated.
    pub reader: String,
    /// When, UTC.
    pub time: String,
    /// How it differs from the automatic choice.
    pub correction: Correction,
    /// Series Instance UID of the image.
    pub series_uid: String,
    /// The image.
    pub image: SliceSource,
    /// How far it lies above (+) or below (−) the disc, millimetres.
    pub offset: Option<f64>,
    /// What is seen; `Refused` where it cannot be evaluated.
    pub state: State,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// That of the other side on the same image, as measured.
    pub contralateral: Option<f64>,
    /// Kim's grade, 0 to 2.
    pub kim: Option<u8>,
    /// Front and back wall, LPS millimetres.
    pub walls: Option<[Point; 2]>,
    /// Why it cannot be used.
    pub reason: String,
    /// What the reader remarked.
    pub note: String,
}

/// Columns whose automatic values are kept beside.
const KEPT: [&str; 8] = [
    "series_uid",
    "sop_instance_uid",
    "frame",
    "slice_position_mm",
    "width_mm",
    "confidence",
    "status",
    "reason",
];
const AUTOMATIC: &str = "automatic_";
const ADDED: [&str; 10] = [
    "reviewed_by",
    "reviewed_at",
    "correction",
    "review_note",
    "front_x_mm",
    "front_y_mm",
    "front_z_mm",
    "back_x_mm",
    "back_y_mm",
    "back_z_mm",
];

/// Writes a corrected `selections.csv`: every column of the automatic one, with the values
/// of what persons said and the `status` `reviewed`; then who said it, when, the correction
/// (`none`, `walls`, `slice`, `state`, `excluded`), walls, and the automatic values in
/// columns `automatic_…`. What nobody looked at stays as it is.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_reviewed(
    path: &Path,
    table: &SelectionTable,
    reviewed: &BTreeMap<(SubjectId, Level, Side), Reviewed>,
) -> Result<(), StudyError> {
    let kept = KEPT.map(|column| format!("{AUTOMATIC}{column}"));
    let header: Vec<&str> = table
        .header
        .iter()
        .map(String::as_str)
        .chain(ADDED)
        .chain(kept.iter().map(String::as_str))
        .collect();
    let rows = table.rows.iter().map(|row| {
        let key = (row.subject.clone(), row.level, row.side);
        corrected(&table.header, row, reviewed.get(&key))
    });
    write_csv(path, &header, rows)
}

fn corrected(header: &[String], row: &SelectionRow, reviewed: Option<&Reviewed>) -> Vec<String> {
    let place = |column: &str| header.iter().position(|title| title.eq_ignore_ascii_case(column));
    let mut cells = row.cells.clone();
    if let Some(said) = reviewed {
        let mut set = |column: &str, text: String| {
            if let Some(at) = place(column) {
                cells[at] = text;
            }
        };
        let is_excluded = said.correction == Correction::Excluded;
        set("status", if is_excluded { "refused" } else { "reviewed" }.to_owned());
        set("reason", if is_excluded { said.reason.clone() } else { String::new() });
        set("width_mm", millimetres(said.width));
        if said.correction != Correction::None {
            set("series_uid", said.series_uid.clone());
            set("sop_instance_uid", said.image.sop_instance_uid.clone());
            set("frame", said.image.frame.to_string());
            set("slice_position_mm", millimetres(said.offset));
            set("contralateral_width_mm", millimetres(said.contralateral));
            // They were made of what the person has changed.
            for column in ["confidence", "root_width_mm", "kim", "modified_kim"] {
                set(column, String::new());
            }
        }
        if let Some(grade) = said.kim {
            set("kim", grade.to_string());
        }
    }
    let added = reviewed.map_or_else(
        || vec![String::new(); ADDED.len()],
        |said| {
            let mut added = vec![
                said.reader.clone(),
                said.time.clone(),
                said.correction.name().to_owned(),
                said.note.clone(),
            ];
            added.extend(wall_cells(said.walls));
            added
        },
    );
    let kept = KEPT.map(|column| place(column).map_or("", |at| &row.cells[at]).to_owned());
    cells.into_iter().chain(added).chain(kept).collect()
}

/// A row of a corrected table that a person looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewedRow {
    /// Whose foramen.
    pub subject: SubjectId,
    /// Its level.
    pub level: Level,
    /// Its side.
    pub side: Side,
    /// How it differs from the automatic choice.
    pub correction: Correction,
    /// Series Instance UID of the image.
    pub series_uid: String,
    /// The image.
    pub image: SliceSource,
    /// The image that had been chosen.
    pub automatic: Option<SliceSource>,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// Front and back wall, LPS millimetres.
    pub walls: Option<[Point; 2]>,
}

/// Reads the rows of a corrected `selections.csv` that a person looked at.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::Read`], [`StudyError::Table`],
/// [`StudyError::MissingColumn`], [`StudyError::Value`] and [`StudyError::Cell`].
pub fn read_reviewed(path: &Path) -> Result<Vec<ReviewedRow>, StudyError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            StudyError::MissingStage { path: path.to_owned(), stage: "review --export" }
        }
        _ => StudyError::Read { path: path.to_owned(), source },
    })?;
    let table =
        Table::read("table of reviewed selections", file, &["subject_id", "level", "side"])?;
    let column = |name: &str| table.column(name);
    let [subject, level, side] = [column("subject_id")?, column("level")?, column("side")?];
    let [series, uid, frame] =
        [column("series_uid")?, column("sop_instance_uid")?, column("frame")?];
    let [width, by, correction] =
        [column("width_mm")?, column("reviewed_by")?, column("correction")?];
    let [was, was_frame] = [column("automatic_sop_instance_uid")?, column("automatic_frame")?];
    let mut walls = [0; 6];
    for (at, name) in walls.iter_mut().zip(&ADDED[4..]) {
        *at = column(name)?;
    }
    let mut rows = Vec::new();
    for row in table.rows().iter().filter(|row| !row.cell(by).is_empty()) {
        let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
        let cell = |name: &str, at: usize| StudyError::Cell {
            table: table.name(),
            row: row.line,
            column: name.to_owned(),
            value: row.cell(at).to_owned(),
            remedy: "run `review --export` again",
        };
        let number = |name: &str, at: usize| number_in(row.cell(at)).ok_or_else(|| cell(name, at));
        let image = |uid: usize, frame: usize| {
            let number = row.cell(frame).parse().map_err(|_| cell("frame", frame));
            Ok::<_, StudyError>(SliceSource {
                sop_instance_uid: row.cell(uid).to_owned(),
                frame: number?,
            })
        };
        let mut points = [0.0; 6];
        let mut known = true;
        for (point, at) in points.iter_mut().zip(walls) {
            let coordinate = number("front_x_mm to back_z_mm", at)?;
            known &= coordinate.is_some();
            *point = coordinate.unwrap_or_default();
        }
        let [x, y, z, bx, by, bz] = points;
        let is = |known: &&Correction| known.name() == row.cell(correction);
        rows.push(ReviewedRow {
            subject: SubjectId::new(row.cell(subject)).map_err(value)?,
            level: row.cell(level).parse().map_err(value)?,
            side: row.cell(side).parse().map_err(value)?,
            correction: *Correction::ALL
                .iter()
                .find(is)
                .ok_or_else(|| cell("correction", correction))?,
            series_uid: row.cell(series).to_owned(),
            image: image(uid, frame)?,
            automatic: (!row.cell(was).is_empty()).then(|| image(was, was_frame)).transpose()?,
            width: number("width_mm", width)?,
            walls: known.then(|| [Point::new(x, y, z), Point::new(bx, by, bz)]),
        });
    }
    Ok(rows)
}
