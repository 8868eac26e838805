//! Predicts with a trained compact network in plain Rust, without libtorch.
//!
//! [`NativeModel`] reads the folder of a model that `foramen-cnn` saved and is a
//! [`Classifier`](foramen_learn::Classifier) like any other: samples in, probabilities out, as the
//! mean over the networks and views of the model. It computes in f32 on the CPU; its log-odds equal
//! those of libtorch in f32 to 10⁻⁵. Other networks than the compact one are refused by name.
//! [`contract`] is the definition of a saved model shared by both crates.
//!
//! ```
//! use foramen_learn::{Classifier, Sample};
//! use foramen_native::NativeModel;
//! use foramen_types::{Level, Side, SubjectId};
//! use ndarray::Array2;
//!
//! let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model"));
//! let model = NativeModel::load(folder)?;
//! let edge = model.patch_pixels();
//! let patch = Array2::from_shape_fn((edge, edge), |(row, _)| row as f32 / edge as f32);
//! let sample = Sample::new(SubjectId::new("P0001")?, Level::C5C6, Side::Left).with_patch(patch);
//! let probability = model.predict(&[&sample])?[0].get();
//! assert!((0.0..=1.0).contains(&probability));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    test,
    allow(clippy::float_cmp, reason = "tests compare numbers that are exact by construction")
)]

pub mod contract;

mod convolution;
mod maps;
mod network;
mod views;
mod weights;

mod error;
mod model;

// Crates whose types stand in signatures here.
pub use foramen_learn;
pub use foramen_types;
pub use ndarray;

pub use contract::Covariate;
pub use error::NativeError;
pub use model::{NativeAnswer, NativeModel};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
