use std::borrow::Cow;

use crate::{MetricsError, Tie, Undefined, tie::ties};

/// Labels and predictions of the same samples: checked and sorted once, then
/// shared by all metrics.
///
/// A sample is positive where its label is `true`; a higher score means more likely positive.
///
/// ```
/// use foramen_metrics::calibration::brier;
/// use foramen_metrics::discrimination::auc;
/// use foramen_metrics::{Scores, Undefined};
///
/// let labels = [false, true, false, true];
/// let of_network: [f32; 4] = [0.2, 0.9, 0.4, 0.3];
/// let scores = Scores::new(&labels, &of_network)?;
/// assert_eq!((scores.len(), scores.positives(), scores.prevalence()), (4, 2, 0.5));
/// assert_eq!(auc(&scores)?.estimate, 0.75); // 3 of 4 pairs are in order
///
/// // Widths in millimetres rank samples, and are no probabilities.
/// let widths = Scores::of_marker(&labels, &[2.1, 4.0, 2.5, 3.2])?;
/// assert_eq!(auc(&widths)?.estimate, 1.0);
/// assert_eq!(brier(&widths), Err(Undefined::NotProbabilities));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    labels: Vec<bool>,
    values: Vec<f64>,
    ties: Vec<Tie>,
    positives: usize,
    samples: usize,
    probabilities: bool,
}

impl Scores {
    /// Creates scores from labels and predicted probabilities, in `f64` or `f32`.
    ///
    /// # Errors
    /// [`MetricsError`] if there are none, if they differ in number, or if a
    /// probability is NaN or outside 0 to 1.
    pub fn new<P>(labels: &[bool], probabilities: &[P]) -> Result<Self, MetricsError>
    where
        P: Copy + Into<f64>,
    {
        check_lengths(labels, probabilities.len(), "probabilities")?;
        let probabilities: Vec<f64> = probabilities.iter().map(|&value| value.into()).collect();
        for (index, &value) in probabilities.iter().enumerate() {
            if !(0.0..=1.0).contains(&value) {
                return Err(if value.is_finite() {
                    MetricsError::NotAProbability { index, value }
                } else {
                    MetricsError::NotFinite { index, value }
                });
            }
        }
        Ok(Self::sorted(labels, probabilities, true))
    }

    /// Creates scores from labels and values that rank the samples but are not probabilities, such
    /// as a width in millimetres, in `f64`, `f32` or whole numbers. Metrics that need probabilities
    /// return [`Undefined::NotProbabilities`] for them.
    ///
    /// # Errors
    /// [`MetricsError`] if there are none, if they differ in number, or if a
    /// value is not finite.
    pub fn of_marker<V>(labels: &[bool], values: &[V]) -> Result<Self, MetricsError>
    where
        V: Copy + Into<f64>,
    {
        check_lengths(labels, values.len(), "values")?;
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
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
        self.samples
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

    /// A selection of the samples: sample `i` of the result is sample `indices[i]` of these. `None`
    /// if `indices` is empty or contains an invalid index.
    #[must_use]
    pub fn subset(&self, indices: &[usize]) -> Option<Self> {
        let labels: Option<Vec<bool>> =
            indices.iter().map(|&index| self.labels.get(index).copied()).collect();
        let values: Option<Vec<f64>> =
            indices.iter().map(|&index| self.values.get(index).copied()).collect();
        let (labels, values) = (labels?, values?);
        (!labels.is_empty()).then(|| Self::sorted(&labels, values, self.probabilities))
    }

    /// All samples of several scores; `None` without any. They are probabilities if all parts are.
    pub(crate) fn joined(parts: &[Self]) -> Option<Self> {
        let labels: Vec<bool> = parts.iter().flat_map(|part| part.labels.clone()).collect();
        let values: Vec<f64> = parts.iter().flat_map(|part| part.values.clone()).collect();
        let probabilities = parts.iter().all(|part| part.probabilities);
        (!labels.is_empty()).then(|| Self::sorted(&labels, values, probabilities))
    }

    /// Checks that both classes are present.
    pub(crate) fn both_classes(&self) -> Result<(), Undefined> {
        if self.positives == 0 {
            Err(Undefined::NoPositives)
        } else if self.negatives() == 0 {
            Err(Undefined::NoNegatives)
        } else {
            Ok(())
        }
    }

    /// Checks that the scores are probabilities.
    pub(crate) fn are_probabilities(&self) -> Result<(), Undefined> {
        if self.probabilities { Ok(()) } else { Err(Undefined::NotProbabilities) }
    }

    /// Labels with scores, in the order given.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (bool, f64)> + Clone {
        self.labels.iter().copied().zip(self.values.iter().copied())
    }

    fn sorted(labels: &[bool], values: Vec<f64>, probabilities: bool) -> Self {
        let positives = labels.iter().filter(|&&label| label).count();
        let ties = ties(labels, &values);
        let labels = labels.to_vec();
        Self { samples: labels.len(), labels, values, ties, positives, probabilities }
    }

    /// Scores from counts only, without the samples: for functions that need only [`Scores::ties`]
    /// and the numbers of samples.
    pub(crate) fn of_ties(ties: Vec<Tie>, probabilities: bool) -> Self {
        let positives = ties.iter().map(|tie| tie.positives as usize).sum();
        let negatives = ties.iter().map(|tie| tie.negatives as usize).sum::<usize>();
        let (labels, values) = (Vec::new(), Vec::new());
        Self { labels, values, samples: positives + negatives, ties, positives, probabilities }
    }

    /// The samples whose probability is neither 0 nor 1, and so has log-odds, and the number of
    /// other samples.
    pub(crate) fn between(&self) -> Result<(Cow<'_, Self>, usize), Undefined> {
        self.are_probabilities()?;
        let inside = |value: f64| value > 0.0 && value < 1.0;
        let ends = [self.ties.first(), self.ties.last()].into_iter().flatten();
        if ends.clone().all(|tie| inside(tie.value)) {
            return Ok((Cow::Borrowed(self), 0));
        }
        let kept: Vec<usize> =
            (0..self.values.len()).filter(|at| inside(self.values[*at])).collect();
        let certain = self.len() - kept.len();
        let rest = self.subset(&kept).filter(|_| 2 * certain <= self.len());
        let rest = rest.filter(|rest| rest.both_classes().is_ok() && rest.ties().len() > 1);
        rest.map(|rest| (Cow::Owned(rest), certain)).ok_or(Undefined::Saturated)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_scores_are_refused_with_the_sample() {
        assert_eq!(Scores::new::<f64>(&[], &[]), Err(MetricsError::Empty));
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
}
