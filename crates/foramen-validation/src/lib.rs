//! What measures foramen itself: the parts that the programs in `examples/` share.
//!
//! [`Trial`] measures and selects on one synthetic subject and compares with its truth;
//! [`AccuracyRow`], [`StateAccuracy`], [`RootAccuracy`] and [`DiscAccuracy`] sum trials
//! up. [`Perturbation`] makes the pictures of a subject worse. [`reader_samples`] and,
//! with the feature `torch`, `TrainedReader` are what the network of `foramen-select`
//! learns from and is trained with.

mod accuracy;
mod disc_accuracy;
#[cfg(feature = "torch")]
mod medmnist;
mod perturbed;
#[cfg(feature = "torch")]
mod reader_network;
mod reader_samples;
#[cfg(feature = "torch")]
mod reader_training;
mod root_accuracy;
mod state_accuracy;

pub use accuracy::{AccuracyRow, Trial};
pub use disc_accuracy::DiscAccuracy;
#[cfg(feature = "torch")]
pub use medmnist::read_medmnist;
pub use perturbed::Perturbation;
#[cfg(feature = "torch")]
pub use reader_network::TrainedReader;
pub use reader_samples::{ReaderSample, reader_samples};
#[cfg(feature = "torch")]
pub use reader_training::{ReaderBatch, reader_loss};
pub use root_accuracy::RootAccuracy;
pub use state_accuracy::StateAccuracy;
