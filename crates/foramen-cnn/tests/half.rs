//! Training in fp16, with scaled losses.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use channels::{dataset, small};
use foramen_cnn::{Cnn, CnnConfig, CnnModel, Precision};
use foramen_learn::{Classifier, Learner, Split};
use foramen_metrics::{Scores, discrimination::auc};
use safetensors::SafeTensors;

fn half() -> CnnConfig {
    small().with_precision(Precision::Float16)
}

#[test]
fn fp16_learns_what_f32_learns() {
    let data = dataset(150, 4);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let samples = fold.test.samples();
    let labels: Vec<bool> = samples.iter().map(|s| s.outcome.unwrap().is_favourable()).collect();
    let area = |precision| {
        let config = small().with_precision(precision);
        let started = Instant::now();
        let model = Cnn::new(config).fit(&fold.train, &fold.tune).unwrap();
        println!("{precision:?}: {:.1?}", started.elapsed());
        let predicted: Vec<f64> = model.predict(samples).unwrap().iter().map(|p| p.get()).collect();
        (auc(&Scores::new(&labels, &predicted).unwrap()).unwrap().estimate, model)
    };
    let ((of_half, model), (of_single, _)) = (area(Precision::Float16), area(Precision::F32));
    println!("AUC {of_half:.3} in fp16, {of_single:.3} in f32");
    assert!((of_half - of_single).abs() < 0.05, "{of_half} {of_single}");
    assert_eq!(model.environment().number_format(), "fp16");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    model.save(&path).unwrap();
    let loaded = CnnModel::load(&path).unwrap();
    assert_eq!(loaded.config().precision, Precision::Float16);
    assert_eq!(loaded.predict(samples).unwrap(), model.predict(samples).unwrap());
}

#[test]
fn a_stopped_training_goes_on_with_its_scale() {
    let data = dataset(40, 1);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let folder = tempfile::tempdir().unwrap();
    let mut config = half().with_epochs(4).with_images_per_epoch(64);
    config.batch = 16;
    config.crop = 16;
    config.channels = 4;
    let weights = |cnn: Cnn, name: &str| {
        let path = folder.path().join(name);
        cnn.fit(&fold.train, &fold.tune).unwrap().save(&path).unwrap();
        fs::read(path.join("weights.safetensors")).unwrap()
    };
    let whole = weights(Cnn::new(config.clone()), "whole");
    let checkpoints = folder.path().join("checkpoints");
    let kept = || Cnn::new(config.clone()).with_checkpoints(&checkpoints);
    let stop = Arc::new(AtomicBool::new(false));
    let at = Arc::clone(&stop);
    let stopped = kept().with_stop(stop);
    let stopped = stopped.with_progress(move |r| at.store(r.epoch == 2, Ordering::Relaxed));
    stopped.fit(&fold.train, &fold.tune).unwrap_err();

    let of_data = fs::read_dir(&checkpoints).unwrap().next().unwrap().unwrap().path();
    let file = fs::read(of_data.join("network-1/epoch-0002/tensors.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let number =
        |name: &str| f32::from_le_bytes(tensors.tensor(name).unwrap().data().try_into().unwrap());
    let (scale, good) = (number("scaler.scale"), number("scaler.growth_tracker"));
    println!("scale {scale} after {good} good steps");
    // Two epochs are eight steps; PyTorch's first scale is 65536.
    assert!((256.0..=65536.0).contains(&scale) && good <= 8.0, "{scale} {good}");
    assert!(weights(kept().with_resume(true), "resumed") == whole);
}
