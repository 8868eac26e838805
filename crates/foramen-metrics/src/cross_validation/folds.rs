use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::{
    MetricsError, Scores, Undefined,
    discrimination::{auc, null_error},
    distribution::normal_cdf,
    resampling::Bootstrap,
};

/// Number of random fold assignments that estimate the effect of chance.
const DEALS: u32 = 999;

/// With more samples than this, fewer random assignments are made.
const MANY: usize = 20_000;

/// Probability below which a disagreement is reported as more than chance.
const RARE: f64 = 0.01;

/// The AUC of out-of-fold predictions, computed in two ways: pooled, which compares samples of
/// different folds and so of different models, and within each fold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PooledAgainstFolds {
    /// AUC of all samples together.
    pub pooled: f64,
    /// Mean of the AUCs of those folds that have both classes; `None` if no fold has both.
    pub fold_mean: Option<f64>,
    /// Number of folds.
    pub folds: usize,
    /// Number of folds with both classes.
    pub with_both: usize,
    /// Share of random fold assignments that disagree at least as much; `None` if no fold has both
    /// classes.
    pub p: Option<f64>,
    /// The fault of the pooled AUC, if any.
    pub fault: Option<FoldFault>,
}

/// Why a pooled AUC does not show how well a model ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum FoldFault {
    /// The folds' predictions are on different levels or scales: the pooled AUC and the AUC within
    /// folds differ by more than chance.
    Scales,
    /// The pooled AUC is below 0.5 by more than chance, and the folds are too small for another
    /// explanation: each model predicts the share of positives among its training samples, which is
    /// lower if a positive was left out.
    LeftOut,
}

impl std::fmt::Display for FoldFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Scales => {
                "the predictions of the folds are on different scales, so that the pooled AUC \
                 compares what cannot be compared; report the mean of the folds"
            }
            Self::LeftOut => {
                "the pooled AUC is below 0.5 by more than chance, as where a model without signal \
                 predicts the share of positives among the others (leave-one-out); it is an \
                 artefact of the folds, or labels are swapped; use folds with both outcomes"
            }
        })
    }
}

impl std::fmt::Display for PooledAgainstFolds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AUC pooled {:.3}, ", self.pooled)?;
        match self.fold_mean {
            Some(mean) => {
                write!(f, "mean of the folds {mean:.3} ({} of {})", self.with_both, self.folds)?
            }
            None => write!(f, "no mean of the folds: none of {} has both outcomes", self.folds)?,
        }
        match self.fault {
            Some(fault) => write!(f, "\nWarning: {fault}"),
            None => Ok(()),
        }
    }
}

/// Compares the pooled AUC with the mean AUC of the folds, and tests whether they differ by more
/// than chance: samples are assigned to folds at random, positives and negatives separately, and p
/// is the share of assignments that differ as much.
///
/// # Errors
/// [`Undefined`] where a class is missing in all folds together, or there is no
/// fold.
///
/// ```
/// use foramen_metrics::cross_validation::{FoldFault, pooled_against_folds};
/// use foramen_metrics::resampling::Bootstrap;
/// use foramen_metrics::Scores;
///
/// // Two folds that rank well, the second on another scale.
/// let labels: Vec<bool> = (0..40).map(|i| i % 2 == 0).collect();
/// let high = |i: i32| if i % 2 == 0 { 0.2 } else { 0.1 };
/// let low: Vec<f64> = (0..40).map(|i| high(i) + f64::from(i % 5) / 60.0).collect();
/// let other: Vec<f64> = low.iter().map(|p| p + 0.5).collect();
/// let folds = [Scores::new(&labels, &low)?, Scores::new(&labels, &other)?];
/// let found = pooled_against_folds(&folds, &Bootstrap::default())?;
/// assert_eq!((found.fold_mean, found.pooled), (Some(1.0), 0.75)); // as half of the pairs are
/// assert_eq!(found.fault, Some(FoldFault::Scales));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pooled_against_folds(
    folds: &[Scores],
    bootstrap: &Bootstrap,
) -> Result<PooledAgainstFolds, Undefined> {
    let all = Scores::joined(folds).ok_or(Undefined::TooFew)?;
    let pooled = auc(&all)?.estimate;
    let both = |fold: &&Scores| fold.positives() > 0 && fold.negatives() > 0;
    let with_both: Vec<&Scores> = folds.iter().filter(both).collect();
    let mut found = PooledAgainstFolds {
        pooled,
        fold_mean: None,
        folds: folds.len(),
        with_both: with_both.len(),
        p: None,
        fault: None,
    };
    let within: usize = with_both.iter().map(|fold| fold.len()).sum();
    if !with_both.is_empty() && folds.len() > 1 {
        let dealt = Dealt::new(folds, &all);
        let mean = dealt.mean(&dealt.folds);
        let distance = (mean - pooled).abs();
        let deals = if all.len() > MANY { DEALS / 5 } else { DEALS };
        let as_far = (0..deals)
            .into_par_iter()
            .filter(|&deal| {
                let mut generator = bootstrap.generator(deal);
                let mut folds = dealt.folds.clone();
                let (positives, negatives) = folds.split_at_mut(dealt.positives);
                positives.shuffle(&mut generator);
                negatives.shuffle(&mut generator);
                (dealt.mean(&folds) - pooled).abs() >= distance - 1e-12
            })
            .count();
        let p = (as_far as f64 + 1.0) / (f64::from(deals) + 1.0);
        (found.fold_mean, found.p) = (Some(mean), Some(p));
        if p <= RARE {
            found.fault = Some(FoldFault::Scales);
        }
    } else if let [fold] = folds {
        found.fold_mean = Some(auc(fold)?.estimate);
    }
    // Most samples have nobody to be compared with in their fold.
    if 2 * within < all.len() && below_chance(&all, pooled) <= RARE / 2.0 {
        found.fault = Some(FoldFault::LeftOut);
    }
    Ok(found)
}

