//! Single measures that combine all four counts.

use crate::{
    Confidence, Estimate, Method, Undefined,
    classification::{Confusion, wilson},
};

impl Confusion {
    /// Mean of sensitivity and specificity, with Newcombe's interval from their
    /// Wilson intervals.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] where a class is missing.
    pub fn balanced_accuracy(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        let parts = [self.sensitivity(confidence)?, self.specificity(confidence)?];
        let estimate = f64::midpoint(parts[0].estimate, parts[1].estimate);
        let reach = |bound: fn((f64, f64)) -> f64| {
            let [a, b] = parts.map(|part| part.ci().map_or(0.0, bound) - part.estimate);
            a.hypot(b) / 2.0
        };
        let [a, b] = parts.map(|part| part.standard_error.unwrap_or(0.0));
        Ok(Estimate {
            interval: Ok((estimate - reach(|ci| ci.0), estimate + reach(|ci| ci.1)).into()),
            standard_error: Some(a.hypot(b) / 2.0),
            method: Method::Newcombe,
            confidence,
            ..Estimate::point(estimate, self.n())
        })
    }

    /// Harmonic mean of sensitivity and positive predictive value.
    ///
    /// It is an increasing function of the share of true positives among all samples that are
    /// positive or called positive (Hand et al. 2021, doi 10.1007/s10994-021-05964-1), so its
    /// interval follows from Wilson's interval of this share.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample or call.
    pub fn f1(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        let all = self.true_positive + self.false_positive + self.false_negative;
        let share = wilson(self.true_positive, all, confidence)?;
        let f1 = |share: f64| 2.0 * share / (1.0 + share);
        let slope = 2.0 / (1.0 + share.estimate).powi(2);
        // From the counts: rounded once.
        let right = 2.0 * self.true_positive as f64;
        let estimate = right / (right + (self.false_positive + self.false_negative) as f64);
        Ok(Estimate {
            estimate,
            interval: share.interval.map(|share| (f1(share.lower), f1(share.upper)).into()),
            standard_error: share.standard_error.map(|error| slope * error),
            ..share
        })
    }

    /// Correlation of labels and calls (Matthews 1975), with the interval of its
    /// delta-method variance on the scale of Fisher's z.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] where a class is missing among labels or calls. At exactly −1
    /// or 1 there is an estimate but no interval.
    pub fn matthews_correlation(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        let n = self.n() as f64;
        let [tp, fp, tn, fn_] =
            [self.true_positive, self.false_positive, self.true_negative, self.false_negative]
                .map(|count| count as f64);
        let scale = ((tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_)).sqrt();
        let estimate = ratio(tp * tn - fp * fn_, scale)?;
        // Derivatives by the counts; the margins each is in pull towards 0.
        let pull = |a: f64, b: f64| estimate / 2.0 * (a.recip() + b.recip());
        let gradient = [
            (tp, tn / scale - pull(tp + fp, tp + fn_)),
            (fp, -fn_ / scale - pull(tp + fp, tn + fp)),
            (tn, tp / scale - pull(tn + fp, tn + fn_)),
            (fn_, -fp / scale - pull(tp + fn_, tn + fn_)),
        ];
        let mean = gradient.iter().map(|(count, slope)| count * slope).sum::<f64>() / n;
        let variance: f64 =
            gradient.iter().map(|(count, slope)| count * (slope - mean).powi(2)).sum();
        let room = 1.0 - estimate * estimate;
        let point =
            Estimate { method: Method::FisherZ, confidence, ..Estimate::point(estimate, self.n()) };
        if !(room > 0.0 && variance > 0.0) {
            return Ok(Estimate { interval: Err(Undefined::NoVariation), ..point });
        }
        let half = confidence.z() * variance.sqrt() / room;
        Ok(Estimate {
            interval: Ok(
                ((estimate.atanh() - half).tanh(), (estimate.atanh() + half).tanh()).into()
            ),
            standard_error: Some(variance.sqrt()),
            ..point
        })
    }

    /// Sensitivity / (1 − specificity): the factor by which a positive call raises the odds.
    /// Interval on the logarithmic scale (Simel et al. 1991, doi 10.1016/0895-4356(91)90128-V).
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample or a false
    /// positive. Without a true positive there is an estimate, 0, and no
    /// interval.
    pub fn positive_likelihood_ratio(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        self.likelihood_ratio(self.true_positive, self.false_positive, confidence)
    }

    /// (1 − sensitivity) / specificity: the factor by which a negative call lowers the odds.
    /// Interval as for the positive one.
    ///
    /// # Errors
    /// [`Undefined::NoDenominator`] without a positive sample or a true
    /// negative. Without a false negative there is an estimate, 0, and no
    /// interval.
    pub fn negative_likelihood_ratio(&self, confidence: Confidence) -> Result<Estimate, Undefined> {
        self.likelihood_ratio(self.false_negative, self.true_negative, confidence)
    }

