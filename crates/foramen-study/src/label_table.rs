use std::path::Path;

/// The meaning of the values of a label image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelTable {
    /// Segmentation by TotalSpineSeg: discs C2/3 to C6/7 are 63 to 67, C7/T1 is
    /// 71; vertebrae, cord and canal have numbers of their own.
    TotalSpineSeg,
    /// Segmentation by TotalSpineSeg's versions of 2024: discs C2/3 to C7/T1 are 224 to 219.
    TotalSpineSeg2024,
    /// One place per disc, on the canal, counted from C1: 3 is C2/3 and 8 is
    /// C7/T1 (labelled discs of the Spinal Cord Toolbox, `step1_levels` of
    /// TotalSpineSeg).
    DiscPoints,
    /// One place per vertebra, on the canal at half its height: 3 is C3 (labels
    /// of the Spinal Cord Toolbox). A disc lies midway between two neighbours.
    VertebraPoints,
    /// The cord by vertebral levels: 3 is the cord behind C3 (labelled segmentation of the Spinal
    /// Cord Toolbox). A disc lies where two levels meet.
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

    /// The table that a file name indicates: disc points where one of its words is `disc`
    /// (`sub-01_labels-disc.nii.gz`) or its folder is `step1_levels`, vertebra points where one is
    /// `vert`, `vertebra` or `body`. Only whole words count, since a file may be in `converted` or
    /// of subject `DISC01`. The name decides only between tables that the values leave open.
    #[must_use]
    pub fn named_in(path: &Path) -> Option<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
        let says = |known: &[&str]| words.iter().any(|word| known.contains(word));
        let in_discs = path.parent().is_some_and(|folder| folder.ends_with("step1_levels"));
        let vertebrae = ["vert", "verts", "vertebra", "vertebrae", "vertebral", "body", "bodies"];
        match (in_discs || says(&["disc", "discs"]), says(&vertebrae)) {
            (true, false) => Some(Self::DiscPoints),
            (false, true) => Some(Self::VertebraPoints),
            _ => None,
        }
    }

    /// Whether the regions of this table are single places.
    pub(crate) fn is_of_places(self) -> bool {
        matches!(self, Self::DiscPoints | Self::VertebraPoints)
    }
}
