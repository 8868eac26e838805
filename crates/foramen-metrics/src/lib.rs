//! Predictions to numbers with intervals.
//!
//! [`Scores`] are labels and predicted probabilities, checked and sorted once.
//! Every metric takes them and returns an [`Estimate`] (the number, its
//! interval, how many samples, which method), or says by [`Undefined`] why there
//! is none: a metric that is not defined is never 0, 0.5 or NaN. [`summary`] is
//! every number of one model at once. Two models on the same samples are
//! [`PairedScores`], compared by [`compare_auc`]; episodes of the same subjects
//! are [`ClusteredScores`]; readers' numbers are [`Ratings`] and [`Grades`].
//!
//! ```
//! use foramen_metrics::{Confusion, Confidence, Scores, Undefined, auc, brier};
//!
//! let labels = [false, false, true, false, true, true];
//! let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8])?;
//!
//! // Of the 9 pairs of a positive and a negative 7 are in order and one is tied.
//! let area = auc(&scores)?;
//! assert_eq!(area.estimate, 7.5 / 9.0);
//! let (lower, upper) = area.ci().expect("six samples have a DeLong interval");
//! assert!(lower < area.estimate && area.estimate < upper);
//!
//! let confusion = Confusion::at(&scores, 0.5);
//! assert_eq!((confusion.true_positive, confusion.false_negative), (2, 1));
//! assert_eq!(confusion.specificity(Confidence::P95)?.estimate, 1.0);
//! assert!((brier(&scores)?.estimate - 0.95 / 6.0).abs() < 1e-12);
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

mod agreement;
mod auc;
mod band;
mod bootstrap;
mod brier;
mod calibration;
mod cluster;
mod compare;
mod confusion;
mod cross_validation;
mod distribution;
mod error;
mod estimate;
mod folds;
mod hosmer_lemeshow;
mod likelihood;
mod mcnemar;
mod partial;
mod permutation;
mod plan;
mod precision_recall;
mod proportion;
mod recalibration;
mod regression_plan;
mod reliability;
mod roc;
mod scores;
mod several;
mod smooth;
mod subgroup;
mod summary;
mod threshold;
mod tie;
mod unpaired;
mod utility;

#[cfg(feature = "plot")]
pub mod plot;

#[cfg(test)]
mod reference;

#[cfg(all(doctest, feature = "plot"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub use agreement::{
    BlandAltman, Clusters, Grades, Icc, KappaWeights, Ratings, bland_altman,
    bland_altman_of_clusters, icc, icc_of_clusters, kappa, kappa_of_clusters,
};
pub use auc::{AucInterval, auc, auc_with, hanley_mcneil};
pub use band::{RocBandPoint, roc_band};
pub use bootstrap::{Bootstrap, BootstrapInterval, bootstrap, bootstrap_auc, bootstrap_difference};
pub use brier::{BrierDecomposition, brier, brier_decomposition, scaled_brier};
pub use calibration::{Calibration, PROBABILITY_LIMIT, calibration, calibration_in_the_large};
pub use cluster::{ClusteredScores, auc_of_clusters, cluster_bootstrap_auc};
pub use compare::{Comparison, PairedScores, compare_auc};
pub use confusion::{Confusion, Rate};
pub use cross_validation::{
    ResampledTest, Spread, corrected_resampled_t_test, cross_validated_auc, pool,
};
pub use error::{MetricsError, Undefined};
pub use estimate::{Confidence, Estimate, Interval, Method};
pub use folds::{FoldFault, PooledAgainstFolds, pooled_against_folds, pooled_by_repeat};
pub use hosmer_lemeshow::{HosmerLemeshow, HosmerLemeshowGroup, hosmer_lemeshow};
pub use likelihood::{Likelihood, likelihood, spiegelhalter};
pub use mcnemar::{McNemar, mcnemar};
pub use partial::{PartialArea, RocRegion, partial_auc};
pub use permutation::permutation_test;
pub use plan::{Effect, Plan, SampleSize};
pub use precision_recall::{
    PrecisionRecallCurve, PrecisionRecallPoint, average_precision, precision_recall,
};
pub use proportion::{ProportionInterval, clopper_pearson, wilson};
pub use recalibration::{Isotonic, Platt, Temperature};
pub use regression_plan::{RegressionPlan, RegressionSize};
pub use reliability::{Bins, Reliability, ReliabilityBin, expected_calibration_error, reliability};
pub use roc::{RocCurve, RocPoint, roc};
pub use scores::Scores;
pub use several::{Pair, SeveralComparison, compare_several, holm};
pub use smooth::{CalibrationCurve, CalibrationPoint, Degree, Smoothing, calibration_curve};
pub use subgroup::{Interaction, Subgroup, Subgroups, auc_by_group, by_group};
pub use summary::{Number, summary};
pub use threshold::{
    Costs, threshold_at_sensitivity, threshold_at_specificity, threshold_nearest_corner,
    threshold_of_least_cost, youden,
};
pub use tie::Tie;
pub use unpaired::{UnpairedComparison, compare_unpaired_auc};
pub use utility::{DecisionPoint, decision_curve, net_benefit, net_benefit_of_treating_all};
