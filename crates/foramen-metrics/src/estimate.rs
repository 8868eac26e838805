use std::fmt;

use crate::{MetricsError, Undefined, distribution::normal_quantile};

/// The level of an interval, between 0 and 1 (exclusive).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "f64", into = "f64")
)]
pub struct Confidence(f64);

impl Confidence {
    /// 95 %, as medical journals require.
    pub const P95: Self = Self(0.95);

    /// Checks a level.
    ///
    /// # Errors
    /// [`MetricsError::Confidence`] unless it is between 0 and 1 (exclusive).
    pub fn new(level: f64) -> Result<Self, MetricsError> {
        if level > 0.0 && level < 1.0 {
            Ok(Self(level))
        } else {
            Err(MetricsError::Confidence { level })
        }
    }

    /// The level, 0.95 for 95 %.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// The share left out on either side, 0.025 for 95 %.
    pub(crate) fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }

    /// The normal quantile of the upper bound, 1.96 for 95 %.
    pub(crate) fn z(self) -> f64 {
        normal_quantile((1.0 + self.0) / 2.0)
    }
}

impl TryFrom<f64> for Confidence {
    type Error = MetricsError;

    fn try_from(level: f64) -> Result<Self, MetricsError> {
        Self::new(level)
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> Self {
        confidence.get()
    }
}

impl fmt::Display for Confidence {
    /// In percent: `95 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 99.9 % has a digit that 95 % has not; rounding of the product has none.
        let percent = format!("{:.6}", 100.0 * self.0);
        write!(f, "{} %", percent.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::P95
    }
}

/// The method of an estimate and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Method {
    /// Variance of DeLong et al. 1988, symmetric interval clipped to 0 and 1.
    DeLong,
    /// The same variance on the logit scale.
    DeLongLogit,
    /// Variance of Hanley and McNeil 1982, symmetric interval clipped to 0 and 1.
    HanleyMcNeil,
    /// Percentiles of resampled estimates.
    BootstrapPercentile,
    /// Bias-corrected and accelerated percentiles of resampled estimates.
    BootstrapBca,
    /// Variance of Obuchowski 1997 for clustered samples.
    Obuchowski,
    /// Percentiles of estimates on resampled clusters.
    ClusterBootstrap,
    /// Student's t with the variance of a jackknife over clusters.
    ClusterJackknife,
    /// Wilson's score interval of a proportion.
    Wilson,
    /// The exact interval of a proportion by Clopper and Pearson.
    ClopperPearson,
    /// Wilson's intervals of two proportions combined by the squares of their half-widths (Newcombe
    /// 1998; MOVER).
    Newcombe,
    /// Estimate ± normal quantile × standard error.
    Wald,
    /// The same on the logarithmic scale.
    Log,
    /// The same on the logit scale.
    Logit,
    /// The same on the scale of Fisher's z, the inverse hyperbolic tangent.
    FisherZ,
    /// Influence curve of the AUC averaged over folds (LeDell et al. 2015).
    LeDell,
    /// Student's t with the variance of resampled differences corrected for the
    /// training samples they share (Nadeau and Bengio 2003).
    CorrectedResampledT,
    /// Quantiles of Student's t.
    Student,
    /// Quantiles of F.
    F,
    /// No interval was requested, or none is known.
    PointOnly,
}

/// The bounds of an interval, both within it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
}

impl From<(f64, f64)> for Interval {
    fn from((lower, upper): (f64, f64)) -> Self {
        Self { lower, upper }
    }
}

impl fmt::Display for Interval {
    /// `0.807–0.895`, with three decimals or as many as the format asks for; with `to` in place of
    /// the dash if a bound is negative.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        let between = if self.lower < 0.0 || self.upper < 0.0 { " to " } else { "\u{2013}" };
        write!(f, "{}{between}{}", signed(self.lower, digits), signed(self.upper, digits))
    }
}

/// A number with a minus sign; what rounds to 0 has none.
pub(crate) fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}").replace('-', "\u{2212}");
    let unsigned = text.trim_start_matches('\u{2212}');
    let is_zero = unsigned.bytes().all(|byte| byte == b'0' || byte == b'.');
    if is_zero { unsigned.to_owned() } else { text }
}

