//! What goes to libtorch is said once for each reason.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::sync::{Mutex, PoisonError};

use foramen_kernels::{FusedBatchNorm, instruction_set, winograd_convolution};
use foramen_tch::{HalfPrecision, autocast, channels_last};
use log::{LevelFilter, Log, Metadata, Record};
use tch::{Device, Kind, Tensor};

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Kept;

impl Log for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("foramen_kernels")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
            said.push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// What has been said since the last call.
fn said() -> Vec<String> {
    std::mem::take(&mut SAID.lock().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn each_reason_is_said_once() {
    log::set_logger(&Kept).unwrap();
    log::set_max_level(LevelFilter::Info);
    let options = (Kind::Float, Device::Cpu);
    let rows = Tensor::randn([2, 16, 20, 20], options);
    let maps = channels_last(&rows).unwrap();
    let weight = Tensor::randn([16, 16, 3, 3], options);
    let convolve = |maps: &Tensor| drop(winograd_convolution(maps, &weight).unwrap());
    if instruction_set().is_none() {
        convolve(&maps);
        let said = said();
        assert!(said.len() == 1 && said[0].contains("ATEN_CPU_CAPABILITY"), "{said:?}");
        return;
    }
    convolve(&maps);
    assert_eq!(said(), [""; 0]);

    for _ in 0..3 {
        convolve(&rows);
        autocast(Device::Cpu, HalfPrecision::BFloat16, || convolve(&maps)).unwrap();
    }
    let of_two = said();
    assert_eq!(
        of_two,
        [
            "libtorch computes a convolution of Float [2, 16, 20, 20]: the maps are not \
             channels-last (this is said once)",
            "libtorch computes a convolution of Float [2, 16, 20, 20]: autocast computes in 16 \
             bits (this is said once)",
        ]
    );

    let norm = [1.0, 0.0, 0.0, 1.0].map(|value| Tensor::full([16], value, options));
    let normalise = |norm_of: FusedBatchNorm| {
        drop(norm_of.forward(&rows, None, norm.each_ref(), true).unwrap());
    };
    normalise(FusedBatchNorm { by_libtorch: true, ..FusedBatchNorm::default() });
    assert_eq!(said(), [""; 0], "asked for, it is no surprise");
    normalise(FusedBatchNorm::default());
    assert_eq!(
        said(),
        ["libtorch computes batch norm of Float [2, 16, 20, 20]: the maps are not channels-last \
          (this is said once)"]
    );
}
