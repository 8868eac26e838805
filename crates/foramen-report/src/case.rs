use std::collections::BTreeMap;

use foramen_types::{Level, Outcome, Side, SubjectId};

use crate::scored::Injection;

/// What is known of an injection beside its prediction: subgroups, the table of characteristics
/// and sensitivity analyses are made of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// Who was injected.
    pub subject: SubjectId,
    /// Where.
    pub level: Level,
    /// On which side.
    pub side: Side,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// The measured width, millimetres; none where the foramen is closed.
    pub width: Option<f64>,
    /// How sure the choice of the slice is, 0 to 1.
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
    /// Sex, as the outcome table has it.
    pub sex: Option<String>,
    /// Hospital, as the outcome table has it.
    pub site: Option<String>,
    /// Its outcome by other definitions of the label, by the name of each.
    pub labels: BTreeMap<String, Outcome>,
}

impl Case {
    /// A case of which nothing more is known.
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

/// The cases of injections; the n-th case of a foramen is that of its n-th injection.
pub(crate) struct Cases<'a>(BTreeMap<Injection, &'a Case>);

impl<'a> Cases<'a> {
    pub(crate) fn new(cases: &'a [Case]) -> Self {
        let mut seen: BTreeMap<(&SubjectId, Level, Side), usize> = BTreeMap::new();
        let mut all = BTreeMap::new();
        for case in cases {
            let before = seen.entry((&case.subject, case.level, case.side)).or_default();
            all.insert((case.subject.clone(), case.level, case.side, *before), case);
            *before += 1;
        }
        Self(all)
    }

    pub(crate) fn of(&self, injection: &Injection) -> Option<&'a Case> {
        self.0.get(injection).copied()
    }
}
