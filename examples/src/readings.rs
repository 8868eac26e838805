use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use foramen_select::KimGrade;
use foramen_types::{Point, Vector};
use serde::Deserialize;

/// One foramen on one slice: SOP Instance UID and side.
pub type Place = (String, String);

/// What someone, or the program, saw there.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// `open`, `closed`, `occluded` or `refused`.
    pub state: String,
    /// The width, millimetres.
    pub width: Option<f64>,
    /// The grade by Kim, 0 to 2.
    pub kim: Option<u8>,
    /// The grade by the modified scale.
    pub modified_kim: Option<u8>,
    /// Front and back wall in the patient, millimetres.
    pub walls: Option<[Point; 2]>,
}

#[derive(Deserialize)]
struct Row {
    sop_instance_uid: String,
    side: String,
    #[serde(default)]
    reader: String,
    state: Option<String>,
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
    fn walls(&self) -> Option<[Point; 2]> {
        let front = Point::new(self.front_x_mm?, self.front_y_mm?, self.front_z_mm?);
        Some([front, Point::new(self.back_x_mm?, self.back_y_mm?, self.back_z_mm?)])
    }

    /// A table without states has a width where something is open; one without
    /// grades may have widths of roots, which make them.
    fn seen(&self) -> Seen {
        let state = self.state.clone().unwrap_or_else(|| match self.width_mm {
            Some(width) if width > 0.0 => "open".to_owned(),
            Some(_) => "occluded".to_owned(),
            None => "closed".to_owned(),
        });
        let widths = self.width_mm.zip(self.root_width_mm);
        let grade = |given: Option<u8>, of: fn(f64, f64) -> Option<KimGrade>| {
            given.or_else(|| widths.and_then(|(width, root)| of(width, root)).map(KimGrade::number))
        };
        Seen {
            state,
            width: self.width_mm,
            kim: grade(self.kim, KimGrade::kim),
            modified_kim: grade(self.modified_kim, KimGrade::modified_kim),
            walls: self.walls(),
        }
    }
}

/// Reads what was seen, by reader: `sop_instance_uid`, `side` and, where they are,
/// `reader`, `state`, `width_mm`, `root_width_mm`, `kim`, `modified_kim`, and the walls in
/// `front_x_mm` to `back_z_mm`.
///
/// # Errors
/// When the table cannot be read, with its name.
pub fn read_readings(path: &Path) -> Result<BTreeMap<String, BTreeMap<Place, Seen>>> {
    let mut readings: BTreeMap<String, BTreeMap<Place, Seen>> = BTreeMap::new();
    let context = || format!("could not use {}", path.display());
    for row in csv::Reader::from_path(path).with_context(context)?.deserialize() {
        let row: Row = row.with_context(context)?;
        // Episodes without a chosen slice were not measured.
        if !row.sop_instance_uid.is_empty() {
            let seen = row.seen();
            readings.entry(row.reader).or_default().insert((row.sop_instance_uid, row.side), seen);
        }
    }
    Ok(readings)
}

/// The mean width and walls of the foramina that all readers give a width; grades have
/// no mean.
#[must_use]
pub fn mean_reading(
    readers: &BTreeMap<String, BTreeMap<Place, Seen>>,
    places: &BTreeSet<&Place>,
) -> BTreeMap<Place, Seen> {
    let mean = |place: &Place| {
        let all: Option<Vec<f64>> = readers.values().map(|r| r.get(place)?.width).collect();
        let width = all.map(|all| all.iter().sum::<f64>() / all.len() as f64);
        let walls: Option<Vec<_>> = readers.values().map(|r| r.get(place)?.walls).collect();
        let walls = walls.map(|walls| {
            let sum = walls.iter().fold([Vector::default(); 2], |sum, [front, back]| {
                let from = |point: &Point| *point - Point::default();
                [sum[0] + from(front), sum[1] + from(back)]
            });
            sum.map(|sum| Point::default() + sum * (1.0 / walls.len() as f64))
        });
        let state = if width.is_some() { "open" } else { "closed" }.to_owned();
        Seen { state, width, kim: None, modified_kim: None, walls }
    };
    places.iter().map(|place| ((*place).clone(), mean(place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_grades_are_made_of_widths_where_they_are_not_given() {
        let folder = std::env::temp_dir().join(format!("foramen-readings-{}", std::process::id()));
        let table = "sop_instance_uid,side,width_mm,root_width_mm,kim\n\
                     1,left,2.4,3,\n2,left,,,\n3,left,0,,\n4,left,2,3,2\n,left,,,\n";
        std::fs::write(&folder, table).unwrap();
        let readings = read_readings(&folder).unwrap();
        std::fs::remove_file(&folder).unwrap();
        let seen: Vec<&Seen> = readings[""].values().collect();
        let states: Vec<&str> = seen.iter().map(|seen| seen.state.as_str()).collect();
        assert_eq!(states, ["open", "closed", "occluded", "open"]);
        assert_eq!((seen[0].kim, seen[0].modified_kim), (Some(1), Some(1)));
        assert_eq!((seen[3].kim, seen[3].modified_kim), (Some(2), Some(1)));
        assert_eq!(seen[1].kim, None);
    }
}