/// A number with its interval.
///
/// It is written as in a paper, with three decimals or as many as the format asks for:
///
/// ```
/// use foramen_metrics::{discrimination::auc, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let area = auc(&Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?)?;
/// assert_eq!(area.to_string(), "0.906 (95 % CI 0.688–1.000)");
/// assert_eq!(format!("AUC {area:.2}"), "AUC 0.91 (95 % CI 0.69–1.00)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(from = "Written", into = "Written")
)]
pub struct Estimate {
    /// The number.
    pub estimate: f64,
    /// Its interval, or why there is none.
    pub interval: Result<Interval, Undefined>,
    /// Standard error, where the method has one.
    pub standard_error: Option<f64>,
    /// Number of samples in it: all, or those of the denominator.
    pub n: usize,
    /// How the interval was made.
    pub method: Method,
    /// The level of the interval.
    pub confidence: Confidence,
}

impl Estimate {
    /// Estimate ± z × standard error; `clip` keeps the bounds within a range.
    pub(crate) fn wald(
        estimate: f64,
        standard_error: Result<f64, Undefined>,
        n: usize,
        confidence: Confidence,
        clip: (f64, f64),
    ) -> Self {
        Self {
            estimate,
            interval: standard_error.map(|error| {
                let half = confidence.z() * error;
                Interval {
                    lower: (estimate - half).max(clip.0),
                    upper: (estimate + half).min(clip.1),
                }
            }),
            standard_error: standard_error.ok(),
            n,
            method: Method::Wald,
            confidence,
        }
    }

    /// Lower and upper bound of the interval, where there is one.
    #[must_use]
    pub fn ci(&self) -> Option<(f64, f64)> {
        self.interval.ok().map(|interval| (interval.lower, interval.upper))
    }

    /// Why there is no interval, if one was requested.
    #[must_use]
    pub fn no_interval(&self) -> Option<Undefined> {
        self.interval.err().filter(|reason| *reason != Undefined::PointOnly)
    }

    /// A number without an interval.
    pub(crate) fn point(estimate: f64, n: usize) -> Self {
        Self {
            estimate,
            interval: Err(Undefined::PointOnly),
            standard_error: None,
            n,
            method: Method::PointOnly,
            confidence: Confidence::P95,
        }
    }
}

impl fmt::Display for Estimate {
    /// `0.851 (95 % CI 0.807–0.895)`; only the number if there is no interval.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        f.write_str(&signed(self.estimate, digits))?;
        match self.interval {
            Ok(interval) => write!(f, " ({} CI {interval:.digits$})", self.confidence),
            Err(_) => Ok(()),
        }
    }
}

/// The serialised form of an estimate: both bounds are `null` if no interval was requested.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    estimate: f64,
    ci: Option<(f64, f64)>,
    ci_undefined: Option<Undefined>,
    standard_error: Option<f64>,
    n: usize,
    method: Method,
    confidence: Confidence,
}

#[cfg(feature = "serde")]
impl From<Estimate> for Written {
    fn from(made: Estimate) -> Self {
        Self {
            estimate: made.estimate,
            ci: made.ci(),
            ci_undefined: made.no_interval(),
            standard_error: made.standard_error,
            n: made.n,
            method: made.method,
            confidence: made.confidence,
        }
    }
}

#[cfg(feature = "serde")]
impl From<Written> for Estimate {
    fn from(written: Written) -> Self {
        let reason = written.ci_undefined.unwrap_or(Undefined::PointOnly);
        Self {
            estimate: written.estimate,
            interval: written.ci.map(Interval::from).ok_or(reason),
            standard_error: written.standard_error,
            n: written.n,
            method: written.method,
            confidence: written.confidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_95_percent_quantile_is_the_known_one() {
        // scipy.stats.norm.ppf(0.975)
        assert!((Confidence::P95.z() - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn an_estimate_reads_as_in_a_paper() {
        let of = |estimate, error, level| {
            let level = Confidence::new(level).unwrap();
            Estimate::wald(estimate, error, 10, level, (-1.0, 1.0))
        };
        let text = of(0.851, Ok(0.0225), 0.95).to_string();
        assert_eq!(text, "0.851 (95 % CI 0.807–0.895)");
        // 1.645 standard errors of 0.02.
        let text = format!("{:.2}", of(-0.01, Ok(0.02), 0.9));
        assert_eq!(text, "\u{2212}0.01 (90 % CI \u{2212}0.04 to 0.02)");
        assert_eq!(of(-0.0001, Err(Undefined::TooFew), 0.999).to_string(), "0.000");
        assert_eq!(Confidence::new(0.999).unwrap().to_string(), "99.9 %");
    }

    #[test]
    fn a_level_lies_between_0_and_1() {
        assert!(Confidence::new(0.9).is_ok());
        for level in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(Confidence::new(level).is_err());
        }
    }
}
