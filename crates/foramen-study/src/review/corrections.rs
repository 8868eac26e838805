use std::collections::BTreeMap;
use std::path::Path;

use foramen_image::SliceSource;
use foramen_types::{Level, Point, Side, SubjectId};

use super::cells::{Cells, open_stage};
use super::readings_table::wall_cells;
use super::{SelectionRow, SelectionTable};
use crate::StudyError;
use crate::table::{Table, millimetres, write_csv};

/// How a person's answer differs from the automatic choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correction {
    /// No difference.
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

/// A person's latest answer to an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Reviewed {
    /// The reader; several names for an adjudicated answer.
    pub reader: String,
    /// The time, UTC.
    pub time: String,
    /// How the answer differs from the automatic choice.
    pub correction: Correction,
    /// Series Instance UID of the image.
    pub series_uid: String,
    /// The image.
    pub image: SliceSource,
    /// Height of the image above (+) or below (−) the disc, millimetres.
    pub offset: Option<f64>,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// The measured width of the other side on the same image, millimetres.
    pub contralateral: Option<f64>,
    /// Kim's grade, 0 to 2.
    pub kim: Option<u8>,
    /// Front and back wall, LPS millimetres.
    pub walls: Option<[Point; 2]>,
    /// Why the foramen cannot be used.
    pub reason: String,
    /// The reader's note.
    pub note: String,
}

/// Widths that differ by less than this count as equal, millimetres: tables hold thousandths.
pub(super) const SAME_WIDTH: f64 = 0.001;

/// Columns whose automatic values are kept as well.
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

/// Writes a corrected `selections.csv`: every column of the automatic table, with the persons'
/// values and the `status` `reviewed`; then the reader, the time, the correction (`none`, `walls`,
/// `slice`, `state`, `excluded`), walls, and the automatic values in columns `automatic_…`. The
/// keys of `reviewed` are row numbers, from 0. Rows that nobody reviewed stay as they are.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_reviewed(
    path: &Path,
    table: &SelectionTable,
    reviewed: &BTreeMap<usize, Reviewed>,
) -> Result<(), StudyError> {
    let kept = KEPT.map(|column| format!("{AUTOMATIC}{column}"));
    let header: Vec<&str> = table
        .header
        .iter()
        .map(String::as_str)
        .chain(ADDED)
        .chain(kept.iter().map(String::as_str))
        .collect();
    let rows = table.rows.iter().enumerate();
    let rows = rows.map(|(number, row)| corrected(&table.header, row, reviewed.get(&number)));
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

/// A reviewed row of a corrected table.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewedRow {
    /// The subject.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// How it differs from the automatic choice.
    pub correction: Correction,
    /// Series Instance UID of the image.
    pub series_uid: String,
    /// The image.
    pub image: SliceSource,
    /// The automatically chosen image.
    pub automatic: Option<SliceSource>,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// Front and back wall, LPS millimetres.
    pub walls: Option<[Point; 2]>,
}

/// Reads the reviewed rows of a corrected `selections.csv`.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::Read`], [`StudyError::Table`],
/// [`StudyError::MissingColumn`], [`StudyError::Value`] and [`StudyError::Cell`].
pub fn read_reviewed(path: &Path) -> Result<Vec<ReviewedRow>, StudyError> {
    let table = reviewed_table(path)?;
    let cells = table.rows().iter().map(|row| Cells::of(&table, row));
    cells.filter(is_reviewed).map(read_row).collect()
}

fn reviewed_table(path: &Path) -> Result<Table, StudyError> {
    let file = open_stage(path, "review --export")?;
    let table =
        Table::read("table of reviewed selections", file, &["subject_id", "level", "side"])?;
    for column in ["reviewed_by", "correction", "width_mm", "automatic_sop_instance_uid"] {
        table.column(column)?;
    }
    Ok(table)
}

fn is_reviewed(cells: &Cells<'_>) -> bool {
    !cells.text("reviewed_by").is_empty()
}

/// The remedy for cells that only the export writes.
const REMEDY: &str = "run `review --export` again";

fn read_row(cells: Cells<'_>) -> Result<ReviewedRow, StudyError> {
    let is = |known: &&Correction| known.name() == cells.text("correction");
    let known = Correction::ALL.iter().find(is);
    let image = cells.image("sop_instance_uid", "frame")?;
    Ok(ReviewedRow {
        subject: cells.subject()?,
        level: cells.value("level")?,
        side: cells.value("side")?,
        correction: *known.ok_or_else(|| cells.refused("correction", REMEDY))?,
        series_uid: cells.text("series_uid").to_owned(),
        image: image.ok_or_else(|| cells.refused("sop_instance_uid", REMEDY))?,
        automatic: cells.image("automatic_sop_instance_uid", "automatic_frame")?,
        width: cells.number("width_mm")?,
        walls: cells.walls()?,
    })
}

