use foramen_image::SliceSource;
use foramen_types::{Level, Point, TypeError};
use serde::{Deserialize, Serialize};

/// A disc placed by a reader.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "StoredDisc", try_from = "StoredDisc")]
pub struct PlacedDisc {
    /// Its level.
    pub level: Level,
    /// Its centre, LPS millimetres.
    pub point: [f64; 3],
    /// The level that the disc had in `levels.csv`; `None` for a disc added by the reader.
    pub was: Option<Level>,
}

/// A disc in the form of the file: levels are written by name.
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

impl PlacedDisc {
    /// Its centre.
    pub(crate) fn at(&self) -> Point {
        let [x, y, z] = self.point;
        Point::new(x, y, z)
    }
}

/// All discs of a person, as placed by a reader at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscRow {
    /// Its number.
    pub id: i64,
    /// An identifier given by the sender; rows with the same identifier are the same row.
    pub request: String,
    /// When it was stored, UTC.
    pub time: String,
    /// The reader.
    pub reader: String,
    /// The subject, under the id at the time of the row.
    pub subject: String,
    /// The sagittal image on which they were placed.
    pub image: SliceSource,
    /// The discs.
    pub discs: Vec<PlacedDisc>,
}
