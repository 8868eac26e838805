//! What measures foramen itself: the parts that the programs in `examples/` share.
//!
//! [`Trial`] measures and selects on one synthetic subject and compares with its truth;
//! [`AccuracyRow`], [`StateAccuracy`], [`RootAccuracy`] and [`DiscAccuracy`] sum trials
//! up. [`Perturbation`] makes the pictures of a subject worse, and
//! [`reformatted`] makes axial slices of its sagittal volume. [`Example`] is what the
//! models of open and closed and of a right width are fitted to. [`write_small_studies`] draws
//! cohorts of any size.

mod accuracy;
mod area_accuracy;
mod disc_accuracy;
#[cfg(feature = "torch")]
mod fold_logits;
mod growth;
#[cfg(feature = "torch")]
mod medmnist;
mod perturbed;
mod prepared;
mod reformatted;
mod reliability;
mod root_accuracy;
mod state_accuracy;
mod state_model;

pub use accuracy::{AccuracyRow, Trial};
pub use area_accuracy::AreaAccuracy;
pub use disc_accuracy::DiscAccuracy;
#[cfg(feature = "torch")]
pub use fold_logits::{FoldLogits, Spread, calibration_of, fold_logits};
pub use growth::{peak_memory, write_small_studies};
#[cfg(feature = "torch")]
pub use medmnist::read_medmnist;
pub use perturbed::Perturbation;
pub use prepared::Prepared;
pub use reformatted::reformatted;
pub use reliability::Reliability;
pub use root_accuracy::RootAccuracy;
pub use state_accuracy::StateAccuracy;
pub use state_model::{
    Example, Origin, examined, states_of_people, states_of_phantom, widths_of_people,
    widths_of_phantom,
};
