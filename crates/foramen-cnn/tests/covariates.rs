//! Numbers beside the picture: what is learned from them, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use channels::{dataset, small};
use foramen_cnn::{Cnn, CnnConfig, CnnError, CnnModel, InputError, ModelCard, Precision};
use foramen_image::ndarray::Array2;
use foramen_learn::{Classifier, Dataset, Learner, Sample, Split};
use foramen_metrics::{Scores, discrimination::auc};
use foramen_types::{Level, Outcome, Side, SubjectId};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng};
use safetensors::{SafeTensors, serialize_to_file, tensor::TensorView};
use tch::{CModule, Tensor};

/// Pictures of noise; the outcome hangs on the age alone, which every fifth lacks.
fn noise(with_age: bool) -> Dataset {
    let mut generator = ChaCha8Rng::seed_from_u64(5);
    let sample = |i: usize| {
        let patch = Array2::from_shape_fn((24, 24), |_| generator.random_range(0.2..0.8f64) as f32);
        let age: f64 = generator.random_range(30.0..80.0);
        let favourable = generator.random_bool(1.0 / (1.0 + (0.3 * (age - 55.0)).exp()));
        let sample =
            Sample::new(SubjectId::new(&format!("S{i:03}")).unwrap(), Level::C5C6, Side::Left)
                .with_patch(patch)
                .with_outcome(Outcome::from_favourable(favourable));
        if with_age {
            sample.with_covariate("age", (!i.is_multiple_of(5)).then_some(age))
        } else {
            sample
        }
    };
    Dataset::new((0..360).map(sample).collect()).unwrap()
}

fn quick() -> CnnConfig {
    let mut config = small().with_precision(Precision::F32).with_epochs(6);
    config.crop = 16;
    config.channels = 4;
    config
}

fn area(data: &Dataset, config: CnnConfig) -> f64 {
    let fold = Split::by_subject(data, 3, 1).unwrap().fold(data, 0);
    let model = Cnn::new(config).fit(&fold.train, &fold.tune).unwrap();
    let samples = fold.test.samples();
    let labels: Vec<bool> = samples.iter().map(|s| s.outcome.unwrap().is_favourable()).collect();
    let predicted: Vec<f64> = model.predict(samples).unwrap().iter().map(|p| p.get()).collect();
    auc(&Scores::new(&labels, &predicted).unwrap()).unwrap().estimate
}

#[test]
fn a_covariate_is_learned_from_and_noise_is_not() {
    let (with, without) = (area(&noise(true), quick()), area(&noise(false), quick()));
    println!("AUC {with:.3} with the age, {without:.3} without");
    // The age alone gives about 0.95 where it is known, and 0.5 where it is not.
    assert!(with > 0.8, "{with}");
    assert!((without - 0.5).abs() < 0.15, "{without}");
}

#[test]
fn numbers_that_mean_nothing_cost_little() {
    let data = dataset(240, 2);
    let mut generator = ChaCha8Rng::seed_from_u64(7);
    let with_numbers = |sample: &Sample| {
        let mut sample = sample.clone();
        for name in ["a", "b", "c", "d", "e"] {
            sample = sample.with_covariate(name, generator.random_range(-1.0..1.0));
        }
        sample
    };
    let beside = Dataset::new(data.samples().iter().map(with_numbers).collect()).unwrap();
    let config = small().with_precision(Precision::F32);
    let (without, with) = (area(&data, config.clone()), area(&beside, config));
    println!("AUC {with:.3} beside five numbers without a meaning, {without:.3} without");
    assert!(with > without - 0.05, "{with} {without}");
}

fn trained(data: &Dataset) -> CnnModel {
    let fold = Split::by_subject(data, 3, 1).unwrap().fold(data, 0);
    let mut config = quick().with_epochs(3).with_members(2);
    config.measured_width = true;
    Cnn::new(config).fit(&fold.train, &fold.tune).unwrap()
}

/// Drawn channels with an age and a duration.
fn clinical() -> Dataset {
    let with_numbers = |(i, sample): (usize, &Sample)| {
        let sample = sample.clone().with_covariate("age", 40.0 + (i % 30) as f64);
        sample.with_covariate("duration", (i % 3 > 0).then_some(i as f64 / 10.0))
    };
    let samples = dataset(60, 0).samples().iter().enumerate().map(with_numbers).collect();
    Dataset::new(samples).unwrap()
}

