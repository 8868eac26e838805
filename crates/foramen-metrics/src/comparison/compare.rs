use std::fmt;

use crate::{
    Confidence, Estimate, Method, MetricsError, Scores, Undefined,
    discrimination::{AucInterval, auc_with, counts, delong},
    distribution::two_sided_p,
    error::MetricsError::{LabelsDiffer, Lengths},
};

/// Two models' scores of the same samples.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedScores {
    first: Scores,
    second: Scores,
}

impl PairedScores {
    /// Pairs two sets of scores.
    ///
    /// # Errors
    /// [`MetricsError`] unless both have the same labels in the same order.
    pub fn new(first: Scores, second: Scores) -> Result<Self, MetricsError> {
        if first.len() != second.len() {
            let (labels, values) = (first.len(), second.len());
            return Err(Lengths { labels, values, what: "scores of the second model" });
        }
        match first.labels().iter().zip(second.labels()).position(|(a, b)| a != b) {
            Some(index) => Err(LabelsDiffer { index }),
            None => Ok(Self { first, second }),
        }
    }

    /// The first model's scores.
    #[must_use]
    pub fn first(&self) -> &Scores {
        &self.first
    }

    /// The second model's scores.
    #[must_use]
    pub fn second(&self) -> &Scores {
        &self.second
    }
}

/// The AUCs of two models on the same samples.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Comparison {
    /// AUC of the first.
    pub first: Estimate,
    /// AUC of the second.
    pub second: Estimate,
    /// First − second.
    pub difference: Estimate,
    /// Covariance of the two AUCs, if there are at least two samples of each class.
    pub covariance: Option<f64>,
    /// Difference / its standard error; none where that is 0.
    pub z: Option<f64>,
    /// Two-sided p-value of no difference; none where there is no `z`.
    pub p: Option<f64>,
}

impl fmt::Display for Comparison {
    /// The difference as in a paper, with its p value:
    /// `0.062 (95 % CI −0.182 to 0.307), p = 0.617`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.difference.fmt(f)?;
        self.p.map_or(Ok(()), |p| write_p(f, p))
    }
}

/// `, p = 0.543`, or `, p < 0.001`.
pub(crate) fn write_p(f: &mut fmt::Formatter<'_>, p: f64) -> fmt::Result {
    if p < 0.001 { f.write_str(", p < 0.001") } else { write!(f, ", p = {p:.3}") }
}

/// Compares the AUCs of two models on the same samples by the paired test of
/// DeLong et al. 1988, with the interval of the difference.
///
/// Both models are taken as fixed: the result does not show how they would differ after training on
/// other samples.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::comparison::{PairedScores, compare_auc};
/// use foramen_metrics::{Confidence, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let model = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let width = Scores::new(&labels, &[0.4, 0.5, 0.3, 0.1, 0.6, 0.5, 0.2, 0.7])?;
///
/// let comparison = compare_auc(&PairedScores::new(model, width)?, Confidence::P95)?;
/// // 0.906 and 0.844: no difference that eight samples could show.
/// let expected = "0.062 (95 % CI \u{2212}0.182 to 0.307), p = 0.617";
/// assert_eq!(comparison.to_string(), expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare_auc(paired: &PairedScores, confidence: Confidence) -> Result<Comparison, Undefined> {
    let first = auc_with(&paired.first, AucInterval::DeLong, confidence)?;
    let second = auc_with(&paired.second, AucInterval::DeLong, confidence)?;
    let n = paired.first.len();
    let covariance =
        (paired.first.positives() > 1 && paired.first.negatives() > 1).then(|| covariance(paired));
    let error = match covariance {
        None => Err(Undefined::TooFew),
        Some(covariance) => {
            let variances = variance(&paired.first)? + variance(&paired.second)?;
            let variance = variances - 2.0 * covariance;
            // Rounding leaves up to a few ulp of models that rank alike.
            if variance > 1e-14 * variances {
                Ok(variance.sqrt())
            } else {
                Err(Undefined::NoVariation)
            }
        }
    };
    let estimate = first.estimate - second.estimate;
    let difference = Estimate {
        method: Method::DeLong,
        ..Estimate::wald(estimate, error, n, confidence, (-1.0, 1.0))
    };
    let z = error.ok().map(|error| estimate / error);
    Ok(Comparison { first, second, difference, covariance, z, p: z.map(two_sided_p) })
}

/// The DeLong variance, 0 where the scores separate the classes.
fn variance(scores: &Scores) -> Result<f64, Undefined> {
    match delong(scores)?.1 {
        Ok(variance) => Ok(variance),
        Err(Undefined::NoVariation) => Ok(0.0),
        Err(undefined) => Err(undefined),
    }
}

/// Covariance of the two AUCs, from integers until the last divisions.
fn covariance(paired: &PairedScores) -> f64 {
    let (first, second) = (placements(&paired.first), placements(&paired.second));
    let of_class = |wanted: bool, n: usize, other: usize| {
        let (mut products, mut sums) = (0_i128, (0_i128, 0_i128));
        for ((label, &a), &b) in paired.first.labels().iter().zip(&first).zip(&second) {
            if *label == wanted {
                products += a * b;
                sums = (sums.0 + a, sums.1 + b);
            }
        }
        let spread = (n as i128 * products - sums.0 * sums.1) as f64;
        let (n, other) = (n as f64, other as f64);
        spread / (4.0 * other * other) / (n * n) / (n - 1.0)
    };
    let (positives, negatives) = (paired.first.positives(), paired.first.negatives());
    of_class(true, positives, negatives) + of_class(false, negatives, positives)
}

/// For each positive twice the number of negatives below it, for each negative
/// twice the number of positives above it, ties counting one.
pub(crate) fn placements(scores: &Scores) -> Vec<i128> {
    let (mut below_negatives, mut below_positives) = (0_u128, 0_u128);
    let of_tie: Vec<(i128, i128)> = scores
        .ties()
        .iter()
        .map(|tie| {
            let (p, q) = counts(tie);
            let of_positive = 2 * below_negatives + q;
            let of_negative = 2 * (scores.positives() as u128 - below_positives - p) + p;
            below_negatives += q;
            below_positives += p;
            (of_positive.cast_signed(), of_negative.cast_signed())
        })
        .collect();
    scores
        .pairs()
        .map(|(label, value)| {
            let tie = scores.ties().partition_point(|tie| tie.value < value);
            if label { of_tie[tie].0 } else { of_tie[tie].1 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::samples;

    #[test]
    fn only_the_same_samples_are_compared() {
        let first = Scores::new(&[true, false, true], &[0.1, 0.2, 0.3]).unwrap();
        let second = Scores::new(&[true, true, false], &[0.1, 0.2, 0.3]).unwrap();
        assert_eq!(
            PairedScores::new(first.clone(), second),
            Err(MetricsError::LabelsDiffer { index: 1 })
        );
        let shorter = Scores::new(&[true, false], &[0.1, 0.2]).unwrap();
        assert!(PairedScores::new(first, shorter).is_err());
    }

    proptest! {
        #[test]
        fn the_covariance_of_a_model_with_itself_is_its_variance(
            (labels, values) in samples(4..50),
        ) {
            let scores = Scores::new(&labels, &values).unwrap();
            if let Ok((_, Ok(variance))) = delong(&scores) {
                let paired = PairedScores::new(scores.clone(), scores).unwrap();
                prop_assert!((covariance(&paired) - variance).abs() < 1e-15);
            }
        }
    }
}
