//! The whole path in one command: from a DICOM folder and an outcome table to a
//! trained CNN and a report.
//!
//! ```text
//! cargo run --release --features torch --example study -- --dicom DIR --outcomes outcomes.csv
//! ```
//!
//! With no arguments it simulates the default synthetic cohort once (288 analysable subjects, kept
//! in the user cache) and runs on that. It prints each stage, then one line with the AUC of both
//! models and the path of `report.html`; the files of all stages are in the same folder. Without
//! the feature `torch` only the baseline (width only) is trained.

use clap::Parser as _;
use foramen::commands::{finish, study};

fn main() -> std::process::ExitCode {
    finish(study::run(&study::Arguments::parse()))
}
