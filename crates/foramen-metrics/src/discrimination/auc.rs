use crate::{Confidence, Estimate, Method, Scores, Tie, Undefined, distribution::logistic};

/// The method for the interval of an AUC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AucInterval {
    /// Symmetric about the estimate and clipped to 0 and 1, as in pROC's `ci.auc` and most
    /// publications. Its coverage is too low for an AUC near 1 in small samples.
    #[default]
    DeLong,
    /// Symmetric on the logit scale: it stays within 0 and 1, and has better coverage near them
    /// (Pepe 2003, The Statistical Evaluation of Medical Tests, 5.2).
    DeLongLogit,
    /// From the AUC and the counts alone, under exponential scores (Hanley and
    /// McNeil 1982, doi 10.1148/radiology.143.1.7063747): for published numbers
    /// without data.
    HanleyMcNeil,
}

/// Area under the ROC curve with its 95 % DeLong interval: the probability that
/// a positive sample scores above a negative one, ties counting half.
///
/// DeLong, DeLong, Clarke-Pearson 1988, doi 10.2307/2531595, by midranks (Sun and Xu 2014, doi
/// 10.1109/LSP.2014.2337313). Counts are integers until the last division, so that neither order
/// nor size of the data causes rounding.
///
/// # Errors
/// [`Undefined`] where a class is missing. Where a class has one sample, or the
/// variance is 0 (an AUC of exactly 0 or 1), there is an estimate and no
/// interval.
///
/// ```
/// use foramen_metrics::{discrimination::auc, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Of 16 pairs of a positive and a negative 14 are in order and one is tied.
/// let area = auc(&scores)?;
/// assert_eq!(area.estimate, 14.5 / 16.0);
/// assert_eq!(area.to_string(), "0.906 (95 % CI 0.688–1.000)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn auc(scores: &Scores) -> Result<Estimate, Undefined> {
    auc_with(scores, AucInterval::DeLong, Confidence::P95)
}

/// The same as [`auc`], with the chosen interval and level.
///
/// # Errors
/// As [`auc`].
///
/// ```
/// use foramen_metrics::discrimination::{AucInterval, auc_with};
/// use foramen_metrics::{Confidence, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let area = auc_with(&scores, AucInterval::DeLongLogit, Confidence::P95)?;
/// assert_eq!(area.to_string(), "0.906 (95 % CI 0.426–0.992)"); // never beyond 1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn auc_with(
    scores: &Scores,
    interval: AucInterval,
    confidence: Confidence,
) -> Result<Estimate, Undefined> {
    let (estimate, variance) = delong(scores)?;
    let n = scores.len();
    let standard_error = variance.map(f64::sqrt);
    let wald = Estimate::wald(estimate, standard_error, n, confidence, (0.0, 1.0));
    Ok(match interval {
        AucInterval::DeLong => Estimate { method: Method::DeLong, ..wald },
        AucInterval::HanleyMcNeil => {
            let error = hanley_mcneil(estimate, scores.positives(), scores.negatives());
            let wald = Estimate::wald(estimate, error, n, confidence, (0.0, 1.0));
            Estimate { method: Method::HanleyMcNeil, ..wald }
        }
        AucInterval::DeLongLogit => {
            let interval = standard_error.map(|error| {
                let half = confidence.z() * error / (estimate * (1.0 - estimate));
                let logit = (estimate / (1.0 - estimate)).ln();
                (logistic(logit - half), logistic(logit + half)).into()
            });
            Estimate { interval, method: Method::DeLongLogit, ..wald }
        }
    })
}

/// The standard error of an AUC known only by its value and the numbers of
/// positives and negatives (Hanley and McNeil 1982).
///
/// # Errors
/// [`Undefined::TooFew`] without a sample of each class,
/// [`Undefined::NoVariation`] unless the AUC is between 0 and 1 (exclusive).
///
/// ```
/// use foramen_metrics::discrimination::hanley_mcneil;
///
/// // A paper says: AUC 0.80, 30 patients with and 40 without.
/// let error = hanley_mcneil(0.8, 30, 40)?;
/// assert_eq!(format!("{error:.4}"), "0.0556");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hanley_mcneil(area: f64, positives: usize, negatives: usize) -> Result<f64, Undefined> {
    if positives == 0 || negatives == 0 {
        return Err(Undefined::TooFew);
    }
    if !(area > 0.0 && area < 1.0) {
        return Err(Undefined::NoVariation);
    }
    let (m, n) = (positives as f64, negatives as f64);
    let of_positives = area / (2.0 - area) - area * area;
    let of_negatives = 2.0 * area * area / (1.0 + area) - area * area;
    let pairs = area * (1.0 - area) + (m - 1.0) * of_positives + (n - 1.0) * of_negatives;
    Ok((pairs / (m * n)).sqrt())
}

