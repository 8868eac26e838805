use foramen_image::SliceSource;
use foramen_types::{Level, Side};
use serde::{Deserialize, Serialize};

use crate::Reading;

/// The foramen that an entry is about, and the image it was read on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Whose, under the id of that day.
    pub subject: String,
    /// Its level.
    pub level: Level,
    /// Its side.
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

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// A reader's answer.
    Reading(Reading),
    /// The answer on which readers who disagreed have settled.
    Adjudication(Reading),
    /// An earlier row of the same reader is taken back.
    Undo {
        /// Its number.
        row: i64,
    },
}

impl Kind {
    /// The answer, if it is one.
    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Reading(reading) | Self::Adjudication(reading) => Some(reading),
            Self::Undo { .. } => None,
        }
    }
}

/// What is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// A name that the sender gave; the same name again is the same entry.
    pub request: String,
    /// Who says it.
    pub reader: String,
    /// Of what.
    pub place: Place,
    /// 0 the first time a case is shown to a reader, 1 when it is repeated.
    pub occasion: u8,
    /// What.
    pub kind: Kind,
}

impl Entry {
    /// An entry of the first occasion.
    #[must_use]
    pub fn new(request: &str, reader: &str, place: Place, kind: Kind) -> Self {
        Self { request: request.to_owned(), reader: reader.to_owned(), place, occasion: 0, kind }
    }
}

/// An entry as it was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number; later rows have higher ones.
    pub id: i64,
    /// When it was kept, UTC.
    pub time: String,
    /// What was kept.
    pub entry: Entry,
}
