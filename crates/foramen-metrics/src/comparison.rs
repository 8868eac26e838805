//! Is one model better than another?
//!
//! [`compare_auc`] on the same samples, [`compare_unpaired_auc`] on different ones,
//! [`compare_several`] for all models at once with [`holm`]'s correction, [`mcnemar`] for calls.
//!
//! ```
//! use foramen_metrics::{Confidence, Scores, comparison::{PairedScores, compare_auc}};
//!
//! let labels = [false, false, true, false, true, true, false, true];
//! let model = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
//! let width = Scores::new(&labels, &[0.4, 0.5, 0.3, 0.1, 0.6, 0.5, 0.2, 0.7])?;
//! let compared = compare_auc(&PairedScores::new(model, width)?, Confidence::P95)?;
//! assert!(compared.p.is_some_and(|p| p > 0.5)); // eight samples tell no difference
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compare;
mod mcnemar;
mod several;
mod unpaired;

pub use compare::{Comparison, PairedScores, compare_auc};
pub use mcnemar::{McNemar, mcnemar};
pub use several::{Pair, SeveralComparison, compare_several, holm};
pub use unpaired::{UnpairedComparison, compare_unpaired_auc};

pub(crate) use compare::placements;