    /// Share of the positive samples / share of the negative samples with a call.
    fn likelihood_ratio(
        &self,
        of_positives: usize,
        of_negatives: usize,
        confidence: Confidence,
    ) -> Result<Estimate, Undefined> {
        let positives = (self.true_positive + self.false_negative) as f64;
        let negatives = (self.true_negative + self.false_positive) as f64;
        let (a, b) = (of_positives as f64, of_negatives as f64);
        let estimate = ratio(a * negatives, b * positives)?;
        let point =
            Estimate { method: Method::Log, confidence, ..Estimate::point(estimate, self.n()) };
        if of_positives == 0 {
            return Ok(Estimate { interval: Err(Undefined::NoVariation), ..point });
        }
        let error = (1.0 / a - 1.0 / positives + 1.0 / b - 1.0 / negatives).sqrt();
        let factor = (confidence.z() * error).exp();
        Ok(Estimate {
            interval: Ok((estimate / factor, estimate * factor).into()),
            standard_error: Some(estimate * error),
            ..point
        })
    }
}

fn ratio(numerator: f64, denominator: f64) -> Result<f64, Undefined> {
    if denominator > 0.0 { Ok(numerator / denominator) } else { Err(Undefined::NoDenominator) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(tp: usize, fp: usize, tn: usize, fn_: usize) -> Confusion {
        Confusion {
            threshold: 0.5,
            true_positive: tp,
            false_positive: fp,
            true_negative: tn,
            false_negative: fn_,
        }
    }

    #[test]
    fn single_numbers_agree_with_scikit_learn_and_their_formulas() {
        // y = [1]*30 + [0]*30; p = [1]*21 + [0]*9 + [1]*6 + [0]*24
        // f1_score, matthews_corrcoef, balanced_accuracy_score, class_likelihood_ratios
        // Intervals from statsmodels, ci = proportion_confint(…, method="wilson"):
        // F1: 2*x/(1+x) for x in ci(21, 36); balanced: se, sp = .7, .8 with
        // ci(21, 30), ci(24, 30): .75 - hypot(se-l1, sp-l2)/2, .75 + hypot(u1-se, u2-sp)/2
        // MCC: mpmath.diff of the formula by each share, variance of the slopes / 60,
        // tanh(atanh(m) ± z*s/(1-m*m))
        // ratios: r*exp(±z*s), s = sqrt(1/21 - 1/30 + 1/6 - 1/30), sqrt(1/9 - 1/30 + 1/24 - 1/30)
        let confusion = counts(21, 6, 24, 9);
        let level = Confidence::P95;
        for (ours, expected) in [
            (
                confusion.f1(level),
                (0.736_842_105_263_157_9, 0.593_532_727_368_661_1, 0.842_990_568_675_089_8),
            ),
            (
                confusion.matthews_correlation(level),
                (0.502_518_907_629_606, 0.255_702_665_315_494_06, 0.687_835_364_376_047_9),
            ),
            (
                confusion.balanced_accuracy(level),
                (0.75, 0.625_598_341_488_828_6, 0.834_848_646_734_859_5),
            ),
            (
                confusion.positive_likelihood_ratio(level),
                (3.5, 1.648_261_028_341_644_3, 7.432_075_253_471_853),
            ),
            (
                confusion.negative_likelihood_ratio(level),
                (0.375, 0.210_983_636_242_662_8, 0.666_520_885_241_830_7),
            ),
        ] {
            let ours = ours.unwrap();
            let (lower, upper) = ours.ci().unwrap();
            assert!((ours.estimate - expected.0).abs() < 1e-14, "{ours:?} {expected:?}");
            assert!((lower - expected.1).abs() < 1e-12, "{ours:?} {expected:?}");
            assert!((upper - expected.2).abs() < 1e-12, "{ours:?} {expected:?}");
        }
        let error = confusion.matthews_correlation(level).unwrap().standard_error.unwrap();
        assert!((error - 0.111_042_219_230_284_5).abs() < 1e-14);
    }

    #[test]
    fn what_cannot_vary_has_no_interval() {
        let level = Confidence::P95;
        let perfect = counts(5, 0, 5, 0);
        let correlation = perfect.matthews_correlation(level).unwrap();
        assert_eq!((correlation.estimate, correlation.ci()), (1.0, None));
        assert_eq!(correlation.no_interval(), Some(Undefined::NoVariation));
        assert_eq!(perfect.positive_likelihood_ratio(level), Err(Undefined::NoDenominator));
        let ratio = perfect.negative_likelihood_ratio(level).unwrap();
        assert_eq!((ratio.estimate, ratio.ci()), (0.0, None));
        // Wilson keeps 1 within reach of doubt.
        assert!(perfect.f1(level).unwrap().ci().unwrap().0 < 0.8);
        assert!(perfect.balanced_accuracy(level).unwrap().ci().unwrap().0 < 0.8);
    }
}
