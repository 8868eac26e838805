use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use rayon::prelude::*;

use crate::{
    Confidence, Estimate, Scores, Undefined,
    comparison::{PairedScores, placements},
};

mod draws;
mod grouped;
mod interval;

use draws::{AucDraws, Memory};

pub(crate) use grouped::{Grouped, MANY, MANY_OF_AN_AUC};
pub(crate) use interval::{interval, quantile};

/// Settings of a bootstrap.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Bootstrap {
    /// Number of resamples. Default 2,000: the least number for which 95 % bounds are stable in the
    /// second digit, and pROC's default.
    pub resamples: u32,
    /// Seed of the draws. Resample `k` uses its own stream of the generator, so that the result
    /// does not depend on the number of threads. Default 1, an arbitrary value.
    pub seed: u64,
    /// Level of the interval. Default 95 %, as journals require.
    pub confidence: Confidence,
    /// Method for the interval. Default percentiles, which are fast; BCa has better coverage for an
    /// AUC near 1.
    pub interval: BootstrapInterval,
}

/// The method for an interval from resampled estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BootstrapInterval {
    /// Percentiles of the resampled estimates.
    #[default]
    Percentile,
    /// Bias-corrected and accelerated percentiles (Efron 1987,
    /// doi 10.1080/01621459.1987.10478410).
    Bca,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 2000,
            seed: 1,
            confidence: Confidence::P95,
            interval: BootstrapInterval::Percentile,
        }
    }
}

impl Bootstrap {
    /// Sets the number of resamples.
    #[must_use]
    pub fn with_resamples(self, resamples: u32) -> Self {
        Self { resamples, ..self }
    }

    /// Sets the seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets the level.
    #[must_use]
    pub fn with_confidence(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// Sets the method for the interval.
    #[must_use]
    pub fn with_interval(self, interval: BootstrapInterval) -> Self {
        Self { interval, ..self }
    }

    /// The generator of one resample.
    pub(crate) fn generator(&self, resample: u32) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(u64::from(resample));
        generator
    }

    /// The samples of one resample, as many of each stratum as it has.
    pub(crate) fn indices(&self, strata: &[Vec<usize>; 2], resample: u32) -> Vec<usize> {
        let mut generator = self.generator(resample);
        let mut indices = Vec::with_capacity(strata[0].len() + strata[1].len());
        for stratum in strata {
            let drawn = (0..stratum.len()).map(|_| stratum[draw(&mut generator, stratum.len())]);
            indices.extend(drawn);
        }
        indices
    }
}

/// The AUC with a stratified bootstrap interval: positives and negatives are resampled separately,
/// so that every resample has both. More than 20,000 samples are resampled in 500 groups of similar
/// scores.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::{resampling::{Bootstrap, BootstrapInterval, bootstrap_auc}, Scores};
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// let bca = Bootstrap::default().with_seed(7).with_interval(BootstrapInterval::Bca);
/// let area = bootstrap_auc(&scores, &bca)?;
/// assert_eq!(area.estimate, 0.90625);
/// assert!(area.ci().is_some_and(|(low, high)| low > 0.4 && low < 0.9 && high <= 1.0));
/// assert_eq!(bootstrap_auc(&scores, &bca)?, area); // the seed alone decides
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bootstrap_auc(scores: &Scores, bootstrap: &Bootstrap) -> Result<Estimate, Undefined> {
    let estimate = crate::discrimination::auc(scores)?.estimate;
    if scores.len() > MANY_OF_AN_AUC {
        if crate::discrimination::auc(scores)?.no_interval().is_some() {
            // Nothing varies, though a group might hold both classes.
            let same = vec![Some(estimate); 2];
            return interval(estimate, scores.len(), same, Default::default, bootstrap);
        }
        let area =
            |drawn: &Scores| crate::discrimination::auc(drawn).ok().map(|area| area.estimate);
        return grouped(scores, estimate, area, || auc_influence(scores), bootstrap);
    }
    let draws = AucDraws::new(scores);
    let replicates = (0..bootstrap.resamples)
        .into_par_iter()
        .map_init(Memory::default, |memory, resample| {
            Some(draws.auc(bootstrap.generator(resample), memory))
        })
        .collect();
    interval(estimate, scores.len(), replicates, || auc_influence(scores), bootstrap)
}

