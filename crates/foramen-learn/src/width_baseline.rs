use foramen_types::Probability;

use crate::{Classifier, LearnError, Learner, Sample, TrainSet, TuneSet};

/// The baseline: logistic regression on the z-score of the measured width.
///
/// A sample without a width gets the mean z-score of the train set.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WidthBaseline {
    /// Weight of the penalty on the squared slope. Default 0.01: only strong
    /// enough to keep the slope finite when widths separate the outcomes.
    pub ridge: f64,
}

impl Default for WidthBaseline {
    fn default() -> Self {
        Self { ridge: 0.01 }
    }
}

/// A fitted [`WidthBaseline`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FittedWidthBaseline {
    /// Log-odds of a favourable outcome at a width z-score of 0.
    pub intercept: f64,
    /// Change of the log-odds per standard deviation of width.
    pub slope: f64,
    /// Mean z-score of the train set, for samples without a width.
    pub mean_z: f64,
}

impl Learner for WidthBaseline {
    type Fitted = FittedWidthBaseline;
    type Error = LearnError;

    fn name(&self) -> &'static str {
        "ruler"
    }

    fn fit(
        &self,
        train: &TrainSet<'_>,
        _tune: &TuneSet<'_>,
    ) -> Result<FittedWidthBaseline, LearnError> {
        train.require_both_outcomes()?;
        let points: Vec<(f64, f64)> = train
            .samples()
            .iter()
            .filter_map(|s| Some((s.width_z()?, f64::from(s.outcome?.label()))))
            .collect();
        if points.is_empty() {
            return Err(LearnError::NoWidth);
        }
        let mean_z = points.iter().map(|(z, _)| z).sum::<f64>() / points.len() as f64;
        let (intercept, slope) = fit_logistic(&points, self.ridge);
        Ok(FittedWidthBaseline { intercept, slope, mean_z })
    }
}

impl Classifier for FittedWidthBaseline {
    type Error = LearnError;

    fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, LearnError> {
        let logit = |sample: &&Sample| {
            self.intercept + self.slope * sample.width_z().unwrap_or(self.mean_z)
        };
        Ok(samples
            .iter()
            .map(|sample| {
                Probability::from_logit(logit(sample)).expect("widths and coefficients are finite")
            })
            .collect())
    }
}

/// Intercept and slope that maximise the penalised log-likelihood of `(z, label)`
/// points, by Newton's method with halved steps.
fn fit_logistic(points: &[(f64, f64)], ridge: f64) -> (f64, f64) {
    let loss = |intercept: f64, slope: f64| {
        let penalty = 0.5 * ridge * slope * slope;
        points.iter().fold(penalty, |sum, (z, label)| {
            let logit = intercept + slope * z;
            // log(1 + e^x) without overflow.
            sum + logit.max(0.0) + (-logit.abs()).exp().ln_1p() - label * logit
        })
    };
    let (mut intercept, mut slope) = (0.0, 0.0);
    for _ in 0..50 {
        let (mut g0, mut g1) = (0.0, ridge * slope);
        // A touch on the diagonal keeps the system solvable when all widths agree.
        let (mut h00, mut h01, mut h11) = (1e-9, 0.0, ridge + 1e-9);
        for (z, label) in points {
            let p = 1.0 / (1.0 + (-(intercept + slope * z)).exp());
            let weight = p * (1.0 - p);
            g0 += p - label;
            g1 += (p - label) * z;
            h00 += weight;
            h01 += weight * z;
            h11 += weight * z * z;
        }
        let determinant = h00 * h11 - h01 * h01;
        let step = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
        let before = loss(intercept, slope);
        let mut scale = 1.0;
        while scale > 1e-6 && loss(intercept - scale * step.0, slope - scale * step.1) > before {
            scale *= 0.5;
        }
        intercept -= scale * step.0;
        slope -= scale * step.1;
        if step.0.abs() + step.1.abs() < 1e-10 {
            break;
        }
    }
    (intercept, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_matches_scikit_learn() {
        // from sklearn.linear_model import LogisticRegression
        // x = [[-2], [-1], [-0.5], [0], [0.5], [1], [2], [3]]; y = [0, 0, 1, 0, 1, 0, 1, 1]
        // m = LogisticRegression(C=100, tol=1e-12).fit(x, y); m.intercept_, m.coef_
        let z = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0];
        let label = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0];
        let points: Vec<_> = z.into_iter().zip(label).collect();
        let (intercept, slope) = fit_logistic(&points, 0.01);
        // The lbfgs solver of scikit-learn stops at about six digits.
        assert!((intercept - INTERCEPT).abs() < 1e-5, "{intercept}");
        assert!((slope - SLOPE).abs() < 1e-5, "{slope}");
    }

    const INTERCEPT: f64 = -0.346_424_94;
    const SLOPE: f64 = 1.061_355_59;

    #[test]
    fn separable_widths_give_a_finite_slope() {
        let points = [(-1.0, 0.0), (-0.5, 0.0), (0.5, 1.0), (1.0, 1.0)];
        let (intercept, slope) = fit_logistic(&points, 0.01);
        assert!(intercept.is_finite() && slope.is_finite() && slope > 1.0, "{slope}");
    }

    #[test]
    fn equal_widths_give_the_prevalence() {
        let (intercept, slope) = fit_logistic(&[(0.0, 1.0), (0.0, 1.0), (0.0, 0.0)], 0.01);
        assert!((intercept - 2f64.ln()).abs() < 1e-6 && slope == 0.0, "{intercept} {slope}");
    }
}
