//! What tch lacks of libtorch.
//!
//! [`autocast`] computes in bf16 or fp16 on CPU and CUDA, [`set_deterministic`]
//! and its siblings set libtorch's global switches, [`generator_state`] saves a
//! random generator, [`channels_last`] lays tensors out as convolutions like
//! them, [`AdamW`] and [`Sgd`] are optimisers whose state can be saved,
//! [`GradientScaler`] keeps fp16 gradients in range, [`move_towards`] averages
//! weights, [`PackedConvolution`] predicts fast, and [`reuse_memory`] spares the kernel work
//! between steps. With the feature `distributed`, several processes, on one machine or more,
//! train together: `Launch`, `Group` and `GradientReducer`. A C++ shim is compiled against the same headers as torch-sys;
//! exceptions are caught there and become [`TorchError`].
//!
//! ```
//! use foramen_tch::{HalfPrecision, autocast, channels_last};
//! use tch::{Device, Kind, Tensor};
//!
//! let images = channels_last(&Tensor::rand([8, 1, 64, 64], (Kind::Float, Device::Cpu)))?;
//! let filters = Tensor::rand([16, 1, 3, 3], (Kind::Float, Device::Cpu));
//! let maps = autocast(Device::Cpu, HalfPrecision::BFloat16, || {
//!     images.conv2d::<Tensor>(&filters, None, [1, 1], [1, 1], [1, 1], 1)
//! })?;
//! assert_eq!(maps.kind(), Kind::BFloat16);
//! # Ok::<(), foramen_tch::TorchError>(())
//! ```
//!
//! # Features
//!
//! | feature | what it does |
//! |---|---|
//! | `doc-only` | check and document without libtorch; nothing links |
//! | `cuda-tests` | tests that need a GPU, and fail without one |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::float_cmp,
        reason = "tests compare numbers that are exact by construction"
    )
)]

mod adamw;
mod autocast;
mod average;
mod build;
mod determinism;
mod error;
mod ffi;
mod generator;
#[cfg(feature = "distributed")]
mod group;
#[cfg(feature = "distributed")]
mod launch;
mod memory;
mod memory_format;
mod packed;
mod parameters;
mod scaler;
mod sgd;

pub use adamw::{AdamW, AdamWConfig};
pub use autocast::{HalfPrecision, autocast};
pub use average::move_towards;
pub use build::{cpu_capabilities, cpu_capability, libtorch_version};
pub use determinism::{
    is_cudnn_benchmark, is_deterministic, is_tf32, set_cudnn_benchmark, set_deterministic,
    set_flush_denormal, set_tf32,
};
pub use error::TorchError;
pub use generator::{generator_state, set_generator_state};
#[cfg(feature = "distributed")]
pub use group::{GradientReducer, Group, PendingSum};
#[cfg(feature = "distributed")]
pub use launch::Launch;
pub use memory::reuse_memory;
pub use memory_format::{channels_last, is_channels_last, make_channels_last};
pub use packed::PackedConvolution;
pub use scaler::{GradientScaler, ScalerConfig};
pub use sgd::{Sgd, SgdConfig};
pub use tch;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
