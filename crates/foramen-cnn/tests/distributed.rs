//! Several processes on the loopback interface train one network.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use channels::{dataset, small};
use foramen_cnn::{ClassWeights, Cnn, CnnConfig, CnnError, CnnModel, Precision};
use foramen_learn::{Learner, Split};
use foramen_tch::{Group, Launch};
use safetensors::SafeTensors;

/// What a child is to do, and where it writes; without it there is no child.
const ROLE: &str = "FORAMEN_RANKS_TEST";
const FOLDER: &str = "FORAMEN_RANKS_FOLDER";

/// Fifty steps on batches that neither two nor four processes share evenly.
fn fifty_steps(role: &str) -> CnnConfig {
    let mut config = small().with_epochs(5).with_images_per_epoch(190);
    (config.batch, config.crop, config.patience) = (19, 16, 5);
    if role == "mixed" {
        // Everything that is drawn for a batch, and steps of two passes.
        config = config.with_images_per_epoch(380);
        (config.accumulation, config.class_weights) = (2, ClassWeights::Balanced);
        (config.augmentation.mixup, config.augmentation.cutmix) = (0.4, 1.0);
    }
    match role {
        "f32" | "lost" => config.with_precision(Precision::F32),
        _ => config.with_precision(Precision::F64),
    }
}

fn fit(cnn: &Cnn) -> Result<CnnModel, CnnError> {
    let data = dataset(40, 1);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    cnn.fit(&fold.train, &fold.tune)
}

/// What a process does that the tests start; one of a group where `RANK` is set.
#[test]
#[ignore = "the children of the other tests; does nothing by itself"]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let mut config = fifty_steps(&role);
    let group = Launch::from_environment().unwrap();
    let group = group.map(|launch| Arc::new(Group::join(launch, Duration::from_secs(30)).unwrap()));
    if role == "other" && group.as_ref().is_some_and(|group| group.rank() == 1) {
        config.learning_rate = 0.01;
    }
    let mut cnn = Cnn::new(config).with_checkpoints(folder.join("checkpoints")).with_resume(true);
    let rank = group.as_ref().map_or(0, |group| group.rank());
    if let Some(group) = group {
        cnn = cnn.with_group(group);
    }
    match fit(&cnn) {
        Ok(model) if rank == 0 => model.save(&folder.join("model")).unwrap(),
        Ok(_) => (),
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            eprintln!("{text}");
            std::process::exit(3);
        }
    }
}

fn start(role: &str, folder: &Path, size: usize) -> Vec<Child> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let start = |rank: usize| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--ignored", "--nocapture"]);
        command.env(ROLE, role).env(FOLDER, folder).stdout(Stdio::null()).stderr(Stdio::piped());
        command.env("RANK", rank.to_string()).env("WORLD_SIZE", size.to_string());
        command.env("MASTER_ADDR", "127.0.0.1").env("MASTER_PORT", port.to_string());
        command.spawn().unwrap()
    };
    (0..size).map(start).collect()
}

/// How each process ended, and what it said.
fn ends(children: Vec<Child>) -> Vec<(Option<i32>, String)> {
    let end = |child: Child| {
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    children.into_iter().map(end).collect()
}

fn train(role: &str, folder: &Path, size: usize) {
    for (code, said) in ends(start(role, folder, size)) {
        assert_eq!(code, Some(0), "{role}, {size} processes: {said}");
    }
}

/// Weights and running statistics of the last checkpoint.
fn weights(folder: &Path) -> Vec<(String, Vec<f64>)> {
    let mut path = folder.join("checkpoints");
    while !path.join("checkpoint.json").exists() {
        path = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    }
    let record = fs::read_to_string(path.join("checkpoint.json")).unwrap();
    assert!(record.contains("\"step\": 50"), "{record}");
    let bytes = fs::read(path.join("tensors.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<_> = file.names().into_iter().collect();
    names.retain(|name| name.starts_with("network.") || name.starts_with("average."));
    names.sort();
    let numbers = |name: &str| {
        let view = file.tensor(name).unwrap();
        match view.dtype() {
            safetensors::Dtype::F64 => {
                let numbers = view.data().chunks_exact(8);
                numbers.map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
            }
            _ => {
                let numbers = view.data().chunks_exact(4);
                numbers.map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
            }
        }
    };
    names.into_iter().map(|name| (name.to_owned(), numbers(name))).collect()
}

/// How far weights are apart: the largest difference, and all together in parts of what they
/// are.
fn apart(found: &[(String, Vec<f64>)], expected: &[(String, Vec<f64>)]) -> (f64, f64) {
    let (mut largest, mut squares, mut all) = (0.0f64, 0.0, 0.0);
    for ((name, found), (same, expected)) in found.iter().zip(expected) {
        assert_eq!((name, found.len()), (same, expected.len()));
        for (a, b) in found.iter().zip(expected) {
            largest = largest.max((a - b).abs());
            (squares, all) = (squares + (a - b) * (a - b), all + b * b);
        }
    }
    assert!(all > 0.0 && found.len() == expected.len());
    (largest, (squares / all).sqrt())
}

#[test]
fn after_fifty_steps_weights_are_those_of_one_process() {
    for (role, sizes, limit) in
        [("plain", &[2, 4][..], 1e-9), ("mixed", &[2], 1e-9), ("f32", &[2], 0.15)]
    {
        let alone = tempfile::tempdir().unwrap();
        train(role, alone.path(), 1);
        let alone = weights(alone.path());
        for size in sizes {
            let together = tempfile::tempdir().unwrap();
            train(role, together.path(), *size);
            let (largest, relative) = apart(&weights(together.path()), &alone);
            let found =
                format!("{role}, {size} processes: {largest:.1e} at most, {relative:.1e} in all");
            println!("{found}");
            // What rounds differently in f32 has gone apart by the hundredth after fifty steps.
            let distance = if role == "f32" { relative } else { largest };
            assert!(distance < limit, "{found}");
            assert!(together.path().join("model").exists());
        }
    }
}

#[test]
fn a_lost_process_ends_the_others_and_the_training_goes_on_to_the_same_bytes() {
    let whole = tempfile::tempdir().unwrap();
    train("lost", whole.path(), 2);
    let bytes = |folder: &Path| fs::read(folder.join("model/weights.safetensors")).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let mut children = start("lost", folder.path(), 2);
    let checkpoint = || fs::read_dir(folder.path().join("checkpoints")).is_ok();
    while !checkpoint() {
        std::thread::sleep(Duration::from_millis(5));
    }
    children[1].kill().unwrap();
    let (code, said) = ends(children).remove(0);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("rank 0 of 2") && said.contains("rank 1 is lost"), "{said}");
    assert!(!folder.path().join("model").exists());
    train("lost", folder.path(), 2);
    assert!(bytes(folder.path()) == bytes(whole.path()));
}

#[test]
fn processes_that_were_given_different_things_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (code, said) in ends(start("other", folder.path(), 2)) {
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("rank 1 was given other data, settings"), "{said}");
    }
}
