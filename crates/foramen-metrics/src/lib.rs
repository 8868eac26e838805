//! Computes performance metrics of predictions, with intervals.
//!
//! [`Scores`] holds labels and predicted probabilities, checked and sorted once. Every metric takes
//! `Scores` and returns an [`Estimate`] (value, interval, number of samples, method), or an
//! [`Undefined`] with the reason why it has no value: an undefined metric is never 0, 0.5 or NaN.
//! [`summary`] computes all metrics of one model.
//!
//! | question | module |
//! |---|---|
//! | Do positives rank above negatives? | [`discrimination`] |
//! | Are the probabilities right, and can they be put right? | [`calibration`] |
//! | What happens at a threshold, and which to take? | [`classification`] |
//! | Is it worth acting on? | [`utility`] |
//! | Is one model better than another? | [`comparison`] |
//! | Several samples of one subject? Does it hold in every group? | [`clusters`] |
//! | Cross-validated? | [`cross_validation`] |
//! | No formula for an interval? Is there anything at all? | [`resampling`] |
//! | Do two readers agree? | [`agreement`] |
//! | How many samples? | [`planning`] |
//!
//! ```
//! use foramen_metrics::classification::Confusion;
//! use foramen_metrics::discrimination::auc;
//! use foramen_metrics::{Confidence, Scores, Undefined};
//!
//! let labels = [false, false, true, false, true, true];
//! let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8])?;
//!
//! // Of the 9 pairs of a positive and a negative 7 are in order and one is tied.
//! let area = auc(&scores)?;
//! assert_eq!(area.estimate, 7.5 / 9.0);
//! let bounds = area.interval.expect("six samples have a DeLong interval");
//! assert!(bounds.lower < area.estimate && area.estimate < bounds.upper);
//!
//! let confusion = Confusion::at(&scores, 0.5);
//! assert_eq!((confusion.true_positive, confusion.false_negative), (2, 1));
//! assert_eq!(confusion.specificity(Confidence::P95)?.estimate, 1.0);
//!
//! let one_class = Scores::new(&[true, true], &[0.2, 0.9])?;
//! assert_eq!(auc(&one_class), Err(Undefined::NoNegatives));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `serde` | results are written and read by serde |
//! | `plot` | ROC curves, calibration and decision curves as SVG |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "tests compare numbers that are exact by construction"
    )
)]

pub mod agreement;
pub mod calibration;
pub mod classification;
pub mod clusters;
pub mod comparison;
pub mod cross_validation;
pub mod discrimination;
pub mod planning;
pub mod resampling;
pub mod utility;

mod distribution;
mod error;
mod estimate;
mod scores;
mod summary;
mod tie;

#[cfg(feature = "plot")]
pub mod plot;

#[cfg(test)]
mod reference;

#[cfg(all(doctest, feature = "plot"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub use error::{MetricsError, Undefined};
pub use estimate::{Confidence, Estimate, Interval, Method};
pub use scores::Scores;
pub use summary::{Number, summary};
pub use tie::Tie;
