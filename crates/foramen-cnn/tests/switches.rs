//! Switches of the whole process, so that this is a process of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "drawn/channels.rs"]
mod channels;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use channels::{dataset, small};
use foramen_cnn::Cnn;
use foramen_learn::{Learner, Split};
use foramen_tch::{is_cudnn_benchmark, is_deterministic, set_cudnn_benchmark, set_deterministic};

#[test]
fn a_training_is_deterministic_and_leaves_the_switches_as_they_were() {
    let data = dataset(24, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    for (deterministic, benchmark) in [(false, true), (true, false)] {
        set_deterministic(deterministic).unwrap();
        set_cudnn_benchmark(benchmark).unwrap();
        let within = Arc::new(AtomicBool::new(false));
        let seen = within.clone();
        let config = small().with_epochs(1).with_images_per_epoch(32);
        let cnn = Cnn::new(config).with_progress(move |_| {
            seen.store(is_deterministic().unwrap(), Ordering::Relaxed);
        });
        cnn.fit(&fold.train, &fold.tune).unwrap();
        assert!(within.load(Ordering::Relaxed));
        assert_eq!(is_deterministic().unwrap(), deterministic);
        assert_eq!(is_cudnn_benchmark().unwrap(), benchmark);
    }
}
