//! Generates a synthetic cohort: DICOM studies, an outcome table and the truth.
//!
//! ```text
//! cargo run --release --example cohort -- --out my-cohort --subjects 288 --seed 1
//! ```
//!
//! With no arguments it makes six subjects in a temporary folder. It prints a progress line on a
//! terminal, then the folder, the number of files and bytes, the prevalence, and the two AUCs that
//! no model can be expected to exceed: with all factors known, and with only those visible in an
//! image.

use clap::Parser as _;
use foramen::commands::{cohort, finish};

fn main() -> std::process::ExitCode {
    finish(cohort::run(&cohort::Arguments::parse()))
}
