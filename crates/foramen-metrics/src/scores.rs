use rayon::prelude::*;

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
        let ties = ties(labels, values);
        Self { labels: labels.to_vec(), values: values.to_vec(), ties, positives, probabilities }
    }
}

/// Below this many samples buckets and threads cost more than they save.
const MANY: usize = 20_000;

/// Samples of a bucket on average: few enough for the simplest of sorts.
const PER_BUCKET: usize = 32;

/// Sorts the samples and joins those of one value.
fn ties(labels: &[bool], values: &[f64]) -> Vec<Tie> {
    let single = |(&label, &value): (&bool, &f64)| Tie {
        // −0 becomes 0.
        value: value + 0.0,
        positives: u32::from(label),
        negatives: u32::from(!label),
    };
    let samples = labels.iter().zip(values).map(single);
    let mut ties = if labels.len() < MANY {
        let mut ties: Vec<Tie> = samples.collect();
        ties.sort_unstable_by(by_value);
        ties
    } else {
        sorted_by_buckets(samples, values)
    };
    ties.dedup_by(|next, kept| {
        let same = next.value.to_bits() == kept.value.to_bits();
        if same {
            kept.positives += next.positives;
            kept.negatives += next.negatives;
        }
        same
    });
    if ties.len() < ties.capacity() / 2 {
        ties.shrink_to_fit();
    }
    ties
}

fn by_value(a: &Tie, b: &Tie) -> std::cmp::Ordering {
    a.value.total_cmp(&b.value)
}

/// Puts the samples into buckets of equal width first. Where values are uneven
/// the buckets are too, and threads share the work of a large one.
fn sorted_by_buckets(samples: impl Iterator<Item = Tie>, values: &[f64]) -> Vec<Tie> {
    let count = values.len() / PER_BUCKET;
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    // Rounding may shift a border, but never brings a lower value into a higher
    // bucket. A range too wide or too narrow for a float makes one bucket.
    let scale = Some(count as f64 / (high - low)).filter(|scale| scale.is_normal());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is not negative, and the last bucket takes what is beyond"
    )]
    let bucket = |value: f64| (((value - low) * scale.unwrap_or(0.0)) as usize).min(count - 1);
    let mut ends = vec![0_usize; count];
    values.iter().for_each(|&value| ends[bucket(value)] += 1);
    let mut start = 0;
    for end in &mut ends {
        (start, *end) = (start + *end, start);
    }
    let mut ties = vec![Tie { value: 0.0, positives: 0, negatives: 0 }; values.len()];
    for tie in samples {
        let end = &mut ends[bucket(tie.value)];
        ties[*end] = tie;
        *end += 1;
    }
    let mut slices = Vec::with_capacity(count);
    let (mut rest, mut start) = (ties.as_mut_slice(), 0);
    for end in ends {
        let (slice, after) = rest.split_at_mut(end - start);
        slices.push(slice);
        (rest, start) = (after, end);
    }
    slices.into_par_iter().with_min_len(64).for_each(|slice| {
        if slice.len() < MANY {
            slice.sort_unstable_by(by_value);
        } else {
            slice.par_sort_unstable_by(by_value);
        }
    });
    ties
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

    #[test]
    fn buckets_sort_as_a_plain_sort_does() {
        let n = 3 * MANY;
        let labels: Vec<bool> = (0..n).map(|i| (i * i) % 7 < 3).collect();
        let spread = |i: usize| ((i * 7919) % n) as f64 / n as f64;
        let shapes: [fn(f64) -> f64; 4] =
            [|x| x, |x| x.powi(40), |x| (x * 9.0).floor() / 9.0, |_| 0.25];
        for shape in shapes {
            let values: Vec<f64> = (0..n).map(|i| shape(spread(i))).collect();
            let mut sorted = values.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted.dedup();
            let scores = Scores::new(&labels, &values).unwrap();
            let distinct: Vec<f64> = scores.ties().iter().map(|tie| tie.value).collect();
            assert_eq!(distinct, sorted);
            let wide: Vec<f64> = values.iter().map(|value| value * 1e308 - 5e307).collect();
            let marker = Scores::of_marker(&labels, &wide).unwrap();
            let counts = |scores: &Scores| {
                let ties = scores.ties().iter();
                ties.map(|tie| (tie.positives, tie.negatives)).collect::<Vec<_>>()
            };
            if wide.windows(2).all(|pair| pair[0] != pair[1]) {
                assert_eq!(counts(&marker), counts(&scores));
            }
            assert!(marker.ties().windows(2).all(|pair| pair[0].value < pair[1].value));
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