/// The AUC and its DeLong variance.
pub(crate) fn delong(scores: &Scores) -> Result<(f64, Result<f64, Undefined>), Undefined> {
    scores.both_classes()?;
    let (positives, negatives) = (scores.positives() as u128, scores.negatives() as u128);
    // Twice the number of negatives below a positive (ties half), and twice the
    // number of positives above a negative: their sums and sums of squares. At
    // most u32::MAX samples have less than 2^63 pairs twice over, so that only
    // squares need more than 64 bits.
    let (mut below_negatives, mut above_positives) = (0_u64, scores.positives() as u64);
    let (mut sum, mut squares_of_positives, mut squares_of_negatives) = (0_u64, 0_u128, 0_u128);
    for tie in scores.ties() {
        let (p, q) = (u64::from(tie.positives), u64::from(tie.negatives));
        let of_positive = 2 * below_negatives + q;
        let of_negative = 2 * above_positives - p;
        sum += p * of_positive;
        squares_of_positives += u128::from(p * of_positive) * u128::from(of_positive);
        squares_of_negatives += u128::from(q * of_negative) * u128::from(of_negative);
        below_negatives += q;
        above_positives -= p;
    }
    let sum = u128::from(sum);
    let estimate = sum as f64 / (2 * positives * negatives) as f64;
    if positives < 2 || negatives < 2 {
        return Ok((estimate, Err(Undefined::TooFew)));
    }
    // Variance of the placements over their number, (Σx² − (Σx)²/n) / (n − 1) / n,
    // for x in halves of the other class' number.
    let variance = |squares: u128, n: u128, other: u128| {
        let spread = (n * squares - sum * sum) as f64;
        spread / (4.0 * (other * other) as f64 * (n * n) as f64 * (n - 1) as f64)
    };
    let variance = variance(squares_of_positives, positives, negatives)
        + variance(squares_of_negatives, negatives, positives);
    Ok((estimate, if variance > 0.0 { Ok(variance) } else { Err(Undefined::NoVariation) }))
}

/// The AUC of counts of positives and negatives per score, ascending.
pub(crate) fn auc_of_counts(
    ascending: impl Iterator<Item = (u128, u128)>,
    positives: u128,
    negatives: u128,
) -> f64 {
    let (mut below, mut sum) = (0_u128, 0_u128);
    for (p, q) in ascending {
        sum += p * (2 * below + q);
        below += q;
    }
    sum as f64 / (2 * positives * negatives) as f64
}

pub(crate) fn counts(tie: &Tie) -> (u128, u128) {
    (u128::from(tie.positives), u128::from(tie.negatives))
}