#[test]
fn what_is_missing_says_nothing() {
    let data = clinical();
    let model = trained(&data);
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    // The same networks with nothing behind their covariates.
    let path = folder.path().join("weights.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let zeros = vec![0; bytes.len()];
    let mut cut = 0;
    let named = file.tensors().into_iter().map(|(name, view)| {
        let silenced = name.contains("covariates.outcome");
        cut += usize::from(silenced);
        let data = if silenced { &zeros[..view.data().len()] } else { view.data() };
        (name, TensorView::new(view.dtype(), view.shape().to_vec(), data).unwrap())
    });
    serialize_to_file(named.collect::<Vec<_>>(), None, &path).unwrap();
    assert_eq!(cut, 2);
    // Changed weights are refused, unless the configuration knows of none.
    let error = CnnModel::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("weights.safetensors"), "{error}");
    let path = folder.path().join("config.json");
    let mut file: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let object = file.as_object_mut().unwrap();
    assert!(object.remove("weights").is_some());
    std::fs::write(&path, file.to_string()).unwrap();
    let silenced = CnnModel::load(folder.path()).unwrap();

    let known = &data.samples()[7];
    let mut missing = known.clone().with_covariate("age", None).with_covariate("duration", None);
    missing.width = None;
    let logit = |model: &CnnModel, sample| model.answer(&[sample]).unwrap()[0].logit;
    assert!((logit(&model, &missing) - logit(&silenced, known)).abs() < 1e-12);
    assert!((logit(&model, &missing) - logit(&model, known)).abs() > 1e-4);
}

#[test]
fn a_saved_and_an_exported_model_read_the_same_numbers() {
    let data = clinical();
    let model = trained(&data);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    model.save(&path).unwrap();
    let loaded = CnnModel::load(&path).unwrap();
    assert_eq!(loaded.covariates(), model.covariates());
    let names: Vec<&str> = model.covariates().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["age", "duration", "measured width"]);
    let mut samples: Vec<Sample> = data.samples()[..6].to_vec();
    samples[1].width = None;
    samples[2].level = Level::C2C3;
    let samples: Vec<&Sample> = samples.iter().collect();
    let answers = model.answer(&samples).unwrap();
    assert_eq!(loaded.answer(&samples).unwrap(), answers);
    let card = ModelCard::of(&loaded).to_markdown();
    assert!(card.contains("| age | 5") && card.contains("| measured width |"), "{card}");

    let path = folder.path().join("model.pt");
    model.export_torchscript(&path).unwrap();
    let pixels: Vec<f32> = samples.iter().flat_map(|s| s.patch.iter().copied()).collect();
    let place = |s: &&Sample| Level::ALL.iter().position(|level| *level == s.level).unwrap();
    let levels: Vec<i64> = samples.iter().map(|s| place(s) as i64).collect();
    let numbers = samples.iter().flat_map(|s| {
        [s.covariates["age"], s.covariates["duration"], s.width].map(|v| v.unwrap_or(f64::NAN))
    });
    let numbers: Vec<f32> = numbers.map(|value| value as f32).collect();
    let inputs = [
        Tensor::from_slice(&pixels).view([6, 1, 48, 48]),
        Tensor::from_slice(&levels),
        Tensor::from_slice(&numbers).view([6, 3]),
    ];
    let said = CModule::load(&path).unwrap().forward_ts(&inputs).unwrap();
    for (i, answer) in (0..).zip(&answers) {
        let probability = 1.0 / (1.0 + (-answer.logit).exp());
        assert!((said.double_value(&[i, 0]) - probability).abs() < 1e-5, "{i}");
    }
}

