use crate::{Confidence, Estimate, Scores, Undefined, distribution::logistic};

/// When probabilities are recalibrated, they are clipped to this distance from 0 and 1 before their
/// log-odds are taken ([`crate::calibration::Platt`], [`crate::calibration::Temperature`]): this
/// allows for single-precision networks that predict exactly 0 or 1. [`calibration`] leaves such
/// predictions out.
pub const PROBABILITY_LIMIT: f64 = 1e-9;

/// Logistic recalibration: log-odds of the outcome = intercept + slope ×
/// log-odds of the prediction (Cox 1958, doi 10.1093/biomet/45.3-4.562).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Calibration {
    /// Ideally 0. It is fitted together with the slope; see [`calibration_in_the_large`] for the
    /// intercept at slope 1.
    pub intercept: Estimate,
    /// Ideally 1; below 1 the predictions are too extreme, as after overfitting.
    pub slope: Estimate,
    /// Predictions of exactly 0 or 1, which are left out because they have no log-odds.
    pub certain: usize,
    /// Number of those predictions that were wrong.
    pub certain_wrong: usize,
}

impl Calibration {
    /// The recalibrated probability of a prediction.
    #[must_use]
    pub fn recalibrate(&self, probability: f64) -> f64 {
        logistic(self.intercept.estimate + self.slope.estimate * logit(probability))
    }
}

/// Calibration intercept and slope with 95 % Wald intervals, by maximum
/// likelihood.
///
/// Predictions of exactly 0 or 1 have no log-odds and are left out and counted,
/// as in `val.prob` of the R package rms.
///
/// # Errors
/// [`Undefined`] where a class is missing, for marker values, where all predictions are equal, and
/// where one threshold separates the classes, so that the likelihood has no maximum;
/// [`Undefined::Saturated`] if more than half of the predictions are exactly 0 or 1, or too few
/// others remain.
///
/// ```
/// use foramen_metrics::{calibration::calibration, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Too cautious: log-odds should be 2.5 times as far from 0 (few samples, wide interval).
/// let fitted = calibration(&scores)?;
/// assert_eq!(format!("{:.2}", fitted.slope.estimate), "2.51");
/// assert_eq!(format!("{:.2}", fitted.intercept.estimate), "1.07");
/// assert_eq!(format!("{:.2}", fitted.recalibrate(0.6)), "0.89");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn calibration(scores: &Scores) -> Result<Calibration, Undefined> {
    scores.are_probabilities()?;
    scores.both_classes()?;
    let (between, certain) = scores.between()?;
    let wrong = |(label, p): &(bool, f64)| if *label { *p <= 0.0 } else { *p >= 1.0 };
    let certain_wrong = if certain > 0 { scores.pairs().filter(wrong).count() } else { 0 };
    let scores = &*between;
    if scores.ties().len() == 1 {
        return Err(Undefined::ConstantScores);
    }
    if separated(scores) {
        return Err(Undefined::Separated);
    }
    let ties: Vec<(f64, f64, f64)> = scores
        .ties()
        .iter()
        .map(|tie| {
            (
                log_odds(tie.value),
                f64::from(tie.positives),
                f64::from(tie.positives + tie.negatives),
            )
        })
        .collect();
    let (fit, information) = fit(&ties, [0.0, 1.0])?;
    let determinant = information[0] * information[2] - information[1] * information[1];
    let n = scores.len();
    let wald = |estimate: f64, variance: f64| {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        Estimate::wald(estimate, Ok(variance.sqrt()), n, Confidence::P95, all)
    };
    Ok(Calibration {
        intercept: wald(fit[0], information[2] / determinant),
        slope: wald(fit[1], information[0] / determinant),
        certain,
        certain_wrong,
    })
}

