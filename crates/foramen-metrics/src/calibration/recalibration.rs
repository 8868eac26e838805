//! Recalibration: fitted on some samples, applied to others.

mod isotonic;

pub use isotonic::Isotonic;

use crate::{
    Scores, Undefined,
    calibration::{
        Calibration,
        slope::{fit, logit},
    },
    distribution::logistic,
};

/// Platt's scaling: log-odds of the outcome = intercept + slope × score.
///
/// The score is the log-odds of a probability, or a marker's value. In place of 1 and 0, labels
/// count as (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2) (Platt 1999), so that the fit exists even if a
/// threshold separates the classes.
///
/// ```
/// use foramen_metrics::{calibration::Platt, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Fitted on some samples, applied to others.
/// let platt = Platt::fit(&scores)?;
/// assert_eq!(format!("{:.3} {:.3}", platt.intercept, platt.slope), "0.236 0.879");
/// assert_eq!(format!("{:.3}", platt.apply(0.9)), "0.897");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Platt {
    /// Log-odds at score 0.
    pub intercept: f64,
    /// Log-odds per unit of the score.
    pub slope: f64,
    /// Whether the scores are probabilities, rather than a marker's values.
    pub of_probabilities: bool,
}

impl Platt {
    /// Fits by maximum likelihood.
    ///
    /// # Errors
    /// [`Undefined`] where a class is missing or all scores are equal.
    pub fn fit(scores: &Scores) -> Result<Self, Undefined> {
        scores.both_classes()?;
        if scores.ties().len() == 1 {
            return Err(Undefined::ConstantScores);
        }
        let of_probabilities = scores.are_probabilities().is_ok();
        let of_positive = (scores.positives() as f64 + 1.0) / (scores.positives() as f64 + 2.0);
        let of_negative = 1.0 / (scores.negatives() as f64 + 2.0);
        // Standardised, so that a marker's unit does not matter to the fit.
        let at = |value: f64| if of_probabilities { logit(value) } else { value };
        let n = scores.len() as f64;
        let mean = scores.values().iter().map(|&value| at(value)).sum::<f64>() / n;
        let squares: f64 =
            scores.values().iter().map(|&value| (at(value) - mean).powi(2)).sum::<f64>();
        let scale = (squares / n).sqrt();
        let ties: Vec<(f64, f64, f64)> = scores
            .ties()
            .iter()
            .map(|tie| {
                let (positives, negatives) = (f64::from(tie.positives), f64::from(tie.negatives));
                let target = positives * of_positive + negatives * of_negative;
                ((at(tie.value) - mean) / scale, target, positives + negatives)
            })
            .collect();
        let ([intercept, slope], _) = fit(&ties, [0.0, 0.0])?;
        let slope = slope / scale;
        Ok(Self { intercept: intercept - slope * mean, slope, of_probabilities })
    }

    /// The probability for a score of the kind used for fitting.
    #[must_use]
    pub fn apply(&self, score: f64) -> f64 {
        let score = if self.of_probabilities { logit(score) } else { score };
        logistic(self.intercept + self.slope * score)
    }
}

/// Temperature scaling (Guo et al. 2017, arXiv 1706.04599): all log-odds are divided by one number,
/// so that no prediction at the threshold 0.5 changes.
///
/// ```
/// use foramen_metrics::{calibration::Temperature, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Below 1: the predictions were too cautious, and are made bolder.
/// let fitted = Temperature::fit(&scores)?;
/// assert_eq!(format!("{:.2}", fitted.temperature), "0.55");
/// assert!(fitted.apply(0.8) > 0.8 && fitted.apply(0.2) < 0.2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Temperature {
    /// The divisor of the log-odds; above 1 if predictions were too extreme.
    pub temperature: f64,
}

impl Temperature {
    /// Fits by maximum likelihood.
    ///
    /// # Errors
    /// [`Undefined`] where a class is missing or for marker values, [`Undefined::Separated`] where
    /// every prediction is on the right side of 0.5, [`Undefined::Inverted`] if no temperature is
    /// better than an infinite one.
    pub fn fit(scores: &Scores) -> Result<Self, Undefined> {
        scores.are_probabilities()?;
        scores.both_classes()?;
        let wrong_side = scores.pairs().any(|(label, p)| if label { p < 0.5 } else { p > 0.5 });
        if !wrong_side {
            return Err(Undefined::Separated);
        }
        // The likelihood is concave in 1 / temperature, and so has its slope.
        let slopes = |inverse: f64| {
            scores.pairs().fold((0.0, 0.0), |(first, second), (label, value)| {
                let x = logit(value);
                let p = logistic(inverse * x);
                let residual = f64::from(u8::from(label)) - p;
                (first + residual * x, second + p * (1.0 - p) * x * x)
            })
        };
        if slopes(0.0).0 <= 0.0 {
            return Err(Undefined::Inverted);
        }
        let (mut low, mut high) = (0.0, 1.0);
        while slopes(high).0 > 0.0 {
            (low, high) = (high, 2.0 * high);
            if high > 1e12 {
                return Err(Undefined::NotConverged);
            }
        }
        let mut inverse = f64::midpoint(low, high);
        for _ in 0..200 {
            let (first, second) = slopes(inverse);
            if first > 0.0 {
                low = inverse
            } else {
                high = inverse
            }
            let newton = inverse + first / second;
            let next =
                if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
            if (next - inverse).abs() <= 1e-15 * inverse {
                break;
            }
            inverse = next;
        }
        Ok(Self { temperature: inverse.recip() })
    }

