//! EfficientNet-Lite0 against activations computed with numpy.
#![allow(clippy::unwrap_used, reason = "tests read files of known content")]

#[path = "drawn/channels.rs"]
mod channels;

use std::path::PathBuf;

use channels::{dataset, small};
use foramen_cnn::{Architecture, Backbone, Cnn, EfficientNetLite0};
use foramen_learn::{Classifier, Learner, Split};
use tch::{Device, Tensor};

/// The converted weights, where they are.
fn weights() -> PathBuf {
    let weights = std::env::var_os("FORAMEN_LITE0_WEIGHTS");
    weights.expect("set FORAMEN_LITE0_WEIGHTS to what `cargo xtask lite0` prints").into()
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA) and weights (FORAMEN_LITE0_WEIGHTS)"]
fn features_and_classes_are_those_of_the_reference() {
    let (weights, golden) = (weights(), foramen_test_data::path("weights/golden_lite0.npz"));
    let network = EfficientNetLite0::load(&weights, Device::Cpu).unwrap();
    let golden = Tensor::read_npz(golden).unwrap();
    let of =
        |name: String| golden.iter().find(|(other, _)| *other == name).unwrap().1.shallow_clone();
    let pictures = golden.iter().filter_map(|(name, _)| name.strip_suffix("_input"));
    let mut seen = 0;
    for picture in pictures {
        let image = of(format!("{picture}_input")).unsqueeze(0);
        let (features, logits) = tch::no_grad(|| {
            let features = network.features(&image, false);
            let logits = network.classes(&features);
            (features, logits)
        });
        for (found, what) in [(features, "feat"), (logits, "logits")] {
            let expected = of(format!("{picture}_{what}"));
            let worst = (found.squeeze() - expected).abs().max().double_value(&[]);
            println!("{picture} {what}: {worst:.1e}");
            assert!(worst < 1e-4, "{picture} {what}: {worst}");
        }
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
#[ignore = "reads weights (FORAMEN_LITE0_WEIGHTS)"]
fn a_training_begins_with_the_weights() {
    let weights = weights();
    let lite0 = Architecture::EfficientNetLite0;
    // As a trunk it gives the features that it gives alone.
    let alone = EfficientNetLite0::load(&weights, Device::Cpu).unwrap();
    let trunk = Backbone::load(lite0, 3, &weights, Device::Cpu).unwrap();
    let images = Tensor::linspace(-1.0, 1.0, 3 * 64 * 64, (tch::Kind::Float, Device::Cpu));
    let images = images.view([1, 3, 64, 64]);
    let [alone, trunk] =
        tch::no_grad(|| [alone.features(&images, false), trunk.features(&images, false)]);
    assert!((alone - trunk).abs().max().double_value(&[]) < 1e-5);

    let data = dataset(45, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let config = small().with_epochs(1).with_images_per_epoch(16).with_architecture(lite0);
    let fit = |config| Cnn::new(config).fit(&fold.train, &fold.tune).unwrap();
    let (begun, drawn) = (fit(config.clone().with_weights(&weights)), fit(config));
    let samples = fold.test.samples();
    assert_ne!(begun.predict(samples).unwrap(), drawn.predict(samples).unwrap());
}
