//! Resamples of an AUC, as fast as they can be drawn.

use rand::{Rng, rngs::ChaCha8Rng};

use crate::Scores;

/// Places below a bound from whole blocks of random words: the same places, from
/// the same words, as `random_range` gives one by one.
struct Places {
    generator: ChaCha8Rng,
    words: [u8; 1024],
    used: usize,
}

impl Places {
    fn new(generator: ChaCha8Rng) -> Self {
        Self { generator, words: [0; 1024], used: 1024 }
    }

    fn word(&mut self) -> u32 {
        if self.used == self.words.len() {
            self.generator.fill_bytes(&mut self.words);
            self.used = 0;
        }
        let word = self.words[self.used..self.used + 4].try_into().expect("it has four bytes");
        self.used += 4;
        u32::from_le_bytes(word)
    }

    /// By Canon's method: the high half of a product, and the low half of one
    /// more where it might carry.
    fn below(&mut self, bound: u32) -> usize {
        let product = u64::from(self.word()) * u64::from(bound);
        let (mut high, low) = ((product >> 32) as usize, product & u64::from(u32::MAX));
        if low > u64::from(bound.wrapping_neg()) {
            let carry = (u64::from(self.word()) * u64::from(bound)) >> 32;
            high += usize::from(low + carry > u64::from(u32::MAX));
        }
        high
    }
}

/// What resampled AUCs of the same scores share.
///
/// A resample counts how often each positive is drawn, sums the counts up along
/// the scores, and reads from the sums what each drawn negative adds.
pub(crate) struct AucDraws {
    /// The positives by ascending score, as places in their order of drawing.
    ascending: Vec<u32>,
    /// For each negative the number of positives below it, and at most as high.
    negatives: Vec<(u32, u32)>,
}

/// Memory that resamples use again.
#[derive(Default)]
pub(crate) struct Memory {
    counts: Vec<u32>,
    sums: Vec<u32>,
}

impl AucDraws {
    /// Positives and negatives are drawn in the order of the samples.
    pub(crate) fn new(scores: &Scores) -> Self {
        let count = |n: usize| u32::try_from(n).expect("scores hold at most u32::MAX samples");
        let of_class = |wanted: bool| {
            scores.pairs().filter(move |&(label, _)| label == wanted).map(|(_, value)| value)
        };
        let positives: Vec<f64> = of_class(true).collect();
        let mut ascending: Vec<u32> = (0..count(positives.len())).collect();
        ascending.sort_by(|&a, &b| positives[a as usize].total_cmp(&positives[b as usize]));
        let sorted: Vec<f64> = ascending.iter().map(|&place| positives[place as usize]).collect();
        let negatives = of_class(false)
            .map(|value| {
                let below = sorted.partition_point(|&positive| positive < value);
                let equal = sorted[below..].partition_point(|&positive| positive <= value);
                (count(below), count(below + equal))
            })
            .collect();
        Self { ascending, negatives }
    }

    /// The AUC of one resample.
    #[expect(clippy::cast_possible_truncation, reason = "scores hold at most u32::MAX samples")]
    pub(crate) fn auc(&self, generator: ChaCha8Rng, memory: &mut Memory) -> f64 {
        let mut places = Places::new(generator);
        let (positives, negatives) = (self.ascending.len(), self.negatives.len());
        memory.counts.clear();
        memory.counts.resize(positives, 0);
        for _ in 0..positives {
            memory.counts[places.below(positives as u32)] += 1;
        }
        let mut sum = 0;
        memory.sums.clear();
        memory.sums.push(0);
        memory.sums.extend(self.ascending.iter().map(|&place| {
            sum += memory.counts[place as usize];
            sum
        }));
        let mut above = 0_u64;
        for _ in 0..negatives {
            let (below, up_to) = self.negatives[places.below(negatives as u32)];
            let twice_below =
                u64::from(memory.sums[below as usize]) + u64::from(memory.sums[up_to as usize]);
            above += 2 * positives as u64 - twice_below;
        }
        let pairs = 2 * positives as u128 * negatives as u128;
        above as f64 / pairs as f64
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn places_are_those_of_random_range() {
        for bound in [1, 2, 7, 10_000, u32::MAX / 3, u32::MAX - 5] {
            let mut single = ChaCha8Rng::seed_from_u64(5);
            let mut places = Places::new(ChaCha8Rng::seed_from_u64(5));
            for _ in 0..2000 {
                assert_eq!(places.below(bound), single.random_range(0..bound) as usize);
            }
        }
    }
}
