//! Learning without leakage, for any model.
//!
//! A [`Dataset`] holds [`Sample`]s: one foramen each, as a patch and a measured width. A [`Split`]
//! assigns whole subjects to folds; each [`Fold`] gives a [`TrainSet`], a [`TuneSet`] and a
//! [`TestSet`], three types that only a split can make. A [`Learner`] fits on the first, makes its
//! choices on the second, and returns a [`Classifier`]; only [`cross_validate`] uses the third.
//! [`WidthBaseline`], a logistic regression on the width, is the baseline that any other model has
//! to beat. [`Leakage`] reports what the parts of a split share although they should not.
//!
//! ```
//! use foramen_learn::{Dataset, WidthBaseline, Sample, Split, cross_validate};
//! use foramen_types::{Level, Outcome, Side, SubjectId};
//!
//! let samples = (0..60)
//!     .map(|i| {
//!         let width = 1.0 + 0.05 * f64::from(i);
//!         Ok(Sample::new(SubjectId::new(&format!("S{i:02}"))?, Level::C5C6, Side::Left)
//!             .with_width(width)
//!             .with_outcome(Outcome::from_favourable(i % 7 == 0 || i > 30)))
//!     })
//!     .collect::<Result<Vec<_>, foramen_types::TypeError>>()?;
//! let dataset = Dataset::new(samples)?;
//! let split = Split::by_subject(&dataset, 5, 1)?;
//! let result = cross_validate(&WidthBaseline::default(), &dataset, &split)?;
//! assert_eq!(result.predictions.len(), 60);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `serde` | predictions, folds and leaks are written and read by serde |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(
        clippy::float_cmp,
        clippy::cast_possible_truncation,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod blindness;
mod cross_validation;
mod error;
mod folds_table;
mod grouped;
mod leakage;
mod learner;
mod learning_curve;
mod logistic;
mod overlap;
mod permutation;
mod predictions;
mod sample;
mod sets;
mod split;
mod width_baseline;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// Crates whose types stand in signatures here.
pub use foramen_image;
pub use foramen_table;
pub use foramen_types;
pub use ndarray;

pub use blindness::require_blind;
pub use cross_validation::{
    CrossValidation, FoldSummary, cross_validate, cross_validate_folds, cross_validate_repeats,
};
pub use error::LearnError;
pub use folds_table::{read_folds, write_folds};
pub use grouped::Held;
pub use leakage::{Closest, Leakage, NEAR_DUPLICATE, Specimen, parts_of};
pub use learner::{Classifier, Learner};
pub use learning_curve::OnShare;
pub use logistic::{Feature, FittedLogistic, Logistic};
pub use overlap::{Crossing, Overlap, Shared};
pub use permutation::permute_outcomes;
pub use predictions::{
    Prediction, PredictionTable, read_predictions, write_predictions, write_predictions_with,
};
pub use sample::{Dataset, Sample};
pub use sets::{TestSet, TrainSet, TuneSet};
pub use split::{Fold, Part, Split};
pub use width_baseline::{FittedWidthBaseline, WidthBaseline};
