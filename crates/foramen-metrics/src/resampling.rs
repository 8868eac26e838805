//! Intervals and tests by resampling.
//!
//! [`bootstrap`] of any statistic, [`bootstrap_auc`], [`bootstrap_difference`] of two models, the
//! band around a ROC curve ([`roc_band`]), and [`permutation_test`]: is there anything at all?
//! Results depend only on the seed.
//!
//! ```
//! use foramen_metrics::{Scores, resampling::{Bootstrap, bootstrap_auc}};
//!
//! let labels = [false, false, true, false, true, true, false, true];
//! let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
//! let draws = Bootstrap::default().with_resamples(200);
//! assert_eq!(bootstrap_auc(&scores, &draws)?, bootstrap_auc(&scores, &draws)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod band;
mod bootstrap;
mod permutation;

pub use band::{RocBandPoint, roc_band};
pub use bootstrap::{Bootstrap, BootstrapInterval, bootstrap, bootstrap_auc, bootstrap_difference};
pub use permutation::permutation_test;

pub(crate) use bootstrap::{bootstrap_each, draw, interval, quantile};
