use crate::{Confidence, Estimate, Method, Undefined, distribution::beta_quantile};

/// The method for the interval of a proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ProportionInterval {
    /// [`wilson`]'s interval: close to its level on average.
    #[default]
    Wilson,
    /// [`clopper_pearson`]'s interval: never below its level, and therefore wider.
    Exact,
}

impl ProportionInterval {
    /// The proportion with this interval.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] where there are no trials.
    ///
    /// # Panics
    /// If there are more successes than trials.
    ///
    /// ```
    /// use foramen_metrics::{classification::ProportionInterval, Confidence};
    ///
    /// let right = ProportionInterval::Exact.of(8, 10, Confidence::P95)?;
    /// assert_eq!(right.to_string(), "0.800 (95 % CI 0.444–0.975)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(
        self,
        successes: usize,
        trials: usize,
        confidence: Confidence,
    ) -> Result<Estimate, Undefined> {
        match self {
            Self::Wilson => wilson(successes, trials, confidence),
            Self::Exact => clopper_pearson(successes, trials, confidence),
        }
    }
}

/// A proportion with Wilson's score interval, which keeps its level at small
/// numbers and at 0 and 1 (Wilson 1927; Agresti and Coull 1998,
/// doi 10.1080/00031305.1998.10480550).
///
/// # Errors
/// [`Undefined::NoDenominator`] where there are no trials.
///
/// # Panics
/// If there are more successes than trials.
///
/// ```
/// use foramen_metrics::{classification::wilson, Confidence};
///
/// assert_eq!(wilson(8, 10, Confidence::P95)?.to_string(), "0.800 (95 % CI 0.490–0.943)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wilson(
    successes: usize,
    trials: usize,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let share = share(successes, trials)?;
    let (n, z) = (trials as f64, confidence.z());
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // At 0 and at all the bound is 0 and 1 exactly; rounding must not leave it.
    let lower = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let upper = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    Ok(with_interval(share, (lower, upper), trials, Method::Wilson, confidence))
}

/// A proportion with the exact interval of Clopper and Pearson 1934 (doi 10.1093/biomet/26.4.404),
/// whose coverage is never below its level.
///
/// # Errors
/// [`Undefined::NoDenominator`] where there are no trials.
///
/// # Panics
/// If there are more successes than trials.
///
/// ```
/// use foramen_metrics::{classification::clopper_pearson, Confidence};
///
/// let share = clopper_pearson(8, 10, Confidence::P95)?;
/// assert_eq!(share.to_string(), "0.800 (95 % CI 0.444–0.975)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn clopper_pearson(
    successes: usize,
    trials: usize,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let share = share(successes, trials)?;
    let (x, n, tail) = (successes as f64, trials as f64, confidence.tail());
    let lower = if successes == 0 { 0.0 } else { beta_quantile(x, n - x + 1.0, tail) };
    let upper = if successes == trials { 1.0 } else { beta_quantile(x + 1.0, n - x, 1.0 - tail) };
    Ok(with_interval(share, (lower, upper), trials, Method::ClopperPearson, confidence))
}

fn share(successes: usize, trials: usize) -> Result<f64, Undefined> {
    assert!(successes <= trials, "{successes} successes of {trials} trials");
    if trials == 0 { Err(Undefined::NoDenominator) } else { Ok(successes as f64 / trials as f64) }
}

fn with_interval(
    share: f64,
    interval: (f64, f64),
    n: usize,
    method: Method,
    confidence: Confidence,
) -> Estimate {
    // At 0 and 1 the usual formula would claim certainty.
    let standard_error =
        (share > 0.0 && share < 1.0).then(|| (share * (1.0 - share) / n as f64).sqrt());
    let interval = Ok(interval.into());
    Estimate { interval, standard_error, method, confidence, ..Estimate::point(share, n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_agree_with_statsmodels() {
        // from statsmodels.stats.proportion import proportion_confint as ci
        // ci(37, 53, method="wilson"), ci(37, 53, method="beta")
        let cases: [(Estimate, (f64, f64)); 4] = [
            (
                wilson(37, 53, Confidence::P95).unwrap(),
                (0.564_631_673_311_498_7, 0.804_816_972_724_210_9),
            ),
            (
                clopper_pearson(37, 53, Confidence::P95).unwrap(),
                (0.556_565_984_160_423_1, 0.816_597_983_817_847_9),
            ),
            (wilson(0, 10, Confidence::P95).unwrap(), (0.0, 0.277_532_799_862_889_26)),
            (clopper_pearson(0, 10, Confidence::P95).unwrap(), (0.0, 0.308_497_107_818_760_83)),
        ];
        for (estimate, (lower, upper)) in cases {
            let ci = estimate.ci().unwrap();
            assert!((ci.0 - lower).abs() < 1e-13 && (ci.1 - upper).abs() < 1e-13, "{ci:?}");
        }
    }

    #[test]
    fn the_published_37_of_53_has_the_interval_56_5_to_80_5() {
        let (lower, upper) = wilson(37, 53, Confidence::P95).unwrap().ci().unwrap();
        assert_eq!(
            (format!("{lower:.3}"), format!("{upper:.3}")),
            ("0.565".into(), "0.805".into())
        );
    }

    #[test]
    fn nothing_of_nothing_is_undefined() {
        assert_eq!(wilson(0, 0, Confidence::P95), Err(Undefined::NoDenominator));
    }
}
