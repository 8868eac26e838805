//! Predicts with trained models the probability of a favourable outcome for patients who have not
//! been injected yet.
//!
//! ```text
//! cargo run --release --features torch --example predict -- --model MODELS DIR --level C5/6 --side left
//! ```
//!
//! `--model` is the folder `models` written by `train` or `study`; its folds are averaged. For
//! every subject of the DICOM folder it finds the level, measures the foramina, takes the narrowest
//! slice, and prints its width and the probability, or why there is none; `--out` keeps the table,
//! `--explain` draws where each prediction comes from, by Grad-CAM and by occlusion. Without
//! `--features torch` it predicts in plain Rust. With no arguments it trains on a small synthetic
//! cohort first, which needs libtorch, and predicts another one.

use clap::Parser as _;
use foramen::commands::{finish, predict};

fn main() -> std::process::ExitCode {
    finish(predict::run(&predict::Arguments::parse()))
}
