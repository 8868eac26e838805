use crate::{
    Confidence, MetricsError, Scores, Undefined,
    comparison::{
        Comparison, PairedScores,
        compare::{compare_auc, placements},
    },
    discrimination::auc,
    distribution::chi_squared_p,
};

/// The AUCs of several models on the same samples, compared together and in pairs.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SeveralComparison {
    /// The AUC of each model.
    pub areas: Vec<f64>,
    /// χ² of "all AUCs are equal"; `None` if the covariance distinguishes no models.
    pub chi_squared: Option<f64>,
    /// Its degrees of freedom: the rank of the covariance of the differences.
    pub freedom: usize,
    /// p value of "all AUCs are equal".
    pub p: Option<f64>,
    /// Every pair, in order: first with second, first with third, and so on.
    pub pairs: Vec<Pair>,
}

/// Two of several models.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pair {
    /// Index of the first, from 0.
    pub first: usize,
    /// Index of the second.
    pub second: usize,
    /// Their paired comparison.
    pub comparison: Comparison,
    /// p value after Holm's correction for the number of pairs (Holm 1979, Scand J Stat 6:65);
    /// `None` if the comparison has no p value.
    pub p_holm: Option<f64>,
}

/// Compares the AUCs of several models on the same samples: the global test of DeLong et al. 1988
/// (doi 10.2307/2531595) that all are equal, and each pair with its p value corrected by Holm's
/// method.
///
/// ```
/// use foramen_metrics::comparison::compare_several;
/// use foramen_metrics::{Confidence, Scores};
///
/// let labels = [true, true, false, true, false, false, true, false];
/// let model = |values: &[f64]| Scores::new(&labels, values);
/// let compared = compare_several(
///     &[
///         model(&[0.9, 0.8, 0.3, 0.7, 0.4, 0.2, 0.6, 0.5])?,
///         model(&[0.9, 0.3, 0.4, 0.8, 0.5, 0.2, 0.6, 0.7])?,
///         model(&[0.4, 0.6, 0.5, 0.3, 0.8, 0.2, 0.7, 0.1])?,
///     ],
///     Confidence::P95,
/// )??;
/// assert_eq!((compared.areas.len(), compared.pairs.len(), compared.freedom), (3, 3, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`MetricsError`] unless all have the same labels in the same order; within,
/// [`Undefined`] where a class is missing, and [`Undefined::TooFew`] for fewer than
/// two models.
pub fn compare_several(
    models: &[Scores],
    confidence: Confidence,
) -> Result<Result<SeveralComparison, Undefined>, MetricsError> {
    let mut pairs = Vec::new();
    for (first, one) in models.iter().enumerate() {
        for (second, other) in models.iter().enumerate().skip(first + 1) {
            pairs.push((first, second, PairedScores::new(one.clone(), other.clone())?));
        }
    }
    Ok(compare(models, &pairs, confidence))
}

fn compare(
    models: &[Scores],
    pairs: &[(usize, usize, PairedScores)],
    confidence: Confidence,
) -> Result<SeveralComparison, Undefined> {
    if models.len() < 2 {
        return Err(Undefined::TooFew);
    }
    let areas = models.iter().map(|scores| Ok(auc(scores)?.estimate));
    let areas = areas.collect::<Result<Vec<f64>, Undefined>>()?;
    let pairs = pairs.iter().map(|(first, second, paired)| {
        let comparison = compare_auc(paired, confidence)?;
        Ok(Pair { first: *first, second: *second, comparison, p_holm: None })
    });
    let mut pairs = pairs.collect::<Result<Vec<_>, Undefined>>()?;
    let p: Vec<Option<f64>> = pairs.iter().map(|pair: &Pair| pair.comparison.p).collect();
    for (pair, p_holm) in pairs.iter_mut().zip(holm(&p)) {
        pair.p_holm = p_holm;
    }
    let (chi_squared, freedom) = match covariances(models) {
        Some(covariances) => wald(&areas, &covariances),
        None => (None, 0),
    };
    let p = chi_squared.map(|statistic| chi_squared_p(statistic, freedom as f64));
    Ok(SeveralComparison { areas, chi_squared, freedom, p, pairs })
}

/// The covariance matrix of the AUCs; none where a class has one sample.
fn covariances(models: &[Scores]) -> Option<Vec<Vec<f64>>> {
    let (m, n) = (models[0].positives(), models[0].negatives());
    if m < 2 || n < 2 {
        return None;
    }
    // Placements are twice a count of the other class.
    let of_class = |wanted: bool, other: usize| -> Vec<Vec<f64>> {
        let placed = models.iter().map(|scores| {
            let all = scores.labels().iter().zip(placements(scores));
            let own = all.filter(|(label, _)| **label == wanted);
            let own: Vec<f64> = own.map(|(_, n)| n as f64 / (2.0 * other as f64)).collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            own.into_iter().map(|value| value - mean).collect()
        });
        placed.collect()
    };
    let (positive, negative) = (of_class(true, n), of_class(false, m));
    let product = |placed: &[Vec<f64>], a: usize, b: usize| {
        let sum: f64 = placed[a].iter().zip(&placed[b]).map(|(x, y)| x * y).sum();
        let size = placed[a].len() as f64;
        sum / (size - 1.0) / size
    };
    let row = |a: usize| {
        let cell = |b: usize| product(&positive, a, b) + product(&negative, a, b);
        (0..models.len()).map(cell).collect()
    };
    Some((0..models.len()).map(row).collect())
}

