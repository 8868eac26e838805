use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use foramen_select::{KimGrade, State};
use foramen_types::{Point, Side, Vector};
use serde::Deserialize;

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

/// What someone, or the program, saw there.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// `refused` is no answer.
    pub state: State,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// The grade by Kim, 0 to 2.
    pub kim: Option<u8>,
    /// The grade by the modified scale, 0 to 2.
    pub modified_kim: Option<u8>,
    /// Front and back wall in the patient, millimetres.
    pub walls: Option<[Point; 2]>,
}

/// What one reader, or the program, saw.
pub type Readings = BTreeMap<Place, Seen>;

#[derive(Deserialize)]
struct Row {
    sop_instance_uid: String,
    frame: Option<u32>,
    side: String,
    #[serde(default)]
    reader: String,
    state: Option<String>,
    /// Of `selections.csv`, which has no states.
    status: Option<String>,
    width_mm: Option<f64>,
    root_width_mm: Option<f64>,
    kim: Option<u8>,
    modified_kim: Option<u8>,
    front_x_mm: Option<f64>,
    front_y_mm: Option<f64>,
    front_z_mm: Option<f64>,
    back_x_mm: Option<f64>,
    back_y_mm: Option<f64>,
    back_z_mm: Option<f64>,
}

impl Row {
    fn place(&self) -> Result<Place> {
        let side = self.side.parse().context("write `left` or `right` in `side`")?;
        let sop_instance_uid = self.sop_instance_uid.clone();
        Ok(Place { sop_instance_uid, frame: self.frame.unwrap_or(1), side })
    }

    /// A table without states has a width where something is open. Where a selection has
    /// none, nothing was measured: that is no answer.
    fn state(&self) -> Result<State> {
        let Some(text) = self.state.as_deref() else {
            return Ok(match self.width_mm {
                Some(width) if width > 0.0 => State::Open,
                Some(_) => State::Occluded,
                None if self.status.is_some() => State::Refused,
                None => State::Closed,
            });
        };
        [State::Open, State::Closed, State::Shut, State::Occluded, State::Refused]
            .into_iter()
            .find(|state| state.name() == text)
            .with_context(|| {
                format!(
                    "the state `{text}` is not known; \
                     write `open`, `closed`, `shut`, `occluded` or `refused`"
                )
            })
    }

    fn walls(&self) -> Result<Option<[Point; 2]>> {
        let given = [
            self.front_x_mm,
            self.front_y_mm,
            self.front_z_mm,
            self.back_x_mm,
            self.back_y_mm,
            self.back_z_mm,
        ];
        let numbers: Vec<f64> = given.into_iter().flatten().collect();
        Ok(match numbers[..] {
            [] => None,
            [x, y, z, back_x, back_y, back_z] if numbers.iter().all(|mm| mm.is_finite()) => {
                Some([Point::new(x, y, z), Point::new(back_x, back_y, back_z)])
            }
            _ => bail!("walls need all six of front_x_mm to back_z_mm, or none of them"),
        })
    }

    /// Tables without grades may have widths of roots, which make them.
    fn seen(&self, has_widths: bool) -> Result<Seen> {
        let state = self.state()?;
        for (name, width) in [("width_mm", self.width_mm), ("root_width_mm", self.root_width_mm)] {
            let is_width = width.is_none_or(|mm| mm.is_finite() && mm >= 0.0);
            ensure!(
                is_width,
                "{name} is no width; write millimetres of at least 0, or leave it blank"
            );
        }
        // A state and a width that exclude each other: one of them is a slip.
        let fits = match (state, self.width_mm) {
            (State::Open, None) => !has_widths,
            (State::Open, Some(width)) => width > 0.0,
            (State::Occluded, width) => width.is_none_or(|width| width <= 0.0),
            (State::Closed | State::Shut | State::Refused, width) => width.is_none(),
        };
        ensure!(
            fits,
            "the state `{state}` does not go with the width_mm `{}`; what is open has a width \
             above 0, what is occluded 0, all else none",
            self.width_mm.map_or_else(String::new, |width| width.to_string())
        );
        let grades = [self.kim, self.modified_kim];
        let known = grades.into_iter().flatten().all(|grade| grade <= 2);
        ensure!(known, "a grade is above 2; `kim` and `modified_kim` are 0, 1 or 2");
        let widths = self.width_mm.zip(self.root_width_mm);
        let grade = |given: Option<u8>, of: fn(f64, f64) -> Option<KimGrade>| {
            given.or_else(|| widths.and_then(|(width, root)| of(width, root)).map(KimGrade::number))
        };
        Ok(Seen {
            state,
            width: self.width_mm,
            kim: grade(self.kim, KimGrade::kim),
            modified_kim: grade(self.modified_kim, KimGrade::modified_kim),
            walls: self.walls()?,
        })
    }
}

