//! Metrics of a cross-validation.
//!
//! [`cross_validated_auc`] (LeDell), [`pooled_against_folds`] (are the folds on one scale?),
//! [`Spread`] over repeats, and [`corrected_resampled_t_test`] for a difference over repeats.
//!
//! ```
//! use foramen_metrics::cross_validation::Spread;
//!
//! let areas = Spread::of(&[0.80, 0.82, 0.84]).expect("there are repeats");
//! assert!((areas.mean - 0.82).abs() < 1e-12);
//! ```

mod folds;
mod repeats;

pub use folds::{FoldFault, PooledAgainstFolds, pooled_against_folds, pooled_by_repeat};
pub use repeats::{ResampledTest, Spread, corrected_resampled_t_test, cross_validated_auc, pool};
