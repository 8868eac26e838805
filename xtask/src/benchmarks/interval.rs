//! The median of ratios, with an interval.

/// A median and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Ratio {
    /// The median with the order statistics that hold it with a probability of at least
    /// 95 %; of fewer than six values the least and the greatest. `None` of no values.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&first, &last) = (sorted.first()?, sorted.last()?);
        let cut = outside(sorted.len());
        let low = sorted.get(cut).copied().unwrap_or(first);
        let high = sorted.get(sorted.len() - 1 - cut).copied().unwrap_or(last);
        Some(Self { median: median(&sorted), low, high })
    }
}

/// How many values may be left out at each end, so that the rest holds the median with at
/// least 95 %: the greatest k with P(Bin(n, 1/2) ≤ k − 1) ≤ 2.5 %.
fn outside(n: usize) -> usize {
    let mut probability = 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let (mut below, mut k) = (0.0, 0);
    loop {
        below += probability;
        if below > 0.025 {
            // With k left out the interval runs from place k, counted from 0.
            return k.max(1) - 1;
        }
        probability *= (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
}

/// The median; NaN of no values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return f64::NAN;
    }
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_sign_test() {
        // Tables of the sign test: of 6 to 8 values the least and the greatest, of 9 to 11 the
        // second, of 12 to 14 the third, of 20 the sixth.
        for (n, expected) in [(1, 0), (5, 0), (6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (20, 5)] {
            assert_eq!(outside(n), expected, "{n}");
        }
        let values: Vec<f64> = (1..=9).map(f64::from).collect();
        assert_eq!(Ratio::of(&values), Some(Ratio { median: 5.0, low: 2.0, high: 8.0 }));
        assert_eq!(Ratio::of(&[]), None);
    }
}