/// Reads what was seen, by reader: `sop_instance_uid`, `side` and, where they are,
/// `frame`, `reader`, `state`, `width_mm`, `root_width_mm`, `kim`, `modified_kim`, and the
/// walls in `front_x_mm` to `back_z_mm`.
///
/// # Errors
/// When the table cannot be read or used, with its name and line; among others when a
/// reader has two rows for one foramen.
pub fn read_readings(path: &Path) -> Result<BTreeMap<String, Readings>> {
    read_rows(path, |_, _| false)
}

/// Reads `profile.csv` or `selections.csv`, with the columns of [`read_readings`].
///
/// # Errors
/// As of [`read_readings`]. Two rows that say the same are no error: the slice of two
/// episodes may be the same.
pub fn read_profile(path: &Path) -> Result<Readings> {
    let mut all = read_rows(path, |one, other| one == other)?;
    let first = all.pop_first();
    ensure!(all.is_empty(), "{} has several readers; give it as readings", path.display());
    Ok(first.with_context(|| format!("{}: nothing was measured", path.display()))?.1)
}

/// Rows by reader; `may_repeat` says which two of one foramen are no contradiction.
fn read_rows(
    path: &Path,
    may_repeat: fn(&Seen, &Seen) -> bool,
) -> Result<BTreeMap<String, Readings>> {
    let mut readings: BTreeMap<String, Readings> = BTreeMap::new();
    let context = || format!("could not use {}", path.display());
    let mut table = csv::Reader::from_path(path).with_context(context)?;
    let headers = table.headers().with_context(context)?.clone();
    let has_widths = headers.iter().any(|name| name == "width_mm");
    for record in table.records() {
        let record = record.with_context(context)?;
        let line = record.position().map_or(0, csv::Position::line);
        let at_line = || format!("could not use {}, row {line}", path.display());
        let row: Row = record.deserialize(Some(&headers)).with_context(at_line)?;
        // Episodes without a chosen slice were not measured.
        if row.sop_instance_uid.is_empty() {
            continue;
        }
        let place = row.place().with_context(at_line)?;
        let seen = row.seen(has_widths).with_context(at_line)?;
        match readings.entry(row.reader).or_default().entry(place) {
            Entry::Vacant(free) => _ = free.insert(seen),
            Entry::Occupied(taken) if may_repeat(taken.get(), &seen) => {}
            Entry::Occupied(taken) => {
                let Place { sop_instance_uid, frame, side } = taken.key();
                return Err(anyhow::anyhow!(
                    "{sop_instance_uid}, frame {frame}, {side} has a row already; keep one, or \
                     tell readers apart in `reader` and the frames of an enhanced image in `frame`"
                ))
                .with_context(at_line);
            }
        }
    }
    Ok(readings)
}

/// What all readers say together, and how many foramina they leave open.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanReading {
    /// State, mean width and mean walls where all readers name one state; grades have no
    /// mean.
    pub readings: Readings,
    /// Foramina that not all readers read, or that one refused.
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

/// The mean of what has one state.
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
    Seen { state: all[0].state, width, kim: None, modified_kim: None, walls }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(table: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), table).unwrap();
        file
    }

    fn read(table: &str) -> Result<BTreeMap<String, Readings>> {
        read_readings(write(table).path())
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
        assert_eq!(states, [State::Open, State::Closed, State::Occluded, State::Open]);
        assert_eq!((seen[0].kim, seen[0].modified_kim), (Some(1), Some(1)));
        assert_eq!((seen[3].kim, seen[3].modified_kim), (Some(2), Some(1)));
        assert_eq!(seen[1].kim, None);
    }

    #[test]
    fn rows_that_cannot_be_meant_are_refused_with_their_line() {
        for (row, said) in [
            ("1,leftish,1,open,2,,", "leftish"),
            ("1,left,1,ajar,2,,", "state `ajar`"),
            ("1,left,1,open,,,", "does not go with"),
            ("1,left,1,open,0,,", "does not go with"),
            ("1,left,1,closed,2,,", "does not go with"),
            ("1,left,1,open,-2,,", "width_mm is no width"),
            ("1,left,1,open,NaN,,", "width_mm is no width"),
            ("1,left,1,open,wide,,", "invalid float"),
            ("1,left,1,open,2,3,", "a grade is above 2"),
            ("1,left,1,open,2,,4", "walls need all six"),
            ("9,right,1,open,3,,", "9, frame 1, right has a row already"),
        ] {
            let table = format!(
                "sop_instance_uid,side,reader,state,width_mm,kim,front_x_mm\n\
                 9,right,1,open,2,,\n9,right,2,open,2,,\n{row}\n"
            );
            let error = format!("{:#}", read(&table).unwrap_err());
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
            read_profile(write(&table).path())
        };
        assert_eq!(profile("1,left,2,hint\n").unwrap().len(), 1);
        let error = format!("{:#}", profile("1,left,3,hint\n").unwrap_err());
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
            [(State::Occluded, Some(0.0)), (State::Open, Some(2.5)), (State::Closed, None)]
        );
        assert_eq!((mean.different, mean.not_by_all), (1, 2));
    }
}
