//! Examinations that occur under two subject ids.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use foramen_dicom::StackHeader;
use foramen_types::SubjectId;

/// An examination whose images belong to two subjects: one Study Instance UID (0020,000D) under two
/// subject ids. Such UIDs are unique, so most likely one person has two ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SameStudy {
    /// One subject.
    pub first: SubjectId,
    /// The other.
    pub second: SubjectId,
    /// The Study Instance UID.
    pub study_uid: String,
}

impl fmt::Display for SameStudy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second, study_uid } = self;
        write!(
            f,
            "subjects {first} and {second} have images of one study (Study Instance UID \
             {study_uid}) and are most likely one person; give both one id (--link FILE), or \
             leave one out"
        )
    }
}

/// The pairs of subjects with a study in common, in order.
pub(crate) fn same_studies<'a>(
    stacks: impl IntoIterator<Item = &'a StackHeader>,
) -> Vec<SameStudy> {
    let mut owners: BTreeMap<&str, BTreeSet<&SubjectId>> = BTreeMap::new();
    for stack in stacks {
        owners.entry(&stack.study_uid).or_default().insert(&stack.subject);
    }
    let pairs = owners.into_iter().flat_map(|(study_uid, subjects)| {
        let subjects: Vec<&SubjectId> = subjects.into_iter().collect();
        let pair = |first: usize, second: usize| SameStudy {
            first: subjects[first].clone(),
            second: subjects[second].clone(),
            study_uid: study_uid.to_owned(),
        };
        let later = |first: usize| (first + 1..subjects.len()).map(move |second| (first, second));
        let pairs = (0..subjects.len()).flat_map(later);
        pairs.map(|(first, second)| pair(first, second)).collect::<Vec<_>>()
    });
    let mut pairs: Vec<SameStudy> = pairs.collect();
    pairs.sort();
    pairs
}
