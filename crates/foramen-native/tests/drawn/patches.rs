//! Drawn patches of 100 × 100 pixels, the same on every machine: the kept model was trained
//! on them, and what libtorch says of them is kept beside it.
#![allow(clippy::unwrap_used, reason = "tests draw numbers of known size")]

use foramen_learn::Sample;
use foramen_types::{Level, Outcome, Side, SubjectId};
use ndarray::Array2;

/// Foramina of as many subjects, one each, all with an outcome: a bright channel between
/// dark walls on a noisy ground. Wider ones mostly do better.
pub(crate) fn samples(n: usize) -> Vec<Sample> {
    (0..n).map(sample).collect()
}

fn sample(number: usize) -> Sample {
    // Numbers from 0 to 1 that look drawn.
    let draw = |purpose: usize| f64::from(hash(number * 16 + purpose)) / f64::from(u32::MAX);
    let width = 1.0 + 5.0 * draw(0);
    let level = Level::ALL[number % Level::ALL.len()];
    let side = Side::BOTH[number % 2];
    let subject = SubjectId::new(&format!("D{number:03}")).unwrap();
    Sample::new(subject, level, side)
        .with_patch(patch(number, width, [draw(1), draw(2), draw(3)]))
        .with_width(width)
        .with_outcome(Outcome::from_favourable(width + 2.0 * draw(4) > 4.5))
}

/// A channel `width` millimetres wide at 0.5 mm a pixel, misplaced and tilted.
fn patch(number: usize, width: f64, [row, column, tilt]: [f64; 3]) -> Array2<f32> {
    let half = width / 0.5 / 2.0;
    let (sin, cos) = (40.0 + 15.0 * tilt).to_radians().sin_cos();
    Array2::from_shape_fn((100, 100), |(r, c)| {
        let (y, x) = (r as f64 - 51.5 + 4.0 * row, c as f64 - 51.5 + 4.0 * column);
        let across = (x * sin + y * cos).abs();
        let channel = (0.5 + half - across).clamp(0.0, 1.0);
        let wall = (0.5 + half + 5.0 - across).clamp(0.0, 1.0) - channel;
        let noise = f64::from(hash((number << 16) + 100 * r + c)) / f64::from(u32::MAX) - 0.5;
        #[expect(clippy::cast_possible_truncation, reason = "an intensity")]
        let value = (0.5 + 0.4 * channel - 0.4 * wall + 0.2 * noise) as f32;
        value
    })
}

/// The upper half of a product with a large odd number, mixed twice (SplitMix64).
fn hash(number: usize) -> u32 {
    let mut bits = (number as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    u32::try_from((bits ^ (bits >> 31)) >> 32).unwrap()
}
