use rayon::prelude::*;

/// All samples with one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// Their common score.
    pub value: f64,
    /// Number of positive samples among them.
    pub positives: u32,
    /// Number of negative samples among them.
    pub negatives: u32,
}

const NONE: Tie = Tie { value: 0.0, positives: 0, negatives: 0 };

/// The distinct values, ascending, with their samples counted.
///
/// A sample becomes one integer that sorts by value and then by label. Integers
/// are dealt out to parts of equal width, and each part to bins of equal width,
/// so that nearly all stand where they belong before any two are compared. Where
/// values are uneven some bins are large, which costs time and nothing else.
pub(crate) fn ties(labels: &[bool], values: &[f64]) -> Vec<Tie> {
    if values.iter().any(|&value| value < 0.0) {
        return signed_ties(labels, values);
    }
    let mut ties = Vec::new();
    if values.len() <= PER_PART {
        ties.resize(values.len(), NONE);
        let keys: Vec<u64> = keys(labels, values).collect();
        let found = sort_ties(&keys, &mut Parts::default(), &mut ties);
        ties.truncate(found);
    } else {
        rayon::iter::repeat_n(NONE, values.len()).collect_into_vec(&mut ties);
        let chunks = deal(labels, values);
        let parts = chunks[0].ends.len();
        let sizes = |part| chunks.iter().map(|chunk| chunk.part(part).len()).sum();
        let sizes: Vec<usize> = (0..parts).map(sizes).collect();
        let found: Vec<usize> = split(&mut ties, &sizes)
            .into_par_iter()
            .enumerate()
            .map_init(Default::default, |(keys, bins): &mut (Vec<u64>, Parts), (part, ties)| {
                keys.clear();
                chunks.iter().for_each(|chunk| keys.extend_from_slice(chunk.part(part)));
                sort_ties(keys, bins, ties)
            })
            .collect();
        close_up(&mut ties, &sizes, &found);
    }
    if ties.len() < ties.capacity() / 2 {
        ties.shrink_to_fit();
    }
    ties
}

/// The ties of values of which some are negative: those of their magnitudes
/// backwards, then the others.
fn signed_ties(labels: &[bool], values: &[f64]) -> Vec<Tie> {
    let side = |negative: bool| -> (Vec<bool>, Vec<f64>) {
        let pairs = labels.iter().zip(values).filter(|(_, value)| (**value < 0.0) == negative);
        pairs.map(|(&label, &value)| (label, value.abs())).unzip()
    };
    let ((below, magnitudes), (above, others)) = (side(true), side(false));
    let mut ties = ties(&below, &magnitudes);
    ties.reverse();
    ties.iter_mut().for_each(|tie| tie.value = -tie.value);
    ties.extend(self::ties(&above, &others));
    ties
}

/// Samples of a part on average: they fit into the fastest cache.
const PER_PART: usize = 1 << 12;

/// Into how many chunks samples are cut, for as many threads.
const CHUNKS: usize = 16;

/// Samples of a chunk at least: fewer are not worth a thread.
const PER_CHUNK: usize = 1 << 14;

/// Keys that are sorted by insertion, at most.
const FEW: usize = 16;

/// The keys of each chunk of samples, dealt out to the same parts.
fn deal(labels: &[bool], values: &[f64]) -> Vec<Parts> {
    let size = values.len().div_ceil(CHUNKS).max(PER_CHUNK);
    let chunks = || labels.par_chunks(size).zip(values.par_chunks(size));
    let (low, high) = chunks()
        .map(|(labels, values)| range(keys(labels, values)))
        .reduce(|| (u64::MAX, 0), |a, b| (a.0.min(b.0), a.1.max(b.1)));
    let scale = Scale::new(low, high, values.len() / PER_PART);
    chunks()
        .map(|(labels, values)| {
            let mut parts = Parts::default();
            parts.deal(keys(labels, values), values.len(), scale);
            parts
        })
        .collect()
}

