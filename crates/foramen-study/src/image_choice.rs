use foramen_types::{Level, Side, SubjectId};

/// The set of axial images that an episode was measured on, and the set that comes second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenImages {
    /// Series Instance UIDs (0020,000E) of the set, from the feet up.
    pub series: Vec<String>,
    /// The set that comes second, where there is one.
    pub runner_up: Option<RunnerUpImages>,
}

/// A set of axial images that was not measured first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerUpImages {
    /// Series Instance UIDs (0020,000E) of the set, from the feet up.
    pub series: Vec<String>,
    /// The name of the rule that decided ([`foramen_dicom::Rule`]), `refused` where the set
    /// that comes first gave no foramen, or `named` where a reader named a slice.
    pub rule: String,
    /// Why the chosen set comes first, in words.
    pub why: String,
}

/// Which images a row of the outcome table was measured on, and what was remarked on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChoice {
    /// Line number of the row; 0 without a table.
    pub row: u64,
    /// Whose foramen.
    pub subject: SubjectId,
    /// Its level.
    pub level: Level,
    /// Its side.
    pub side: Side,
    /// The images.
    pub images: ChosenImages,
    /// Remarks on them: the name in `selections.csv`, and a sentence.
    pub remarks: Vec<(String, String)>,
}
