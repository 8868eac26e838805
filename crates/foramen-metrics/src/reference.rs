//! Random samples for the tests.

use std::ops::Range;

use proptest::prelude::*;

/// Labels and probabilities with heavy ties.
pub(crate) fn samples(size: Range<usize>) -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
    prop::collection::vec((any::<bool>(), 0_u8..=20), size).prop_map(|samples| {
        samples.into_iter().map(|(label, value)| (label, f64::from(value) / 20.0)).unzip()
    })
}
