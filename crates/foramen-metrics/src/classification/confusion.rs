use crate::{Confidence, Estimate, Scores, Undefined, classification::ProportionInterval};

mod summary;

/// Counts of correct and wrong predictions (calls) at one threshold.
///
/// ```
/// use foramen_metrics::classification::Confusion;
/// use foramen_metrics::{Confidence, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let confusion = Confusion::at(&scores, 0.5);
/// assert_eq!((confusion.true_positive, confusion.false_negative), (3, 1));
/// assert_eq!((confusion.true_negative, confusion.false_positive), (4, 0));
///
/// let level = Confidence::P95;
/// assert_eq!(confusion.sensitivity(level)?.to_string(), "0.750 (95 % CI 0.301–0.954)");
/// assert_eq!(confusion.specificity(level)?.estimate, 1.0);
/// assert_eq!(format!("{:.3}", confusion.f1(level)?.estimate), "0.857");
/// assert_eq!(format!("{:.3}", confusion.matthews_correlation(level)?.estimate), "0.775");
/// assert_eq!(confusion.balanced_accuracy(level)?.estimate, 0.875);
///
/// // From 0.3 on every positive is called, and two of four negatives.
/// let early = Confusion::at(&scores, 0.3);
/// assert_eq!(format!("{:.3}", early.positive_predictive_value(level)?.estimate), "0.667");
/// assert_eq!(early.negative_predictive_value(level)?.estimate, 1.0);
/// assert_eq!(early.positive_likelihood_ratio(level)?.estimate, 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Confusion {
    /// Samples at or above it are called positive.
    pub threshold: f64,
    /// Positive samples called positive.
    pub true_positive: usize,
    /// Negative samples called positive.
    pub false_positive: usize,
    /// Negative samples called negative.
    pub true_negative: usize,
    /// Positive samples called negative.
    pub false_negative: usize,
}

/// A share of correct predictions (calls).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Rate {
    /// Of the positive samples; also recall.
    Sensitivity,
    /// Of the negative samples.
    Specificity,
    /// Of the positive calls; also precision.
    PositivePredictiveValue,
    /// Of the negative calls.
    NegativePredictiveValue,
    /// Of all calls.
    Accuracy,
}

impl Confusion {
    /// Counts calls at a threshold; a sample at the threshold is called positive.
    #[must_use]
    pub fn at(scores: &Scores, threshold: f64) -> Self {
        let below = scores.ties().partition_point(|tie| tie.value < threshold);
        let (mut true_positive, mut false_positive) = (0, 0);
        for tie in &scores.ties()[below..] {
            true_positive += tie.positives as usize;
            false_positive += tie.negatives as usize;
        }
        Self {
            threshold,
            true_positive,
            false_positive,
            true_negative: scores.negatives() - false_positive,
            false_negative: scores.positives() - true_positive,
        }
    }

    /// Number of samples.
    #[must_use]
    pub fn n(&self) -> usize {
        self.true_positive + self.false_positive + self.true_negative + self.false_negative
    }

    /// Numerator and denominator of a rate.
    #[must_use]
    pub fn counts(&self, rate: Rate) -> (usize, usize) {
        let (right, wrong) = match rate {
            Rate::Sensitivity => (self.true_positive, self.false_negative),
            Rate::Specificity => (self.true_negative, self.false_positive),
            Rate::PositivePredictiveValue => (self.true_positive, self.false_positive),
            Rate::NegativePredictiveValue => (self.true_negative, self.false_negative),
            Rate::Accuracy => {
                (self.true_positive + self.true_negative, self.false_positive + self.false_negative)
            }
        };
        (right, right + wrong)
    }

    /// A rate with the chosen interval.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] if the denominator is 0.
    pub fn rate(
        &self,
        rate: Rate,
        interval: ProportionInterval,
        confidence: Confidence,
    ) -> Result<Estimate, Undefined> {
        let (right, all) = self.counts(rate);
        interval.of(right, all, confidence)
    }

    /// Share of the positive samples called positive, also recall; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample.
    pub fn sensitivity(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        self.rate(Rate::Sensitivity, ProportionInterval::Wilson, confidence)
    }

    /// Share of the negative samples called negative; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a negative sample.
    pub fn specificity(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        self.rate(Rate::Specificity, ProportionInterval::Wilson, confidence)
    }

    /// Share of the positive calls that are right, also precision; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive call.
    pub fn positive_predictive_value(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        self.rate(Rate::PositivePredictiveValue, ProportionInterval::Wilson, confidence)
    }

    /// Share of the negative calls that are right; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a negative call.
    pub fn negative_predictive_value(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        self.rate(Rate::NegativePredictiveValue, ProportionInterval::Wilson, confidence)
    }

    /// Share of all calls that are right; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without samples.
    pub fn accuracy(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        self.rate(Rate::Accuracy, ProportionInterval::Wilson, confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linfa_case() -> Confusion {
        let scores = Scores::new(&[true, false, false, false], &[0.9, 0.8, 0.7, 0.1]).unwrap();
        Confusion::at(&scores, 0.5)
    }

    #[test]
    fn precision_and_recall_are_not_swapped() {
        // One of three positive calls is right; the one positive is found.
        let confusion = linfa_case();
        let precision = confusion.positive_predictive_value(Confidence::P95).unwrap();
        assert_eq!((precision.estimate, precision.n), (1.0 / 3.0, 3));
        assert_eq!(confusion.sensitivity(Confidence::P95).unwrap().estimate, 1.0);
        assert_eq!(confusion.f1(Confidence::P95).unwrap().estimate, 0.5);
    }

    #[test]
    fn a_sample_at_the_threshold_is_called_positive() {
        let scores = Scores::new(&[true, false], &[0.5, 0.499_999]).unwrap();
        let confusion = Confusion::at(&scores, 0.5);
        assert_eq!((confusion.true_positive, confusion.true_negative), (1, 1));
    }

    #[test]
    fn no_positive_call_has_no_predictive_value() {
        let scores = Scores::new(&[true, false], &[0.2, 0.1]).unwrap();
        let confusion = Confusion::at(&scores, 0.5);
        assert_eq!(
            confusion.positive_predictive_value(Confidence::P95),
            Err(Undefined::NoDenominator)
        );
        assert_eq!(confusion.matthews_correlation(Confidence::P95), Err(Undefined::NoDenominator));
    }
}
