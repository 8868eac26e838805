use crate::{
    Scores, Undefined,
    calibration::slope::{calibration, log_odds},
    distribution::{chi_squared_p, logistic, two_sided_p},
};

/// Indices of probabilities based on the likelihood, as in `val.prob` in the R package rms
/// (Harrell, Regression Modeling Strategies, 10.9 and 10.10).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Likelihood {
    /// Nagelkerke's R²: the share of the greatest possible gain over the
    /// prevalence.
    pub r2: f64,
    /// Discrimination index D: gain over the prevalence per sample, on the
    /// logarithmic scale; the higher the better.
    pub discrimination: f64,
    /// Unreliability index U: the gain by recalibration; ideally 0 or below.
    pub unreliability: f64,
    /// Quality index Q = D − U.
    pub quality: f64,
    /// Chi-squared statistic for intercept 0 and slope 1, with two degrees of freedom.
    pub miscalibration: f64,
    /// Its p-value.
    pub miscalibration_p: f64,
}

/// The likelihood indices, without predictions of exactly 0 or 1.
///
/// # Errors
/// [`Undefined`] as of [`calibration`].
///
/// ```
/// use foramen_metrics::{calibration::likelihood, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let indices = likelihood(&scores)?;
/// assert_eq!(format!("{:.3}", indices.r2), "0.584");
/// assert_eq!(format!("{:.3}", indices.discrimination), "0.451");
/// assert_eq!(format!("{:.3}", indices.unreliability), "-0.090");
/// assert_eq!(format!("{:.3}", indices.miscalibration_p), "0.527");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn likelihood(scores: &Scores) -> Result<Likelihood, Undefined> {
    let fitted = calibration(scores)?;
    let (between, _) = scores.between()?;
    let scores = &*between;
    let n = scores.len() as f64;
    // −2 × log-likelihood with an intercept and a slope.
    let deviance = |intercept: f64, slope: f64| {
        let of_sample = |(label, value): (bool, f64)| {
            let line = intercept + slope * log_odds(value);
            let line = if label { line } else { -line };
            logistic(line).ln()
        };
        -2.0 * scores.pairs().map(of_sample).sum::<f64>()
    };
    let null = deviance((scores.prevalence() / (1.0 - scores.prevalence())).ln(), 0.0);
    let given = deviance(0.0, 1.0);
    let recalibrated = deviance(fitted.intercept.estimate, fitted.slope.estimate);
    let (gain, miscalibration) = (null - given, (given - recalibrated).max(0.0));
    let (discrimination, unreliability) = ((gain - 1.0) / n, (miscalibration - 2.0) / n);
    Ok(Likelihood {
        r2: (-gain / n).exp_m1() / (-null / n).exp_m1(),
        discrimination,
        unreliability,
        quality: discrimination - unreliability,
        miscalibration,
        miscalibration_p: chi_squared_p(miscalibration, 2.0),
    })
}

/// Spiegelhalter's test of calibration (1986, doi 10.1002/sim.4780050506): z and two-sided p-value.
/// It needs neither groups nor a fit.
///
/// # Errors
/// [`Undefined::NotProbabilities`] for marker values,
/// [`Undefined::NoVariation`] where every prediction is 0, 0.5 or 1.
///
/// ```
/// use foramen_metrics::{calibration::spiegelhalter, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let (z, p) = spiegelhalter(&scores)?;
/// assert_eq!(format!("{z:.3} {p:.3}"), "-0.711 0.477"); // no sign of miscalibration
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn spiegelhalter(scores: &Scores) -> Result<(f64, f64), Undefined> {
    scores.are_probabilities()?;
    let (distance, variance) = scores.pairs().fold((0.0, 0.0), |(sum, variance), (label, p)| {
        let lean = 1.0 - 2.0 * p;
        let residual = f64::from(u8::from(label)) - p;
        (sum + residual * lean, variance + lean * lean * p * (1.0 - p))
    });
    if variance <= 0.0 {
        return Err(Undefined::NoVariation);
    }
    let z = distance / variance.sqrt();
    Ok((z, two_sided_p(z)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_predictions_have_no_test() {
        let certain = Scores::new(&[true, false], &[1.0, 0.0]).unwrap();
        assert_eq!(spiegelhalter(&certain), Err(Undefined::NoVariation));
        assert_eq!(likelihood(&certain), Err(Undefined::Saturated));
    }
}
