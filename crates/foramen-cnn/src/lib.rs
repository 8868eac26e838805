//! A CNN that learns to distinguish two outcomes in images: foramina with their measured widths, or
//! plain arrays ([`samples`]).
//!
//! A crate that depends on this one must specify the location of libtorch: by `LIBTORCH` or
//! `LIBTORCH_USE_PYTORCH=1` at build time, and by a short `build.rs` for the linker. This crate's
//! README shows both at its beginning. Without them the build of `torch-sys` panics, or the program
//! exits with status 127.
//!
//! [`Cnn`] is a [`Learner`](foramen_learn::Learner) with a [`CnnConfig`]; fitting returns a
//! [`CnnModel`], which can predict, be saved and be loaded. The network first learns widths, which
//! every patch of the train subjects has, then outcomes, which are few. [`DeviceChoice`] selects
//! the device. [`Environment`] holds the facts besides seed and data that affect the result: on the
//! CPU, the same environment, seed and data give the same bytes. [`Architecture`] lists the
//! networks, and [`Backbone`] is a network for your own training. Arrays are those of ndarray 0.16,
//! re-exported as [`ndarray`].
//!
//! ```
//! use foramen_cnn::{Augmentation, Cnn, CnnConfig};
//! use foramen_image::ndarray::Array2;
//! use foramen_learn::{Classifier, Dataset, Learner, Sample, Split};
//! use foramen_types::{Level, Outcome, Side, SubjectId};
//!
//! // A dark channel on bright ground: wide ones do well.
//! let samples = (0..40)
//!     .map(|i| {
//!         let half = 2 + i % 8;
//!         let patch = Array2::from_shape_fn((24, 24), |(row, _)| {
//!             if row.abs_diff(12) <= half { 0.1 } else { 0.9 }
//!         });
//!         Ok(Sample::new(SubjectId::new(&format!("S{i:02}"))?, Level::C5C6, Side::Left)
//!             .with_patch(patch)
//!             .with_width(half as f64)
//!             .with_outcome(Outcome::from_favourable(half > 5)))
//!     })
//!     .collect::<Result<Vec<_>, foramen_types::TypeError>>()?;
//! let dataset = Dataset::new(samples)?;
//! let fold = Split::by_subject(&dataset, 4, 1)?.fold(&dataset, 0);
//!
//! let mut config = CnnConfig::default().with_epochs(2).with_images_per_epoch(64);
//! config.crop = 16;
//! config.channels = 4;
//! let model = Cnn::new(config).fit(&fold.train, &fold.tune)?;
//! let predicted = model.predict(fold.test.samples())?;
//! assert_eq!(predicted.len(), fold.test.samples().len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
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

mod arrays;
mod backbone;
mod cnn;
mod config;
mod environment;
mod error;
mod heatmap;
mod input;
mod model;
mod network;
mod records;
mod saved;
mod tensors;
mod training;

// Crates whose types stand in signatures here.
pub use foramen_learn;
pub use foramen_types;

pub use arrays::{samples, samples_of_channels};
pub use backbone::Backbone;
pub use cnn::Cnn;
pub use config::architecture::Architecture;
pub use config::augmentation::Augmentation;
pub use config::device::{DeviceChoice, ResolvedDevice};
pub use config::kernels::Kernels;
pub use config::{ClassWeights, CnnConfig, Precision};
pub use environment::Environment;
pub use error::CnnError;
pub use foramen_image::ndarray;
pub use foramen_native::Covariate;
pub use foramen_native::contract::InputError;
pub use foramen_tch::tch;
pub use heatmap::Heatmap;
pub use model::{CnnAnswer, CnnModel, Learned};
pub use network::lite0::EfficientNetLite0;
pub use saved::card::{CardMetric, ModelCard};
pub use training::progress::EpochReport;
pub use training::temperature::fit as fit_temperature;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
