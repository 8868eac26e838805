//! Pictures of three channels: what is learned from them, with which weights, and what
//! leaves the model.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

use foramen_cnn::{
    Architecture, Backbone, Cnn, CnnConfig, CnnError, CnnModel, DeviceChoice, InputError,
    Precision, samples_of_channels,
};
use foramen_image::ndarray::{Array4, Axis, s};
use foramen_learn::{Classifier, Dataset, Learner, Sample, Split};
use foramen_metrics::{Scores, discrimination::auc};
use foramen_types::{Level, Outcome, Side};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng};
use safetensors::serialize_to_file;
use safetensors::tensor::{Dtype, TensorView};
use tch::{CModule, Device, Tensor};

/// Blobs that are redder or bluer than they are green, in noise, whose mean over the
/// channels tells nothing.
fn blobs(colours: bool) -> Dataset {
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    let labels: Vec<bool> = (0..180).map(|i| i % 2 == 0).collect();
    let images = Array4::from_shape_fn((180, 3, 20, 20), |(image, channel, row, column)| {
        let blob = row.abs_diff(10).max(column.abs_diff(10)) < 5;
        let tint = match (channel, labels[image]) {
            (0, true) | (2, false) => 0.15,
            (0, false) | (2, true) => -0.15,
            _ => 0.0,
        };
        let noise: f32 = generator.random_range(-0.2..0.2);
        0.5 + noise + if blob { tint } else { 0.0 }
    });
    let images =
        if colours { images } else { images.mean_axis(Axis(1)).unwrap().insert_axis(Axis(1)) };
    Dataset::new(samples_of_channels("blob", images.view(), &labels).unwrap()).unwrap()
}

fn quick() -> CnnConfig {
    let config = CnnConfig::for_images(20).with_threads(1).with_precision(Precision::F32);
    let mut config =
        config.with_device(DeviceChoice::Cpu).with_epochs(4).with_images_per_epoch(256);
    (config.batch, config.channels) = (32, 4);
    config
}

fn fit(data: &Dataset, config: CnnConfig) -> Result<(CnnModel, f64), CnnError> {
    let fold = Split::by_subject(data, 3, 1).unwrap().fold(data, 0);
    let model = Cnn::new(config).fit(&fold.train, &fold.tune)?;
    let samples = fold.test.samples();
    let labels: Vec<bool> = samples.iter().map(|s| s.outcome.unwrap().is_favourable()).collect();
    let predicted: Vec<f64> = model.predict(samples)?.iter().map(|p| p.get()).collect();
    Ok((model, auc(&Scores::new(&labels, &predicted).unwrap()).unwrap().estimate))
}

#[test]
fn colours_are_seen_and_their_mean_is_not_enough() {
    let (_, of_colours) = fit(&blobs(true), quick()).unwrap();
    let (_, of_grey) = fit(&blobs(false), quick()).unwrap();
    println!("AUC {of_colours:.3} in colour, {of_grey:.3} in grey");
    assert!(of_colours > 0.95, "{of_colours}");
    assert!((of_grey - 0.5).abs() < 0.2, "{of_grey}");
}

