use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::str::FromStr;

use foramen_select::{KimGrade, State};
use foramen_table::Row;
use foramen_types::{Point, Side, Vector};

use crate::StudyError;
use crate::table::Table;

/// One foramen on one slice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// SOP Instance UID (0008,0018).
    pub sop_instance_uid: String,
    /// Its frame, from 1; 1 where the table has no frames.
    pub frame: u32,
    /// The side of the patient.
    pub side: Side,
}

/// The reading of one foramen by a reader or by the program.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The state; `refused` means no answer.
    pub state: State,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// The grade by Kim, 0 to 2.
    pub kim: Option<u8>,
    /// The grade by the modified scale, 0 to 2.
    pub modified_kim: Option<u8>,
    /// Front and back wall in the patient, millimetres.
    pub walls: Option<[Point; 2]>,
    /// The subject of the foramen, where the table names it: foramina of one person are related.
    pub subject: Option<String>,
}

/// All readings of one reader or of the program.
pub type Readings = BTreeMap<Place, Seen>;

/// The places of a table's columns.
struct Columns {
    sop_instance_uid: usize,
    side: usize,
    frame: Option<usize>,
    subject: Option<usize>,
    reader: Option<usize>,
    state: Option<usize>,
    /// The column `status` of `selections.csv`, which has no states.
    status: Option<usize>,
    width: Option<usize>,
    root_width: Option<usize>,
    kim: Option<usize>,
    modified_kim: Option<usize>,
    walls: [Option<usize>; 6],
}

/// Columns by which the header is found.
const COLUMNS: [&str; 5] = ["sop_instance_uid", "side", "state", "width_mm", "reader"];

const WALLS: [&str; 6] =
    ["front_x_mm", "front_y_mm", "front_z_mm", "back_x_mm", "back_y_mm", "back_z_mm"];

impl Columns {
    fn of(table: &Table) -> Result<Self, StudyError> {
        Ok(Self {
            sop_instance_uid: table.column("sop_instance_uid")?,
            side: table.column("side")?,
            frame: table.optional("frame"),
            subject: table.optional("subject_id"),
            reader: table.optional("reader"),
            state: table.optional("state"),
            status: table.optional("status"),
            width: table.optional("width_mm"),
            root_width: table.optional("root_width_mm"),
            kim: table.optional("kim"),
            modified_kim: table.optional("modified_kim"),
            walls: WALLS.map(|name| table.optional(name)),
        })
    }
}

/// One row of a table of readings.
struct Reading<'a> {
    table: &'static str,
    columns: &'a Columns,
    row: &'a Row,
}

