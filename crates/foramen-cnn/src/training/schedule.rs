//! The order of samples, and the learning rate.

use rand::seq::SliceRandom;

use crate::CnnConfig;
use crate::input::augment::keyed;

/// The uses of random streams, so that no stream is used twice.
pub(crate) mod purpose {
    pub(crate) const WEIGHTS: u64 = 1;
    pub(crate) const ORDER: u64 = 2;
    pub(crate) const AUGMENT: u64 = 3;
    pub(crate) const DROPOUT: u64 = 4;
    // 5 draws the views of predictions, by `foramen_native::contract::view_key`.
    pub(crate) const MIX: u64 = 6;
}

/// The batches of one epoch: indices of samples, of which the first `labelled`
/// have an outcome and the next `auxiliary` have none.
///
/// The batches depend only on the seed and the epoch. Each batch has the same share of labelled
/// samples; within an epoch no sample repeats before all others of its kind were used.
pub(crate) fn batches(
    config: &CnnConfig,
    seed: u64,
    epoch: usize,
    labelled: usize,
    auxiliary: usize,
) -> Vec<Vec<i64>> {
    let count = (config.images_per_epoch / config.batch).max(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a batch"
    )]
    let share = (config.batch as f64 * config.labelled_share).round() as usize;
    let of_labelled = match auxiliary {
        0 => config.batch,
        _ => share.clamp(1, config.batch),
    };
    let of_auxiliary = config.batch - of_labelled;
    let known = stream(seed, epoch, 0, labelled, count * of_labelled);
    let other = stream(seed, epoch, 1, auxiliary, count * of_auxiliary);
    let first = i64::try_from(labelled).expect("samples are counted in memory");
    (0..count)
        .map(|k| {
            let known = known[k * of_labelled..][..of_labelled].iter().copied();
            let other = other[k * of_auxiliary..][..of_auxiliary].iter().map(|i| first + i);
            known.chain(other).collect()
        })
        .collect()
}

/// `length` indices below `n`: shuffled decks one after another.
fn stream(seed: u64, epoch: usize, kind: u64, n: usize, length: usize) -> Vec<i64> {
    let mut generator = keyed(seed, [purpose::ORDER, epoch as u64, kind]);
    let mut indices = Vec::with_capacity(length + n);
    while indices.len() < length {
        let start = indices.len();
        indices.extend(0..i64::try_from(n).expect("samples are counted in memory"));
        indices[start..].shuffle(&mut generator);
    }
    indices.truncate(length);
    indices
}

/// The learning rate at a point of the training, 0 to 1: a linear rise, then a cosine decay to one
/// hundredth.
pub(crate) fn learning_rate(config: &CnnConfig, progress: f64) -> f64 {
    let peak = config.learning_rate;
    if progress < config.warm_up {
        return peak * (progress / config.warm_up).max(0.01);
    }
    let falling = (progress - config.warm_up) / (1.0 - config.warm_up);
    let cosine = 0.5 * (1.0 + (falling.min(1.0) * std::f64::consts::PI).cos());
    peak * (0.01 + 0.99 * cosine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_labelled_sample_comes_before_one_comes_twice() {
        let config = CnnConfig::default().with_images_per_epoch(640);
        let batches = batches(&config, 3, 1, 100, 500);
        assert!(batches.iter().all(|batch| batch.len() == 64));
        let mut known: Vec<i64> = batches.concat().into_iter().filter(|i| *i < 100).collect();
        known.truncate(100);
        known.sort_unstable();
        assert_eq!(known, (0..100).collect::<Vec<_>>());
        assert!(batches.concat().iter().all(|i| *i < 600));
    }

    #[test]
    fn epochs_and_seeds_differ_and_repeat() {
        let config = CnnConfig::default();
        let of = |seed, epoch| batches(&config, seed, epoch, 90, 40);
        assert_eq!(of(1, 1), of(1, 1));
        assert_ne!(of(1, 1), of(1, 2));
        assert_ne!(of(1, 1), of(2, 1));
    }

    #[test]
    fn the_rate_rises_to_its_peak_and_falls() {
        let config = CnnConfig::default();
        let at = |progress| learning_rate(&config, progress);
        assert!((at(config.warm_up) - config.learning_rate).abs() < 1e-12);
        assert!(at(0.0) > 0.0 && at(0.0) < at(0.05) && at(0.5) > at(0.9));
        assert!((at(1.0) - 0.01 * config.learning_rate).abs() < 1e-12);
    }
}
