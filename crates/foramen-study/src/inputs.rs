use std::collections::BTreeMap;

use foramen_dicom::Scan;
use foramen_outcome::Outcomes;

use crate::{DiscPositions, Numbers};

/// What a study is made from, once it has been read.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StudyInputs<'a> {
    /// The images.
    pub scan: &'a Scan,
    /// The injections and what became of them.
    pub outcomes: &'a Outcomes,
    /// Disc positions; without them discs are found on the sagittal series.
    pub levels: Option<&'a DiscPositions>,
    /// Numbers for the models beside the picture, by the first row of an episode.
    pub covariates: Option<&'a BTreeMap<u64, Numbers>>,
}

impl<'a> StudyInputs<'a> {
    /// Images and outcomes, without anything beside them.
    #[must_use]
    pub fn new(scan: &'a Scan, outcomes: &'a Outcomes) -> Self {
        Self { scan, outcomes, levels: None, covariates: None }
    }

    /// The same with disc positions.
    #[must_use]
    pub fn with_levels(mut self, levels: Option<&'a DiscPositions>) -> Self {
        self.levels = levels;
        self
    }

    /// The same with numbers of each episode, by its first row.
    #[must_use]
    pub fn with_covariates(mut self, covariates: &'a BTreeMap<u64, Numbers>) -> Self {
        self.covariates = Some(covariates);
        self
    }
}
