use std::fmt;
use std::str::FromStr;

use foramen_types::SubjectId;

use crate::{LearnError, Part};

/// A kind of overlap between two parts of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Overlap {
    /// The same subject.
    Subject,
    /// A Study Instance UID (0020,000D): one examination under two subject ids.
    Study,
    /// A SOP Instance UID (0008,0018): one image under two subject ids.
    Image,
    /// The same image, pixel for pixel.
    Pixels,
    /// Two similar images, such as two scans of one neck.
    NearDuplicate,
}

impl Overlap {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Subject, Self::Study, Self::Image, Self::Pixels, Self::NearDuplicate];

    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Study => "study",
            Self::Image => "image",
            Self::Pixels => "pixels",
            Self::NearDuplicate => "near-duplicate",
        }
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Overlap {
    type Err = LearnError;

    fn from_str(name: &str) -> Result<Self, LearnError> {
        let found = Self::ALL.into_iter().find(|overlap| overlap.name() == name);
        found.ok_or_else(|| LearnError::UnknownOverlap { name: name.to_owned() })
    }
}

/// The two parts between which something is shared, from the least harmful to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Crossing {
    /// The train and the tune set: training stops too late.
    TrainTune,
    /// The tune and the test set: choices are made on test data.
    TuneTest,
    /// The train and the test set: results are too good.
    TrainTest,
}

impl Crossing {
    /// All of them, the most harmful first.
    pub const ALL: [Self; 3] = [Self::TrainTest, Self::TuneTest, Self::TrainTune];

    /// The crossing of two parts; `None` if both are the same part.
    #[must_use]
    pub fn of(a: Part, b: Part) -> Option<Self> {
        match (a.min(b), a.max(b)) {
            (Part::Train, Part::Tune) => Some(Self::TrainTune),
            (Part::Tune, Part::Test) => Some(Self::TuneTest),
            (Part::Train, Part::Test) => Some(Self::TrainTest),
            _ => None,
        }
    }

    /// The names of the two parts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TrainTune => "train and tune",
            Self::TuneTest => "tune and test",
            Self::TrainTest => "train and test",
        }
    }

    /// The crossing with these names of parts.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|crossing| crossing.name() == name)
    }
}

/// An overlap between two subjects whose images are in different parts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Shared {
    /// The kind of overlap.
    pub kind: Overlap,
    /// The two subjects, in order; twice the same where a subject is in two parts.
    pub subjects: [SubjectId; 2],
    /// The first subject's image that is most similar to an image of the second subject.
    pub first: String,
    /// The other image.
    pub second: String,
    /// The two parts; the most harmful crossing if there are several.
    pub crossing: Crossing,
    /// Number of pairs of images with this overlap.
    pub images: usize,
    /// Similarity of the two images; `None` where the pixels were not compared.
    pub similarity: Option<f64>,
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, first, second, crossing, similarity, .. } = self;
        let parts = crossing.name();
        let [one, other] = &self.subjects;
        match kind {
            Overlap::Subject => write!(f, "subject {one} is in {parts} ({first}, {second})"),
            Overlap::Study => {
                write!(f, "{first} and {second} are of one study (Study Instance UID), in {parts}")
            }
            Overlap::Image => {
                write!(f, "{first} and {second} are one image (SOP Instance UID), in {parts}")
            }
            Overlap::Pixels => {
                write!(f, "{first} and {second} have the same pixels, in {parts}")
            }
            Overlap::NearDuplicate => {
                let similarity = similarity.unwrap_or_default();
                write!(
                    f,
                    "{first} and {second} show the same (correlation {similarity:.3}), in {parts}"
                )
            }
        }?;
        if one != other && self.images > 1 {
            write!(f, "; {} pairs of their images", self.images)?;
        }
        Ok(())
    }
}