/// Updates a corrected `selections.csv` to a new selection: persons' answers stay, and the
/// corrections and automatic values refer to the new choices.
///
/// Returns the foramina that have no row in the new selection, each as a sentence.
///
/// # Errors
/// As [`read_reviewed`] and [`write_reviewed`].
pub fn carry_corrections(path: &Path, table: &SelectionTable) -> Result<Vec<String>, StudyError> {
    let former = reviewed_table(path)?;
    let mut carried: BTreeMap<usize, Reviewed> = BTreeMap::new();
    let mut lost = Vec::new();
    for cells in former.rows().iter().map(|row| Cells::of(&former, row)).filter(is_reviewed) {
        let row = read_row(cells)?;
        let is_same = |now: &SelectionRow| {
            (&now.subject, now.level, now.side) == (&row.subject, row.level, row.side)
        };
        // A foramen that was injected twice has two rows: the one of the same image first.
        let rows = table.rows.iter().enumerate();
        let found = rows
            .filter(|(number, now)| is_same(now) && !carried.contains_key(number))
            .max_by_key(|(number, now)| (now.image == row.automatic, std::cmp::Reverse(*number)));
        let Some((number, now)) = found else {
            lost.push(format!(
                "{} {} {} was reviewed and is not in the selection any more",
                row.subject, row.level, row.side
            ));
            continue;
        };
        let kim = cells.text("kim");
        let reviewed = Reviewed {
            reader: cells.text("reviewed_by").to_owned(),
            time: cells.text("reviewed_at").to_owned(),
            correction: correction_against(&row, now),
            series_uid: row.series_uid,
            image: row.image,
            offset: cells.number("slice_position_mm")?,
            width: row.width,
            contralateral: cells.number("contralateral_width_mm")?,
            kim: match kim {
                "" => None,
                grade => Some(grade.parse().map_err(|_| cells.refused("kim", REMEDY))?),
            },
            walls: row.walls,
            reason: cells.text("reason").to_owned(),
            note: cells.text("review_note").to_owned(),
        };
        carried.insert(number, reviewed);
    }
    write_reviewed(path, table, &carried)?;
    Ok(lost)
}

/// How a person's answer to an earlier selection differs from the current choice.
fn correction_against(row: &ReviewedRow, now: &SelectionRow) -> Correction {
    let has_width = match (row.width, now.width) {
        (Some(one), Some(other)) => (one - other).abs() < SAME_WIDTH,
        (one, other) => one.is_none() && other.is_none(),
    };
    match row.correction {
        Correction::Excluded => Correction::Excluded,
        _ if now.image.as_ref() != Some(&row.image) => Correction::Slice,
        Correction::Walls | Correction::State => row.correction,
        Correction::None | Correction::Slice if has_width => Correction::None,
        Correction::None | Correction::Slice => Correction::Walls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A selection of four foramina by their images and widths.
    fn table(folder: &Path, rows: [(&str, &str); 4]) -> SelectionTable {
        let mut text = "subject_id,level,side,series_uid,sop_instance_uid,frame,slice_position_mm,\
                        width_mm,contralateral_width_mm,confidence,status,reason,remarks\n"
            .to_owned();
        for ((uid, width), subject) in rows.into_iter().zip(["A", "B", "C", "D"]) {
            text +=
                &format!("{subject},C5/6,left,9,{uid},1,0.5,{width},3,0.9,selected,,oblique few\n");
        }
        let path = folder.join("selections.csv");
        std::fs::write(&path, text).unwrap();
        SelectionTable::read(&path).unwrap()
    }

    fn said(correction: Correction, uid: &str, width: Option<f64>) -> Reviewed {
        Reviewed {
            reader: "anna".to_owned(),
            time: "2026-01-01".to_owned(),
            correction,
            series_uid: "9".to_owned(),
            image: SliceSource { sop_instance_uid: uid.to_owned(), frame: 1 },
            offset: Some(1.25),
            width,
            contralateral: Some(3.5),
            kim: Some(2),
            walls: None,
            reason: "motion".to_owned(),
            note: "a, \"b\"".to_owned(),
        }
    }

    #[test]
    fn corrections_are_carried_to_a_new_selection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reviewed.csv");
        let first = table(folder.path(), [("1", "2"), ("2", "2"), ("3", "2"), ("4", "2")]);
        assert_eq!(first.rows()[0].remarks, ["oblique", "few"]);
        let reviewed = BTreeMap::from([
            (0, said(Correction::None, "1", Some(2.0))),
            (1, said(Correction::Slice, "7", Some(1.5))),
            (2, said(Correction::Excluded, "3", None)),
            (3, said(Correction::Walls, "4", Some(1.0))),
        ]);
        write_reviewed(&path, &first, &reviewed).unwrap();
        let before = read_reviewed(&path).unwrap();
        assert_eq!(carry_corrections(&path, &first).unwrap(), [""; 0]);
        assert_eq!(read_reviewed(&path).unwrap(), before);

        // The choice comes over to what B's reader said, goes away from what A's accepted, and
        // D's foramen is gone.
        let second = table(folder.path(), [("8", "4"), ("7", "1.5"), ("3", "2"), ("4", "2")]);
        let second = SelectionTable { rows: second.rows[..3].to_vec(), ..second };
        let lost = carry_corrections(&path, &second).unwrap();
        assert_eq!(lost, ["D C5/6 left was reviewed and is not in the selection any more"]);
        let rows = read_reviewed(&path).unwrap();
        let corrections: Vec<Correction> = rows.iter().map(|row| row.correction).collect();
        assert_eq!(corrections, [Correction::Slice, Correction::None, Correction::Excluded]);
        assert_eq!(rows[0].image.sop_instance_uid, "1");
        assert_eq!(rows[0].width, Some(2.0));
        assert_eq!(rows[0].automatic.as_ref().unwrap().sop_instance_uid, "8");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("anna") && text.contains("\"a, \"\"b\"\"\""), "{text}");
    }
}
