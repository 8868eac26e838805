use crate::{
    Confidence, Estimate, Method, Undefined,
    agreement::Ratings,
    distribution::{normal_quantile, upper_t_quantile},
};

/// Differences of two raters, or of two ways to measure.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BlandAltman {
    /// Mean difference, first − second.
    pub bias: Estimate,
    /// Standard deviation of the differences.
    pub standard_deviation: f64,
    /// Lower limit: 2.5 % of the differences are below it, if they are normally distributed.
    pub lower_limit: Estimate,
    /// Upper limit: 2.5 % of the differences are above it, if they are normally distributed.
    pub upper_limit: Estimate,
}

/// 95 % limits of agreement of two of the raters, named by index, with the intervals of bias and
/// limits (Bland and Altman 1999, doi 10.1177/096228029900800204). `confidence` is the level of the
/// intervals.
///
/// # Errors
/// [`Undefined::TooFew`] for fewer than two subjects, or if a rater does not exist. If all
/// differences are equal, there are no intervals.
///
/// ```
/// use foramen_metrics::{agreement::{Ratings, bland_altman}, Confidence};
///
/// // Widths in millimetres by two readers.
/// let widths = Ratings::new(&[[3.1, 2.9], [2.4, 2.6], [4.0, 3.6], [1.8, 1.7]])?;
/// let limits = bland_altman(&widths, (0, 1), Confidence::P95)?;
/// assert_eq!(format!("{:.3}", limits.bias.estimate), "0.125");
/// assert_eq!(format!("{:.3}", limits.lower_limit.estimate), "-0.365");
/// assert_eq!(format!("{:.3}", limits.upper_limit.estimate), "0.615");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bland_altman(
    ratings: &Ratings,
    raters: (usize, usize),
    confidence: Confidence,
) -> Result<BlandAltman, Undefined> {
    let subjects = ratings.subjects();
    if subjects < 2 || raters.0.max(raters.1) >= ratings.raters() {
        return Err(Undefined::TooFew);
    }
    let differences: Vec<f64> =
        ratings.rows.iter().map(|row| row[raters.0] - row[raters.1]).collect();
    let n = subjects as f64;
    let bias = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|value| (value - bias).powi(2)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    let reach = normal_quantile(0.975);
    let t = upper_t_quantile(confidence.tail(), n - 1.0);
    let with = |estimate: f64, error: f64| {
        let known = error > 0.0;
        Estimate {
            interval: known
                .then_some((estimate - t * error, estimate + t * error).into())
                .ok_or(Undefined::NoVariation),
            standard_error: known.then_some(error),
            method: Method::Student,
            confidence,
            ..Estimate::point(estimate, subjects)
        }
    };
    let of_limit = deviation * (1.0 / n + reach * reach / (2.0 * (n - 1.0))).sqrt();
    Ok(BlandAltman {
        bias: with(bias, deviation / n.sqrt()),
        standard_deviation: deviation,
        lower_limit: with(bias - reach * deviation, of_limit),
        upper_limit: with(bias + reach * deviation, of_limit),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_the_formulas_worked_in_scipy() {
        // import numpy as np; from scipy.stats import norm, t
        // d = np.array([3.1,4.5,2.2,5.9,4.1,3.3]) - np.array([2.8,4.9,2.0,5.1,4.4,2.7])
        // n, m, s, z, q = 6, d.mean(), d.std(ddof=1), norm.ppf(.975), t.isf(.025, 5)
        // m - q*s/n**.5, m - z*s, m - z*s - q*s*(1/n + z*z/2/(n-1))**.5, m + z*s
        let ratings =
            Ratings::new(&[[3.1, 2.8], [4.5, 4.9], [2.2, 2.0], [5.9, 5.1], [4.1, 4.4], [3.3, 2.7]])
                .unwrap();
        let ours = bland_altman(&ratings, (0, 1), Confidence::P95).unwrap();
        for (ours, expected) in [
            (ours.bias.estimate, 0.199_999_999_999_999_96),
            (ours.bias.ci().unwrap().0, -0.301_098_649_968_974_2),
            (ours.lower_limit.estimate, -0.735_869_975_540_545_9),
            (ours.lower_limit.ci().unwrap().0, -1.646_833_044_677_279_6),
            (ours.upper_limit.estimate, 1.135_869_975_540_545_7),
        ] {
            assert!((ours - expected).abs() < 1e-12, "{ours} {expected}");
        }
        let swapped = bland_altman(&ratings, (1, 0), Confidence::P95).unwrap();
        assert!((swapped.bias.estimate + ours.bias.estimate).abs() < 1e-15);
    }

    #[test]
    fn a_constant_difference_claims_no_certainty() {
        let ratings = Ratings::new(&[[1.5, 1.0], [2.5, 2.0]]).unwrap();
        let ours = bland_altman(&ratings, (0, 1), Confidence::P95).unwrap();
        assert_eq!((ours.bias.estimate, ours.bias.ci()), (0.5, None));
        assert_eq!(bland_altman(&ratings, (0, 2), Confidence::P95), Err(Undefined::TooFew));
    }
}
