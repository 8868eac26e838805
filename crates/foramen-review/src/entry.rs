use foramen_image::SliceSource;
use foramen_types::{Level, Side};
use serde::{Deserialize, Serialize};

use crate::Reading;

/// The foramen that an entry is about, and the image it was read on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The subject, under the id at the time of the entry.
    pub subject: String,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// SOP Instance UID of the image.
    pub sop_instance_uid: String,
    /// Its frame, from 1.
    pub frame: u32,
}

impl Place {
    /// The image.
    #[must_use]
    pub fn image(&self) -> SliceSource {
        SliceSource { sop_instance_uid: self.sop_instance_uid.clone(), frame: self.frame }
    }
}

/// The content of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// A reader's answer.
    Reading(Reading),
    /// The final answer to a case on which readers had disagreed.
    Adjudication(Reading),
    /// Undoes an earlier row of the same reader.
    Undo {
        /// The number of that row.
        row: i64,
    },
}

impl Kind {
    /// The answer, if the entry is one.
    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Reading(reading) | Self::Adjudication(reading) => Some(reading),
            Self::Undo { .. } => None,
        }
    }
}

/// An entry to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// An identifier given by the sender; entries with the same identifier are the same entry.
    pub request: String,
    /// The reader.
    pub reader: String,
    /// The foramen and image.
    pub place: Place,
    /// 0 the first time a case is shown to a reader, 1 when it is repeated.
    pub occasion: u8,
    /// The content.
    pub kind: Kind,
}

impl Entry {
    /// An entry for the first time that a case is shown.
    #[must_use]
    pub fn new(request: &str, reader: &str, place: Place, kind: Kind) -> Self {
        Self { request: request.to_owned(), reader: reader.to_owned(), place, occasion: 0, kind }
    }
}

/// A stored entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number; later rows have higher ones.
    pub id: i64,
    /// When it was stored, UTC.
    pub time: String,
    /// The stored entry.
    pub entry: Entry,
}
