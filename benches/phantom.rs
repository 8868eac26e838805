//! Drawing phantoms: one subject with all its pictures, and the truth of one.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foramen_phantom::{CohortConfig, draw_subject};

fn draw(criterion: &mut Criterion) {
    let config = CohortConfig::default();
    let mut group = criterion.benchmark_group("phantom/draw");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    // Subject 0 is spin echo, subject 1 gradient echo; the unit is a pixel of
    // the axial and sagittal series.
    for (index, name) in [(0, "t2_fse"), (1, "t2_star")] {
        let subject = draw_subject(&config, index);
        let stacks = subject.axial.iter().chain(std::iter::once(&subject.sagittal));
        let pixels: usize =
            stacks.flat_map(|stack| stack.slices()).map(|slice| slice.pixels().len()).sum();
        group.throughput(Throughput::Elements(pixels as u64));
        group.bench_function(format!("{name}/{pixels}_pixels"), |bencher| {
            bencher.iter(|| draw_subject(black_box(&config), black_box(index)));
        });
    }
    group.finish();
}

criterion_group!(benches, draw);
criterion_main!(benches);
