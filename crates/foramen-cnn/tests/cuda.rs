//! Training and prediction on a GPU: these tests fail where there is none.
#![cfg(feature = "cuda-tests")]
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use channels::{dataset, small};
use foramen_cnn::{Architecture, Cnn, CnnModel, DeviceChoice, Precision};
use foramen_learn::{Learner, Split};

const CUDA: DeviceChoice = DeviceChoice::Cuda(None);

#[test]
fn there_is_a_gpu() {
    let found = CUDA.resolve().unwrap();
    assert!(found.device.is_cuda());
    assert_eq!(DeviceChoice::Auto.resolve().unwrap().device, found.device);
}

#[test]
fn what_was_trained_on_a_gpu_says_the_same_on_the_processor() {
    let data = dataset(60, 1);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    for architecture in [Architecture::Compact, Architecture::ResNet18] {
        let formats =
            [(Precision::F32, 1e-3), (Precision::BFloat16, 0.1), (Precision::Float16, 0.05)];
        for (precision, bound) in formats {
            let config = small().with_device(CUDA).with_precision(precision).with_epochs(2);
            let cnn = Cnn::new(config.with_architecture(architecture));
            let model = cnn.fit(&fold.train, &fold.tune).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("model");
            model.save(&path).unwrap();
            let here = CnnModel::load_on(&path, DeviceChoice::Cpu).unwrap();
            let samples = fold.test.samples();
            let (there, here) = (model.answer(samples).unwrap(), here.answer(samples).unwrap());
            for (there, here) in there.iter().zip(&here) {
                let difference = (there.logit - here.logit).abs();
                assert!(difference < bound, "{architecture} {precision:?}: {there:?} {here:?}");
            }
        }
    }
}
