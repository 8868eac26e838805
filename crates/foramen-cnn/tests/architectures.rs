//! Networks of the literature as trunks of the CNN.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use channels::{dataset, small};
use foramen_cnn::{Architecture, Cnn, CnnError, CnnModel, Precision};
use foramen_learn::{Classifier, Learner, Sample, Split};
use foramen_types::{Level, Outcome};
use tch::{CModule, Tensor};

#[test]
fn every_network_is_trained_saved_and_read_back() {
    let data = dataset(24, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let folder = tempfile::tempdir().unwrap();
    for architecture in Architecture::ALL {
        let mut config = small().with_epochs(1).with_images_per_epoch(8);
        config.batch = 8;
        config.small_stem = architecture == Architecture::ResNet34;
        let cnn = Cnn::new(config.with_architecture(architecture));
        let model = cnn.fit(&fold.train, &fold.tune).unwrap();
        let path = folder.path().join(architecture.name());
        model.save(&path).unwrap();
        let loaded = CnnModel::load(&path).unwrap();
        assert_eq!(loaded.config().architecture, architecture);
        let samples = fold.test.samples();
        assert_eq!(loaded.predict(samples).unwrap(), model.predict(samples).unwrap());
    }
}

#[test]
fn every_network_is_exported_and_explained_in_any_number_format() {
    let data = dataset(24, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let samples: Vec<&Sample> = fold.test.samples()[..3].to_vec();
    let pixels: Vec<f32> = samples.iter().flat_map(|s| s.patch.iter().copied()).collect();
    let level = Level::ALL.iter().position(|level| *level == Level::C5C6).unwrap() as i64;
    let given = [Tensor::from_slice(&pixels).view([3, 1, 48, 48]), Tensor::from_slice(&[level; 3])];
    let folder = tempfile::tempdir().unwrap();
    for architecture in Architecture::ALL {
        for precision in [Precision::F32, Precision::BFloat16] {
            let mut config = small().with_epochs(1).with_images_per_epoch(8);
            config.batch = 8;
            let config = config.with_architecture(architecture).with_precision(precision);
            let model = Cnn::new(config).fit(&fold.train, &fold.tune).unwrap();
            let answers = model.answer(&samples).unwrap();
            let path = folder.path().join("model.pt");
            model.export_torchscript(&path).unwrap();
            let said = CModule::load(&path).unwrap().forward_ts(&given).unwrap();
            // The export is in f32.
            let bound = if precision == Precision::F32 { 1e-5 } else { 0.05 };
            for (i, answer) in (0..).zip(&answers) {
                let (p, exported) =
                    (1.0 / (1.0 + (-answer.logit).exp()), said.double_value(&[i, 0]));
                assert!((exported - p).abs() < bound, "{architecture}: {exported} {p}");
            }
            let cam = model.grad_cam(samples[0], Outcome::Favourable).unwrap();
            let hidden = model.occlusion(samples[0], Outcome::Poor, 16).unwrap();
            for map in [cam, hidden] {
                assert!(map.values.iter().all(|value| value.is_finite()), "{architecture}");
            }
        }
    }
}

#[test]
fn weights_that_are_not_there_or_not_published_are_refused() {
    let data = dataset(24, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let fit = |architecture| {
        let config = small().with_architecture(architecture).with_weights("no/such/file");
        Cnn::new(config).fit(&fold.train, &fold.tune).unwrap_err()
    };
    let error = fit(Architecture::ResNet18);
    assert!(matches!(error, CnnError::Io { action: "read", .. }), "{error}");
    let error = fit(Architecture::Compact);
    assert!(matches!(error, CnnError::Config { setting: "weights", .. }), "{error}");
}
