use foramen_image::SliceSource;
use foramen_select::State;
use foramen_types::Point;
use serde::{Deserialize, Serialize};

/// The state of a foramen according to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Open; the foramen has a width.
    Open,
    /// A pedicle: this slice does not cut a foramen.
    #[serde(rename = "closed")]
    Pedicle,
    /// Closed by bone or disc; the width is 0.
    Occluded,
    /// Cannot be evaluated, for the given reason.
    Unclear,
}

impl Seen {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Pedicle => "closed",
            Self::Occluded => "occluded",
            Self::Unclear => "unclear",
        }
    }

    /// The state for a reader that corresponds to a measured state; `None` for refused and
    /// undecided states.
    #[must_use]
    pub fn of(state: State) -> Option<Self> {
        match state {
            State::Open => Some(Self::Open),
            State::Pedicle => Some(Self::Pedicle),
            State::Occluded => Some(Self::Occluded),
            State::Shut | State::Refused => None,
        }
    }
}

/// A problem besides the choice of the slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The disc is numbered wrongly.
    Level,
    /// Left and right are exchanged.
    Side,
}

impl Problem {
    /// In words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Level => "the level is wrong",
            Self::Side => "the side is wrong",
        }
    }
}

/// The automatic choice at the time of a reader's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Automatic {
    /// SOP Instance UID of the image.
    pub sop_instance_uid: String,
    /// Its frame.
    pub frame: u32,
    /// The width, millimetres.
    pub width_mm: Option<f64>,
}

impl Automatic {
    /// Whether the choice was this image.
    #[must_use]
    pub fn is(&self, image: &SliceSource) -> bool {
        self.sop_instance_uid == image.sop_instance_uid && self.frame == image.frame
    }
}

/// One answer of a reader, complete in itself: it stays valid if the automatic choice changes
/// later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The state.
    pub seen: Seen,
    /// Why the foramen cannot be evaluated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The width, millimetres: above 0 if open, 0 if occluded.
    pub width_mm: Option<f64>,
    /// Front and back wall, LPS millimetres; for an occluded foramen the same place twice, if a
    /// reader marked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walls: Option<[[f64; 3]; 2]>,
    /// Whether the reader set the walls, rather than keeping the measured ones.
    #[serde(default)]
    pub moved: bool,
    /// Other problems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// Kim's grade, 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kim: Option<u8>,
    /// The reader's note.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whether the automatic choice was hidden until this answer.
    #[serde(default)]
    pub blind: bool,
    /// The automatic choice at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<Automatic>,
}

impl Reading {
    /// The walls as points.
    #[must_use]
    pub fn points(&self) -> Option<[Point; 2]> {
        self.walls.map(|walls| walls.map(|[x, y, z]| Point::new(x, y, z)))
    }
}
