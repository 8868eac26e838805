use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use rayon::prelude::*;

use crate::{
    Confidence, Estimate, Method, PairedScores, Scores, Undefined,
    auc::auc_of_counts,
    compare::placements,
    estimate::{normal_cdf, normal_quantile},
};

/// How resamples are drawn and read.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Bootstrap {
    /// Number of resamples: 2,000, the least at which 95 % bounds are steady in
    /// the second digit, and pROC's default.
    pub resamples: u32,
    /// Seed of the draws: 1. Resample `k` uses its own stream of the generator,
    /// so that the number of threads changes nothing.
    pub seed: u64,
    /// Level of the interval: 95 %.
    pub confidence: Confidence,
    /// How the interval is read from the resamples: percentiles.
    pub interval: BootstrapInterval,
}

/// How an interval is read from resampled estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BootstrapInterval {
    /// Their percentiles.
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

    /// Sets how the interval is read.
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
}

/// The AUC with a stratified bootstrap interval: positives and negatives are
/// drawn apart, so that every resample has both.
///
/// # Errors
/// [`Undefined`] where a class is missing.
pub fn bootstrap_auc(scores: &Scores, bootstrap: &Bootstrap) -> Result<Estimate, Undefined> {
    let estimate = crate::auc(scores)?.estimate;
    let draws = TieDraws::new(scores);
    let replicates = (0..bootstrap.resamples)
        .into_par_iter()
        .map_init(
            || vec![(0_u32, 0_u32); scores.ties().len()],
            |counts, resample| {
                draws.draw(&mut bootstrap.generator(resample), counts);
                Some(draws.auc(counts))
            },
        )
        .collect();
    interval(estimate, scores.len(), replicates, || auc_influence(scores), bootstrap)
}