#[test]
fn numbers_of_the_tune_and_test_sets_do_not_reach_the_model() {
    let data = clinical();
    let split = Split::by_subject(&data, 3, 1).unwrap();
    let fold = split.fold(&data, 0);
    let trained: Vec<_> = fold.train.samples().iter().map(|s| s.subject.clone()).collect();
    let others = data.samples().iter().cloned().map(|sample| {
        let of_train = trained.contains(&sample.subject);
        if of_train { sample } else { sample.with_covariate("age", 1000.0) }
    });
    let others = Dataset::new(others.collect()).unwrap();
    let other = split.fold(&others, 0);
    // One epoch: the tune set may choose among several.
    let config = quick().with_epochs(1);
    let model = Cnn::new(config.clone()).fit(&fold.train, &fold.tune).unwrap();
    let again = Cnn::new(config).fit(&other.train, &other.tune).unwrap();
    assert_eq!(again.covariates(), model.covariates());
    let samples = fold.train.samples();
    let raw = |model: &CnnModel| -> Vec<f64> {
        let answers = model.answer(samples).unwrap();
        answers.iter().map(|answer| answer.logit * model.temperature()).collect()
    };
    for (a, b) in raw(&again).iter().zip(raw(&model)) {
        assert!((a - b).abs() < 1e-12);
    }
}

#[test]
fn samples_name_what_the_model_asks_for() {
    let data = clinical();
    let model = trained(&data);
    let sample = &data.samples()[0];
    let mut lacking = sample.clone();
    lacking.covariates.remove("age");
    let error = model.predict(&[&lacking]).unwrap_err();
    assert!(matches!(error, CnnError::Input(InputError::Covariates { .. })), "{error}");
    assert!(error.to_string().contains("lacks age"), "{error}");
    let more = sample.clone().with_covariate("weight", 70.0);
    let error = model.grad_cam(&more, Outcome::Poor).unwrap_err().to_string();
    assert!(error.contains("has weight besides"), "{error}");

    let mut samples = data.samples().to_vec();
    samples[30].covariates.remove("duration");
    let uneven = Dataset::new(samples).unwrap();
    let fold = Split::by_subject(&uneven, 3, 1).unwrap().fold(&uneven, 0);
    let error = Cnn::new(quick()).fit(&fold.train, &fold.tune).unwrap_err().to_string();
    assert!(error.contains("S030 lacks duration"), "{error}");
}

#[test]
fn models_of_before_are_read_unless_they_read_the_width_otherwise() {
    let data = dataset(40, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let model = Cnn::new(quick().with_epochs(1)).fit(&fold.train, &fold.tune).unwrap();
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    let path = folder.path().join("config.json");
    let mut file: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let object = file.as_object_mut().unwrap();
    object["version"] = 1.into();
    assert!(object.remove("covariates").is_some() && object.remove("channels").is_some());
    for part in ["config", "trained"] {
        assert!(object[part].as_object_mut().unwrap().remove("kernels").is_some());
    }
    for part in ["intensity_mean", "intensity_deviation"] {
        let one = object["scale"][part][0].take();
        object["scale"][part] = one;
    }
    std::fs::write(&path, file.to_string()).unwrap();
    let samples = fold.test.samples();
    let loaded = CnnModel::load(folder.path()).unwrap();
    assert_eq!(loaded.predict(samples).unwrap(), model.predict(samples).unwrap());
    file["config"]["measured_width"] = true.into();
    std::fs::write(&path, file.to_string()).unwrap();
    let error = CnnModel::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("version 1"), "{error}");
}

#[test]
fn a_stopped_training_goes_on_to_the_same_bytes() {
    let data = clinical();
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let folder = tempfile::tempdir().unwrap();
    let mut config = quick().with_epochs(4).with_images_per_epoch(64);
    config.measured_width = true;
    let weights = |cnn: Cnn, name: &str| {
        let path = folder.path().join(name);
        cnn.fit(&fold.train, &fold.tune).unwrap().save(&path).unwrap();
        std::fs::read(path.join("weights.safetensors")).unwrap()
    };
    let whole = weights(Cnn::new(config.clone()), "whole");
    let kept = || Cnn::new(config.clone()).with_checkpoints(folder.path().join("checkpoints"));
    let stop = Arc::new(AtomicBool::new(false));
    let at = Arc::clone(&stop);
    let stopped = kept().with_stop(stop);
    let stopped = stopped.with_progress(move |r| at.store(r.epoch == 2, Ordering::Relaxed));
    stopped.fit(&fold.train, &fold.tune).unwrap_err();
    assert!(weights(kept().with_resume(true), "resumed") == whole);
}
