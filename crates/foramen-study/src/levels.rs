use std::collections::BTreeMap;

use foramen_select::PointKind;
use foramen_types::{Level, Point, SubjectId, Vector};

mod edits;
mod frames;
mod given;
mod label_image;
mod labels;
mod markups;
mod normals;
mod sagittal;
mod table;

pub(crate) use normals::normal_of;
pub(crate) use sagittal::{find_heights, heights_on};

pub use edits::LevelEdits;
pub use given::{GivenLevels, UnreadLevels, open_levels};
pub use sagittal::find_levels;

/// Where a disc is, and how that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscPosition {
    /// The place, patient LPS millimetres.
    pub point: Point,
    /// Whether the place is the disc's centre or lies on the canal beside it.
    pub kind: PointKind,
    /// The cranial unit normal of the disc, where known.
    pub normal: Option<Vector>,
    /// Frame of Reference UID (0020,0052) in which the place holds; `None` means
    /// the one frame that all images of the subject are in, and nothing where they
    /// are in several.
    pub frame_of_reference_uid: Option<String>,
    /// Who says so.
    pub source: LevelSource,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
    /// Where the disc finder had put it, which a person may have changed since.
    pub drafted: Option<Drafted>,
}

/// What the disc finder had said of a disc.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drafted {
    /// Which disc it was taken for.
    pub level: Level,
    /// Its place, patient LPS millimetres.
    pub point: Point,
}

/// Who placed a disc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LevelSource {
    /// A row of `levels.csv`, with the text of its column `source`.
    Given(String),
    /// The disc finder, on a sagittal series.
    Sagittal {
        /// Series Instance UID (0020,000E) of that series.
        series_uid: String,
    },
}

/// Disc positions by subject and level.
#[derive(Debug, Clone, Default)]
pub struct DiscPositions {
    discs: BTreeMap<(SubjectId, Level), DiscPosition>,
    /// DiscPositions that a person has refused, and where their disc had been drafted, if it was.
    refused: BTreeMap<(SubjectId, Level), Option<Point>>,
}

impl DiscPositions {
    /// Adds or replaces a disc.
    pub fn insert(&mut self, subject: SubjectId, level: Level, disc: DiscPosition) {
        self.refused.remove(&(subject.clone(), level));
        self.discs.insert((subject, level), disc);
    }

    /// Notes that a person has refused a level, and removes its disc.
    pub fn refuse(&mut self, subject: SubjectId, level: Level) {
        let at = (subject, level);
        let was = self.discs.remove(&at);
        let drafted = was.map(|disc| disc.drafted.map_or(disc.point, |drafted| drafted.point));
        self.refused.insert(at, drafted);
    }

    /// The levels that persons have refused, and where their disc had been drafted.
    pub fn refused(&self) -> impl Iterator<Item = (&SubjectId, Level, Option<Point>)> {
        self.refused.iter().map(|((subject, level), drafted)| (subject, *level, *drafted))
    }

    /// Takes over the levels that persons have refused elsewhere, but for those that have a
    /// disc here.
    pub fn refuse_as(&mut self, other: &Self) {
        for (at, drafted) in &other.refused {
            if !self.discs.contains_key(at) {
                self.refused.insert(at.clone(), *drafted);
            }
        }
    }

    /// The disc of a level of a subject.
    #[must_use]
    pub fn of(&self, subject: &SubjectId, level: Level) -> Option<&DiscPosition> {
        self.discs.get(&(subject.clone(), level))
    }

    /// Whether a person has refused a level of a subject.
    pub(crate) fn is_refused(&self, subject: &SubjectId, level: Level) -> bool {
        self.refused.contains_key(&(subject.clone(), level))
    }

    /// All discs, by subject and level.
    pub fn iter(&self) -> impl Iterator<Item = (&SubjectId, Level, &DiscPosition)> {
        self.discs.iter().map(|((subject, level), disc)| (subject, *level, disc))
    }
}
