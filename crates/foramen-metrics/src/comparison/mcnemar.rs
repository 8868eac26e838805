use crate::{
    comparison::PairedScores,
    distribution::{chi_squared_p, fair_binomial_cdf},
};

/// McNemar's test of two models' calls on the same samples: only samples for which exactly one
/// model is correct count.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct McNemar {
    /// Samples for which only the first model is correct.
    pub only_first: usize,
    /// Samples for which only the second model is correct.
    pub only_second: usize,
    /// Two-sided exact p-value of equal accuracy; 1 if no sample counts.
    pub exact_p: f64,
    /// The statistic with Edwards' continuity correction; 0 if no sample counts.
    pub corrected: f64,
    /// The p-value of this statistic, for many samples.
    pub corrected_p: f64,
}

impl McNemar {
    /// Computes the test from the numbers of samples for which only one model is correct.
    ///
    /// ```
    /// use foramen_metrics::comparison::McNemar;
    ///
    /// // Of the calls on which two models differ, 10 times the first was right, twice the second.
    /// let test = McNemar::of_counts(10, 2);
    /// assert_eq!(format!("{:.4}", test.exact_p), "0.0386");
    /// assert_eq!(format!("{:.3}", test.corrected), "4.083");
    /// ```
    #[must_use]
    pub fn of_counts(only_first: usize, only_second: usize) -> Self {
        let n = only_first + only_second;
        let exact_p = (2.0 * fair_binomial_cdf(only_first.min(only_second), n)).min(1.0);
        let distance = only_first.abs_diff(only_second).saturating_sub(1) as f64;
        let corrected = if n == 0 { 0.0 } else { distance * distance / n as f64 };
        let corrected_p = chi_squared_p(corrected, 1.0);
        Self { only_first, only_second, exact_p, corrected, corrected_p }
    }
}

/// Compares the calls of two models, each at its own threshold. A sample at the
/// threshold is called positive.
///
/// ```
/// use foramen_metrics::{comparison::{PairedScores, mcnemar}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let model = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let width = Scores::new(&labels, &[0.4, 0.5, 0.3, 0.1, 0.6, 0.5, 0.2, 0.7])?;
///
/// // Calls at 0.5 for both: they differ on the second sample, where the first is right.
/// let test = mcnemar(&PairedScores::new(model, width)?, (0.5, 0.5));
/// assert_eq!((test.only_first, test.only_second), (1, 0));
/// assert_eq!(format!("{:.3}", test.exact_p), "1.000"); // one call says nothing
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn mcnemar(paired: &PairedScores, thresholds: (f64, f64)) -> McNemar {
    let (mut only_first, mut only_second) = (0, 0);
    for ((label, a), (_, b)) in paired.first().pairs().zip(paired.second().pairs()) {
        let right = ((a >= thresholds.0) == label, (b >= thresholds.1) == label);
        only_first += usize::from(right == (true, false));
        only_second += usize::from(right == (false, true));
    }
    McNemar::of_counts(only_first, only_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scores;

    #[test]
    fn mcnemar_agrees_with_statsmodels() {
        // from statsmodels.stats.contingency_tables import mcnemar as m
        // t = [[30, b], [c, 20]]
        // m(t, exact=True).pvalue, m(t, exact=False, correction=True).statistic, .pvalue
        // At b = c it corrects past 0; R's mcnemar.test does not, nor do we.
        for ((b, c), exact, statistic, corrected) in [
            ((12, 5), 0.143_463_134_765_625, 2.117_647_058_823_529_4, 0.145_610_095_396_862_9),
            ((3, 9), 0.145_996_093_75, 2.083_333_333_333_333_5, 0.148_914_673_178_761_61),
            (
                (40, 61),
                0.046_044_066_929_342_785,
                3.960_396_039_603_960_4,
                0.046_582_742_523_015_69,
            ),
            ((7, 7), 1.0, 0.0, 1.0),
        ] {
            let ours = McNemar::of_counts(b, c);
            assert!((ours.exact_p - exact).abs() < 1e-13, "{ours:?}");
            assert!((ours.corrected - statistic).abs() < 1e-13, "{ours:?}");
            assert!((ours.corrected_p - corrected).abs() < 1e-13, "{ours:?}");
        }
    }

    #[test]
    fn only_disagreement_counts() {
        let labels = [true, true, false, false, true];
        let first = Scores::new(&labels, &[0.9, 0.8, 0.1, 0.7, 0.5]).unwrap();
        let second = Scores::new(&labels, &[0.9, 0.2, 0.1, 0.3, 0.4]).unwrap();
        let paired = PairedScores::new(first, second).unwrap();
        let ours = mcnemar(&paired, (0.5, 0.5));
        assert_eq!((ours.only_first, ours.only_second), (2, 1));
        assert_eq!(mcnemar(&paired, (0.0, 0.0)).exact_p, 1.0);
    }
}
