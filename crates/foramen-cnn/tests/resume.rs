//! A training that was killed, stopped or tampered with, and went on.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use channels::{dataset, small};
use foramen_cnn::{ClassWeights, Cnn, CnnConfig, CnnError, CnnModel, Kernels};
use foramen_learn::{Learner, Split};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng};

/// Where the child writes; without it there is no child.
const FOLDER: &str = "FORAMEN_RESUME_TEST";

fn short() -> CnnConfig {
    let mut config = small().with_epochs(8).with_images_per_epoch(32).with_members(2);
    config.batch = 16;
    config.crop = 16;
    config.channels = 4;
    config.patience = 8;
    config
}

/// The same with everything on that is drawn for a batch.
fn mixed() -> CnnConfig {
    let mut config = short();
    config.class_weights = ClassWeights::Balanced;
    (config.augmentation.mixup, config.augmentation.cutmix) = (0.4, 1.0);
    (config.augmentation.elastic, config.augmentation.cutout) = (1.0, 0.3);
    config
}

fn fit(cnn: &Cnn) -> Result<CnnModel, CnnError> {
    let data = dataset(40, 1);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    cnn.fit(&fold.train, &fold.tune)
}

fn weights(model: &Path) -> Vec<u8> {
    fs::read(model.join("weights.safetensors")).unwrap()
}

/// The only checkpoint below a folder.
fn checkpoint(folder: &Path) -> PathBuf {
    let mut path = folder.to_owned();
    while !path.join("checkpoint.json").exists() {
        path = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    }
    path
}

#[test]
#[ignore = "the child that is killed; does nothing by itself"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let cnn = Cnn::new(short()).with_checkpoints(folder.join("checkpoints")).with_resume(true);
    fit(&cnn).unwrap().save(&folder.join("model")).unwrap();
}

#[test]
fn killed_at_any_moment_it_ends_with_the_same_bytes() {
    let start = |folder: &Path| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--ignored"]).env(FOLDER, folder);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let whole = tempfile::tempdir().unwrap();
    let started = Instant::now();
    assert!(start(whole.path()).wait().unwrap().success());
    let time = started.elapsed();
    let expected = weights(&whole.path().join("model"));

    let mut generator = ChaCha8Rng::seed_from_u64(4);
    let (mut kills, mut ends) = (0, 0);
    while kills < 20 {
        let folder = tempfile::tempdir().unwrap();
        loop {
            let mut child = start(folder.path());
            std::thread::sleep(time.mul_f64(generator.random_range(0.1..0.8)));
            let in_time = kills >= 20 || child.try_wait().unwrap().is_some();
            if in_time {
                assert!(child.wait().unwrap().success());
                break;
            }
            // SIGKILL: nothing is flushed, nothing is tidied.
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        assert!(weights(&folder.path().join("model")) == expected, "after {kills} kills");
        ends += 1;
    }
    println!("{kills} kills in {ends} trainings of {time:.1?}");
    assert!(time > Duration::from_millis(100), "{time:?} is too short to be killed in");
}

#[test]
fn a_stopped_training_goes_on_and_a_changed_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (checkpoints, model) = (folder.path().join("checkpoints"), folder.path().join("model"));
    let whole = fit(&Cnn::new(short())).unwrap();
    whole.save(&folder.path().join("whole")).unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let at = Arc::clone(&stop);
    let cnn = Cnn::new(short())
        .with_checkpoints(&checkpoints)
        .with_stop(stop)
        .with_progress(move |report| at.store(report.epoch == 3, Ordering::Relaxed));
    let error = fit(&cnn).unwrap_err();
    assert!(matches!(error, CnnError::Stopped { epoch: 4 }), "{error}");

    let again = |config| fit(&Cnn::new(config).with_checkpoints(&checkpoints).with_resume(true));
    let mut changed = short();
    changed.learning_rate = 1e-3;
    let error = again(changed).unwrap_err().to_string();
    assert!(error.contains("learning_rate was 0.003 and is 0.001"), "{error}");
    let error = again(short().with_threads(2)).unwrap_err().to_string();
    assert!(error.contains("threads was 1 and is 2"), "{error}");
    let kernels = &whole.environment().kernels;
    // On a processor that our kernels are not for, all is libtorch's.
    if kernels != "libtorch" {
        let error = again(short().with_kernels(Kernels::Libtorch)).unwrap_err().to_string();
        let expected = format!("kernels was \"{kernels}\" and is \"libtorch\"");
        assert!(error.contains(&expected), "{error}");
    }

    // What a disk or a person may have done.
    for (file, damage) in [
        ("tensors.safetensors", Some(1000)),
        ("checkpoint.json", Some(20)),
        ("SHA256SUMS", Some(30)),
        ("SHA256SUMS", None),
    ] {
        let path = checkpoint(&checkpoints).join(file);
        let before = fs::read(&path).unwrap();
        match damage {
            Some(length) => fs::write(&path, &before[..length]).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let error = again(short()).unwrap_err();
        match damage {
            Some(_) => assert!(matches!(error, CnnError::Checkpoint { .. }), "{file}: {error}"),
            None => assert!(matches!(error, CnnError::Io { action: "read", .. }), "{error}"),
        }
        fs::write(&path, before).unwrap();
    }

    again(short()).unwrap().save(&model).unwrap();
    assert!(weights(&model) == weights(&folder.path().join("whole")));
    // A finished training is read, not repeated.
    let quick = Cnn::new(short()).with_checkpoints(&checkpoints).with_resume(true);
    fit(&quick.with_progress(|report| panic!("epoch {} again", report.epoch))).unwrap();
    // Without resume, it begins anew.
    let stop = Arc::new(AtomicBool::new(true));
    let anew = Cnn::new(short()).with_checkpoints(&checkpoints).with_stop(stop);
    assert!(matches!(fit(&anew), Err(CnnError::Stopped { epoch: 1 })));
}

#[test]
fn a_training_that_mixes_images_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let saved = |cnn: &Cnn, name: &str| {
        let path = folder.path().join(name);
        fit(cnn).unwrap().save(&path).unwrap();
        weights(&path)
    };
    let whole = saved(&Cnn::new(mixed()), "whole");
    let kept = || Cnn::new(mixed()).with_checkpoints(folder.path().join("checkpoints"));
    let stop = Arc::new(AtomicBool::new(false));
    let at = Arc::clone(&stop);
    let stopped = kept().with_stop(stop);
    let stopped = stopped.with_progress(move |r| at.store(r.epoch == 5, Ordering::Relaxed));
    assert!(matches!(fit(&stopped).unwrap_err(), CnnError::Stopped { epoch: 6 }));
    assert!(saved(&kept().with_resume(true), "resumed") == whole);
}

