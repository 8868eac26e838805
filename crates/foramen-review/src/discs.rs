use std::collections::BTreeMap;

use foramen_dicom::{Orientation, StackHeader};
use foramen_image::Contrast;
use foramen_select::PointKind;
use foramen_study::{DiscPosition, LevelSource, Levels};
use foramen_types::{Level, Point, SubjectId, TypeError};
use serde::{Deserialize, Serialize};

use crate::store::DiscRow;
use crate::study::Study;

/// A disc as a reader has placed it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "StoredDisc", try_from = "StoredDisc")]
pub struct PlacedDisc {
    /// Its level.
    pub level: Level,
    /// Its centre, LPS millimetres.
    pub point: [f64; 3],
    /// The level it had in `levels.csv`; `None` for one that the reader has added.
    pub was: Option<Level>,
}

/// A disc as it is kept, with levels by their names.
#[derive(Serialize, Deserialize)]
struct StoredDisc {
    level: String,
    point: [f64; 3],
    was: Option<String>,
}

impl From<PlacedDisc> for StoredDisc {
    fn from(disc: PlacedDisc) -> Self {
        let name = |level: Level| level.name().to_owned();
        Self { level: name(disc.level), point: disc.point, was: disc.was.map(name) }
    }
}

impl TryFrom<StoredDisc> for PlacedDisc {
    type Error = TypeError;

    fn try_from(disc: StoredDisc) -> Result<Self, TypeError> {
        let was = disc.was.map(|was| was.parse()).transpose()?;
        Ok(Self { level: disc.level.parse()?, point: disc.point, was })
    }
}

impl Study {
    /// The people whose discs can be looked at, each with the stack that shows them.
    pub(crate) fn spines(&self) -> Vec<(&SubjectId, usize)> {
        let mut best: BTreeMap<&SubjectId, (bool, bool, usize, usize)> = BTreeMap::new();
        for (number, stack) in self.scan.stacks.iter().enumerate() {
            if stack.orientation != Orientation::Sagittal || stack.localizer {
                continue;
            }
            let is_source = self.levels.iter().any(|(subject, _, disc)| {
                *subject == stack.subject
                    && matches!(&disc.source, LevelSource::Sagittal { series_uid }
                        if *series_uid == stack.series_uid)
            });
            let is_t2 = stack.contrast == Contrast::T2Fse;
            let rank = (is_source, is_t2, stack.slices.len(), number);
            let held = best.entry(&stack.subject).or_insert(rank);
            *held = (*held).max(rank);
        }
        let is_shown = |subject: &SubjectId| {
            self.cases.is_empty() || self.cases.iter().any(|case| case.subject == *subject)
        };
        let best = best.into_iter().filter(|(subject, _)| is_shown(subject));
        best.map(|(subject, (_, _, _, number))| (subject, number)).collect()
    }

    /// The discs of a person as they stand: those of `levels.csv`, or the last that a reader
    /// has placed.
    pub(crate) fn discs_of(&self, subject: &SubjectId, rows: &[DiscRow]) -> Vec<PlacedDisc> {
        let last = rows.iter().rev().find(|row| self.subject_of(&row.image) == Some(subject));
        if let Some(row) = last {
            return row.discs.clone();
        }
        let of_subject = self.levels.iter().filter(|(of, _, _)| *of == subject);
        of_subject
            .map(|(_, level, DiscPosition { point: at, .. })| PlacedDisc {
                level,
                point: [at.x, at.y, at.z],
                was: Some(level),
            })
            .collect()
    }

    /// `levels.csv` with what readers have placed; what a person has not touched stays.
    pub(crate) fn corrected_levels(&self, rows: &[DiscRow]) -> Levels {
        let mut last: BTreeMap<&SubjectId, &DiscRow> = BTreeMap::new();
        for row in rows {
            if let Some(subject) = self.subject_of(&row.image) {
                last.insert(subject, row);
            }
        }
        let mut corrected = Levels::default();
        for (subject, level, disc) in self.levels.iter() {
            if !last.contains_key(subject) {
                corrected.insert(subject.clone(), level, disc.clone());
            }
        }
        for (subject, row) in last {
            let stack =
                |stack: &&StackHeader| stack.slices.iter().any(|slice| slice.source == row.image);
            let frame = self.scan.stacks.iter().find(stack);
            let frame = frame.and_then(|stack| stack.frame_of_reference_uid.clone());
            for placed in &row.discs {
                let [x, y, z] = placed.point;
                let former = placed.was.and_then(|was| self.levels.of(subject, was)).cloned();
                let mut disc = former.unwrap_or_else(|| DiscPosition {
                    point: Point::new(x, y, z),
                    kind: PointKind::Disc,
                    normal: None,
                    frame_of_reference_uid: frame.clone(),
                    source: LevelSource::Given(format!("review {}", row.reader)),
                    confidence: 1.0,
                    drafted: None,
                });
                disc.point = Point::new(x, y, z);
                corrected.insert(subject.clone(), placed.level, disc);
            }
        }
        corrected
    }
}
