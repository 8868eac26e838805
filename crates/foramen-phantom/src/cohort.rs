use std::path::Path;

use crate::{CohortConfig, PhantomError};

/// What [`write_cohort`] wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortSummary {
    /// Subjects in all.
    pub subjects: usize,
    /// Subjects whose row can go all the way to a prediction.
    pub analysable: usize,
    /// Files of images.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Share of favourable outcomes among the analysable.
    pub prevalence: f64,
    /// See [`crate::Truth::oracle_auc`].
    pub oracle_auc: Option<f64>,
    /// See [`crate::Truth::oracle_image_auc`].
    pub oracle_image_auc: Option<f64>,
}

/// Writes a cohort.
///
/// # Errors
/// See [`PhantomError`].
pub fn write_cohort(
    config: &CohortConfig,
    dir: &Path,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<CohortSummary, PhantomError> {
    progress(0, config.subjects());
    Err(PhantomError::Exists { path: dir.to_owned() })
}