#[test]
fn data_of_another_study_have_their_own_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let cnn = Cnn::new(short().with_epochs(2)).with_checkpoints(folder.path()).with_resume(true);
    let data = dataset(40, 1);
    let split = Split::by_subject(&data, 3, 1).unwrap();
    for fold in 0..3 {
        let fold = split.fold(&data, fold);
        cnn.fit(&fold.train, &fold.tune).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn gradients_of_several_batches_make_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = short().with_epochs(1).with_members(1).with_images_per_epoch(80);
    config.accumulation = 2;
    fit(&Cnn::new(config).with_checkpoints(folder.path())).unwrap();
    let record = fs::read(checkpoint(folder.path()).join("checkpoint.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    // 80 images are five batches of 16: two, two and one.
    assert_eq!(record["position"]["step"], 3);
    assert_eq!(record["position"]["finished"], true);
}

#[test]
fn each_epoch_is_told_of_once_also_when_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let (checkpoints, history) = (folder.path().join("checkpoints"), folder.path().join("history"));
    let stop = Arc::new(AtomicBool::new(false));
    let at = Arc::clone(&stop);
    let cnn = || {
        let cnn = Cnn::new(short().with_members(1)).with_checkpoints(&checkpoints);
        cnn.with_history(&history)
    };
    let stopped = cnn().with_stop(stop);
    let stopped = stopped.with_progress(move |r| at.store(r.epoch == 3, Ordering::Relaxed));
    fit(&stopped).unwrap_err();
    fit(&cnn().with_resume(true)).unwrap();
    let of_data = fs::read_dir(&history).unwrap().next().unwrap().unwrap().path();
    let table = fs::read_to_string(of_data.join("network-1/history.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0][..3], ["epoch", "learning_rate", "train_loss"]);
    let epochs: Vec<&str> = rows[1..].iter().map(|row| row[0]).collect();
    assert_eq!(epochs, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    // The first training's events, the second's, and the table.
    assert_eq!(fs::read_dir(of_data.join("network-1")).unwrap().count(), 3);
}

#[test]
fn any_number_of_data_threads_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let of = |config: CnnConfig, threads: usize| {
        let mut config = config.with_epochs(3);
        config.data_threads = threads;
        let path = folder.path().join(threads.to_string());
        fit(&Cnn::new(config)).unwrap().save(&path).unwrap();
        weights(&path)
    };
    let plain = of(short(), 1);
    assert!(of(mixed(), 1) != plain);
    for config in [short(), mixed()] {
        let one = of(config.clone(), 1);
        for threads in [2, 4, 9] {
            assert!(of(config.clone(), threads) == one, "{threads} threads");
        }
    }
}