#[test]
fn a_saved_and_an_exported_model_see_the_same_colours() {
    let data = blobs(true);
    let (model, _) = fit(&data, quick().with_epochs(1)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    model.save(&path).unwrap();
    let samples: Vec<&Sample> = data.samples()[..5].iter().collect();
    let answers = model.answer(&samples).unwrap();
    assert!(!model.has_widths() && answers.iter().all(|answer| answer.width.is_none()));
    assert_eq!(CnnModel::load(&path).unwrap().answer(&samples).unwrap(), answers);
    let heat = model.occlusion(samples[0], Outcome::Favourable, 6).unwrap();
    assert!(heat.values.iter().all(|value| value.is_finite()));

    let path = folder.path().join("model.pt");
    model.export_torchscript(&path).unwrap();
    let pixels = samples.iter().flat_map(|s| s.channels().flatten().copied());
    let pixels: Vec<f32> = pixels.collect();
    let given = Tensor::from_slice(&pixels).view([5, 3, 20, 20]);
    let said = CModule::load(&path).unwrap().forward_ts(&[given]).unwrap();
    let images = Array4::from_shape_vec((5, 3, 20, 20), pixels).unwrap();
    let plain = model.predict_images_of_channels(images.view()).unwrap();
    for (i, (answer, plain)) in (0..).zip(answers.iter().zip(plain)) {
        let probability = 1.0 / (1.0 + (-answer.logit).exp());
        assert!((plain.get() - probability).abs() < 1e-12, "{i}: {plain:?} {probability}");
        let exported = said.double_value(&[i, 0]);
        assert!((exported - probability).abs() < 1e-5, "{i}: {exported} {probability}");
        assert!(said.double_value(&[i, 1]).is_nan());
    }

    // The network without libtorch reads the file alike, and nobody reads level or side.
    let native = foramen_native::NativeModel::load(&folder.path().join("model")).unwrap();
    for level in Level::ALL {
        let other = Sample { level, side: Side::Right, ..samples[0].clone() };
        let alone = model.answer(&[&other]).unwrap()[0].logit;
        assert!((alone - answers[0].logit).abs() < 1e-6, "{level}: {alone} {:?}", answers[0]);
        let native = native.answer(&[&other]).unwrap()[0];
        assert!((native.logit - answers[0].logit).abs() < 1e-5 && native.width.is_none());
    }
    let odd = images.slice(s![.., .., ..16, ..16]);
    let error = model.predict_images_of_channels(odd).unwrap_err().to_string();
    assert!(error.contains("image 0") && error.contains("20"), "{error}");

    let grey = blobs(false);
    let error = model.predict(&[&grey.samples()[0]]).unwrap_err();
    assert!(
        matches!(error, CnnError::Input(InputError::Channels { found: 1, expected: 3, .. })),
        "{error}"
    );
}

#[test]
fn published_weights_see_colours_as_they_were_trained_to() {
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("resnet18.safetensors");
    let network = Backbone::new(Architecture::ResNet18, 3, 1, Device::Cpu).unwrap();
    let named = network.named().into_iter().map(|(name, tensor)| {
        let values = Vec::<f32>::try_from(tensor.detach().contiguous().flatten(0, -1)).unwrap();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let shape: Vec<usize> =
            tensor.size().iter().map(|n| usize::try_from(*n).unwrap()).collect();
        (name, shape, bytes)
    });
    let named: Vec<_> = named.collect();
    let views = named.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    serialize_to_file(views.collect::<Vec<_>>(), None, &weights).unwrap();

    let config = quick().with_epochs(1).with_images_per_epoch(32);
    let mut config = config.with_architecture(Architecture::ResNet18);
    config.small_stem = false;
    let scale = |config: CnnConfig, colours: bool| {
        let (model, _) = fit(&blobs(colours), config).unwrap();
        let path = folder.path().join("model");
        model.save(&path).unwrap();
        let text = std::fs::read_to_string(path.join("config.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["scale"].clone()
    };
    let with = scale(config.clone().with_weights(&weights), true);
    // torchvision.transforms.Normalize of its ImageNet weights.
    assert_eq!(with["intensity_mean"], serde_json::json!([0.485, 0.456, 0.406]));
    assert_eq!(with["intensity_deviation"], serde_json::json!([0.229, 0.224, 0.225]));
    let own = scale(config.clone(), true);
    let mean = own["intensity_mean"][0].as_f64().unwrap();
    assert!((mean - 0.5).abs() < 0.02, "{mean}");
    // Kernels are summed for grey, whose scale is its own.
    let grey = scale(config.with_weights(&weights), false);
    assert_eq!(grey["intensity_mean"].as_array().unwrap().len(), 1);
}