/// The difference of two models' AUCs on the same samples (first − second) with
/// a stratified paired bootstrap interval.
///
/// # Errors
/// [`Undefined`] where a class is missing.
///
/// ```
/// use foramen_metrics::comparison::PairedScores;
/// use foramen_metrics::resampling::{Bootstrap, bootstrap_difference};
/// use foramen_metrics::Scores;
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let model = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
/// let width = Scores::new(&labels, &[0.4, 0.5, 0.3, 0.1, 0.6, 0.5, 0.2, 0.7])?;
///
/// let paired = PairedScores::new(model, width)?;
/// let difference = bootstrap_difference(&paired, &Bootstrap::default().with_resamples(500))?;
/// assert_eq!(difference.estimate, 0.0625);
/// assert!(difference.ci().is_some_and(|(low, high)| low < 0.0 && high > 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bootstrap_difference(
    paired: &PairedScores,
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    let (first, second) = (paired.first(), paired.second());
    let estimate =
        crate::discrimination::auc(first)?.estimate - crate::discrimination::auc(second)?.estimate;
    let draws = [AucDraws::new(first), AucDraws::new(second)];
    let replicates = (0..bootstrap.resamples)
        .into_par_iter()
        .map_init(Memory::default, |memory, resample| {
            // The same generator for both draws the same samples for both.
            let [a, b] =
                draws.each_ref().map(|draws| draws.auc(bootstrap.generator(resample), memory));
            Some(a - b)
        })
        .collect();
    let influence = || {
        let (mut a, b) = (auc_influence(first), auc_influence(second));
        for (a, b) in a.iter_mut().zip(b) {
            for (a, b) in a.iter_mut().zip(b) {
                *a -= b;
            }
        }
        a
    };
    interval(estimate, first.len(), replicates, influence, bootstrap)
}

/// Any statistic with a stratified bootstrap interval. The statistic may be
/// undefined in a resample (`None`).
///
/// # Errors
/// [`Undefined`] where a class is missing or the statistic is undefined for the samples themselves.
/// Where it is undefined for more than one resample in 20 there is an estimate but no interval.
///
/// ```
/// use foramen_metrics::discrimination::{RocRegion, partial_auc};
/// use foramen_metrics::resampling::{Bootstrap, bootstrap};
/// use foramen_metrics::Scores;
///
/// let labels = [false, false, true, false, true, true, false, true];
/// let scores = Scores::new(&labels, &[0.1, 0.3, 0.3, 0.4, 0.6, 0.8, 0.2, 0.9])?;
///
/// // Any number of the samples that has no formula for its interval.
/// let region = RocRegion::Specificity(0.75, 1.0);
/// let strict = |drawn: &Scores| Some(partial_auc(drawn, region).ok()?.corrected);
/// let area = bootstrap(&scores, strict, &Bootstrap::default().with_resamples(300))?;
/// assert_eq!(format!("{:.3}", area.estimate), "0.857");
/// assert!(area.ci().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bootstrap(
    scores: &Scores,
    statistic: impl Fn(&Scores) -> Option<f64> + Sync,
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    scores.both_classes()?;
    let estimate = statistic(scores).ok_or(Undefined::Resamples)?;
    let strata = strata(scores);
    let replicates = (0..bootstrap.resamples)
        .into_par_iter()
        .map(|resample| statistic(&scores.subset(&bootstrap.indices(&strata, resample))?))
        .collect();
    // Infinitesimal influence by leaving each sample out.
    let influence = || {
        strata.each_ref().map(|stratum| {
            stratum
                .par_iter()
                .map(|&left_out| {
                    let rest: Vec<usize> =
                        (0..scores.len()).filter(|&index| index != left_out).collect();
                    let without = scores.subset(&rest).and_then(|rest| statistic(&rest));
                    (stratum.len() as f64 - 1.0) * (estimate - without.unwrap_or(estimate))
                })
                .collect()
        })
    };
    interval(estimate, scores.len(), replicates, influence, bootstrap)
}

