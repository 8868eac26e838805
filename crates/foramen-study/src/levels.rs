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

/// The position of a disc and its source.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscPosition {
    /// The position, patient LPS millimetres.
    pub point: Point,
    /// Whether the position is the disc's centre or lies on the canal beside the disc.
    pub kind: PointKind,
    /// The cranial unit normal of the disc, where known.
    pub normal: Option<Vector>,
    /// Frame of Reference UID (0020,0052) of the position. `None` means the frame of all the
    /// subject's images; if these have several frames, the position is not used.
    pub frame_of_reference_uid: Option<String>,
    /// Who or what placed the disc.
    pub source: LevelSource,
    /// Confidence in the position, 0 to 1.
    pub confidence: f64,
    /// The draft by the disc finder, which a person may have changed since.
    pub drafted: Option<Drafted>,
}

/// The disc finder's draft of a disc.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drafted {
    /// The level in the draft.
    pub level: Level,
    /// The position in the draft, patient LPS millimetres.
    pub point: Point,
}

/// Who or what placed a disc.
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
    /// Levels that a person refused, with the drafted position of their disc, if there was a draft.
    refused: BTreeMap<(SubjectId, Level), Option<Point>>,
}

impl DiscPositions {
    /// Adds or replaces a disc.
    pub fn insert(&mut self, subject: SubjectId, level: Level, disc: DiscPosition) {
        self.refused.remove(&(subject.clone(), level));
        self.discs.insert((subject, level), disc);
    }

    /// Records that a person refused a level, and removes its disc.
    pub fn refuse(&mut self, subject: SubjectId, level: Level) {
        let at = (subject, level);
        let was = self.discs.remove(&at);
        let drafted = was.map(|disc| disc.drafted.map_or(disc.point, |drafted| drafted.point));
        self.refused.insert(at, drafted);
    }

    /// The levels that a person refused, with the drafted position of their disc.
    pub fn refused(&self) -> impl Iterator<Item = (&SubjectId, Level, Option<Point>)> {
        self.refused.iter().map(|((subject, level), drafted)| (subject, *level, *drafted))
    }

    /// Adds the refused levels of `other`, except those whose disc has a position here.
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
