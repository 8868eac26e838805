//! Drawn channels to train on.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

use foramen_cnn::{CnnConfig, DeviceChoice};
use foramen_image::ndarray::Array2;
use foramen_learn::{Dataset, Sample};
use foramen_types::{Level, Outcome, Side, SubjectId};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng};

/// A grey field of 48 × 48 pixels with a bright channel between dark walls,
/// tilted and misplaced a little, `width` millimetres wide at 0.5 mm a pixel.
fn patch(width: f64, generator: &mut ChaCha8Rng) -> Array2<f32> {
    let tilt = generator.random_range(40.0..55.0f64).to_radians();
    let (row, column) = (generator.random_range(-2.0..2.0), generator.random_range(-2.0..2.0));
    let half = width / 0.5 / 2.0;
    Array2::from_shape_fn((48, 48), |(r, c)| {
        let (y, x) = (r as f64 - 23.5 - row, c as f64 - 23.5 - column);
        let across = (x * tilt.sin() + y * tilt.cos()).abs();
        let channel = (0.5 + half - across).clamp(0.0, 1.0);
        let wall = (0.5 + half + 5.0 - across).clamp(0.0, 1.0) - channel;
        let noise = generator.random_range(-0.1..0.1);
        (0.5 + 0.4 * channel - 0.4 * wall + noise) as f32
    })
}

/// Subjects with one treated foramen, whose outcome hangs on its width, and
/// `others` more with a width only.
pub(crate) fn dataset(subjects: usize, others: usize) -> Dataset {
    let mut generator = ChaCha8Rng::seed_from_u64(11);
    let mut samples = Vec::new();
    for i in 0..subjects {
        let id = SubjectId::new(&format!("S{i:03}")).unwrap();
        for other in 0..=others {
            let width: f64 = generator.random_range(1.0..6.0);
            let measured = width + generator.random_range(-0.3..0.3);
            let sample = Sample::new(id.clone(), Level::C5C6, Side::Left)
                .with_patch(patch(width, &mut generator))
                .with_width(measured);
            let probability = 1.0 / (1.0 + (-2.0 * (width - 3.3)).exp());
            let favourable = generator.random_bool(probability);
            samples.push(if other == 0 {
                sample.with_outcome(Outcome::from_favourable(favourable))
            } else {
                sample
            });
        }
    }
    Dataset::new(samples).unwrap()
}

/// A configuration that learns in seconds.
pub(crate) fn small() -> CnnConfig {
    let mut config = CnnConfig::default()
        .with_device(DeviceChoice::Cpu)
        .with_threads(1)
        .with_epochs(8)
        .with_images_per_epoch(512);
    config.batch = 32;
    config.crop = 32;
    config.channels = 8;
    config
}