    /// The recalibrated probability.
    #[must_use]
    pub fn apply(&self, probability: f64) -> f64 {
        logistic(logit(probability) / self.temperature)
    }
}

/// Logistic recalibration without Platt's softened labels: [`crate::calibration::calibration`] as
/// an object that can be applied.
impl From<Calibration> for Platt {
    fn from(fitted: Calibration) -> Self {
        Self {
            intercept: fitted.intercept.estimate,
            slope: fitted.slope.estimate,
            of_probabilities: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::calibration;

    /// i = np.arange(50); y = (i*i) % 7 < 3; p = np.clip(.2 + .5*y + ((i*37) % 50 - 25)/80, .02, .98)
    fn scores() -> Scores {
        let labels: Vec<bool> = (0..50_u32).map(|i| (i * i) % 7 < 3).collect();
        let values: Vec<f64> = labels
            .iter()
            .zip(0_u32..)
            .map(|(&label, i)| {
                let base = if label { 0.7 } else { 0.2 };
                (base + (f64::from((i * 37) % 50) - 25.0) / 80.0).clamp(0.02, 0.98)
            })
            .collect();
        Scores::new(&labels, &values).unwrap()
    }

    #[test]
    fn platt_agrees_with_statsmodels() {
        // x = np.log(p/(1-p)); t = np.where(y, (y.sum()+1)/(y.sum()+2), 1/((~y).sum()+2))
        // import statsmodels.api as sm
        // sm.GLM(t, sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-15, maxiter=99).params
        // and with x = 100*p
        let fitted = Platt::fit(&scores()).unwrap();
        assert!((fitted.intercept - 1.306_626_376_037_335_1).abs() < 1e-12, "{fitted:?}");
        assert!((fitted.slope - 2.060_250_617_148_241_3).abs() < 1e-12, "{fitted:?}");
        let percent: Vec<f64> = scores().values().iter().map(|p| 100.0 * p).collect();
        let marker = Scores::of_marker(scores().labels(), &percent).unwrap();
        let fitted = Platt::fit(&marker).unwrap();
        assert!((fitted.intercept - -4.339_874_950_937_292).abs() < 1e-10, "{fitted:?}");
        assert!((fitted.slope - 0.116_330_663_708_060_44).abs() < 1e-10, "{fitted:?}");
        assert_eq!(fitted.apply(-fitted.intercept / fitted.slope), 0.5);
    }

    #[test]
    fn temperature_agrees_with_scipy() {
        // from scipy.optimize import brentq; from scipy.special import expit
        // 1/brentq(lambda b: ((y - expit(b*x))*x).sum(), .01, 50, xtol=1e-16)
        let fitted = Temperature::fit(&scores()).unwrap();
        assert!((fitted.temperature - 0.274_856_910_571_641_74).abs() < 1e-13, "{fitted:?}");
        assert_eq!(fitted.apply(0.5), 0.5);
    }

    #[test]
    fn what_cannot_be_fitted_says_so() {
        let separated = Scores::new(&[false, true], &[0.2, 0.9]).unwrap();
        assert_eq!(Temperature::fit(&separated), Err(Undefined::Separated));
        assert!(Platt::fit(&separated).unwrap().slope > 0.0);
        let inverted = Scores::new(&[true, false], &[0.2, 0.9]).unwrap();
        assert_eq!(Temperature::fit(&inverted), Err(Undefined::Inverted));
        let constant = Scores::new(&[true, false], &[0.4, 0.4]).unwrap();
        assert_eq!(Platt::fit(&constant), Err(Undefined::ConstantScores));
    }

    #[test]
    fn recalibrated_samples_are_calibrated() {
        let scores = scores();
        let fitted = Platt::from(calibration(&scores).unwrap());
        let values: Vec<f64> = scores.values().iter().map(|&p| fitted.apply(p)).collect();
        let again = calibration(&Scores::new(scores.labels(), &values).unwrap()).unwrap();
        // A probability near 1 holds its log-odds to nine digits.
        assert!(again.intercept.estimate.abs() < 1e-7, "{again:?}");
        assert!((again.slope.estimate - 1.0).abs() < 1e-7, "{again:?}");
    }
}
