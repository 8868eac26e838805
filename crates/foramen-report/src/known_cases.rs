use std::collections::BTreeMap;

use foramen_types::{Level, Side, SubjectId};

use crate::Case;
use crate::scored::Injection;

/// The cases of injections; the n-th case of a foramen belongs to its n-th injection.
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
