use std::path::Path;

use foramen_types::Level;

use super::label_image::{LabelImage, Region};

/// What the numbers of a label image stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelTable {
    /// Segmentation by TotalSpineSeg: discs C2/3 to C6/7 are 63 to 67, C7/T1 is
    /// 71; vertebrae, cord and canal have numbers of their own.
    TotalSpineSeg,
    /// The same by its versions of 2024: discs C2/3 to C7/T1 are 224 to 219.
    TotalSpineSeg2024,
    /// One place per disc, on the canal, counted from C1: 3 is C2/3 and 8 is
    /// C7/T1 (labelled discs of the Spinal Cord Toolbox, `step1_levels` of
    /// TotalSpineSeg).
    DiscPoints,
    /// One place per vertebra, on the canal at half its height: 3 is C3 (labels
    /// of the Spinal Cord Toolbox). A disc lies midway between two neighbours.
    VertebraPoints,
    /// The cord by vertebral levels: 3 is the cord behind C3 (labelled
    /// segmentation of the Spinal Cord Toolbox). A disc lies where two meet.
    VertebralLevels,
}

impl LabelTable {
    /// All tables.
    pub const ALL: [Self; 5] = [
        Self::TotalSpineSeg,
        Self::TotalSpineSeg2024,
        Self::DiscPoints,
        Self::VertebraPoints,
        Self::VertebralLevels,
    ];

    /// What it is called in messages and in the column `source`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TotalSpineSeg => "TotalSpineSeg segmentation",
            Self::TotalSpineSeg2024 => "TotalSpineSeg segmentation of 2024",
            Self::DiscPoints => "disc points counted from C1",
            Self::VertebraPoints => "vertebra points",
            Self::VertebralLevels => "cord by vertebral levels",
        }
    }

    /// What a file name says: disc points where it or its folder speaks of discs
    /// (`sub-01_labels-disc.nii.gz`, `step1_levels/sub-01.nii.gz`), vertebra points
    /// where of vertebrae or bodies. It decides only between tables that the
    /// values leave open.
    #[must_use]
    pub fn named_in(path: &Path) -> Option<Self> {
        let folder = path.parent().and_then(Path::file_name);
        let name: String = [folder, path.file_name()]
            .into_iter()
            .flatten()
            .map(|part| part.to_string_lossy().to_lowercase())
            .collect();
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        match (says(&["disc", "step1_levels"]), says(&["vert", "bod"])) {
            (true, false) => Some(Self::DiscPoints),
            (false, true) => Some(Self::VertebraPoints),
            _ => None,
        }
    }

    /// Whether an image may be one of this table: every value has a meaning, at
    /// least one tells of a cervical disc, and the regions have the right form.
    pub(super) fn fits(self, image: &LabelImage) -> bool {
        let values = || image.regions.keys().copied();
        let among = |known: &[std::ops::RangeInclusive<u32>]| {
            values().all(|value| known.iter().any(|range| range.contains(&value)))
        };
        let places = image.meetings.is_empty() && image.regions.values().all(Region::is_place);
        let finds_disc = !self.discs(image).is_empty();
        finds_disc
            && match self {
                Self::TotalSpineSeg => among(&[
                    1..=2,
                    11..=17,
                    21..=32,
                    41..=46,
                    50..=50,
                    63..=67,
                    71..=82,
                    91..=95,
                    100..=100,
                ]),
                Self::TotalSpineSeg2024 => among(&[18..=41, 92..=92, 200..=224]),
                // 49, 50 and 60 are the pons and the end of the cord.
                Self::DiscPoints => places && among(&[1..=26, 49..=50, 60..=60]),
                Self::VertebraPoints => places && among(&[1..=26]),
                Self::VertebralLevels => among(&[1..=26]),
            }
    }

    /// The discs of an image under this table, in LPS millimetres.
    pub(super) fn discs(self, image: &LabelImage) -> Vec<(Level, foramen_types::Point)> {
        let centre = |value: u32| image.regions.get(&value).map(|region| region.centre);
        let disc = |level: Level| {
            let index = u32::try_from(level.index()).expect("there are six levels");
            match self {
                Self::TotalSpineSeg if level == Level::C7T1 => centre(71),
                Self::TotalSpineSeg => centre(63 + index),
                Self::TotalSpineSeg2024 => centre(224 - index),
                Self::DiscPoints => centre(3 + index),
                Self::VertebraPoints => {
                    let (above, below) = (centre(2 + index)?, centre(3 + index)?);
                    Some(above + (below - above) * 0.5)
                }
                Self::VertebralLevels => image.meetings.get(&(2 + index, 3 + index)).copied(),
            }
        };
        Level::ALL.into_iter().filter_map(|level| Some((level, disc(level)?))).collect()
    }
}