/// The same for each repeat of a cross-validation, from the label, the score and the (repeat, fold)
/// of every prediction. Repeats with a single fold cannot be compared and are left out.
///
/// # Errors
/// [`MetricsError`] where a score is not finite.
pub fn pooled_by_repeat(
    predictions: impl IntoIterator<Item = (bool, f64, (usize, usize))>,
    bootstrap: &Bootstrap,
) -> Result<Vec<PooledAgainstFolds>, MetricsError> {
    let mut columns: BTreeMap<(usize, usize), (Vec<bool>, Vec<f64>)> = BTreeMap::new();
    for (label, value, fold) in predictions {
        let column = columns.entry(fold).or_default();
        column.0.push(label);
        column.1.push(value);
    }
    let mut repeats: BTreeMap<usize, Vec<Scores>> = BTreeMap::new();
    for ((repeat, _), (labels, values)) in &columns {
        repeats.entry(*repeat).or_default().push(Scores::of_marker(labels, values)?);
    }
    let several = repeats.values().filter(|folds| folds.len() > 1);
    Ok(several.filter_map(|folds| pooled_against_folds(folds, bootstrap).ok()).collect())
}

/// The probability of an AUC as low by chance (Mann and Whitney's test, normal and corrected for
/// ties).
pub(crate) fn below_chance(scores: &Scores, area: f64) -> f64 {
    normal_cdf((area - 0.5) / null_error(scores))
}

/// Samples with their folds, to be dealt anew.
struct Dealt {
    /// The fold of each sample: first of the positives, then of the negatives.
    folds: Vec<u32>,
    positives: usize,
    /// Indices in that order by ascending score, and whether the score equals the previous one.
    order: Vec<(u32, bool)>,
    count: usize,
}

impl Dealt {
    fn new(folds: &[Scores], all: &Scores) -> Self {
        let fold_of = (0_u32..).zip(folds).flat_map(|(at, fold)| vec![at; fold.len()]);
        let mut samples: Vec<(bool, f64, u32)> =
            // Both zeros are one score.
            all.pairs().zip(fold_of).map(|((l, value), fold)| (l, value + 0.0, fold)).collect();
        samples.sort_by_key(|(label, ..)| !label);
        let mut order: Vec<u32> = (0..).take(samples.len()).collect();
        let value = |place: u32| samples[place as usize].1;
        order.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
        let same = |at: usize| at > 0 && value(order[at]).total_cmp(&value(order[at - 1])).is_eq();
        let order = order.iter().enumerate().map(|(at, place)| (*place, same(at))).collect();
        Self {
            folds: samples.iter().map(|(.., fold)| *fold).collect(),
            positives: all.positives(),
            order,
            count: folds.len(),
        }
    }