/// The interval of a statistic of many samples, which are resampled in groups. The effect of
/// grouping on the statistic itself is subtracted from every resample.
fn grouped(
    scores: &Scores,
    estimate: f64,
    statistic: impl Fn(&Scores) -> Option<f64> + Sync,
    influence: impl FnOnce() -> [Vec<f64>; 2],
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    let groups = Grouped::new(scores);
    let shift = statistic(&groups.scores()).map_or(0.0, |of_groups| estimate - of_groups);
    let replicates = groups.replicates(bootstrap, |drawn| Some(statistic(drawn)? + shift));
    interval(estimate, scores.len(), replicates, influence, bootstrap)
}

/// Several statistics on the same resamples, each with its interval. They may use only ties and
/// numbers of samples; many samples are resampled in groups, with percentiles.
pub(crate) fn bootstrap_each<const N: usize>(
    scores: &Scores,
    statistics: impl Fn(&Scores) -> Option<[f64; N]> + Sync,
    bootstrap: &Bootstrap,
) -> Result<[Result<Estimate, Undefined>; N], Undefined> {
    scores.both_classes()?;
    let estimates = statistics(scores).ok_or(Undefined::Resamples)?;
    let many = scores.len() > MANY;
    let (replicates, shifts, left_out) = if many {
        let groups = Grouped::new(scores);
        let of_groups = statistics(&groups.scores()).unwrap_or(estimates);
        let shifts: Vec<f64> = estimates.iter().zip(of_groups).map(|(a, b)| a - b).collect();
        (groups.replicates(bootstrap, &statistics), shifts, [Vec::new(), Vec::new()])
    } else {
        let strata = strata(scores);
        let of = |resample| statistics(&scores.subset(&bootstrap.indices(&strata, resample))?);
        let replicates = (0..bootstrap.resamples).into_par_iter().map(of).collect();
        let without = |left_out: usize| {
            let rest: Vec<usize> = (0..scores.len()).filter(|at| *at != left_out).collect();
            scores.subset(&rest).and_then(|rest| statistics(&rest))
        };
        let bca = bootstrap.interval == BootstrapInterval::Bca;
        let left_out = strata.map(|stratum| {
            let stratum = if bca { stratum } else { Vec::new() };
            stratum.par_iter().map(|&at| without(at)).collect::<Vec<_>>()
        });
        (replicates, vec![0.0; N], left_out)
    };
    let config = Bootstrap {
        interval: if many { BootstrapInterval::Percentile } else { bootstrap.interval },
        ..*bootstrap
    };
    Ok(std::array::from_fn(|at| {
        let of = |values: &Option<[f64; N]>| values.map(|values| values[at] + shifts[at]);
        let influence = || {
            left_out.each_ref().map(|stratum| {
                let size = stratum.len() as f64 - 1.0;
                let pull = |without: &Option<[f64; N]>| {
                    size * (estimates[at] - without.map_or(estimates[at], |values| values[at]))
                };
                stratum.iter().map(pull).collect()
            })
        };
        let replicates = replicates.iter().map(of).collect();
        interval(estimates[at], scores.len(), replicates, influence, &config)
    }))
}

/// Draws an index below `n`.
pub(crate) fn draw(generator: &mut ChaCha8Rng, n: usize) -> usize {
    let n = u32::try_from(n).expect("scores hold at most u32::MAX samples");
    generator.random_range(0..n) as usize
}

/// The indices of the positive and of the negative samples.
pub(crate) fn strata(scores: &Scores) -> [Vec<usize>; 2] {
    let (positives, negatives) = (0..scores.len()).partition(|&index| scores.labels()[index]);
    [positives, negatives]
}