impl Reading<'_> {
    fn cell(&self, column: Option<usize>) -> &str {
        column.map_or("", |column| self.row.cell(column))
    }

    fn refused(&self, column: &str, value: &str, remedy: &'static str) -> StudyError {
        StudyError::Cell {
            table: self.table,
            row: self.row.line,
            column: column.to_owned(),
            value: value.to_owned(),
            remedy,
        }
    }

    /// The number in a cell; `None` where the cell is absent or blank.
    fn parsed<T: FromStr>(
        &self,
        name: &str,
        column: Option<usize>,
        remedy: &'static str,
    ) -> Result<Option<T>, StudyError> {
        match self.cell(column) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.refused(name, text, remedy)),
        }
    }

    fn place(&self) -> Result<Place, StudyError> {
        let side = self.row.cell(self.columns.side);
        let frame = self.parsed("frame", self.columns.frame, "write the number of the frame")?;
        Ok(Place {
            sop_instance_uid: self.row.cell(self.columns.sop_instance_uid).to_owned(),
            frame: frame.unwrap_or(1),
            side: side.parse().map_err(|_| self.refused("side", side, "write left or right"))?,
        })
    }

    /// A width in millimetres.
    fn width(&self, name: &str, column: Option<usize>) -> Result<Option<f64>, StudyError> {
        const REMEDY: &str = "write millimetres of at least 0, or leave it blank";
        let width: Option<f64> = self.parsed(name, column, REMEDY)?;
        let is_width = width.is_none_or(|mm| mm.is_finite() && mm >= 0.0);
        is_width.then_some(width).ok_or_else(|| self.refused(name, self.cell(column), REMEDY))
    }

    fn grade(&self, name: &str, column: Option<usize>) -> Result<Option<u8>, StudyError> {
        const REMEDY: &str = "a grade is 0, 1 or 2";
        let grade: Option<u8> = self.parsed(name, column, REMEDY)?;
        let is_grade = grade.is_none_or(|grade| grade <= 2);
        is_grade.then_some(grade).ok_or_else(|| self.refused(name, self.cell(column), REMEDY))
    }

    /// The state of a row. In a table without states, a width means open. In a selection without a
    /// width, nothing was measured, which is no answer.
    fn state(&self, width: Option<f64>) -> Result<State, StudyError> {
        let text = self.cell(self.columns.state);
        if text.is_empty() {
            let status = self.cell(self.columns.status);
            return Ok(match width {
                Some(width) if width > 0.0 => State::Open,
                Some(_) => State::Occluded,
                None if !status.is_empty() => State::Refused,
                None => State::Pedicle,
            });
        }
        // A reader who cannot tell gives no answer.
        if text == "unclear" {
            return Ok(State::Refused);
        }
        [State::Open, State::Pedicle, State::Shut, State::Occluded, State::Refused]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| {
                self.refused(
                    "state",
                    text,
                    "write open, closed, shut, occluded, refused or unclear",
                )
            })
    }

    fn walls(&self) -> Result<Option<[Point; 2]>, StudyError> {
        let cells: Vec<&str> = self.columns.walls.iter().map(|column| self.cell(*column)).collect();
        if cells.iter().all(|cell| cell.is_empty()) {
            return Ok(None);
        }
        let numbers = cells.iter().filter_map(|cell| cell.parse().ok());
        match numbers.filter(|mm: &f64| mm.is_finite()).collect::<Vec<f64>>()[..] {
            [x, y, z, back_x, back_y, back_z] => {
                Ok(Some([Point::new(x, y, z), Point::new(back_x, back_y, back_z)]))
            }
            _ => Err(self.refused(
                "front_x_mm to back_z_mm",
                &cells.join(","),
                "walls need all six numbers, or none of them",
            )),
        }
    }

    /// The reading of a row. In tables without grades, the grade follows from the width of the
    /// root.
    fn seen(&self) -> Result<Seen, StudyError> {
        let columns = self.columns;
        let width = self.width("width_mm", columns.width)?;
        let root_width = self.width("root_width_mm", columns.root_width)?;
        let state = self.state(width)?;
        // A state and a width that exclude each other: one of them is a slip.
        let fits = match (state, width) {
            // Whoever only says what is open need not measure it.
            (State::Open, None) => columns.width.is_none(),
            (State::Open, Some(width)) => width > 0.0,
            (State::Occluded, width) => width.is_none_or(|width| width <= 0.0),
            (_, width) => width.is_none(),
        };
        if !fits {
            return Err(self.refused(
                "width_mm",
                self.cell(columns.width),
                "it does not go with the state: what is open has a width above 0, what is \
                 occluded 0, all else none",
            ));
        }
        let widths = width.zip(root_width);
        let grade = |given: Option<u8>, of: fn(f64, f64) -> Option<KimGrade>| {
            given.or_else(|| widths.and_then(|(width, root)| of(width, root)).map(KimGrade::number))
        };
        Ok(Seen {
            state,
            width,
            kim: grade(self.grade("kim", columns.kim)?, KimGrade::kim),
            modified_kim: grade(
                self.grade("modified_kim", columns.modified_kim)?,
                KimGrade::modified_kim,
            ),
            walls: self.walls()?,
            subject: Some(self.cell(columns.subject).to_owned()).filter(|id| !id.is_empty()),
        })
    }
}

/// Reads readings, by reader: `sop_instance_uid`, `side` and, where present, `frame`, `subject_id`,
/// `reader`, `state`, `width_mm`, `root_width_mm`, `kim`, `modified_kim`, and the walls in
/// `front_x_mm` to `back_z_mm`.
///
/// # Errors
/// [`StudyError::Table`], [`StudyError::MissingColumn`], [`StudyError::Cell`], and
/// [`StudyError::ReadTwice`] when a reader has two rows for one foramen.
pub fn read_readings(table: impl Read) -> Result<BTreeMap<String, Readings>, StudyError> {
    read_rows(&Table::read("table of readings", table, &COLUMNS)?, |_, _| false)
}

