//! Metrics of predictions. Throughput is in samples, or in drawn samples for the
//! bootstrap.
//!
//! ```text
//! cargo bench -p foramen-benches --bench metrics
//! ```
//!
//! `cargo xtask peers-test` times the same side by side with scikit-learn, numpy
//! and pROC.

use std::cell::LazyCell;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use foramen_metrics::{
    Confidence, Scores,
    calibration::{Smoothing, calibration, calibration_curve},
    comparison::{PairedScores, compare_auc},
    discrimination::auc,
    resampling::{Bootstrap, bootstrap_auc},
};

/// Labels, 40 % positive, and probabilities that know something of them.
fn samples(n: u32, seed: u64) -> (Vec<bool>, Vec<f64>) {
    let labels: Vec<bool> = (0..n).map(|i| uniform(u64::from(i)) < 0.4).collect();
    let values = labels
        .iter()
        .zip(0_u64..)
        .map(|(&label, i)| 0.5 * uniform(i + (seed << 32)) + if label { 0.2 } else { 0.0 })
        .collect();
    (labels, values)
}

/// Drawn samples as scores.
fn scores(drawn: &(Vec<bool>, Vec<f64>)) -> Scores {
    Scores::new(&drawn.0, &drawn.1).expect("the samples are probabilities")
}

/// A number in 0 to 1 by the finaliser of SplitMix64.
fn uniform(seed: u64) -> f64 {
    let mut bits = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn discrimination(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/auc_delong");
    group.sample_size(10);
    for n in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
        let drawn = LazyCell::new(|| samples(n, 1));
        group.throughput(Throughput::Elements(u64::from(n)));
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            let (labels, values) = &*drawn;
            bencher.iter(|| auc(&Scores::new(black_box(labels), black_box(values)).ok()?).ok());
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("metrics/paired_delong");
    for n in [1_000, 100_000] {
        let drawn = LazyCell::new(|| (samples(n, 1), samples(n, 2).1));
        group.throughput(Throughput::Elements(u64::from(n)));
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            let ((labels, first), second) = &*drawn;
            bencher.iter(|| {
                let first = Scores::new(labels, black_box(first)).ok()?;
                let second = Scores::new(labels, black_box(second)).ok()?;
                compare_auc(&PairedScores::new(first, second).ok()?, Confidence::P95).ok()
            });
        });
    }
    group.finish();
}

fn resampling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/bootstrap_auc_2000");
    group.sample_size(10);
    for n in [288, 10_000] {
        let drawn = LazyCell::new(|| samples(n, 1));
        group.throughput(Throughput::Elements(2000 * u64::from(n)));
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            let scores = scores(&drawn);
            bencher.iter(|| bootstrap_auc(black_box(&scores), &Bootstrap::default()));
        });
    }
    group.finish();
}

fn recalibration(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/calibration");
    for n in [288, 100_000] {
        let drawn = LazyCell::new(|| samples(n, 1));
        group.throughput(Throughput::Elements(u64::from(n)));
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            let scores = scores(&drawn);
            bencher.iter(|| calibration(black_box(&scores)));
        });
    }
    group.finish();
}

fn curves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/calibration_curve");
    group.sample_size(10);
    for n in [288, 10_000] {
        let drawn = LazyCell::new(|| samples(n, 1));
        group.throughput(Throughput::Elements(u64::from(n)));
        group.bench_function(BenchmarkId::from_parameter(n), |bencher| {
            let scores = scores(&drawn);
            bencher.iter(|| calibration_curve(black_box(&scores), &Smoothing::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, discrimination, resampling, recalibration, curves);
criterion_main!(benches);