/// The difference of two models' AUCs on the same samples (first − second) with
/// a stratified paired bootstrap interval.
///
/// # Errors
/// [`Undefined`] where a class is missing.
pub fn bootstrap_difference(
    paired: &PairedScores,
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    let (first, second) = (paired.first(), paired.second());
    let estimate = crate::auc(first)?.estimate - crate::auc(second)?.estimate;
    let draws = [TieDraws::new(first), TieDraws::new(second)];
    let replicates = (0..bootstrap.resamples)
        .into_par_iter()
        .map(|resample| {
            // The same generator for both draws the same samples for both.
            let [a, b] = draws.each_ref().map(|draws| {
                let mut counts = vec![(0, 0); draws.ties];
                draws.draw(&mut bootstrap.generator(resample), &mut counts);
                draws.auc(&counts)
            });
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
/// [`Undefined`] where a class is missing or the statistic is undefined for the
/// samples themselves. Where it is undefined for more than one resample in 20
/// there is an estimate and no interval.
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
        .map(|resample| {
            let mut generator = bootstrap.generator(resample);
            let indices: Vec<usize> = strata
                .iter()
                .flat_map(|stratum| {
                    (0..stratum.len())
                        .map(|_| stratum[draw(&mut generator, stratum.len())])
                        .collect::<Vec<_>>()
                })
                .collect();
            statistic(&scores.subset(&indices)?)
        })
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

/// Draws a place below `n`.
pub(crate) fn draw(generator: &mut ChaCha8Rng, n: usize) -> usize {
    let n = u32::try_from(n).expect("scores hold at most u32::MAX samples");
    generator.random_range(0..n) as usize
}

/// The places of the positive and of the negative samples.
fn strata(scores: &Scores) -> [Vec<usize>; 2] {
    let (positives, negatives) = (0..scores.len()).partition(|&index| scores.labels()[index]);
    [positives, negatives]
}

/// The score, by its place among the distinct scores, of each positive and each
/// negative: what a resample of an AUC needs.
struct TieDraws {
    ties: usize,
    positives: Vec<u32>,
    negatives: Vec<u32>,
}

impl TieDraws {
    fn new(scores: &Scores) -> Self {
        let (mut positives, mut negatives) = (Vec::new(), Vec::new());
        for (label, value) in scores.pairs() {
            let tie = scores.ties().partition_point(|tie| tie.value < value);
            let tie = u32::try_from(tie).expect("scores hold at most u32::MAX samples");
            if label { positives.push(tie) } else { negatives.push(tie) }
        }
        Self { ties: scores.ties().len(), positives, negatives }
    }

    fn draw(&self, generator: &mut ChaCha8Rng, counts: &mut [(u32, u32)]) {
        counts.fill((0, 0));
        for _ in 0..self.positives.len() {
            let drawn = self.positives[draw(generator, self.positives.len())];
            counts[drawn as usize].0 += 1;
        }
        for _ in 0..self.negatives.len() {
            let drawn = self.negatives[draw(generator, self.negatives.len())];
            counts[drawn as usize].1 += 1;
        }
    }

    fn auc(&self, counts: &[(u32, u32)]) -> f64 {
        let counts = counts.iter().map(|&(p, q)| (u128::from(p), u128::from(q)));
        auc_of_counts(counts, self.positives.len() as u128, self.negatives.len() as u128)
    }
}

/// How far each positive and each negative pulls the AUC.
fn auc_influence(scores: &Scores) -> [Vec<f64>; 2] {
    let area = crate::auc(scores).map_or(0.5, |area| area.estimate);
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

/// Reads the interval from the resampled estimates.
pub(crate) fn interval(
    estimate: f64,
    n: usize,
    replicates: Vec<Option<f64>>,
    influence: impl FnOnce() -> [Vec<f64>; 2],
    bootstrap: &Bootstrap,
) -> Result<Estimate, Undefined> {
    let drawn = replicates.len();
    let mut replicates: Vec<f64> = replicates.into_iter().flatten().collect();
    replicates.sort_unstable_by(f64::total_cmp);
    let method = match bootstrap.interval {
        BootstrapInterval::Percentile => Method::BootstrapPercentile,
        BootstrapInterval::Bca => Method::BootstrapBca,
    };
    let point =
        Estimate { method, confidence: bootstrap.confidence, ..Estimate::point(estimate, n) };
    let undefined = |reason| Ok(Estimate { ci_undefined: Some(reason), ..point });
    if 20 * (drawn - replicates.len()) > drawn {
        return undefined(Undefined::Resamples);
    }
    let (Some(first), Some(last)) = (replicates.first(), replicates.last()) else {
        return undefined(Undefined::TooFew);
    };
    if first >= last {
        return undefined(Undefined::NoVariation);
    }
    let tail = bootstrap.confidence.tail();
    let levels = match bootstrap.interval {
        BootstrapInterval::Percentile => Some((tail, 1.0 - tail)),
        BootstrapInterval::Bca => bca_levels(estimate, &replicates, &influence(), tail),
    };
    let Some((low, high)) = levels else { return undefined(Undefined::NoVariation) };
    let mean = replicates.iter().sum::<f64>() / replicates.len() as f64;
    let spread = replicates.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Ok(Estimate {
        ci: Some((quantile(&replicates, low), quantile(&replicates, high))),
        standard_error: Some((spread / (replicates.len() as f64 - 1.0)).sqrt()),
        ..point
    })
}

/// The levels at which BCa reads the sorted replicates; none where the estimate
/// lies outside all of them, so that the bias is unbounded.
fn bca_levels(
    estimate: f64,
    sorted: &[f64],
    influence: &[Vec<f64>; 2],
    tail: f64,
) -> Option<(f64, f64)> {
    let below = sorted.partition_point(|&value| value < estimate);
    let equal = sorted.partition_point(|&value| value <= estimate) - below;
    let share = (below as f64 + 0.5 * equal as f64) / sorted.len() as f64;
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let bias = normal_quantile(share);
    // Davison and Hinkley 1997, 5.3.2: several samples, each with its size.
    let (mut squares, mut cubes) = (0.0, 0.0);
    for stratum in influence {
        let size = stratum.len() as f64;
        squares += stratum.iter().map(|value| value * value).sum::<f64>() / (size * size);
        cubes += stratum.iter().map(|value| value.powi(3)).sum::<f64>() / size.powi(3);
    }
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 };
    let level = |quantile: f64| {
        let shifted = bias + quantile;
        normal_cdf(bias + shifted / (1.0 - acceleration * shifted))
    };
    Some((level(normal_quantile(tail)), level(normal_quantile(1.0 - tail))))
}

/// The quantile of sorted values by linear interpolation (type 7 of Hyndman and
/// Fan 1996, the default of R and numpy).
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the place is between 0 and the last index"
    )]
    let lower = place.floor() as usize;
    let upper = (lower + 1).min(sorted.len() - 1);
    sorted[lower] + (sorted[upper] - sorted[lower]) * (place - lower as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brier;

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
        assert_ne!(run(1).0.unwrap().ci, other.ci);
    }

    #[test]
    fn the_fast_auc_is_the_general_bootstrap_of_the_auc() {
        for interval in [BootstrapInterval::Percentile, BootstrapInterval::Bca] {
            let config = Bootstrap::default().with_resamples(400).with_interval(interval);
            let fast = bootstrap_auc(&scores(), &config).unwrap();
            let general =
                bootstrap(&scores(), |scores| Some(crate::auc(scores).ok()?.estimate), &config)
                    .unwrap();
            let (a, b) = (fast.ci.unwrap(), general.ci.unwrap());
            assert!((a.0 - b.0).abs() < 1e-12 && (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");
        }
    }

    #[test]
    fn bootstrap_and_delong_agree_where_both_hold() {
        let area = crate::auc(&scores()).unwrap();
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
        assert_eq!((none.estimate, none.ci), (0.0, None));
        assert_eq!(none.ci_undefined, Some(Undefined::NoVariation));
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        // np.quantile([1, 2, 4, 8], [0, .025, .5, .9, 1])
        for (level, expected) in [(0.0, 1.0), (0.025, 1.075), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&[1.0, 2.0, 4.0, 8.0], level) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn a_statistic_mostly_undefined_has_no_interval() {
        let never_twice = |scores: &Scores| (scores.ties().len() == 90).then_some(1.0);
        let config = Bootstrap::default().with_resamples(50);
        let estimate = bootstrap(&scores(), never_twice, &config).unwrap();
        assert_eq!((estimate.estimate, estimate.ci), (1.0, None));
        assert_eq!(estimate.ci_undefined, Some(Undefined::Resamples));
    }
}
