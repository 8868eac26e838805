//! Writes trained models as one TorchScript file, which PyTorch and libtorch run without
//! this program.
//!
//! ```text
//! cargo run --release --features torch --example export_model -- --model DIR/models --out model.pt
//! ```
//!
//! The folds are averaged as `predict` does. Beside `model.pt` it writes `model.json`, which
//! says what goes in and what comes out, and it says by how much the file differs from the
//! models. With no arguments it trains on a small synthetic cohort first, in
//! `foramen-study-export-model`, and leaves `foramen-model.pt` there.

use clap::Parser as _;
use foramen::commands::{export_model, finish};

fn main() -> std::process::ExitCode {
    finish(export_model::run(&export_model::Arguments::parse()))
}
