use std::fmt;

use crate::{
    Confidence, Estimate, Method, Scores, Undefined,
    comparison::compare::write_p,
    discrimination::{AucInterval, auc_with},
    distribution::{two_sided_t_p, upper_t_quantile},
};

/// The AUCs of two models, or of one model on two groups, on different samples.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnpairedComparison {
    /// AUC of the first.
    pub first: Estimate,
    /// AUC of the second.
    pub second: Estimate,
    /// First − second.
    pub difference: Estimate,
    /// Difference / its standard error; none where that is 0 or unknown.
    pub t: Option<f64>,
    /// Degrees of freedom of `t` (Welch and Satterthwaite).
    pub freedom: Option<f64>,
    /// Two-sided p-value of no difference; none where there is no `t`.
    pub p: Option<f64>,
}

impl fmt::Display for UnpairedComparison {
    /// The difference as in a paper, with its p value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.difference.fmt(f)?;
        self.p.map_or(Ok(()), |p| write_p(f, p))
    }
}

/// Compares AUCs of different samples by DeLong's variances and Welch's t, as pROC's
/// `roc.test(paired = FALSE)` does. If the samples are the same, use
/// [`compare_auc`](crate::comparison::compare_auc), which has more power.
///
/// # Errors
/// [`Undefined`] where a class is missing in either. If an AUC has no variance, the difference has
/// no interval.
///
/// ```
/// use foramen_metrics::comparison::compare_unpaired_auc;
/// use foramen_metrics::{Confidence, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let model = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let ruler = Scores::new(&labels, &[0.4, 0.5, 0.3, 0.1, 0.6, 0.5, 0.2, 0.7])?;
///
/// let comparison = compare_unpaired_auc(&model, &ruler, Confidence::P95)?;
/// assert_eq!(comparison.t.map(|t| format!("{t:.3}")), Some("0.333".into()));
/// assert_eq!(comparison.freedom.map(|df| format!("{df:.1}")), Some("12.9".into()));
/// assert_eq!(comparison.p.map(|p| format!("{p:.3}")), Some("0.744".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare_unpaired_auc(
    first: &Scores,
    second: &Scores,
    confidence: Confidence,
) -> Result<UnpairedComparison, Undefined> {
    let n = (first.len(), second.len());
    let first = auc_with(first, AucInterval::DeLong, confidence)?;
    let second = auc_with(second, AucInterval::DeLong, confidence)?;
    let difference = Estimate {
        method: Method::DeLong,
        confidence,
        ..Estimate::point(first.estimate - second.estimate, n.0 + n.1)
    };
    let (Some(a), Some(b)) = (first.standard_error, second.standard_error) else {
        let interval = first.interval.and(second.interval);
        let difference = Estimate { interval, ..difference };
        return Ok(UnpairedComparison {
            first,
            second,
            difference,
            t: None,
            freedom: None,
            p: None,
        });
    };
    let variance = a * a + b * b;
    let error = variance.sqrt();
    let freedom =
        variance.powi(2) / (a.powi(4) / (n.0 as f64 - 1.0) + b.powi(4) / (n.1 as f64 - 1.0));
    let t = difference.estimate / error;
    let half = upper_t_quantile(confidence.tail(), freedom) * error;
    let bounds = ((difference.estimate - half).max(-1.0), (difference.estimate + half).min(1.0));
    let interval = Ok(bounds.into());
    Ok(UnpairedComparison {
        first,
        second,
        difference: Estimate { interval, standard_error: Some(error), ..difference },
        t: Some(t),
        freedom: Some(freedom),
        p: Some(two_sided_t_p(t, freedom)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_auc_leaves_the_difference_without_interval() {
        let perfect = Scores::new(&[false, false, true, true], &[0.1, 0.2, 0.8, 0.9]).unwrap();
        let other = Scores::new(&[false, true, false, true], &[0.1, 0.2, 0.8, 0.9]).unwrap();
        let ours = compare_unpaired_auc(&perfect, &other, Confidence::P95).unwrap();
        assert_eq!((ours.difference.estimate, ours.p), (0.25, None));
        assert_eq!(ours.difference.no_interval(), Some(Undefined::NoVariation));
    }
}
