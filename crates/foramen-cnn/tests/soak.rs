//! Memory stays flat through a long training.
#![allow(clippy::unwrap_used, reason = "tests read what they have drawn")]
#![cfg(target_os = "linux")]

#[path = "drawn/channels.rs"]
mod channels;

use std::fs::read_to_string;
use std::sync::{Arc, Mutex};

use foramen_cnn::Cnn;
use foramen_learn::{Learner as _, Split};

/// Memory of this process that is in use, in kilobytes.
fn resident() -> f64 {
    let status = read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn two_hundred_epochs_take_no_more_memory_than_twenty() {
    let data = channels::dataset(24, 1);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let folder = tempfile::tempdir().unwrap();
    let mut config = channels::small().with_epochs(200).with_images_per_epoch(64);
    config.patience = 1000;
    let used = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&used);
    Cnn::new(config)
        .with_checkpoints(folder.path().join("checkpoints"))
        .with_history(folder.path().join("history"))
        .with_progress(move |_| seen.lock().unwrap().push(resident()))
        .fit(&fold.train, &fold.tune)
        .unwrap();
    let used = used.lock().unwrap();
    assert_eq!(used.len(), 200);
    let mean = |epochs: &[f64]| epochs.iter().sum::<f64>() / epochs.len() as f64;
    let (early, late) = (mean(&used[10..20]), mean(&used[190..]));
    println!("{:.1} MB in epochs 11 to 20, {:.1} MB in the last ten", early / 1e3, late / 1e3);
    assert!((late / early - 1.0).abs() < 0.02, "{early} kB, then {late} kB");
}