/// Calibration-in-the-large: the intercept of the recalibration with the slope fixed at 1. Below 0
/// the predictions are too high on average. Predictions of exactly 0 or 1 are left out, as in
/// [`calibration`].
///
/// # Errors
/// [`Undefined`] where a class is missing and for marker values;
/// [`Undefined::Saturated`] as of [`calibration`].
///
/// ```
/// use foramen_metrics::{calibration::calibration_in_the_large, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Four of eight are positive, the probabilities say 3.6: slightly too low.
/// let shift = calibration_in_the_large(&scores)?;
/// assert_eq!(format!("{:.3}", shift.estimate), "0.282");
/// assert!(shift.ci().is_some_and(|(low, high)| low < 0.0 && high > 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn calibration_in_the_large(scores: &Scores) -> Result<Estimate, Undefined> {
    scores.are_probabilities()?;
    scores.both_classes()?;
    let (between, _) = scores.between()?;
    let scores = &*between;
    let logits: Vec<f64> = scores.values().iter().map(|&p| log_odds(p)).collect();
    let positives = scores.positives() as f64;
    // The expected number of positives rises with the intercept: bisection finds
    // the root from any start, a few Newton steps make it exact.
    let expected = |intercept: f64| {
        logits.iter().fold((0.0, 0.0), |(sum, information), &x| {
            let p = logistic(intercept + x);
            (sum + p, information + p * (1.0 - p))
        })
    };
    let (mut low, mut high) = (-60.0, 60.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if expected(middle).0 < positives { low = middle } else { high = middle }
    }
    let mut intercept = 0.5 * (low + high);
    let mut information = 0.0;
    for _ in 0..4 {
        let (sum, at) = expected(intercept);
        information = at;
        intercept += (positives - sum) / information;
    }
    if !intercept.is_finite() {
        return Err(Undefined::NotConverged);
    }
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let error = Ok(information.sqrt().recip());
    Ok(Estimate::wald(intercept, error, scores.len(), Confidence::P95, all))
}

/// The log-odds of a probability between 0 and 1.
pub(crate) fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

pub(crate) fn logit(probability: f64) -> f64 {
    let p = probability.clamp(PROBABILITY_LIMIT, 1.0 - PROBABILITY_LIMIT);
    (p / (1.0 - p)).ln()
}

/// Whether the likelihood has no maximum: no negative is above a positive, or no positive above a
/// negative.
fn separated(scores: &Scores) -> bool {
    let extremes = |wanted: bool| {
        scores
            .pairs()
            .filter(|&(label, _)| label == wanted)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, p)| {
                (low.min(p), high.max(p))
            })
    };
    let (positive, negative) = (extremes(true), extremes(false));
    negative.1 <= positive.0 || positive.1 <= negative.0
}

