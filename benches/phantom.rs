//! Drawing phantoms: one subject with all its pictures, and the truth of one.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foramen_phantom::{CohortConfig, draw_subject};

fn draw(criterion: &mut Criterion) {
    let config = CohortConfig::default();
    let mut group = criterion.benchmark_group("phantom/draw");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    // Subject 0 is spin echo, subject 1 gradient echo; the unit is a pixel of the axial and
    // sagittal series, which are counted here so that nothing is drawn where it is filtered out.
    for (index, name, pixels) in [(0, "t2_fse", 1_801_012), (1, "t2_star", 1_717_128)] {
        group.throughput(Throughput::Elements(pixels as u64));
        group.bench_function(format!("{name}/{pixels}_pixels"), |bencher| {
            let subject = draw_subject(&config, index);
            let stacks = subject.axial.iter().chain(std::iter::once(&subject.sagittal));
            let slices = stacks.flat_map(|stack| stack.slices());
            let drawn: usize = slices.map(|slice| slice.pixels().len()).sum();
            assert_eq!(drawn, pixels, "the phantom has changed: change its number of pixels");
            bencher.iter(|| draw_subject(black_box(&config), black_box(index)));
        });
    }
    group.finish();
}

criterion_group!(benches, draw);
criterion_main!(benches);
