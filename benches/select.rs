//! Measuring foramina and finding the narrowest slice.

use std::cell::LazyCell;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foramen_phantom::{CohortConfig, draw_subject};
use foramen_select::{
    DiscOptions, MeasureOptions, MeasuredStack, PointKind, SelectOptions, Target, find_discs,
    measure, narrowest,
};
use foramen_types::Point;

/// Slices of the first axial stack of the subject: names and throughput are told before it is
/// drawn.
const SLICES: usize = 4;

fn select(criterion: &mut Criterion) {
    // Drawn when a bench is run that reads it, and not where it is filtered out.
    let subject =
        LazyCell::new(|| draw_subject(&CohortConfig::default().with_seed(7).with_analysable(1), 0));
    let options = MeasureOptions::default();
    let mut group = criterion.benchmark_group("select");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SLICES as u64));
    group.bench_function(format!("measure/{SLICES}_slices"), |bencher| {
        let stack = &subject.axial[0];
        assert_eq!(stack.slices().len(), SLICES, "the phantom has changed: change SLICES");
        bencher.iter(|| measure(black_box(stack), &options));
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("narrowest/1_subject", |bencher| {
        let stacks = subject.axial.iter().cloned();
        let measured: Vec<_> = stacks.map(|stack| MeasuredStack::new(stack, &options)).collect();
        let [x, y, z] = subject.truth.discs[subject.level.index()].centre;
        let target = Target {
            level: subject.level,
            side: subject.side,
            disc: Point::new(x, y, z),
            kind: PointKind::Disc,
            normal: None,
            heights: None,
        };
        bencher.iter(|| narrowest(&measured, &target, &SelectOptions::default()));
    });
    group.bench_function("find_discs/1_stack", |bencher| {
        bencher.iter(|| find_discs(black_box(&subject.sagittal), &DiscOptions::default()));
    });
    group.finish();
}

criterion_group!(benches, select);
criterion_main!(benches);