/// Reads `profile.csv` or `selections.csv`, with the columns of [`read_readings`].
///
/// # Errors
/// As of [`read_readings`]. Two rows with the same content are no error: two episodes may have the
/// same slice. [`StudyError::SeveralReaders`] and [`StudyError::NothingMeasured`].
pub fn read_profile(table: impl Read) -> Result<Readings, StudyError> {
    let table = Table::read("profile", table, &COLUMNS)?;
    let mut all = read_rows(&table, |one, other| one == other)?;
    let first = all.pop_first();
    if !all.is_empty() {
        return Err(StudyError::SeveralReaders { table: table.name() });
    }
    Ok(first.ok_or(StudyError::NothingMeasured { table: table.name() })?.1)
}

/// Rows by reader; `may_repeat` decides whether two rows of one foramen may both be present.
fn read_rows(
    table: &Table,
    may_repeat: fn(&Seen, &Seen) -> bool,
) -> Result<BTreeMap<String, Readings>, StudyError> {
    let columns = Columns::of(table)?;
    let mut readings: BTreeMap<String, Readings> = BTreeMap::new();
    for row in table.rows() {
        // Episodes without a chosen slice were not measured.
        if row.cell(columns.sop_instance_uid).is_empty() {
            continue;
        }
        let reading = Reading { table: table.name(), columns: &columns, row };
        let (place, seen) = (reading.place()?, reading.seen()?);
        let reader = reading.cell(columns.reader).to_owned();
        match readings.entry(reader).or_default().entry(place) {
            Entry::Vacant(free) => _ = free.insert(seen),
            Entry::Occupied(taken) if may_repeat(taken.get(), &seen) => {}
            Entry::Occupied(taken) => {
                let Place { sop_instance_uid, frame, side } = taken.key().clone();
                let (table, row) = (table.name(), row.line);
                return Err(StudyError::ReadTwice { table, row, sop_instance_uid, frame, side });
            }
        }
    }
    Ok(readings)
}

/// The mean of all readers' answers, and the number of foramina without one.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanReading {
    /// State, mean width and mean walls where all readers give the same state; grades have no mean.
    pub readings: Readings,
    /// Foramina that at least one reader did not read, or marked as not measurable.
    pub not_by_all: usize,
    /// Foramina to which readers gave different states.
    pub different: usize,
}

/// The mean of the readers at all places that any of them read.
#[must_use]
pub fn mean_reading(readers: &BTreeMap<String, Readings>) -> MeanReading {
    let places: BTreeSet<&Place> = readers.values().flat_map(BTreeMap::keys).collect();
    let mut mean = MeanReading { readings: Readings::new(), not_by_all: 0, different: 0 };
    for place in places {
        let answer = |of: &Readings| of.get(place).filter(|s| s.state != State::Refused).cloned();
        let all: Option<Vec<Seen>> = readers.values().map(answer).collect();
        match all {
            None => mean.not_by_all += 1,
            Some(all) if all.iter().any(|seen| seen.state != all[0].state) => mean.different += 1,
            Some(all) => _ = mean.readings.insert(place.clone(), mean_of(&all)),
        }
    }
    mean
}

