//! What predicts: an average of the weights; and what ends a training before it begins.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "drawn/channels.rs"]
mod channels;

use std::path::Path;
use std::sync::{Arc, Mutex};

use channels::{dataset, small};
use foramen_cnn::{Cnn, CnnError, InputError};
use foramen_learn::{Dataset, Learner, Split};
use safetensors::SafeTensors;

/// Tensors of the last checkpoint below a folder whose names begin so, in order.
fn tensors(folder: &Path, part: &str) -> Vec<f32> {
    let newest = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.max().unwrap()
    };
    let epoch = newest(&newest(folder).join("network-1"));
    let bytes = std::fs::read(epoch.join("tensors.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.retain(|name| name.starts_with(part));
    names.sort_unstable();
    let data = names.into_iter().flat_map(|name| file.tensor(name).unwrap().data().to_vec());
    let bytes: Vec<u8> = data.collect();
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn a_stochastic_average_is_the_mean_of_the_last_epochs() {
    let data = dataset(24, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = folder.path().join("checkpoints");
    let mut config = small().with_epochs(4).with_images_per_epoch(32);
    config.batch = 16;
    config.swa_from = Some(0.5);
    // An epoch is told of before its checkpoint is written.
    let third = Arc::new(Mutex::new(Vec::new()));
    let (kept, place) = (third.clone(), checkpoints.clone());
    let cnn = Cnn::new(config).with_checkpoints(&checkpoints).with_progress(move |report| {
        if report.epoch == 4 {
            *kept.lock().unwrap() = tensors(&place, "network.");
        }
    });
    cnn.fit(&fold.train, &fold.tune).unwrap();
    let (third, fourth) = (third.lock().unwrap(), tensors(&checkpoints, "network."));
    let average = tensors(&checkpoints, "average.");
    assert!(third.len() == average.len() && *third != fourth);
    for ((third, fourth), average) in third.iter().zip(&fourth).zip(&average) {
        let mean = f32::midpoint(*third, *fourth);
        assert!((average - mean).abs() <= 1e-6 * (1.0 + mean.abs()), "{average} {mean}");
    }
}

#[test]
fn a_covariate_of_the_tune_set_beyond_all_measure_is_named_before_the_training() {
    let data = dataset(24, 0);
    let far = Split::by_subject(&data, 3, 1).unwrap();
    let tuned: Vec<_> =
        far.fold(&data, 0).tune.samples().iter().map(|sample| sample.subject.clone()).collect();
    let samples = data.samples().iter().cloned().map(|sample| {
        let age = if tuned.contains(&sample.subject) { 1e300 } else { sample.width.unwrap() };
        sample.with_covariate("age", Some(age))
    });
    let data = Dataset::new(samples.collect()).unwrap();
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let error = Cnn::new(small()).fit(&fold.train, &fold.tune).unwrap_err();
    assert!(matches!(error, CnnError::Input(InputError::CovariateTooLarge { .. })), "{error}");
    assert!(error.to_string().contains("the covariate age of"), "{error}");
}
