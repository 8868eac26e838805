use std::collections::BTreeMap;

use serde::Serialize;

use crate::BeforeRecalibration;

/// The numbers of one model. An interval is (lower, upper) at 95 %; what is not
/// defined is `None`, and `undefined` says why.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ModelReport {
    /// The model's name for people.
    pub title: String,
    /// One sentence on it.
    pub description: String,
    /// Injections with a prediction and an outcome.
    pub n: usize,
    /// Those with a favourable outcome.
    pub n_positive: usize,
    /// Subjects they belong to.
    pub n_subjects: usize,
    /// Repeats of the cross-validation; probabilities are averaged over them.
    pub repeats: usize,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Its DeLong interval.
    pub auc_ci95: Option<(f64, f64)>,
    /// Its interval by a stratified bootstrap (BCa, 10,000 resamples).
    pub auc_ci95_bootstrap: Option<(f64, f64)>,
    /// Its interval where several injections of a subject count as related
    /// (Obuchowski); equal to DeLong's where each subject has one.
    pub auc_ci95_clustered: Option<(f64, f64)>,
    /// The AUC of each repeat alone.
    pub auc_by_repeat: Vec<Option<f64>>,
    /// The AUC of each fold alone, repeat by repeat: their spread is what one
    /// small test set would have shown.
    pub auc_by_fold: Vec<Option<f64>>,
    /// Subjects in more than one fold of a repeat. Above 0, models may have seen
    /// the subjects that they predict.
    pub subjects_in_several_folds: usize,
    /// Two-sided p-value of no discrimination, by permutation.
    pub p_no_discrimination: Option<f64>,
    /// Mean squared distance of probability and outcome.
    pub brier: Option<f64>,
    /// Its Wald interval.
    pub brier_ci95: Option<(f64, f64)>,
    /// 1 − Brier / that of the prevalence.
    pub brier_scaled: Option<f64>,
    /// Slope of the logistic recalibration, 1 at best.
    pub calibration_slope: Option<f64>,
    /// Its Wald interval.
    pub calibration_slope_ci95: Option<(f64, f64)>,
    /// Intercept of the same fit, 0 at best.
    pub calibration_intercept: Option<f64>,
    /// Its Wald interval.
    pub calibration_intercept_ci95: Option<(f64, f64)>,
    /// Intercept at slope 1, 0 at best.
    pub calibration_in_the_large: Option<f64>,
    /// Its Wald interval.
    pub calibration_in_the_large_ci95: Option<(f64, f64)>,
    /// Expected calibration error over ten bins of equal numbers.
    pub expected_calibration_error: Option<f64>,
    /// The probability from which an outcome is called favourable.
    pub threshold: Option<f64>,
    /// Favourable outcomes called favourable at it.
    pub true_positive: Option<usize>,
    /// Poor outcomes called favourable at it.
    pub false_positive: Option<usize>,
    /// Poor outcomes called poor at it.
    pub true_negative: Option<usize>,
    /// Favourable outcomes called poor at it.
    pub false_negative: Option<usize>,
    /// Share of the favourable outcomes called favourable.
    pub sensitivity: Option<f64>,
    /// Its Wilson interval.
    pub sensitivity_ci95: Option<(f64, f64)>,
    /// Share of the poor outcomes called poor.
    pub specificity: Option<f64>,
    /// Its Wilson interval.
    pub specificity_ci95: Option<(f64, f64)>,
    /// Share of the favourable calls that are right.
    pub positive_predictive_value: Option<f64>,
    /// Its Wilson interval.
    pub positive_predictive_value_ci95: Option<(f64, f64)>,
    /// Share of the poor calls that are right.
    pub negative_predictive_value: Option<f64>,
    /// Its Wilson interval.
    pub negative_predictive_value_ci95: Option<(f64, f64)>,
    /// Share of all calls that are right.
    pub accuracy: Option<f64>,
    /// Its Wilson interval.
    pub accuracy_ci95: Option<(f64, f64)>,
    /// Its probabilities before each fold recalibrated them, where folds did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_recalibration: Option<BeforeRecalibration>,
    /// Why a number above is missing, by its name.
    pub undefined: BTreeMap<&'static str, String>,
    /// What a reader should know of these predictions.
    pub notes: Vec<String>,
}
