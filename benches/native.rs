//! Prediction in plain Rust: the compact network of a study, four views of a patch.
//!
//! ```text
//! cargo bench -p foramen-benches --bench native
//! ```
//!
//! Throughput is in patches. The weights are drawn: what is computed does not depend on
//! them. `RAYON_NUM_THREADS` says how many threads look at patches; a single patch is looked
//! at by one.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use foramen_image::ndarray::Array2;
use foramen_learn::{Classifier, Sample};
use foramen_native::NativeModel;
use foramen_types::{Level, Side, SubjectId};
use safetensors::tensor::{Dtype, TensorView, serialize};

/// 100 × 100 pixels, as `select` cuts them.
const EDGE: usize = 100;
/// Channels of the first stage of the compact network.
const CHANNELS: usize = 16;

const CONFIG: &str = r#"{
  "format": "foramen-cnn", "version": 2, "patch_pixels": 100, "channels": 1,
  "temperature": 1.0,
  "scale": {
    "intensity_mean": [0.5], "intensity_deviation": [0.25],
    "width_mean_mm": 3.3, "width_deviation_mm": 1.3
  },
  "config": { "seed": 1, "members": 1, "crop": 64, "channels": 16, "views": 4 }
}"#;

/// A model with drawn weights, which keep maps about as large as they were.
fn model() -> NativeModel {
    let mut shapes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut convolution = |name: &str, from: usize, to: usize, kernel: usize| {
        shapes.insert(format!("{name}.weight"), vec![to, from, kernel, kernel]);
        for part in ["weight", "bias", "running_mean", "running_var"] {
            shapes.insert(format!("{name}_norm.{part}"), vec![to]);
        }
    };
    convolution("stem", 1, CHANNELS, 5);
    for stage in 0..3usize {
        let (from, to) = (CHANNELS << stage.saturating_sub(1), CHANNELS << stage);
        if stage > 0 {
            convolution(&format!("stage{stage}_down"), from, to, 3);
        }
        convolution(&format!("stage{stage}_first"), to, to, 3);
        convolution(&format!("stage{stage}_second"), to, to, 3);
    }
    for (name, from, to) in [
        ("features", 8 * CHANNELS, 48),
        ("width", 48, 1),
        ("outcome_width", 1, 1),
        ("outcome", 48, 1),
    ] {
        shapes.insert(format!("{name}.weight"), vec![to, from]);
        shapes.insert(format!("{name}.bias"), vec![to]);
    }
    let tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let limit = (3.0 / shape[1..].iter().product::<usize>() as f32).sqrt();
            let numbers = (0..shape.iter().product::<usize>()).map(|place| {
                let drawn = (place * 7919 % 1000) as f32 / 500.0 - 1.0;
                if name.ends_with("running_var") { 1.0 } else { drawn * limit }
            });
            let bytes = numbers.flat_map(f32::to_le_bytes).collect();
            (format!("member0.{name}"), (shape, bytes))
        })
        .collect();
    let views = tensors.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name.as_str(), view.expect("four bytes for each number"))
    });
    let weights = serialize(views, None).expect("names are texts");
    NativeModel::read(Path::new("drawn"), CONFIG.as_bytes(), &weights).expect("a whole model")
}

fn samples(n: usize) -> Vec<Sample> {
    let patch = |image: usize| {
        Array2::from_shape_fn((EDGE, EDGE), |(row, column)| {
            ((image * 7919 + row * 104_729 + column * 1_299_709) % 1000) as f32 / 1000.0
        })
    };
    let subject = SubjectId::new("noise").expect("a name");
    let of = |image| Sample::new(subject.clone(), Level::C5C6, Side::Left).with_patch(patch(image));
    (0..n).map(of).collect()
}

fn predicting(criterion: &mut Criterion) {
    let drawn = LazyCell::new(|| (model(), samples(64)));
    let mut group = criterion.benchmark_group("native/predict");
    for n in [1, 64] {
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(n.to_string(), |bencher| {
            let (model, samples) = &*drawn;
            let asked: Vec<&Sample> = samples.iter().take(n).collect();
            bencher.iter(|| model.predict(black_box(&asked)).expect("patches fit"));
        });
    }
    group.finish();
}

criterion_group!(benches, predicting);
criterion_main!(benches);
