use foramen_types::{Level, Side, SubjectId};

/// The set of axial images that an episode was measured on, and the second-ranked set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenImages {
    /// Series Instance UIDs (0020,000E) of the set, from the feet up.
    pub series: Vec<String>,
    /// The second-ranked set, where there is one.
    pub runner_up: Option<RunnerUpImages>,
}

/// The second-ranked set of axial images, which was not measured first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerUpImages {
    /// Series Instance UIDs (0020,000E) of the set, from the feet up.
    pub series: Vec<String>,
    /// The name of the rule that decided ([`foramen_dicom::Rule`]), `refused` where no foramen
    /// could be chosen on the first-ranked set, or `named` where a reader named a slice.
    pub rule: String,
    /// Why the chosen set is ranked first, in words.
    pub why: String,
}

/// The images on which a row of the outcome table was measured, and the remarks on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChoice {
    /// Line number of the row; 0 without a table.
    pub row: u64,
    /// The subject.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// The images.
    pub images: ChosenImages,
    /// Remarks on them: the name in `selections.csv`, and a sentence.
    pub remarks: Vec<(String, String)>,
}
