//! Training and prediction of the CNN on noise, at the defaults of a study.
//!
//! ```text
//! cargo bench -p foramen-benches --features torch --bench cnn
//! ```
//!
//! Throughput is in images. `FORAMEN_BENCH_THREADS` says how many threads libtorch
//! takes; without it, every core.

use std::cell::LazyCell;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foramen_cnn::{Cnn, CnnConfig, CnnModel, DeviceChoice, Precision, samples};
use foramen_image::ndarray::Array3;
use foramen_kernels::{FusedBatchNorm, winograd_convolution};
use foramen_learn::{Classifier, Dataset, Learner, Part, Sample, Split};
use foramen_tch::{channels_last, reuse_memory};
use tch::{Device, Kind, Tensor};

/// 100 × 100 pixels, as `select` cuts them.
const EDGE: usize = 100;

fn config(precision: Precision) -> CnnConfig {
    let mut config = CnnConfig::default().with_device(DeviceChoice::Cpu).with_precision(precision);
    config.threads = std::env::var("FORAMEN_BENCH_THREADS").ok().and_then(|n| n.parse().ok());
    config.with_epochs(1).with_images_per_epoch(256)
}

fn noise(n: usize) -> Dataset {
    let images = Array3::from_shape_fn((n, EDGE, EDGE), |(image, row, column)| {
        ((image * 7919 + row * 104_729 + column * 1_299_709) % 1000) as f32 / 1000.0
    });
    let labels: Vec<bool> = (0..n).map(|image| image % 2 == 0).collect();
    let samples = samples("noise", images.view(), &labels).expect("one label for each image");
    Dataset::new(samples).expect("images are of one size")
}

/// A model trained on all of a dataset.
fn train(dataset: &Dataset, config: CnnConfig) -> CnnModel {
    let parts = dataset.samples().iter().map(|sample| (sample.subject.clone(), Part::Train));
    let split = Split::given(dataset, parts.collect()).expect("every subject has a part");
    let fold = split.fold(dataset, 0);
    Cnn::new(config).fit(&fold.train, &fold.tune).expect("noise can be trained on")
}

fn learning(criterion: &mut Criterion) {
    // Drawn when a bench is run that reads it, and not where it is filtered out.
    let dataset = LazyCell::new(|| noise(128));
    let mut group = criterion.benchmark_group("cnn/train");
    group.sample_size(10).throughput(Throughput::Elements(256));
    for (name, precision) in [("f32", Precision::F32), ("bf16", Precision::BFloat16)] {
        group.bench_function(name, |bencher| {
            let dataset = &*dataset;
            bencher.iter(|| train(black_box(dataset), config(precision)));
        });
    }
    group.finish();
}

fn predicting(criterion: &mut Criterion) {
    let dataset = LazyCell::new(|| noise(64));
    let mut group = criterion.benchmark_group("cnn/predict");
    group.sample_size(10);
    for (name, precision) in [("f32", Precision::F32), ("bf16", Precision::BFloat16)] {
        let model = LazyCell::new(|| train(&dataset, config(precision)));
        for n in [1, 64] {
            group.throughput(Throughput::Elements(n as u64));
            group.bench_function(format!("{name}/{n}"), |bencher| {
                let asked: Vec<&Sample> = dataset.samples().iter().take(n).collect();
                LazyCell::force(&model);
                bencher.iter(|| model.predict(black_box(&asked)).expect("images fit"));
            });
        }
    }
    group.finish();
}

/// Batch norm, sum and `ReLU` of a first residual block, forward and back, beside
/// libtorch's three operations.
fn norming(criterion: &mut Criterion) {
    let options = (Kind::Float, Device::Cpu);
    let mut group = criterion.benchmark_group("cnn/norm");
    group.throughput(Throughput::Elements(64));
    for kind in [Kind::Float, Kind::BFloat16] {
        let maps = || {
            let maps = Tensor::randn([64, 16, 32, 32], options).to_kind(kind);
            channels_last(&maps).expect("maps have four dimensions").set_requires_grad(true)
        };
        let drawn = LazyCell::new(|| {
            let norm = [1.0, 0.0, 0.0, 1.0].map(|value| Tensor::full([16], value, options));
            (maps(), maps(), norm)
        });
        let back = |out: Tensor| {
            let (maps, residual, _) = &*drawn;
            Tensor::run_backward(&[out.sum(kind)], &[maps, residual], false, false)
        };
        group.bench_function(format!("fused/{kind:?}"), |bencher| {
            let (maps, residual, [weight, bias, mean, variance]) = &*drawn;
            let norm = [weight, bias, mean, variance];
            bencher.iter(|| {
                let fused = FusedBatchNorm::default().forward(maps, Some(residual), norm, true);
                back(fused.expect("shapes fit"))
            });
        });
        group.bench_function(format!("libtorch/{kind:?}"), |bencher| {
            let (maps, residual, [weight, bias, mean, variance]) = &*drawn;
            bencher.iter(|| {
                let (running, affine) = ((Some(mean), Some(variance)), (Some(weight), Some(bias)));
                let mut maps = maps
                    .batch_norm(affine.0, affine.1, running.0, running.1, true, 0.1, 1e-5, true);
                back(maps.g_add_(residual).relu_())
            });
        });
    }
    group.finish();
}

/// Convolutions of the residual blocks of the compact network and a ResNet-18, forward and back,
/// beside libtorch's, whose fastest layout is channels-last as well. Without memory of the steps
/// before, both would mostly wait for the kernel.
fn convolving(criterion: &mut Criterion) {
    reuse_memory().expect("libtorch sets its allocator");
    let mut group = criterion.benchmark_group("cnn/convolution");
    for shape in
        [[64, 16, 32, 32], [64, 32, 16, 16], [64, 64, 8, 8], [16, 64, 56, 56], [16, 512, 7, 7]]
    {
        let leaf = |shape: [i64; 4]| {
            let tensor = Tensor::randn(shape, (Kind::Float, Device::Cpu));
            channels_last(&tensor).expect("four dimensions")
        };
        let [images, channels, edge, _]: [i64; 4] = shape;
        group.throughput(Throughput::Elements(images.unsigned_abs()));
        let drawn = LazyCell::new(|| {
            let maps = leaf(shape).set_requires_grad(true);
            let weight = leaf([channels, channels, 3, 3]).set_requires_grad(true);
            (maps, weight, leaf(shape))
        });
        let back = |out: Tensor| {
            let (maps, weight, gradient) = &*drawn;
            Tensor::run_backward(&[(out * gradient).sum(None)], &[weight, maps], false, false)
        };
        let name = format!("{images}x{channels}x{edge}x{edge}");
        group.bench_function(format!("ours/{name}"), |bencher| {
            let (maps, weight, _) = &*drawn;
            bencher.iter(|| back(winograd_convolution(maps, weight).expect("shapes fit")));
        });
        group.bench_function(format!("libtorch/{name}"), |bencher| {
            let (maps, weight, _) = &*drawn;
            bencher.iter(|| back(maps.conv2d(weight, None::<&Tensor>, 1, 1, 1, 1)));
        });
    }
    group.finish();
}

criterion_group!(benches, learning, predicting, norming, convolving);
criterion_main!(benches);