/// The integers of samples without a negative value: they sort as the values
/// do, and hold the label in the lowest bit, for want of a sign.
fn keys(labels: &[bool], values: &[f64]) -> impl Iterator<Item = u64> + Clone {
    let key = |(&label, &value): (&bool, &f64)| (value.to_bits() << 1) | u64::from(label);
    labels.iter().zip(values).map(key)
}

fn value(key: u64) -> f64 {
    f64::from_bits(key >> 1)
}

/// The least and the greatest key.
fn range(keys: impl Iterator<Item = u64>) -> (u64, u64) {
    keys.fold((u64::MAX, 0), |(low, high), key| (low.min(key), high.max(key)))
}

/// Parts of equal width that a range of values is cut into.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    per_unit: f64,
    parts: usize,
}

impl Scale {
    /// A range too narrow for a float is one part.
    fn new(low: u64, high: u64, cuts: usize) -> Self {
        let low = value(low);
        let per_unit = Some(cuts as f64 / (value(high) - low)).filter(|scale| scale.is_normal());
        Self { low, per_unit: per_unit.unwrap_or(0.0), parts: cuts + 1 }
    }

    /// Rounding may shift a border, but never brings a lower value into a higher
    /// part.
    fn part(self, key: u64) -> usize {
        // A double of this size has no fraction, and its integer in the lowest
        // bits: quicker than a conversion that checks.
        const WHOLE: f64 = (1_u64 << 52) as f64;
        let whole = (value(key) - self.low) * self.per_unit + WHOLE;
        (whole.to_bits() & 0xffff_ffff) as usize
    }
}

/// Keys by part, in no order within one.
#[derive(Default)]
struct Parts {
    keys: Vec<u64>,
    /// Where each part ends.
    ends: Vec<u32>,
}

impl Parts {
    /// Deals out so many keys.
    fn deal(&mut self, keys: impl Iterator<Item = u64> + Clone, count: usize, scale: Scale) {
        self.ends.clear();
        self.ends.resize(scale.parts, 0);
        keys.clone().for_each(|key| self.ends[scale.part(key)] += 1);
        let mut start = 0;
        for end in &mut self.ends {
            (start, *end) = (start + *end, start);
        }
        self.keys.resize(count, 0);
        for key in keys {
            let end = &mut self.ends[scale.part(key)];
            self.keys[*end as usize] = key;
            *end += 1;
        }
    }

    /// The keys of one part.
    fn part(&self, part: usize) -> &[u64] {
        let start = if part == 0 { 0 } else { self.ends[part - 1] };
        &self.keys[start as usize..self.ends[part] as usize]
    }

    /// Sorts all keys.
    fn sort(&mut self) {
        let mut start = 0;
        for &end in &self.ends {
            let part = &mut self.keys[start as usize..end as usize];
            if part.len() > PER_CHUNK {
                part.par_sort_unstable();
            } else if part.len() > FEW {
                part.sort_unstable();
            }
            start = end;
        }
        // What is left to do is within small parts. Exchanging neighbours does
        // most of it without a branch that could be guessed wrong.
        for at in 1..self.keys.len() {
            let (one, other) = (self.keys[at - 1], self.keys[at]);
            (self.keys[at - 1], self.keys[at]) = (one.min(other), one.max(other));
        }
        for at in 1..self.keys.len() {
            let key = self.keys[at];
            let mut to = at;
            while to > 0 && self.keys[to - 1] > key {
                self.keys[to] = self.keys[to - 1];
                to -= 1;
            }
            self.keys[to] = key;
        }
    }
}

/// The ties of keys in any order, into as much room as there are keys; how many
/// they are.
fn sort_ties(keys: &[u64], bins: &mut Parts, ties: &mut [Tie]) -> usize {
    let all = || keys.iter().copied();
    let (low, high) = range(all());
    // As many bins as keys: few are left to compare.
    bins.deal(all(), keys.len(), Scale::new(low, high, keys.len()));
    bins.sort();
    let (mut found, mut last) = (0, u64::MAX);
    for &key in &bins.keys {
        if key >> 1 != last {
            last = key >> 1;
            ties[found] = Tie { value: value(key), ..NONE };
            found += 1;
        }
        let tie = &mut ties[found - 1];
        let positive = u32::from(key & 1 == 1);
        tie.positives += positive;
        tie.negatives += 1 - positive;
    }
    found
}

