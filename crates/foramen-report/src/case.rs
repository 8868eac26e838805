use std::collections::BTreeMap;

use foramen_types::{Level, Outcome, Side, SubjectId};

/// Data on an injection besides its prediction, used for subgroups, the table of characteristics
/// and sensitivity analyses.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// The injected subject.
    pub subject: SubjectId,
    /// The injected level.
    pub level: Level,
    /// The injected side.
    pub side: Side,
    /// The outcome.
    pub outcome: Option<Outcome>,
    /// The measured width, millimetres; `None` where the foramen is closed.
    pub width: Option<f64>,
    /// Confidence in the choice of the slice, 0 to 1.
    pub confidence: Option<f64>,
    /// Whether a person chose or corrected the slice.
    pub by_person: bool,
    /// The names of the remarks on its images.
    pub remarks: Vec<String>,
    /// The contrast of its images, for people.
    pub contrast: Option<String>,
    /// Age, years.
    pub age: Option<f64>,
    /// Duration of the pain, weeks.
    pub duration: Option<f64>,
    /// Pain before the injection, 0 to 10.
    pub baseline: Option<f64>,
    /// Sex, as given in the outcome table.
    pub sex: Option<String>,
    /// Hospital, as given in the outcome table.
    pub site: Option<String>,
    /// Its outcome under other definitions of the label, by the definition's name.
    pub labels: BTreeMap<String, Outcome>,
}

impl Case {
    /// A case without further data.
    #[must_use]
    pub fn new(subject: SubjectId, level: Level, side: Side) -> Self {
        Self {
            subject,
            level,
            side,
            outcome: None,
            width: None,
            confidence: None,
            by_person: false,
            remarks: Vec::new(),
            contrast: None,
            age: None,
            duration: None,
            baseline: None,
            sex: None,
            site: None,
            labels: BTreeMap::new(),
        }
    }
}

/// Another definition of a favourable outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelDefinition {
    /// Its name in files.
    pub name: String,
    /// What it changes, in words.
    pub description: String,
}
