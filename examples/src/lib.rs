//! What several examples share: inputs from the command line, the cached
//! synthetic cohort, and progress bars.

mod accuracy;
mod agreement;
mod cohort;
mod contact_page;
pub mod contact_sheet;
mod covariates;
mod disc_accuracy;
#[cfg(feature = "torch")]
mod explanation;
mod failure;
mod files;
mod inputs;
mod labels;
mod levels_page;
#[cfg(feature = "torch")]
mod medmnist;
mod perturbed;
mod progress;
mod readings;
mod reporting;
mod root_accuracy;
pub mod stack_table;
mod stages;
mod state_accuracy;
mod training;

pub use accuracy::{AccuracyRow, Trial};
pub use agreement::describe_agreement;
pub use cohort::demo_cohort;
pub use contact_page::{Shown, contact_page};
pub use covariates::add_covariates;
pub use disc_accuracy::DiscAccuracy;
#[cfg(feature = "torch")]
pub use explanation::Explanations;
pub use failure::Failure;
pub use files::{create, open};
pub use inputs::{Inputs, OpenedInputs, note_raw_ids, prepare_output, read_key, read_levels};
pub use labels::{labels_json, print_analyses};
pub use levels_page::render_levels;
#[cfg(feature = "torch")]
pub use medmnist::read_medmnist;
pub use perturbed::Perturbation;
pub use progress::{bar, counter};
pub use readings::{MeanReading, Place, Readings, Seen, mean_reading, read_profile, read_readings};
pub use reporting::{provenance, report_input};
pub use root_accuracy::RootAccuracy;
pub use stages::{Selected, dataset, patch_frame, run_selection};
pub use state_accuracy::StateAccuracy;
pub use training::{TrainArguments, TrainedModel, resolve_device, train_models};