/// The influence of each positive and each negative sample on the AUC.
fn auc_influence(scores: &Scores) -> [Vec<f64>; 2] {
    let area = crate::discrimination::auc(scores).map_or(0.5, |area| area.estimate);
    let (mut positives, mut negatives) = (Vec::new(), Vec::new());
    for (label, placement) in scores.labels().iter().zip(placements(scores)) {
        let (class, other) = if *label {
            (&mut positives, scores.negatives())
        } else {
            (&mut negatives, scores.positives())
        };
        class.push(placement as f64 / (2.0 * other as f64) - area);
    }
    [positives, negatives]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::brier;

    fn scores() -> Scores {
        let values: Vec<f64> = (0..90_u32).map(|i| f64::from((i * 37) % 90) / 90.0).collect();
        let labels: Vec<bool> = values
            .iter()
            .enumerate()
            .map(|(i, value)| value + (i % 5) as f64 * 0.2 > 0.9)
            .collect();
        Scores::new(&labels, &values).unwrap()
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let config = Bootstrap::default().with_resamples(300).with_seed(7);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                (
                    bootstrap_auc(&scores(), &config),
                    bootstrap(&scores(), |scores| Some(brier(scores).ok()?.estimate), &config),
                )
            })
        };
        assert_eq!(run(1), run(3));
        let other = bootstrap_auc(&scores(), &config.with_seed(8)).unwrap();
        assert_ne!(run(1).0.unwrap().ci(), other.ci());
    }

    #[test]
    fn the_fast_auc_is_the_general_bootstrap_of_the_auc() {
        for interval in [BootstrapInterval::Percentile, BootstrapInterval::Bca] {
            let config = Bootstrap::default().with_resamples(400).with_interval(interval);
            let fast = bootstrap_auc(&scores(), &config).unwrap();
            let general = bootstrap(
                &scores(),
                |scores| Some(crate::discrimination::auc(scores).ok()?.estimate),
                &config,
            )
            .unwrap();
            let (a, b) = (fast.ci().unwrap(), general.ci().unwrap());
            assert!((a.0 - b.0).abs() < 1e-12 && (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");
        }
    }

    #[test]
    fn both_intervals_agree_with_scipy() {
        // import numpy as np; from scipy.stats import bootstrap, rankdata
        // v = np.array([i*37 % 90 / 90 for i in range(90)]); y = v + np.arange(90) % 5 * .2 > .9
        // def area(p, n, axis):
        //     m, k = p.shape[axis], n.shape[axis]
        //     r = rankdata(np.concatenate([p, n], axis=axis), axis=axis)
        //     return (np.take(r, range(m), axis=axis).sum(axis=axis) - m*(m + 1)/2) / m / k
        // bootstrap((v[y], v[~y]), area, n_resamples=100_000, method="BCa", rng=0)
        let config = Bootstrap::default().with_resamples(50_000);
        for (interval, lower, upper) in [
            (BootstrapInterval::Percentile, 0.754_08, 0.913_41),
            (BootstrapInterval::Bca, 0.743_69, 0.906_98),
        ] {
            let area = bootstrap_auc(&scores(), &config.with_interval(interval)).unwrap();
            assert!((area.estimate - 0.840_178_129_638_792_7).abs() < 1e-15);
            let ci = area.ci().unwrap();
            // Another seed moves SciPy's bounds by 0.001.
            assert!((ci.0 - lower).abs() < 0.002 && (ci.1 - upper).abs() < 0.002, "{ci:?}");
        }
    }

    #[test]
    fn bootstrap_and_delong_agree_where_both_hold() {
        let area = crate::discrimination::auc(&scores()).unwrap();
        let drawn = bootstrap_auc(&scores(), &Bootstrap::default()).unwrap();
        let (delong, drawn) = (area.standard_error.unwrap(), drawn.standard_error.unwrap());
        // The Monte-Carlo error of a standard deviation of 2,000 draws is 1.6 %;
        // DeLong divides by n − 1.
        assert!((drawn / delong - 1.0).abs() < 0.08, "{delong} {drawn}");
    }

    #[test]
    fn a_model_and_itself_differ_in_no_resample() {
        let paired = PairedScores::new(scores(), scores()).unwrap();
        let none = bootstrap_difference(&paired, &Bootstrap::default()).unwrap();
        assert_eq!((none.estimate, none.ci()), (0.0, None));
        assert_eq!(none.no_interval(), Some(Undefined::NoVariation));
    }

    #[test]
    fn a_statistic_mostly_undefined_has_no_interval() {
        let never_twice = |scores: &Scores| (scores.ties().len() == 90).then_some(1.0);
        let config = Bootstrap::default().with_resamples(50);
        let estimate = bootstrap(&scores(), never_twice, &config).unwrap();
        assert_eq!((estimate.estimate, estimate.ci()), (1.0, None));
        assert_eq!(estimate.no_interval(), Some(Undefined::Resamples));
    }
}
