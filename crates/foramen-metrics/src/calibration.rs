//! Are the probabilities right, and can they be put right?
//!
//! [`calibration`] (intercept and slope), [`calibration_curve`], [`reliability`] bins, [`brier`]
//! and its parts, the [`likelihood`], and calibration tests. [`Platt`], [`Temperature`] and
//! [`Isotonic`] are fitted on some samples and applied to others.
//!
//! ```
//! use foramen_metrics::{Scores, calibration::{brier, calibration}};
//!
//! let labels = [false, false, true, false, true, true, false, true];
//! let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
//! // Probabilities that are too cautious: the log-odds should be steeper.
//! assert!(calibration(&scores)?.slope.estimate > 1.0);
//! assert!(brier(&scores)?.estimate < 0.25); // always saying 50 % scores 0.25
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod brier;
mod hosmer_lemeshow;
mod likelihood;
mod recalibration;
mod reliability;
mod slope;
mod smooth;

pub use brier::{BrierDecomposition, brier, brier_decomposition, scaled_brier};
pub use hosmer_lemeshow::{HosmerLemeshow, HosmerLemeshowGroup, hosmer_lemeshow};
pub use likelihood::{Likelihood, likelihood, spiegelhalter};
pub use recalibration::{Isotonic, Platt, Temperature};
pub use reliability::{Bins, Reliability, ReliabilityBin, expected_calibration_error, reliability};
pub use slope::{Calibration, PROBABILITY_LIMIT, calibration, calibration_in_the_large};
pub use smooth::{CalibrationCurve, CalibrationPoint, Degree, Smoothing, calibration_curve};

pub(crate) use brier::scaled_brier_of_ties;