/// Cuts ties into slices of these sizes.
fn split<'a>(mut rest: &'a mut [Tie], sizes: &[usize]) -> Vec<&'a mut [Tie]> {
    let mut slices = Vec::with_capacity(sizes.len());
    for &size in sizes {
        let (slice, after) = rest.split_at_mut(size);
        slices.push(slice);
        rest = after;
    }
    slices
}

/// Removes the room that each part left over.
fn close_up(ties: &mut Vec<Tie>, sizes: &[usize], found: &[usize]) {
    let (mut from, mut to) = (0, 0);
    for (&size, &found) in sizes.iter().zip(found) {
        if from != to {
            ties.copy_within(from..from + found, to);
        }
        (from, to) = (from + size, to + found);
    }
    ties.truncate(to);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// The ties one sample at a time; a double's bits shifted so that they sort.
    fn counted(labels: &[bool], values: &[f64]) -> Vec<(u64, u32, u32)> {
        let mut counts = BTreeMap::new();
        for (&label, &value) in labels.iter().zip(values) {
            let bits = (value + 0.0).to_bits();
            let order = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
            let count: &mut (u64, u32, u32) = counts.entry(order).or_insert((bits, 0, 0));
            count.1 += u32::from(label);
            count.2 += u32::from(!label);
        }
        counts.into_values().collect()
    }

    fn found(labels: &[bool], values: &[f64]) -> Vec<(u64, u32, u32)> {
        let ties = ties(labels, values);
        ties.iter().map(|tie| (tie.value.to_bits(), tie.positives, tie.negatives)).collect()
    }

    /// Values from places in 0 to 1.
    type Shape = fn(f64) -> f64;

    #[test]
    fn values_of_any_shape_are_counted_as_one_by_one() {
        let shapes: [(&str, Shape); 10] = [
            ("even", |x| x),
            ("crowded at 0", |x| x.powi(40)),
            ("crowded at 1", |x| 1.0 - x.powi(9)),
            ("ten values", |x| (x * 9.0).floor() / 9.0),
            ("one value", |_| 0.25),
            ("two values", |x| if x < 0.9 { 0.0 } else { 1.0 }),
            ("smaller than a normal double", |x| x * 1e-308),
            ("both zeros", |x| if x < 0.5 { -0.0 } else { 0.0 }),
            ("on both sides", |x| x - 0.3),
            ("of the whole range", |x| (x - 0.5) * f64::MAX),
        ];
        for n in [1, 2, 100, PER_PART + 1, PER_CHUNK + 7, 9 * PER_CHUNK] {
            let labels: Vec<bool> = (0..n).map(|i| (i * i) % 7 < 3).collect();
            for (name, shape) in shapes {
                let values: Vec<f64> =
                    (0..n).map(|i| shape(((i * 7919) % n) as f64 / n as f64)).collect();
                assert!(found(&labels, &values) == counted(&labels, &values), "{n} {name}");
            }
        }
    }

    #[test]
    fn both_zeros_are_one_value() {
        let tie = Tie { value: 0.0, positives: 1, negatives: 1 };
        assert_eq!(ties(&[true, false], &[0.0, -0.0]), [tie]);
        let ties = ties(&[true, false, true], &[0.0, -0.0, -1.0]);
        assert_eq!(ties, [Tie { value: -1.0, positives: 1, negatives: 0 }, tie]);
        assert!(ties[1].value.is_sign_positive());
    }

    proptest! {
        #[test]
        fn any_values_are_counted_as_one_by_one(
            samples in prop::collection::vec(
                (any::<bool>(), prop_oneof![
                    prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
                    (-4_i8..5).prop_map(|value| f64::from(value) / 4.0),
                ]),
                0..300,
            ),
        ) {
            let (labels, values): (Vec<bool>, Vec<f64>) = samples.into_iter().unzip();
            prop_assert_eq!(found(&labels, &values), counted(&labels, &values));
        }
    }
}
