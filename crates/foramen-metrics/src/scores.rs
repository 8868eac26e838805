use rayon::slice::ParallelSliceMut;

use crate::{MetricsError, Undefined};

/// Labels and predictions of the same samples: checked and sorted once, then
/// shared by all metrics.
///
/// A sample is positive where its label is `true`; a higher score speaks for
/// positive.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    labels: Vec<bool>,
    values: Vec<f64>,
    ties: Vec<Tie>,
    positives: usize,
    probabilities: bool,
}

/// All samples of one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// The score they share.
    pub value: f64,
    /// How many of them are positive.
    pub positives: u32,
    /// How many of them are negative.
    pub negatives: u32,
}

impl Scores {
    /// Labels and predicted probabilities.
    ///
    /// # Errors
    /// [`MetricsError`] if there are none, if they differ in number, or if a
    /// probability is NaN or outside 0 to 1.
    pub fn new(labels: &[bool], probabilities: &[f64]) -> Result<Self, MetricsError> {
        check_lengths(labels, probabilities.len(), "probabilities")?;
        for (index, &value) in probabilities.iter().enumerate() {
            if !value.is_finite() {
                return Err(MetricsError::NotFinite { index, value });
            }
            if !(0.0..=1.0).contains(&value) {
                return Err(MetricsError::NotAProbability { index, value });
            }
        }
        Ok(Self::sorted(labels, probabilities, true))
    }

    /// Labels and values that rank the samples but are no probabilities, such as
    /// a width in millimetres. Metrics that need probabilities are
    /// [`Undefined::NotProbabilities`] for them.
    ///
    /// # Errors
    /// [`MetricsError`] if there are none, if they differ in number, or if a
    /// value is not finite.
    pub fn of_marker(labels: &[bool], values: &[f64]) -> Result<Self, MetricsError> {
        check_lengths(labels, values.len(), "values")?;
        for (index, &value) in values.iter().enumerate() {
            if !value.is_finite() {
                return Err(MetricsError::NotFinite { index, value });
            }
        }
        Ok(Self::sorted(labels, values, false))
    }

    /// Number of samples, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is at least one sample")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Number of positive samples.
    #[must_use]
    pub fn positives(&self) -> usize {
        self.positives
    }

    /// Number of negative samples.
    #[must_use]
    pub fn negatives(&self) -> usize {
        self.len() - self.positives
    }

    /// Share of the positive samples.
    #[must_use]
    pub fn prevalence(&self) -> f64 {
        self.positives as f64 / self.len() as f64
    }

    /// The labels, in the order given.
    #[must_use]
    pub fn labels(&self) -> &[bool] {
        &self.labels
    }

    /// The scores, in the order given.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The distinct scores, ascending, with their counts.
    #[must_use]
    pub fn ties(&self) -> &[Tie] {
        &self.ties
    }

    /// The same samples under another choice of which are used: sample `i` of
    /// the result is sample `indices[i]` of this. None where `indices` is empty
    /// or names a sample that does not exist.
    #[must_use]
    pub fn subset(&self, indices: &[usize]) -> Option<Self> {
        let labels: Option<Vec<bool>> =
            indices.iter().map(|&index| self.labels.get(index).copied()).collect();
        let values: Option<Vec<f64>> =
            indices.iter().map(|&index| self.values.get(index).copied()).collect();
        let (labels, values) = (labels?, values?);
        (!labels.is_empty()).then(|| Self::sorted(&labels, &values, self.probabilities))
    }

    /// The samples of several in one; none without any. They are probabilities
    /// where all are.
    pub(crate) fn joined(parts: &[Self]) -> Option<Self> {
        let labels: Vec<bool> = parts.iter().flat_map(|part| part.labels.clone()).collect();
        let values: Vec<f64> = parts.iter().flat_map(|part| part.values.clone()).collect();
        let probabilities = parts.iter().all(|part| part.probabilities);
        (!labels.is_empty()).then(|| Self::sorted(&labels, &values, probabilities))
    }

    /// Both classes are there.
    pub(crate) fn both_classes(&self) -> Result<(), Undefined> {
        if self.positives == 0 {
            Err(Undefined::NoPositives)
        } else if self.negatives() == 0 {
            Err(Undefined::NoNegatives)
        } else {
            Ok(())
        }
    }

    /// The scores are probabilities.
    pub(crate) fn are_probabilities(&self) -> Result<(), Undefined> {
        if self.probabilities { Ok(()) } else { Err(Undefined::NotProbabilities) }
    }

