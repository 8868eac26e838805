//! Fast resampling of an AUC.

use rand::{Rng, rngs::ChaCha8Rng};

use crate::Scores;

/// Random indices below a bound from blocks of random words: the same indices, from the same words,
/// as `random_range` gives one by one.
struct Places {
    generator: ChaCha8Rng,
    bytes: [u8; 4 * BLOCK],
    words: [u32; BLOCK],
    used: usize,
}

/// Words drawn at once.
const BLOCK: usize = 256;

impl Places {
    fn new(generator: ChaCha8Rng) -> Self {
        Self { generator, bytes: [0; 4 * BLOCK], words: [0; BLOCK], used: BLOCK }
    }

    /// The words not yet used, at least one.
    fn rest(&mut self) -> &[u32] {
        if self.used == BLOCK {
            self.generator.fill_bytes(&mut self.bytes);
            for (word, bytes) in self.words.iter_mut().zip(self.bytes.chunks_exact(4)) {
                *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            self.used = 0;
        }
        &self.words[self.used..]
    }

    /// Calls `each` with `count` places below the bound, by Canon's method: the
    /// high half of a product, and the low half of one more where it might carry.
    fn each_below(&mut self, bound: u32, mut count: usize, mut each: impl FnMut(usize)) {
        let might_carry = bound.wrapping_neg();
        while count > 0 {
            let words = self.rest();
            let words = &words[..words.len().min(count)];
            let carries = |word: &u32| word.wrapping_mul(bound) > might_carry;
            let read = words.iter().position(carries).unwrap_or(words.len());
            if read == 0 {
                each(self.below(bound));
                count -= 1;
                continue;
            }
            for &word in &words[..read] {
                each(((u64::from(word) * u64::from(bound)) >> 32) as usize);
            }
            self.used += read;
            count -= read;
        }
    }

    fn below(&mut self, bound: u32) -> usize {
        let product = u64::from(self.word()) * u64::from(bound);
        let (mut high, low) = ((product >> 32) as usize, product & u64::from(u32::MAX));
        if low > u64::from(bound.wrapping_neg()) {
            let carry = (u64::from(self.word()) * u64::from(bound)) >> 32;
            high += usize::from(low + carry > u64::from(u32::MAX));
        }
        high
    }

    fn word(&mut self) -> u32 {
        let word = self.rest()[0];
        self.used += 1;
        word
    }
}

/// The data shared by resampled AUCs of the same scores.
///
/// A resample counts how often each positive is drawn, accumulates the counts along the scores, and
/// looks up the contribution of each drawn negative in the sums.
pub(crate) struct AucDraws {
    /// The positives by ascending score, as places in their order of drawing.
    ascending: Vec<u32>,
    /// For each negative the number of positives below it, and at most as high.
    negatives: Vec<(u32, u32)>,
}

/// Buffers that resamples reuse.
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
        let counts = memory.counts.as_mut_slice();
        places.each_below(positives as u32, positives, |place| counts[place] += 1);
        let mut sum = 0;
        memory.sums.clear();
        memory.sums.push(0);
        memory.sums.extend(self.ascending.iter().map(|&place| {
            sum += memory.counts[place as usize];
            sum
        }));
        let sums = memory.sums.as_slice();
        let mut twice_below = 0_u64;
        places.each_below(negatives as u32, negatives, |place| {
            let (below, up_to) = self.negatives[place];
            twice_below += u64::from(sums[below as usize]) + u64::from(sums[up_to as usize]);
        });
        let above = 2 * positives as u64 * negatives as u64 - twice_below;
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
            places.each_below(bound, 2000, |place| {
                assert_eq!(place, single.random_range(0..bound) as usize);
            });
        }
    }
}
