//! Headers of a folder, and the pixels of a stack.
//!
//! `cargo bench --bench dicom` on a synthetic cohort of four subjects, written
//! once to a temporary folder (a warm cache).

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foramen_dicom::{Orientation, ScanOptions, load, scan};
use foramen_phantom::{CohortConfig, write_cohort};

fn dicom(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("the system has a temporary folder");
    let cohort = folder.path().join("cohort");
    let config = CohortConfig::default().with_analysable(4).with_defects(0);
    write_cohort(&config, &cohort, &|_, _| ()).expect("the temporary folder can be written");
    let dir = cohort.join("dicom");
    let options = ScanOptions::default();
    let found = scan(&dir, &options).expect("the cohort was just written");

    let mut headers = criterion.benchmark_group("scan/headers");
    headers.throughput(Throughput::Elements(found.files as u64));
    headers.measurement_time(Duration::from_secs(5));
    headers.bench_function(found.files.to_string(), |b| b.iter(|| scan(black_box(&dir), &options)));
    headers.finish();

    let axial = found
        .stacks
        .iter()
        .filter(|stack| stack.orientation == Orientation::Axial && !stack.localizer)
        .max_by_key(|stack| stack.slices.len())
        .expect("the cohort has axial stacks");
    let pixels = axial.slices.len() * axial.rows * axial.columns;
    let mut stack = criterion.benchmark_group("load/stack");
    // Bytes on disk: 16 bits a pixel.
    stack.throughput(Throughput::Bytes(2 * pixels as u64));
    let size = format!("native/{}x{}x{}", axial.slices.len(), axial.rows, axial.columns);
    stack.bench_function(size, |b| b.iter(|| load(black_box(axial))));
    stack.finish();
}

criterion_group!(benches, dicom);
criterion_main!(benches);