    /// Labels with scores, in the order given.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (bool, f64)> + Clone {
        self.labels.iter().copied().zip(self.values.iter().copied())
    }

    fn sorted(labels: &[bool], values: &[f64], probabilities: bool) -> Self {
        let positives = labels.iter().filter(|&&label| label).count();
        let ties = if probabilities {
            // A probability is a non-negative float of at most 1, whose bits sort
            // as it does and leave the two highest free: with the label in the
            // lowest bit one plain integer sort does everything.
            let mut keys: Vec<u64> = labels
                .iter()
                .zip(values)
                .map(|(&label, &value)| ((value + 0.0).abs().to_bits() << 1) | u64::from(label))
                .collect();
            sort(&mut keys);
            collect_ties(keys.iter().map(|key| (f64::from_bits(key >> 1), key & 1 == 1)))
        } else {
            let mut keys: Vec<(u64, bool)> = labels
                .iter()
                .zip(values)
                .map(|(&label, &value)| (ordered_bits(value), label))
                .collect();
            sort(&mut keys);
            collect_ties(keys.iter().map(|&(bits, label)| (value_of_bits(bits), label)))
        };
        Self { labels: labels.to_vec(), values: values.to_vec(), ties, positives, probabilities }
    }
}

/// Below this many samples threads cost more than they save.
const PARALLEL_SORT: usize = 50_000;

fn sort<T: Ord + Send>(keys: &mut [T]) {
    if keys.len() < PARALLEL_SORT {
        keys.sort_unstable();
    } else {
        keys.par_sort_unstable();
    }
}

pub(crate) fn check_lengths(
    labels: &[bool],
    values: usize,
    what: &'static str,
) -> Result<(), MetricsError> {
    if labels.len() != values {
        return Err(MetricsError::Lengths { labels: labels.len(), values, what });
    }
    if labels.is_empty() {
        return Err(MetricsError::Empty);
    }
    if u32::try_from(labels.len()).is_err() {
        return Err(MetricsError::TooMany { samples: labels.len(), limit: u32::MAX });
    }
    Ok(())
}

fn collect_ties(sorted: impl Iterator<Item = (f64, bool)>) -> Vec<Tie> {
    let mut ties: Vec<Tie> = Vec::new();
    for (value, label) in sorted {
        let (positive, negative) = (u32::from(label), u32::from(!label));
        match ties.last_mut() {
            Some(tie) if tie.value.to_bits() == value.to_bits() => {
                tie.positives += positive;
                tie.negatives += negative;
            }
            _ => ties.push(Tie { value, positives: positive, negatives: negative }),
        }
    }
    ties
}

/// Bits that sort as the finite number does; −0 counts as 0.
pub(crate) fn ordered_bits(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn value_of_bits(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unusable_scores_are_refused_with_the_sample() {
        assert_eq!(Scores::new(&[], &[]), Err(MetricsError::Empty));
        let error = Scores::new(&[true, false], &[0.1]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2 labels do not match 1 probabilities; each sample needs one of both"
        );
        assert!(matches!(
            Scores::new(&[true, false], &[0.1, f64::NAN]),
            Err(MetricsError::NotFinite { index: 1, .. })
        ));
        assert!(matches!(
            Scores::new(&[true, false], &[1.000_000_1, 0.0]),
            Err(MetricsError::NotAProbability { index: 0, .. })
        ));
        assert!(Scores::of_marker(&[true, false], &[17.0, -3.0]).is_ok());
        assert!(Scores::of_marker(&[true, false], &[17.0, f64::INFINITY]).is_err());
    }

    #[test]
    fn both_zeros_are_one_score() {
        for scores in [
            Scores::new(&[true, false], &[0.0, -0.0]).unwrap(),
            Scores::of_marker(&[true, false], &[0.0, -0.0]).unwrap(),
        ] {
            assert_eq!(scores.ties(), [Tie { value: 0.0, positives: 1, negatives: 1 }]);
        }
    }

    proptest! {
        #[test]
        fn ties_hold_every_sample_in_ascending_order(
            samples in prop::collection::vec((any::<bool>(), -4_i8..5), 1..60),
        ) {
            let (labels, values): (Vec<bool>, Vec<f64>) =
                samples.iter().map(|&(label, value)| (label, f64::from(value) / 4.0)).unzip();
            let scores = Scores::of_marker(&labels, &values).unwrap();
            let ties = scores.ties();
            prop_assert!(ties.windows(2).all(|pair| pair[0].value < pair[1].value));
            for tie in ties {
                let count = |wanted: bool| {
                    scores.pairs().filter(|&(label, value)| label == wanted && value == tie.value)
                        .count() as u32
                };
                prop_assert_eq!((tie.positives, tie.negatives), (count(true), count(false)));
            }
            let total: u32 = ties.iter().map(|tie| tie.positives + tie.negatives).sum();
            prop_assert_eq!(total as usize, labels.len());
        }
    }
}