/// χ² of the differences to the first AUC, and its degrees of freedom: models with the same
/// ranking, or whose differences follow from others, add no degree of freedom.
fn wald(areas: &[f64], covariances: &[Vec<f64>]) -> (Option<f64>, usize) {
    let n = areas.len() - 1;
    let cov = |a: usize, b: usize| covariances[a][b];
    let mut matrix: Vec<Vec<f64>> = (1..=n)
        .map(|a| (1..=n).map(|b| cov(a, b) - cov(a, 0) - cov(0, b) + cov(0, 0)).collect())
        .collect();
    let mut rest: Vec<f64> = (1..=n).map(|a| areas[a] - areas[0]).collect();
    let largest = (0..=n).map(|at| cov(at, at)).fold(0.0, f64::max);
    let mut left: Vec<usize> = (0..n).collect();
    let (mut statistic, mut freedom) = (0.0, 0);
    // Elimination from the largest variance that is left (pivoted LDLᵀ).
    while let Some(place) = (0..left.len())
        .max_by(|a, b| matrix[left[*a]][left[*a]].total_cmp(&matrix[left[*b]][left[*b]]))
    {
        let pivot = left.swap_remove(place);
        let variance = matrix[pivot][pivot];
        if variance <= 1e-12 * largest {
            break;
        }
        statistic += rest[pivot] * rest[pivot] / variance;
        freedom += 1;
        for &row in &left {
            let factor = matrix[row][pivot] / variance;
            rest[row] -= factor * rest[pivot];
            for &column in &left {
                matrix[row][column] -= factor * matrix[pivot][column];
            }
        }
    }
    ((freedom > 0).then_some(statistic), freedom)
}

/// The p values of several tests after Holm's correction for their number (Holm 1979, Scand J Stat
/// 6:65): if all null hypotheses are true, the probability that any of them is below α is at most
/// α. Tests without a p value are not counted and stay without one.
///
/// ```
/// use foramen_metrics::comparison::holm;
///
/// assert_eq!(holm(&[Some(0.25), None, Some(0.0625)]), [Some(0.25), None, Some(0.125)]);
/// ```
#[must_use]
pub fn holm(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(f64, usize)> =
        p.iter().enumerate().filter_map(|(at, p)| Some(((*p)?, at))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut corrected = vec![None; p.len()];
    let mut least = 0.0_f64;
    for (rank, (p, at)) in order.iter().enumerate() {
        least = least.max(p * (order.len() - rank) as f64).min(1.0);
        corrected[*at] = Some(least);
    }
    corrected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::samples;

    const CHI_SQUARED: f64 = 4.846095526914327;
    const P: f64 = 0.08865101797421636;
    const LABELS: [bool; 10] = [true, true, false, true, false, false, true, false, true, false];

    fn model(values: [f64; 10]) -> Scores {
        Scores::of_marker(&LABELS, &values).unwrap()
    }

    fn three() -> [Scores; 3] {
        [
            model([9.0, 8.0, 3.0, 7.0, 4.0, 2.0, 6.0, 5.0, 4.5, 1.0]),
            model([9.0, 3.0, 4.0, 8.0, 5.0, 2.0, 6.0, 7.0, 1.0, 0.0]),
            model([4.0, 6.0, 5.0, 3.0, 8.0, 2.0, 7.0, 1.0, 9.0, 0.0]),
        ]
    }

    #[test]
    fn the_global_test_is_that_of_delong() {
        // numpy 2.4.6: V10, V01 by (x > y) + 0.5 (x == y); S = cov(V10)/5 + cov(V01)/5;
        // L = [[1,-1,0],[1,0,-1]]; d = L theta; d @ inv(L S L') @ d; scipy chi2.sf(., 2).
        let found = compare_several(&three(), Confidence::P95).unwrap().unwrap();
        assert_eq!(found.freedom, 2);
        assert!((found.chi_squared.unwrap() - CHI_SQUARED).abs() < 1e-9, "{found:?}");
        assert!((found.p.unwrap() - P).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_model_given_twice_adds_no_degree_of_freedom() {
        let [a, b, c] = three();
        let found = compare_several(&[a, b.clone(), c, b], Confidence::P95).unwrap().unwrap();
        assert_eq!(found.freedom, 2);
        assert!((found.chi_squared.unwrap() - CHI_SQUARED).abs() < 1e-9, "{found:?}");
        assert_eq!(found.pairs[4].comparison.p, None);
        assert_eq!(found.pairs[4].p_holm, None);
    }

    #[test]
    fn p_values_are_corrected_as_holm_says() {
        // R: p.adjust(c(0.01, 0.04, 0.03), "holm") is 0.03, 0.06, 0.06.
        let corrected = holm(&[0.01, 0.04, 0.03].map(Some));
        for (found, expected) in corrected.iter().zip([0.03, 0.06, 0.06]) {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{corrected:?}");
        }
    }

    proptest! {
        #[test]
        fn of_two_models_the_global_test_is_the_paired_one((labels, values) in samples(4..40)) {
            let other: Vec<f64> = values.iter().rev().copied().collect();
            let [a, b] = [&values, &other].map(|v| Scores::of_marker(&labels, v).unwrap());
            if let Ok(found) = compare_several(&[a, b], Confidence::P95).unwrap()
                && let (Some(p), Some(pair)) = (found.p, found.pairs[0].comparison.p)
            {
                prop_assert!((p - pair).abs() < 1e-6, "{p} {pair}");
            }
        }
    }
}
