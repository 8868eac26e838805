//! The tasks of the program `foramen`, one module each, with its arguments and `run`.
//!
//! A program of your own calls them as `foramen` does:
//!
//! ```no_run
//! use clap::Parser as _;
//! use foramen::commands::{finish, scan};
//!
//! fn main() -> std::process::ExitCode {
//!     finish(scan::run(&scan::Arguments::parse()))
//! }
//! ```
//!
//! Results go to standard output, progress and notes to standard error. When standard
//! output is closed by its reader, a command ends the program.

pub mod agreement;
#[cfg(feature = "torch")]
pub mod check_device;
pub mod cohort;
pub mod evaluate;
pub mod export;
#[cfg(feature = "torch")]
pub mod export_model;
pub mod label;
pub mod leakage;
pub mod levels;
pub mod merge;
pub mod predict;
pub mod report;
#[cfg(feature = "review")]
pub mod review;
pub mod scan;
pub mod select;
pub mod study;
pub mod train;

pub use crate::engine::Engine;
pub use crate::files::create;
pub use crate::folder_arguments::DicomFolder;
pub use crate::inputs::{Inputs, OpenedInputs, prepare_output};
#[cfg(feature = "torch")]
pub use crate::picture_controls::background;
pub use crate::progress::{Progress, bar};
pub use crate::run_lock::RunLock;
pub use crate::shard::Shard;
pub use crate::stages::{SelectedStudy, dataset, run_selection};
pub use crate::study_source::StudySource;
pub use crate::terminal::{finish, print};

/// The version of foramen, and with the feature `torch` that of libtorch and the device it would
/// use.
#[must_use]
pub fn version() -> String {
    let version = concat!("foramen ", env!("CARGO_PKG_VERSION"));
    #[cfg(feature = "torch")]
    {
        let environment = foramen_cnn::Environment::resolve(&foramen_cnn::CnnConfig::default());
        match environment {
            Ok(environment) => format!("{version}\n{environment}"),
            Err(error) => format!("{version}\nlibtorch cannot be used: {error}"),
        }
    }
    #[cfg(not(feature = "torch"))]
    format!("{version}\nbuilt without libtorch (the feature `torch`)")
}