    /// The mean AUC of the folds that have both classes.
    fn mean(&self, folds: &[u32]) -> f64 {
        // Of each fold: negatives below, negatives and positives of this score,
        // all positives, and twice the pairs that are ranked right.
        let mut counts = vec![[0_u64; 5]; self.count];
        let mut touched: Vec<u32> = Vec::new();
        let close = |counts: &mut Vec<[u64; 5]>, touched: &mut Vec<u32>| {
            for fold in touched.drain(..) {
                let [below, negatives, positives, all, pairs] = &mut counts[fold as usize];
                *pairs += *positives * (2 * *below + *negatives);
                *below += *negatives;
                *all += *positives;
                (*negatives, *positives) = (0, 0);
            }
        };
        for (place, same) in &self.order {
            if !same {
                close(&mut counts, &mut touched);
            }
            let fold = folds[*place as usize];
            let positive = (*place as usize) < self.positives;
            counts[fold as usize][if positive { 2 } else { 1 }] += 1;
            touched.push(fold);
        }
        close(&mut counts, &mut touched);
        let areas = counts.iter().filter(|[below, _, _, all, _]| *below > 0 && *all > 0);
        let areas: Vec<f64> = areas
            .map(|[below, _, _, all, pairs]| *pairs as f64 / (2 * below * all) as f64)
            .collect();
        areas.iter().sum::<f64>() / areas.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    use super::*;

    /// Folds of normal scores, each with a level of its own.
    fn study(seed: u64, size: usize, signal: f64, levels: &[f64]) -> Vec<Scores> {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || {
            let sum: f64 = (0..12).map(|_| generator.random::<f64>()).sum();
            sum - 6.0
        };
        let fold = |level: &f64| {
            let labels: Vec<bool> = (0..size).map(|i| i % 2 == 0).collect();
            let values: Vec<f64> =
                labels.iter().map(|l| level + normal() + if *l { signal } else { 0.0 }).collect();
            Scores::of_marker(&labels, &values).unwrap()
        };
        levels.iter().map(fold).collect()
    }

    fn check(folds: &[Scores]) -> PooledAgainstFolds {
        pooled_against_folds(folds, &Bootstrap::default()).unwrap()
    }

    #[test]
    fn folds_on_other_scales_are_noticed() {
        let found = check(&study(1, 40, 1.5, &[0.0, 5.0, 10.0, -5.0, 3.0]));
        assert_eq!(found.fault, Some(FoldFault::Scales));
        assert!(found.fold_mean.unwrap() > 0.8 && found.pooled < 0.65, "{found:?}");
        assert!(found.p.unwrap() <= 0.001);
    }

    #[test]
    fn the_mean_of_the_folds_is_that_of_the_cross_validated_auc() {
        let folds = study(2, 30, 1.0, &[0.0, 0.5, 0.0]);
        let mean =
            crate::cross_validation::cross_validated_auc(&folds, crate::Confidence::P95).unwrap();
        assert!((check(&folds).fold_mean.unwrap() - mean.estimate).abs() < 1e-12);
        let tied: Vec<Scores> = folds
            .iter()
            .map(|fold| {
                let values: Vec<f64> = fold.values().iter().map(|value| value.round()).collect();
                Scores::of_marker(fold.labels(), &values).unwrap()
            })
            .collect();
        let mean =
            crate::cross_validation::cross_validated_auc(&tied, crate::Confidence::P95).unwrap();
        assert!((check(&tied).fold_mean.unwrap() - mean.estimate).abs() < 1e-12);
    }

    #[test]
    fn leaving_one_out_without_signal_is_an_artefact() {
        // 20 of 58 positive; each is predicted the share among the others.
        let labels: Vec<bool> = (0..58).map(|i| i % 3 == 0).collect();
        let positives = labels.iter().filter(|label| **label).count() as f64;
        let folds: Vec<Scores> = labels
            .iter()
            .map(|l| Scores::new(&[*l], &[(positives - f64::from(u8::from(*l))) / 57.0]).unwrap())
            .collect();
        let found = check(&folds);
        assert_eq!((found.pooled, found.fold_mean), (0.0, None));
        assert_eq!(found.fault, Some(FoldFault::LeftOut));
        // A model that ranks well is none, whatever its folds.
        let good: Vec<Scores> = study(3, 58, 2.0, &[0.0])[0]
            .pairs()
            .map(|(label, value)| Scores::of_marker(&[label], &[value]).unwrap())
            .collect();
        assert_eq!(check(&good).fault, None);
    }

    #[test]
    fn studies_without_a_fault_are_rarely_warned_of() {
        let warned = |signal: f64| {
            let studies = 0..500_u64;
            let warned = studies.filter(|seed| {
                let folds = study(100 + seed, 12, signal, &[0.0; 5]);
                check(&folds).fault.is_some()
            });
            warned.count()
        };
        // Of 1,000 studies 10 are expected; 50 are allowed.
        let n = warned(0.0) + warned(1.0);
        assert!(n <= 25, "{n} of 1000");
    }
}
