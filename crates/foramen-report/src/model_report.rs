use std::collections::BTreeMap;

use serde::Serialize;

use crate::BeforeRecalibration;

/// The results of one model. Intervals are (lower, upper) at 95 %. An undefined value is `None`,
/// and `undefined` holds the reason.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ModelReport {
    /// The model's name for people.
    pub title: String,
    /// One sentence on the model.
    pub description: String,
    /// Injections with a prediction and an outcome.
    pub n: usize,
    /// Those with a favourable outcome.
    pub n_positive: usize,
    /// Subjects with these injections.
    pub n_subjects: usize,
    /// Repeats of the cross-validation; probabilities are averaged over them.
    pub repeats: usize,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// The DeLong interval of the AUC.
    pub auc_ci95: Option<(f64, f64)>,
    /// The interval of the AUC by a stratified bootstrap (BCa, 10,000 resamples).
    pub auc_ci95_bootstrap: Option<(f64, f64)>,
    /// The interval of the AUC that treats several injections of a subject as related (Obuchowski);
    /// equal to DeLong's where each subject has one injection.
    pub auc_ci95_clustered: Option<(f64, f64)>,
    /// The AUC of each repeat alone.
    pub auc_by_repeat: Vec<Option<f64>>,
    /// The AUC of each fold alone, repeat by repeat. Their spread shows how much a single small
    /// test set would have varied.
    pub auc_by_fold: Vec<Option<f64>>,
    /// Subjects in more than one fold of a repeat. Above 0, models may have seen
    /// the subjects that they predict.
    pub subjects_in_several_folds: usize,
    /// Two-sided p value for AUC = 0.5, by permutation.
    pub p_no_discrimination: Option<f64>,
    /// Brier score: mean squared difference of probability and outcome.
    pub brier: Option<f64>,
    /// The Wald interval of the Brier score.
    pub brier_ci95: Option<(f64, f64)>,
    /// Scaled Brier score: 1 − Brier / Brier of predicting the prevalence.
    pub brier_scaled: Option<f64>,
    /// Slope of the logistic recalibration; 1 is ideal.
    pub calibration_slope: Option<f64>,
    /// The Wald interval of the calibration slope.
    pub calibration_slope_ci95: Option<(f64, f64)>,
    /// Intercept of the same fit; 0 is ideal.
    pub calibration_intercept: Option<f64>,
    /// The Wald interval of the calibration intercept.
    pub calibration_intercept_ci95: Option<(f64, f64)>,
    /// Calibration in the large: intercept at slope 1; 0 is ideal.
    pub calibration_in_the_large: Option<f64>,
    /// The Wald interval of the calibration in the large.
    pub calibration_in_the_large_ci95: Option<(f64, f64)>,
    /// Expected calibration error over ten bins with equal numbers of injections.
    pub expected_calibration_error: Option<f64>,
    /// The threshold: probability from which a favourable outcome is predicted.
    pub threshold: Option<f64>,
    /// Favourable outcomes predicted as favourable at the threshold.
    pub true_positive: Option<usize>,
    /// Poor outcomes predicted as favourable at the threshold.
    pub false_positive: Option<usize>,
    /// Poor outcomes predicted as poor at the threshold.
    pub true_negative: Option<usize>,
    /// Favourable outcomes predicted as poor at the threshold.
    pub false_negative: Option<usize>,
    /// Share of the favourable outcomes that are predicted as favourable.
    pub sensitivity: Option<f64>,
    /// The Wilson interval of the sensitivity.
    pub sensitivity_ci95: Option<(f64, f64)>,
    /// Share of the poor outcomes that are predicted as poor.
    pub specificity: Option<f64>,
    /// The Wilson interval of the specificity.
    pub specificity_ci95: Option<(f64, f64)>,
    /// Share of the predicted favourable outcomes that are favourable.
    pub positive_predictive_value: Option<f64>,
    /// The Wilson interval of the positive predictive value.
    pub positive_predictive_value_ci95: Option<(f64, f64)>,
    /// Share of the predicted poor outcomes that are poor.
    pub negative_predictive_value: Option<f64>,
    /// The Wilson interval of the negative predictive value.
    pub negative_predictive_value_ci95: Option<(f64, f64)>,
    /// Share of all outcomes that are predicted correctly.
    pub accuracy: Option<f64>,
    /// The Wilson interval of the accuracy.
    pub accuracy_ci95: Option<(f64, f64)>,
    /// Results with the probabilities before recalibration, if folds were recalibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_recalibration: Option<BeforeRecalibration>,
    /// The reasons for missing values above, by the value's name.
    pub undefined: BTreeMap<&'static str, String>,
    /// Notes on these predictions for the reader.
    pub notes: Vec<String>,
}
