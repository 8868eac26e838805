//! Resamples of many samples: grouped by their score, drawn as counts.

use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use crate::{Scores, Tie, resampling::Bootstrap};

/// More samples than this are grouped before they are resampled.
pub(crate) const MANY: usize = 5_000;

/// The same limit for a single AUC, whose samples can be resampled quickly one by one.
pub(crate) const MANY_OF_AN_AUC: usize = 20_000;

/// Groups of about equal numbers of samples. Variation within a group is a five-hundredth of that
/// between groups.
const GROUPS: usize = 500;

/// Scores of many samples as groups.
pub(crate) struct Grouped {
    ties: Vec<Tie>,
    positives: u64,
    negatives: u64,
    probabilities: bool,
}

impl Grouped {
    pub(crate) fn new(scores: &Scores) -> Self {
        let most = scores.len().div_ceil(GROUPS);
        let mut ties: Vec<Tie> = Vec::with_capacity(GROUPS);
        let (mut group, mut sum) = (Tie { value: 0.0, positives: 0, negatives: 0 }, 0.0);
        for tie in scores.ties() {
            let n = tie.positives + tie.negatives;
            sum += tie.value * f64::from(n);
            group.positives += tie.positives;
            group.negatives += tie.negatives;
            let members = group.positives + group.negatives;
            // A score that fills a group by itself keeps its value.
            group.value = if members == n { tie.value } else { sum / f64::from(members) };
            if members as usize >= most {
                ties.push(group);
                (group, sum) = (Tie { value: 0.0, positives: 0, negatives: 0 }, 0.0);
            }
        }
        if group.positives + group.negatives > 0 {
            ties.push(group);
        }
        Self {
            ties,
            positives: scores.positives() as u64,
            negatives: scores.negatives() as u64,
            probabilities: scores.are_probabilities().is_ok(),
        }
    }

    /// The groups as scores of their own.
    pub(crate) fn scores(&self) -> Scores {
        Scores::of_ties(self.ties.clone(), self.probabilities)
    }

    /// The result of each resample, with as many positives and negatives as in the data.
    pub(crate) fn replicates<T: Send>(
        &self,
        bootstrap: &Bootstrap,
        statistic: impl Fn(&Scores) -> T + Sync,
    ) -> Vec<T> {
        (0..bootstrap.resamples)
            .into_par_iter()
            .map(|resample| statistic(&self.resample(bootstrap, resample)))
            .collect()
    }

    fn resample(&self, bootstrap: &Bootstrap, resample: u32) -> Scores {
        let mut generator = bootstrap.generator(resample);
        let mut draw = |counts: &mut dyn Iterator<Item = u32>, all: u64| -> Vec<u32> {
            // A multinomial draw: each group takes its binomial share of the rest.
            let (mut left, mut weight) = (all, all);
            counts
                .map(|count| {
                    let share = u64::from(count) as f64 / weight.max(1) as f64;
                    weight -= u64::from(count);
                    let drawn = match Binomial::new(left, share.min(1.0)) {
                        Ok(binomial) if left > 0 => binomial.sample(&mut generator),
                        _ => 0,
                    };
                    left -= drawn;
                    u32::try_from(drawn).expect("scores hold at most u32::MAX samples")
                })
                .collect()
        };
        let positives = draw(&mut self.ties.iter().map(|tie| tie.positives), self.positives);
        let negatives = draw(&mut self.ties.iter().map(|tie| tie.negatives), self.negatives);
        let counts = positives.into_iter().zip(negatives);
        let drawn = self.ties.iter().zip(counts).map(|(tie, (positives, negatives))| Tie {
            positives,
            negatives,
            ..*tie
        });
        let drawn = drawn.filter(|tie| tie.positives + tie.negatives > 0).collect();
        Scores::of_ties(drawn, self.probabilities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        discrimination::auc,
        resampling::{BootstrapInterval, bootstrap_auc},
    };

    fn scores(n: u32) -> Scores {
        let values: Vec<f64> = (0..n).map(|i| f64::from((i * 7919) % n) / f64::from(n)).collect();
        let labels: Vec<bool> = values
            .iter()
            .zip(0_u32..)
            .map(|(p, i)| p + f64::from(i * 31 % 100) / 80.0 > 1.1)
            .collect();
        Scores::new(&labels, &values).unwrap()
    }

    #[test]
    fn a_resample_has_as_many_of_each_class() {
        let scores = scores(10_007);
        let grouped = Grouped::new(&scores);
        assert!(grouped.ties.len() <= GROUPS);
        let drawn = grouped.resample(&Bootstrap::default(), 3);
        assert_eq!((drawn.positives(), drawn.len()), (scores.positives(), scores.len()));
        let same = auc(&grouped.scores()).unwrap().estimate - auc(&scores).unwrap().estimate;
        assert!(same.abs() < 1e-4, "{same}");
    }

    #[test]
    fn grouped_intervals_are_delongs_where_samples_are_many() {
        let scores = scores(20_011);
        let delong = auc(&scores).unwrap();
        for interval in [BootstrapInterval::Percentile, BootstrapInterval::Bca] {
            let drawn = bootstrap_auc(&scores, &Bootstrap::default().with_interval(interval));
            let drawn = drawn.unwrap();
            assert_eq!(drawn.estimate, delong.estimate);
            // The Monte-Carlo error of a standard deviation of 2,000 draws is 1.6 %.
            let ratio = drawn.standard_error.unwrap() / delong.standard_error.unwrap();
            assert!((ratio - 1.0).abs() < 0.06, "{ratio}");
            let (ours, theirs) = (drawn.ci().unwrap(), delong.ci().unwrap());
            assert!((ours.0 - theirs.0).abs() < 0.001, "{ours:?} {theirs:?}");
        }
    }
}
