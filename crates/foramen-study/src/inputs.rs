use std::collections::BTreeMap;

use foramen_dicom::Scan;
use foramen_outcome::Outcomes;

use crate::{DiscPositions, Numbers};

/// The inputs of a study, already read.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StudyInputs<'a> {
    /// The images.
    pub scan: &'a Scan,
    /// The injections and their outcomes.
    pub outcomes: &'a Outcomes,
    /// Disc positions; without them the discs are found on the sagittal series.
    pub levels: Option<&'a DiscPositions>,
    /// Covariates that models use beside the image, by the first row of an episode.
    pub covariates: Option<&'a BTreeMap<u64, Numbers>>,
}

impl<'a> StudyInputs<'a> {
    /// Creates inputs from images and outcomes only.
    #[must_use]
    pub fn new(scan: &'a Scan, outcomes: &'a Outcomes) -> Self {
        Self { scan, outcomes, levels: None, covariates: None }
    }

    /// The same inputs with disc positions.
    #[must_use]
    pub fn with_levels(mut self, levels: Option<&'a DiscPositions>) -> Self {
        self.levels = levels;
        self
    }

    /// The same inputs with covariates of each episode, by its first row.
    #[must_use]
    pub fn with_covariates(mut self, covariates: &'a BTreeMap<u64, Numbers>) -> Self {
        self.covariates = Some(covariates);
        self
    }
}
