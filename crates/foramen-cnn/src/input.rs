//! What a model takes.

use foramen_learn::Sample;

use crate::covariates::Covariates;

/// What samples a model was trained on, and takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Input {
    /// Rows and columns of the patches.
    pub edge: usize,
    /// Channels of the patches.
    pub channels: usize,
    /// Numbers beside the picture.
    pub covariates: Covariates,
}

impl Input {
    /// What the first of the train samples is like; its patch must hold the field of
    /// view.
    pub(crate) fn of(train: &[&Sample], crop: usize, covariates: Covariates) -> Self {
        let rows = train.first().map_or(crop, |sample| sample.patch.nrows());
        let channels = train.first().map_or(1, |sample| sample.channels().count());
        Self { edge: rows.max(crop), channels, covariates }
    }
}