/// The mean of readings with the same state.
fn mean_of(all: &[Seen]) -> Seen {
    let widths: Option<Vec<f64>> = all.iter().map(|seen| seen.width).collect();
    let walls: Option<Vec<_>> = all.iter().map(|seen| seen.walls).collect();
    let walls = walls.map(|walls| {
        let sum = walls.iter().fold([Vector::default(); 2], |sum, [front, back]| {
            let from = |point: &Point| *point - Point::default();
            [sum[0] + from(front), sum[1] + from(back)]
        });
        sum.map(|sum| Point::default() + sum * (1.0 / walls.len() as f64))
    });
    let width = widths.map(|widths| widths.iter().sum::<f64>() / widths.len() as f64);
    let subject = all.iter().find_map(|seen| seen.subject.clone());
    Seen { state: all[0].state, width, kim: None, modified_kim: None, walls, subject }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &str) -> Result<BTreeMap<String, Readings>, StudyError> {
        read_readings(table.as_bytes())
    }

    #[test]
    fn states_and_grades_are_made_of_widths_where_they_are_not_given() {
        let readings = read(
            "sop_instance_uid,side,width_mm,root_width_mm,kim\n\
             1,left,2.4,3,\n2,left,,,\n3,left,0,,\n4,left,2,3,2\n,left,,,\n",
        );
        let readings = readings.unwrap();
        let seen: Vec<&Seen> = readings[""].values().collect();
        let states: Vec<State> = seen.iter().map(|seen| seen.state).collect();
        assert_eq!(states, [State::Open, State::Pedicle, State::Occluded, State::Open]);
        assert_eq!((seen[0].kim, seen[0].modified_kim), (Some(1), Some(1)));
        assert_eq!((seen[3].kim, seen[3].modified_kim), (Some(2), Some(1)));
        assert_eq!(seen[1].kim, None);
    }

    #[test]
    fn rows_that_cannot_be_meant_are_refused_with_their_line() {
        for (row, said) in [
            ("1,leftish,1,open,2,,", "leftish"),
            ("1,left,1,ajar,2,,", "state = \"ajar\""),
            ("1,left,1,open,,,", "does not go with"),
            ("1,left,1,open,0,,", "does not go with"),
            ("1,left,1,closed,2,,", "does not go with"),
            ("1,left,1,open,-2,,", "millimetres of at least 0"),
            // NaN is how programs write "missing".
            ("1,left,1,open,NaN,,", "does not go with"),
            ("1,left,1,open,wide,,", "millimetres of at least 0"),
            ("1,left,1,open,2,3,", "a grade is 0, 1 or 2"),
            ("1,left,1,open,2,,4", "walls need all six"),
            ("9,right,1,open,3,,", "9, frame 1, right has a row already"),
        ] {
            let table = format!(
                "sop_instance_uid,side,reader,state,width_mm,kim,front_x_mm\n\
                 9,right,1,open,2,,\n9,right,2,open,2,,\n{row}\n"
            );
            let error = read(&table).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("row 4"), "{error}");
        }
        // Whoever only says what is open need not measure it.
        assert!(read("sop_instance_uid,side,state\n1,left,open\n").is_ok());
    }

    #[test]
    fn frames_are_foramina_of_their_own() {
        let table = "sop_instance_uid,frame,side,width_mm\n1,1,left,2\n1,2,left,3\n";
        assert_eq!(read(table).unwrap()[""].len(), 2);
    }

    #[test]
    fn rows_of_a_profile_may_repeat_and_not_contradict() {
        let profile = |second: &str| {
            let table =
                format!("sop_instance_uid,side,width_mm,status\n1,left,2,selected\n{second}");
            read_profile(table.as_bytes())
        };
        assert_eq!(profile("1,left,2,hint\n").unwrap().len(), 1);
        let error = profile("1,left,3,hint\n").unwrap_err().to_string();
        assert!(error.contains("row 3"), "{error}");
        // A hinted slice without a width was not measured.
        let hinted = profile("2,left,,hint\n").unwrap();
        assert_eq!(hinted.values().last().unwrap().state, State::Refused);
    }

    #[test]
    fn the_mean_of_the_readers_says_what_they_all_say() {
        let readers = read(
            "sop_instance_uid,side,reader,state,width_mm\n\
             1,left,1,occluded,0\n1,left,2,occluded,0\n\
             2,left,1,open,2\n2,left,2,open,3\n\
             3,left,1,open,2\n3,left,2,occluded,0\n\
             4,left,1,refused,\n4,left,2,closed,\n\
             5,left,1,closed,\n5,left,2,closed,\n\
             6,left,1,open,2\n",
        );
        let mean = mean_reading(&readers.unwrap());
        let seen: Vec<_> = mean.readings.values().map(|seen| (seen.state, seen.width)).collect();
        assert_eq!(
            seen,
            [(State::Occluded, Some(0.0)), (State::Open, Some(2.5)), (State::Pedicle, None)]
        );
        assert_eq!((mean.different, mean.not_by_all), (1, 2));
    }
}
