use foramen_metrics::{
    discrimination::hanley_mcneil,
    planning::{RegressionPlan, RegressionSize},
};
use serde::Serialize;

use crate::scored::Scored;

/// Expected AUCs of a plan: the one of the published study, and two lower ones.
const EXPECTED: [f64; 3] = [0.8, 0.75, 0.7];
/// Numbers of parameters: one width; a few measurements; measurements with covariates.
const PARAMETERS: [usize; 4] = [1, 5, 10, 20];
/// Half the width of a 95 % interval of the AUC that counts as narrow.
const NARROW: f64 = 0.05;

/// Whether there are enough injections for a model (Riley et al., doi 10.1136/bmj.m441), at the
/// observed share of favourable outcomes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SampleSizeReport {
    /// Number of injections.
    pub n: usize,
    /// Injections with a favourable outcome.
    pub n_positive: usize,
    /// Injections needed to estimate the overall share to ± 5 points: the least for any model.
    pub n_for_overall_share: usize,
    /// Half the width of the 95 % interval of an AUC of 0.8 with `n` injections (Hanley and
    /// McNeil).
    pub half_width_at_auc_080: Option<f64>,
    /// Injections for which this half-width is at most 0.05.
    pub n_for_narrow_auc: usize,
    /// Injections that regression models need, by expected AUC.
    pub plans: Vec<SampleSizePlan>,
}

/// Injections needed for one expected AUC.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SampleSizePlan {
    /// The expected AUC.
    pub expected_auc: f64,
    /// The Cox–Snell R² that corresponds to this AUC.
    pub r_squared: f64,
    /// Greatest number of parameters for which `n` injections suffice to keep predictions at most a
    /// tenth too extreme.
    pub most_parameters: usize,
    /// Injections needed, by number of parameters.
    pub models: Vec<SampleSizeModel>,
}

/// Injections needed for a model with this number of parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SampleSizeModel {
    /// Number of parameters without the intercept.
    pub parameters: usize,
    /// Injections for predictions at most a tenth too extreme.
    pub n_for_shrinkage: usize,
    /// Injections for an optimism of R² of at most 0.05.
    pub n_for_optimism: usize,
    /// Injections that meet all criteria.
    pub n_needed: usize,
    /// Whether `n` is at least `n_needed`.
    pub enough: bool,
}

/// The plans at the observed share of favourable outcomes; `None` where all outcomes are the same.
pub(crate) fn sample_size(scored: &Scored) -> Option<SampleSizeReport> {
    let scores = &scored.scores;
    let (n, prevalence) = (scores.len(), scores.prevalence());
    let plans = EXPECTED.map(|expected_auc| {
        let plan = RegressionPlan::new(expected_auc, prevalence).ok()?;
        let models = PARAMETERS.map(|parameters| {
            let size = plan.samples(parameters);
            let n_needed = size.needed();
            let RegressionSize { shrinkage, optimism, .. } = size;
            SampleSizeModel {
                parameters,
                n_for_shrinkage: shrinkage,
                n_for_optimism: optimism,
                n_needed,
                enough: n >= n_needed,
            }
        });
        Some(SampleSizePlan {
            expected_auc,
            r_squared: plan.r_squared(),
            most_parameters: plan.parameters(n),
            models: models.to_vec(),
        })
    });
    let plans = plans.into_iter().collect::<Option<Vec<_>>>()?;
    let share = RegressionPlan::new(EXPECTED[0], prevalence).ok()?.samples(0).overall_share;
    Some(SampleSizeReport {
        n,
        n_positive: scores.positives(),
        n_for_overall_share: share,
        half_width_at_auc_080: half_width(n, prevalence),
        n_for_narrow_auc: narrow(prevalence)?,
        plans,
    })
}

fn half_width(n: usize, prevalence: f64) -> Option<f64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of n")]
    let positives = (n as f64 * prevalence).round() as usize;
    let error = hanley_mcneil(EXPECTED[0], positives, n.checked_sub(positives)?).ok()?;
    Some(1.959_963_984_540_054 * error)
}

/// The least number of injections with a narrow interval.
fn narrow(prevalence: f64) -> Option<usize> {
    (10..100_000).find(|&n| half_width(n, prevalence).is_some_and(|half| half <= NARROW))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;
    use crate::sample::prediction;

    #[test]
    fn a_cohort_of_288_is_too_small_by_its_share_alone() {
        let predictions =
            (0..288).map(|at| prediction(&format!("S{at}"), 0, at % 2 == 0, f64::from(at) / 300.0));
        let scored = Scored::new(&Model::new("cnn", predictions.collect())).unwrap();
        let report = sample_size(&scored).unwrap();
        // The table of Riley's criteria at an AUC of 0.8 and a share of 0.5 (foramen-metrics).
        assert_eq!((report.n_for_overall_share, report.plans[0].most_parameters), (385, 9));
        let ten = &report.plans[0].models[2];
        assert_eq!((ten.parameters, ten.n_needed, ten.enough), (10, 385, false));
        // Hanley and McNeil: the standard error of 0.8 with 144 of each is 0.026.
        assert!((report.half_width_at_auc_080.unwrap() - 0.051).abs() < 0.001);
        assert!((290..310).contains(&report.n_for_narrow_auc), "{}", report.n_for_narrow_auc);
    }
}