/// Newton's method for (x, positives, samples) from a start value; returns intercept and slope with
/// their information matrix (00, 01, 11). Steps that reduce the likelihood are halved.
pub(crate) fn fit(
    ties: &[(f64, f64, f64)],
    mut at: [f64; 2],
) -> Result<([f64; 2], [f64; 3]), Undefined> {
    let likelihood = |[a, b]: [f64; 2]| -> f64 {
        ties.iter()
            .map(|&(x, positives, n)| {
                let eta = a + b * x;
                // ln(1 + e^η) without overflow.
                positives * eta - n * (eta.max(0.0) + (-eta.abs()).exp().ln_1p())
            })
            .sum()
    };
    let mut value = likelihood(at);
    for _ in 0..100 {
        let (mut gradient, mut information) = ([0.0; 2], [0.0; 3]);
        for &(x, positives, n) in ties {
            let p = logistic(at[0] + at[1] * x);
            let (residual, weight) = (positives - n * p, n * p * (1.0 - p));
            gradient = [gradient[0] + residual, gradient[1] + residual * x];
            information = [
                information[0] + weight,
                information[1] + weight * x,
                information[2] + weight * x * x,
            ];
        }
        let determinant = information[0] * information[2] - information[1] * information[1];
        let mut step = [
            (information[2] * gradient[0] - information[1] * gradient[1]) / determinant,
            (information[0] * gradient[1] - information[1] * gradient[0]) / determinant,
        ];
        if !(step[0].is_finite() && step[1].is_finite()) {
            return Err(Undefined::NotConverged);
        }
        if step[0].abs().max(step[1].abs()) <= 1e-12 * (1.0 + at[0].abs().max(at[1].abs())) {
            return Ok((at, information));
        }
        let mut next = [at[0] + step[0], at[1] + step[1]];
        let mut next_value = likelihood(next);
        let mut halvings = 0;
        while next_value.is_nan() || next_value < value - 1e-9 * value.abs() {
            halvings += 1;
            if halvings > 60 {
                return Err(Undefined::NotConverged);
            }
            step = [0.5 * step[0], 0.5 * step[1]];
            next = [at[0] + step[0], at[1] + step[1]];
            next_value = likelihood(next);
        }
        (at, value) = (next, next_value);
    }
    Err(Undefined::NotConverged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_with_ties_agrees_with_statsmodels() {
        // import numpy as np, statsmodels.api as sm
        // p = np.repeat([.1,.3,.5,.7,.9], 8); y = np.tile([0,0,1,0,1,1,0,1], 5)
        // y[:6] = 0; y[-6:] = 1
        // m = sm.GLM(y, sm.add_constant(np.log(p/(1-p))), family=sm.families.Binomial())
        // m.fit(tol=1e-15, maxiter=200).params, .bse
        let values: Vec<f64> = [0.1, 0.3, 0.5, 0.7, 0.9].iter().flat_map(|&p| [p; 8]).collect();
        let mut labels = [false, false, true, false, true, true, false, true].repeat(5);
        labels[..6].fill(false);
        labels[34..].fill(true);
        let fit = calibration(&Scores::new(&labels, &values).unwrap()).unwrap();
        for (ours, theirs) in [
            (fit.intercept.estimate, -0.115_938_351_011_876_54),
            (fit.slope.estimate, 0.548_120_135_306_933_8),
            (fit.intercept.standard_error.unwrap(), 0.341_013_534_599_686_8),
            (fit.slope.standard_error.unwrap(), 0.246_994_032_930_384_58),
        ] {
            assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
        }
    }

    #[test]
    fn certain_predictions_are_left_out_and_counted() {
        let labels = [true, false, true, false, true, false, true, false];
        let values: [f64; 8] = [0.8, 0.3, 0.6, 0.4, 0.3, 0.6, 0.7, 0.2];
        let plain = calibration(&Scores::new(&labels, &values).unwrap()).unwrap();
        let labels = [&labels[..], &[true, false, true]].concat();
        let values = [&values[..], &[0.0, 0.0, 1.0]].concat();
        let scores = Scores::new(&labels, &values).unwrap();
        let fit = calibration(&scores).unwrap();
        assert_eq!((fit.slope, fit.intercept), (plain.slope, plain.intercept));
        assert_eq!((fit.certain, fit.certain_wrong), (3, 1));
        // Nothing depends on how near to 0 a prediction is, but for its log-odds.
        let near = values.iter().map(|p| p.clamp(1e-12, 1.0 - 1e-12)).collect::<Vec<_>>();
        assert_eq!(calibration(&Scores::new(&labels, &near).unwrap()).unwrap().certain, 0);
    }

    #[test]
    fn saturated_predictions_have_no_calibration() {
        let labels = [true, false, true, false, true, false];
        for values in [
            [1.0; 6],
            [1.0, 0.0, 1.0, 1.0, 0.0, 0.0],
            [1.0, 1.0, 1.0, 1.0, 0.3, 0.6],
            [0.4, 1.0, 0.4, 1.0, 0.4, 0.4],
        ] {
            let scores = Scores::new(&labels, &values).unwrap();
            assert_eq!(calibration(&scores), Err(Undefined::Saturated), "{values:?}");
            assert_eq!(calibration_in_the_large(&scores), Err(Undefined::Saturated));
            assert_eq!(crate::calibration::likelihood(&scores), Err(Undefined::Saturated));
        }
    }

    #[test]
    fn what_has_no_slope_says_so() {
        let separated = Scores::new(&[false, true, true], &[0.2, 0.4, 0.6]).unwrap();
        assert_eq!(calibration(&separated), Err(Undefined::Separated));
        // Touching at one score is still separation: the slope grows without end.
        let touching = Scores::new(&[false, false, true, true], &[0.2, 0.4, 0.4, 0.6]).unwrap();
        assert_eq!(calibration(&touching), Err(Undefined::Separated));
        let constant = Scores::new(&[false, true], &[0.4, 0.4]).unwrap();
        assert_eq!(calibration(&constant), Err(Undefined::ConstantScores));
        assert!(calibration_in_the_large(&separated).is_ok());
    }
}
