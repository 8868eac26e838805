use std::collections::BTreeSet;

use foramen_types::SubjectId;

use crate::{LearnError, Sample};

/// The samples on which a model is fitted. Only a [`Fold`](crate::Fold) can make this set.
#[derive(Debug, Clone)]
pub struct TrainSet<'a> {
    samples: Vec<&'a Sample>,
    auxiliary: Vec<&'a Sample>,
}

/// The samples on which a model's choices are made: when to stop, which threshold, which
/// temperature. Only a [`Fold`](crate::Fold) can make this set.
#[derive(Debug, Clone)]
pub struct TuneSet<'a> {
    samples: Vec<&'a Sample>,
}

/// The samples on which a model is tested, and nothing else. Only a [`Fold`](crate::Fold) can make
/// this set.
#[derive(Debug, Clone)]
pub struct TestSet<'a> {
    samples: Vec<&'a Sample>,
}

impl<'a> TrainSet<'a> {
    pub(crate) fn new(all: Vec<&'a Sample>) -> Self {
        let (samples, auxiliary) = all.into_iter().partition(|sample| sample.outcome.is_some());
        Self { samples, auxiliary }
    }

    /// The samples with an outcome.
    #[must_use]
    pub fn samples(&self) -> &[&'a Sample] {
        &self.samples
    }

    /// Other foramina of the same subjects, without an outcome: a model may be trained to predict
    /// their widths.
    #[must_use]
    pub fn auxiliary(&self) -> &[&'a Sample] {
        &self.auxiliary
    }

    /// The samples of the set that belong to these subjects.
    pub(crate) fn of_subjects(&self, subjects: &BTreeSet<&SubjectId>) -> Self {
        let [samples, auxiliary] =
            [&self.samples, &self.auxiliary].map(|all| of_subjects(all, subjects));
        Self { samples, auxiliary }
    }

    /// Checks that both outcomes are present, which fitting needs.
    ///
    /// # Errors
    /// [`LearnError::OneOutcome`] with the counts.
    pub fn require_both_outcomes(&self) -> Result<(), LearnError> {
        let is_favourable = |s: &&&Sample| s.outcome.is_some_and(|outcome| outcome.is_favourable());
        let favourable = self.samples.iter().filter(is_favourable).count();
        let poor = self.samples.len() - favourable;
        if poor == 0 || favourable == 0 {
            return Err(LearnError::OneOutcome { poor, favourable });
        }
        Ok(())
    }
}

impl<'a> TuneSet<'a> {
    pub(crate) fn new(all: Vec<&'a Sample>) -> Self {
        Self { samples: labelled(all) }
    }

    /// The samples of the set that belong to these subjects.
    pub(crate) fn of_subjects(&self, subjects: &BTreeSet<&SubjectId>) -> Self {
        Self { samples: of_subjects(&self.samples, subjects) }
    }

    /// The samples, each with an outcome.
    #[must_use]
    pub fn samples(&self) -> &[&'a Sample] {
        &self.samples
    }
}

impl<'a> TestSet<'a> {
    pub(crate) fn new(all: Vec<&'a Sample>) -> Self {
        Self { samples: labelled(all) }
    }

    /// The samples, each with an outcome.
    #[must_use]
    pub fn samples(&self) -> &[&'a Sample] {
        &self.samples
    }
}

fn labelled(all: Vec<&Sample>) -> Vec<&Sample> {
    all.into_iter().filter(|sample| sample.outcome.is_some()).collect()
}

fn of_subjects<'a>(all: &[&'a Sample], subjects: &BTreeSet<&SubjectId>) -> Vec<&'a Sample> {
    all.iter().copied().filter(|sample| subjects.contains(&sample.subject)).collect()
}
