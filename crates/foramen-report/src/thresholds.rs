use foramen_metrics::{
    Confidence, Estimate, Scores, Undefined, classification::Confusion, utility::net_benefit,
};

use crate::scored::Scored;

/// Number of steps of the threshold between 0 and 1.
const STEPS: u32 = 100;

/// The results of predicting at one threshold.
#[derive(Debug, Clone)]
pub(crate) struct ThresholdReport {
    /// Injections with at least this probability are predicted as favourable.
    pub(crate) threshold: f64,
    /// Favourable outcomes predicted as favourable.
    pub(crate) true_positive: usize,
    /// Poor outcomes predicted as favourable.
    pub(crate) false_positive: usize,
    /// Share of the favourable outcomes that are predicted as favourable.
    pub(crate) sensitivity: Option<f64>,
    /// The 95 % interval of the sensitivity (Wilson).
    pub(crate) sensitivity_ci95: Option<(f64, f64)>,
    /// Share of the poor outcomes that are predicted as poor.
    pub(crate) specificity: Option<f64>,
    /// The 95 % interval of the specificity (Wilson).
    pub(crate) specificity_ci95: Option<(f64, f64)>,
    /// Share of the predicted favourable outcomes that are favourable.
    pub(crate) positive_predictive_value: Option<f64>,
    /// The 95 % interval of the positive predictive value (Wilson).
    pub(crate) positive_predictive_value_ci95: Option<(f64, f64)>,
    /// Share of the predicted poor outcomes that are poor.
    pub(crate) negative_predictive_value: Option<f64>,
    /// The 95 % interval of the negative predictive value (Wilson).
    pub(crate) negative_predictive_value_ci95: Option<(f64, f64)>,
    /// Net benefit of injecting those predicted as favourable.
    pub(crate) net_benefit: Option<f64>,
    /// The 95 % interval of the net benefit (Wald).
    pub(crate) net_benefit_ci95: Option<(f64, f64)>,
    /// Net benefit of injecting everyone.
    pub(crate) net_benefit_of_all: f64,
}

/// The results of a model at the thresholds 0.01 to 0.99.
pub(crate) fn thresholds(scored: &Scored) -> Vec<ThresholdReport> {
    (1..STEPS).map(|step| at(&scored.scores, f64::from(step) / f64::from(STEPS))).collect()
}

/// The results at one threshold below 1.
pub(crate) fn at(scores: &Scores, threshold: f64) -> ThresholdReport {
    let calls = Confusion::at(scores, threshold);
    let level = Confidence::P95;
    let parts = |estimate: Result<Estimate, Undefined>| {
        let estimate = estimate.ok();
        (estimate.map(|one| one.estimate), estimate.and_then(|one| one.ci()))
    };
    let (sensitivity, sensitivity_ci95) = parts(calls.sensitivity(level));
    let (specificity, specificity_ci95) = parts(calls.specificity(level));
    let (positive_predictive_value, positive_predictive_value_ci95) =
        parts(calls.positive_predictive_value(level));
    let (negative_predictive_value, negative_predictive_value_ci95) =
        parts(calls.negative_predictive_value(level));
    let (benefit, net_benefit_ci95) = parts(net_benefit(scores, threshold));
    let prevalence = scores.prevalence();
    ThresholdReport {
        threshold,
        true_positive: calls.true_positive,
        false_positive: calls.false_positive,
        sensitivity,
        sensitivity_ci95,
        specificity,
        specificity_ci95,
        positive_predictive_value,
        positive_predictive_value_ci95,
        negative_predictive_value,
        negative_predictive_value_ci95,
        net_benefit: benefit,
        net_benefit_ci95,
        net_benefit_of_all: prevalence - (1.0 - prevalence) * threshold / (1.0 - threshold),
    }
}
