use foramen_image::SliceSource;
use foramen_select::State;
use foramen_types::Point;
use serde::{Deserialize, Serialize};

/// What a reader says of a foramen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It is open; it has a width.
    Open,
    /// A pedicle lies there: this slice cuts no foramen.
    #[serde(rename = "closed")]
    Pedicle,
    /// It is shut by bone or disc; its width is 0.
    Occluded,
    /// It cannot be evaluated, for the reason that is given.
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

    /// What a measured state is to a reader; what was refused or not told apart is nothing.
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

/// What is wrong besides the choice of the slice.
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

/// What had been chosen when a reader answered.
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
    /// Whether it was on an image.
    #[must_use]
    pub fn is(&self, image: &SliceSource) -> bool {
        self.sop_instance_uid == image.sop_instance_uid && self.frame == image.frame
    }
}

/// One answer of a reader, complete in itself: it holds whatever the automatic choice
/// becomes later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What is seen.
    pub seen: Seen,
    /// Why it cannot be evaluated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The width, millimetres: above 0 of what is open, 0 of what is occluded.
    pub width_mm: Option<f64>,
    /// Front and back wall, LPS millimetres; of what is occluded one place twice, where a
    /// reader has marked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walls: Option<[[f64; 3]; 2]>,
    /// Whether walls are the reader's own, and not those that were measured.
    #[serde(default)]
    pub moved: bool,
    /// What is wrong besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// Kim's grade, 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kim: Option<u8>,
    /// What the reader remarks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whether the automatic choice was hidden until this answer.
    #[serde(default)]
    pub blind: bool,
    /// What had been chosen.
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