/// The standard error of an AUC of labels that are assigned at random.
pub(crate) fn null_error(scores: &Scores) -> f64 {
    let (m, n) = (scores.positives() as f64, scores.negatives() as f64);
    let all = m + n;
    let tied = |tie: &Tie| {
        let t = f64::from(tie.positives) + f64::from(tie.negatives);
        t * t * t - t
    };
    let ties: f64 = scores.ties().iter().map(tied).sum();
    ((all + 1.0 - ties / (all * (all - 1.0)).max(1.0)) / (12.0 * m * n)).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::samples;

    #[test]
    fn tied_scores_count_half() {
        let scores = Scores::new(&[true, false], &[0.5, 0.5]).unwrap();
        let area = auc(&scores).unwrap();
        assert_eq!((area.estimate, area.ci()), (0.5, None));
        assert_eq!(area.no_interval(), Some(Undefined::TooFew));
    }

    #[test]
    fn one_class_has_no_auc() {
        let all = Scores::new(&[true, true], &[0.1, 0.7]).unwrap();
        assert_eq!(auc(&all), Err(Undefined::NoNegatives));
        let none = Scores::new(&[false, false], &[0.1, 0.7]).unwrap();
        assert_eq!(auc(&none), Err(Undefined::NoPositives));
    }

    #[test]
    fn a_perfect_auc_claims_no_certainty() {
        let scores = Scores::new(&[false, false, true, true], &[0.1, 0.2, 0.8, 0.9]).unwrap();
        let area = auc(&scores).unwrap();
        assert_eq!((area.estimate, area.ci()), (1.0, None));
        assert_eq!(area.no_interval(), Some(Undefined::NoVariation));
    }

    #[test]
    fn a_perfect_ranking_of_many_is_exactly_1() {
        // confidenceinterval issue 15: rounding gave 1.0000001.
        let n = 99_991_u32;
        let labels: Vec<bool> = (0..n).map(|i| i >= 33_333).collect();
        let values: Vec<f64> = (0..n).map(|i| f64::from(i) / f64::from(n)).collect();
        let scores = Scores::new(&labels, &values).unwrap();
        assert_eq!(auc(&scores).unwrap().estimate, 1.0);
        let drawn = crate::resampling::bootstrap_auc(
            &scores,
            &crate::resampling::Bootstrap::default().with_resamples(3),
        );
        assert_eq!(drawn.unwrap().no_interval(), Some(Undefined::NoVariation));
    }

    #[test]
    fn nothing_overflows_at_144_720_samples() {
        // pROC issue 19: products of counts left the range of 32-bit integers.
        let n = 144_720_u32;
        let labels: Vec<bool> = (0..n).map(|i| i % 2 == 0).collect();
        let values: Vec<f64> = (0..n).map(|i| f64::from(i) / f64::from(n)).collect();
        let area = auc(&Scores::new(&labels, &values).unwrap()).unwrap();
        // Half of the positives, 72,360, stand one place below their negative.
        let half = f64::from(n / 2);
        assert!((area.estimate - (half - 1.0) / (2.0 * half)).abs() < 1e-15);
        assert!(area.ci().is_some());
    }

    #[test]
    fn the_error_of_hanley_and_mcneil_is_their_formula_worked_in_python() {
        let error = hanley_mcneil(0.893, 51, 58).unwrap();
        // a, m, n = .893, 51, 58; q1, q2 = a/(2-a), 2*a*a/(1+a)
        // ((a*(1-a) + (m-1)*(q1-a*a) + (n-1)*(q2-a*a))/m/n)**.5
        assert!((error - 0.032_511_581_767_646_58).abs() < 1e-14);
        assert_eq!(hanley_mcneil(1.0, 51, 58), Err(Undefined::NoVariation));
    }

    #[test]
    fn a_small_case_agrees_with_an_independent_delong() {
        // import numpy as np
        // y = np.array([0,0,1,0,1,1]); s = np.array([.1,.3,.3,.4,.6,.8])
        // psi = (s[y==1][:,None] > s[y==0]) + .5*(s[y==1][:,None] == s[y==0])
        // psi.mean(), psi.mean(1).var(ddof=1)/3 + psi.mean(0).var(ddof=1)/3
        let labels = [false, false, true, false, true, true];
        let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8]).unwrap();
        let (area, variance) = delong(&scores).unwrap();
        assert!((area - 0.833_333_333_333_333_4).abs() < 1e-15);
        assert!((variance.unwrap() - 0.037_037_037_037_037_04).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn auc_is_the_share_of_ordered_pairs((labels, values) in samples(2..40)) {
            let scores = Scores::new(&labels, &values).unwrap();
            let mut sum = 0.0;
            for (_, positive) in scores.pairs().filter(|(label, _)| *label) {
                for (_, negative) in scores.pairs().filter(|(label, _)| !*label) {
                    sum += f64::from(u8::from(positive > negative))
                        + 0.5 * f64::from(u8::from(positive == negative));
                }
            }
            match auc(&scores) {
                Ok(area) => {
                    let pairs = (scores.positives() * scores.negatives()) as f64;
                    prop_assert!((area.estimate - sum / pairs).abs() < 1e-12);
                    if let Some((lower, upper)) = area.ci() {
                        prop_assert!(0.0 <= lower && lower <= area.estimate);
                        prop_assert!(area.estimate <= upper && upper <= 1.0);
                    }
                }
                Err(_) => prop_assert!(scores.positives() == 0 || scores.negatives() == 0),
            }
        }

        #[test]
        fn auc_and_variance_survive_monotone_maps_and_flips((labels, values) in samples(4..60)) {
            let scores = Scores::new(&labels, &values).unwrap();
            let mapped: Vec<f64> = values.iter().map(|value| value.powi(3) * 7.0 - 2.0).collect();
            let mapped = Scores::of_marker(&labels, &mapped).unwrap();
            prop_assert_eq!(delong(&scores), delong(&mapped));
            let flipped: Vec<bool> = labels.iter().map(|label| !label).collect();
            let flipped = Scores::new(&flipped, &values).unwrap();
            if let (Ok((area, variance)), Ok((other, flipped_variance))) =
                (delong(&scores), delong(&flipped))
            {
                prop_assert!((area + other - 1.0).abs() < 1e-15);
                match (variance, flipped_variance) {
                    (Ok(a), Ok(b)) => prop_assert!((a - b).abs() < 1e-15),
                    (a, b) => prop_assert_eq!(a, b),
                }
            }
        }
    }
}
