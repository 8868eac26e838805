//! Prediction in plain Rust (`foramen-native`) against libtorch, on the same saved models.
#![allow(clippy::unwrap_used, reason = "a test may unwrap")]

#[path = "drawn/channels.rs"]
mod channels;
#[path = "../../foramen-native/tests/drawn/patches.rs"]
mod patches;

use std::fmt::Write as _;
use std::path::Path;

use channels::small;
use foramen_cnn::{Architecture, Cnn, CnnConfig, CnnModel, DeviceChoice, Precision};
use foramen_learn::{Dataset, Learner, Sample, Split};
use foramen_native::{NativeError, NativeModel};

/// Kernels add up in another order than libtorch's: some 10⁻⁶ of the largest log-odds.
const ROUNDING: f64 = 1e-5;

fn fit(samples: Vec<Sample>, config: CnnConfig) -> CnnModel {
    let data = Dataset::new(samples).unwrap();
    let fold = Split::by_subject(&data, 4, 1).unwrap().fold(&data, 0);
    Cnn::new(config.with_precision(Precision::F32)).fit(&fold.train, &fold.tune).unwrap()
}

/// The largest difference of the log-odds and of the widths, which must not be nearly the
/// same for all samples.
fn differences(model: &CnnModel, native: &NativeModel, samples: &[Sample]) -> [f64; 2] {
    let samples: Vec<&Sample> = samples.iter().collect();
    let (ours, theirs) = (native.answer(&samples).unwrap(), model.answer(&samples).unwrap());
    assert_eq!(ours.len(), samples.len());
    let logits = || ours.iter().map(|answer| answer.logit);
    let spread = logits().fold(f64::MIN, f64::max) - logits().fold(f64::MAX, f64::min);
    assert!(spread > 1.0, "the model has learned nothing: {spread}");
    ours.iter().zip(&theirs).fold([0.0, 0.0], |[logit, width]: [f64; 2], (one, other)| {
        let widths = one.width.unwrap() - other.width.unwrap();
        [logit.max((one.logit - other.logit).abs()), width.max(widths.abs())]
    })
}

#[test]
fn plain_rust_gives_what_libtorch_gives_on_500_patches() {
    let samples = patches::samples(500);
    // The network of a study: 127 thousand weights, four views of 64 × 64 pixels.
    let mut config = CnnConfig::default().with_device(DeviceChoice::Cpu).with_epochs(5);
    config.images_per_epoch = 512;
    let model = fit(samples[..100].to_vec(), config);
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    let native = NativeModel::load(folder.path()).unwrap();
    assert_eq!(native.weights(), model.weights());
    assert_eq!((native.patch_pixels(), native.fold()), (100, model.fold()));
    let [logit, width] = differences(&model, &native, &samples);
    println!("500 patches: log-odds differ by at most {logit:.1e}, widths by {width:.1e} mm");
    assert!(logit < ROUNDING && width < ROUNDING, "{logit} {width}");
}

#[test]
fn ensembles_colours_and_covariates_are_read_alike() {
    let mut samples = channels::dataset(60, 0).samples().to_vec();
    for (number, sample) in samples.iter_mut().enumerate() {
        let patch = sample.patch.clone();
        sample.further_channels = vec![patch.map(|value| 1.0 - value), patch.map(|v| v * v)];
        let age = (number % 3 > 0).then_some(40.0 + number as f64);
        sample.covariates.insert("age".to_owned(), age);
    }
    let mut config = small().with_epochs(5).with_members(2);
    config.measured_width = true;
    let model = fit(samples.clone(), config);
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    let native = NativeModel::load(folder.path()).unwrap();
    assert_eq!(native.covariates(), model.covariates());
    assert_eq!(native.weights(), model.weights());
    samples.iter_mut().step_by(4).for_each(|sample| sample.width = None);
    let [logit, width] = differences(&model, &native, &samples);
    assert!(logit < ROUNDING && width < ROUNDING, "{logit} {width}");

    let old = samples[0].clone().with_covariate("age", 900.0);
    let far = |far: Vec<(&foramen_cnn::Covariate, f64)>| -> Vec<String> {
        far.iter().map(|(covariate, value)| format!("{} {value}", covariate.name)).collect()
    };
    assert_eq!(far(native.far_covariates(&old)), ["age 900"]);
    assert_eq!(far(model.far_covariates(&old)), ["age 900"]);
    let unnamed = Sample { covariates: [].into(), ..old };
    let errors = [
        native.answer(&[&unnamed]).unwrap_err().to_string(),
        model.answer(&[&unnamed]).unwrap_err().to_string(),
    ];
    assert!(errors[0] == errors[1] && errors[0].contains("lacks age"), "{errors:?}");
}

#[test]
fn another_network_is_refused_by_its_name() {
    let config = small().with_epochs(1).with_images_per_epoch(64);
    let samples = channels::dataset(30, 0).samples().to_vec();
    let model = fit(samples, config.with_architecture(Architecture::ResNet18));
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    let error = NativeModel::load(folder.path()).unwrap_err();
    assert!(
        matches!(&error, NativeError::Architecture { architecture, .. } if architecture == "resnet18")
    );
}

#[test]
fn the_model_that_is_kept_for_foramen_native_reads_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../foramen-native/tests/model");
    let model = CnnModel::load(&folder).unwrap();
    let native = NativeModel::load(&folder).unwrap();
    let [logit, width] = differences(&model, &native, &patches::samples(40));
    assert!(logit < ROUNDING && width < ROUNDING, "{logit} {width}");
}

#[test]
#[ignore = "writes crates/foramen-native/tests/model anew if FORAMEN_WRITE_KEPT_MODEL is set"]
fn write_the_model_that_is_kept_for_foramen_native() {
    // The checks run what is ignored too, and leave the repository as it is.
    if std::env::var_os("FORAMEN_WRITE_KEPT_MODEL").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../foramen-native/tests/model");
    let mut config = CnnConfig::default()
        .with_device(DeviceChoice::Cpu)
        .with_threads(1)
        .with_images_per_epoch(512);
    config.channels = 4;
    let model = fit(patches::samples(160), config);
    model.save(&folder).unwrap();
    let samples = patches::samples(40);
    let answers = model.answer(&samples.iter().collect::<Vec<_>>()).unwrap();
    let mut table = "logit,width_mm\n".to_owned();
    for answer in answers {
        writeln!(table, "{},{}", answer.logit, answer.width.unwrap()).unwrap();
    }
    std::fs::write(folder.join("libtorch.csv"), table).unwrap();
}
