use crate::{Confidence, Estimate, Scores, Undefined, wilson};

/// Counts of right and wrong calls at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
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

    /// Share of the positive samples called positive, also recall; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample.
    pub fn sensitivity(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        wilson(self.true_positive, self.true_positive + self.false_negative, confidence)
    }

    /// Share of the negative samples called negative; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a negative sample.
    pub fn specificity(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        wilson(self.true_negative, self.true_negative + self.false_positive, confidence)
    }

    /// Share of the positive calls that are right, also precision; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive call.
    pub fn positive_predictive_value(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        wilson(self.true_positive, self.true_positive + self.false_positive, confidence)
    }

    /// Share of the negative calls that are right; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a negative call.
    pub fn negative_predictive_value(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        wilson(self.true_negative, self.true_negative + self.false_negative, confidence)
    }

    /// Share of all calls that are right; Wilson.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without samples.
    pub fn accuracy(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        wilson(self.true_positive + self.true_negative, self.n(), confidence)
    }

    /// Mean of sensitivity and specificity.
    ///
    /// # Errors
    /// [`Undefined`] where a class is missing.
    pub fn balanced_accuracy(&self) -> Result<f64, Undefined> {
        Ok((self.sensitivity(Confidence::P95)?.estimate
            + self.specificity(Confidence::P95)?.estimate)
            / 2.0)
    }

    /// Harmonic mean of sensitivity and positive predictive value.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample or call.
    pub fn f1(&self) -> Result<f64, Undefined> {
        let right = 2 * self.true_positive;
        ratio(right as f64, (right + self.false_positive + self.false_negative) as f64)
    }

    /// Correlation of labels and calls (Matthews 1975).
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] where a class is missing among labels or
    /// calls.
    pub fn matthews_correlation(&self) -> Result<f64, Undefined> {
        let [tp, fp, tn, fn_] =
            [self.true_positive, self.false_positive, self.true_negative, self.false_negative]
                .map(|count| count as f64);
        ratio(tp * tn - fp * fn_, ((tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_)).sqrt())
    }

    /// Sensitivity / (1 − specificity): how much a positive call raises the odds.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample or a false positive.
    pub fn positive_likelihood_ratio(&self) -> Result<f64, Undefined> {
        let sensitivity = self.sensitivity(Confidence::P95)?.estimate;
        ratio(sensitivity, 1.0 - self.specificity(Confidence::P95)?.estimate)
    }

    /// (1 − sensitivity) / specificity: how much a negative call lowers the odds.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample or a true negative.
    pub fn negative_likelihood_ratio(&self) -> Result<f64, Undefined> {
        let sensitivity = self.sensitivity(Confidence::P95)?.estimate;
        ratio(1.0 - sensitivity, self.specificity(Confidence::P95)?.estimate)
    }
}

fn ratio(numerator: f64, denominator: f64) -> Result<f64, Undefined> {
    if denominator > 0.0 { Ok(numerator / denominator) } else { Err(Undefined::NoDenominator) }
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
        assert_eq!(confusion.f1(), Ok(0.5));
    }

    #[test]
    fn single_numbers_agree_with_scikit_learn() {
        // y = [1]*30 + [0]*30; p = [1]*21 + [0]*9 + [1]*6 + [0]*24
        // f1_score, matthews_corrcoef, balanced_accuracy_score, class_likelihood_ratios
        let confusion = Confusion {
            threshold: 0.5,
            true_positive: 21,
            false_negative: 9,
            false_positive: 6,
            true_negative: 24,
        };
        for (ours, theirs) in [
            (confusion.f1(), 0.736_842_105_263_157_9),
            (confusion.matthews_correlation(), 0.502_518_907_629_606),
            (confusion.balanced_accuracy(), 0.75),
            (confusion.positive_likelihood_ratio(), 3.5),
            (confusion.negative_likelihood_ratio(), 0.375),
        ] {
            assert!((ours.unwrap() - theirs).abs() < 1e-12, "{ours:?} {theirs}");
        }
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
        assert_eq!(confusion.matthews_correlation(), Err(Undefined::NoDenominator));
    }
}
