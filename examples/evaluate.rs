//! Evaluates predictions: discrimination, calibration, calls at a threshold and
//! net benefit, each with its 95 % interval.
//!
//! ```text
//! cargo run --release --example evaluate -- --predictions predictions.csv --json evaluation.json --out plots
//! ```
//!
//! prints a table, writes the numbers as JSON for programs (`--json`) and three plots (`--out`:
//! roc.svg with its band, calibration.svg with a histogram, decision.svg, beside evaluation.json).
//! The table has the columns subject_id, level, side, repeat, fold, label (0, 1 or empty) and
//! probability. Rows without a label are counted and left out; the repeats of a cross-validation
//! are averaged, and the AUC of each repeat is also printed. Without `--predictions` a small
//! made-up table is evaluated.

use clap::Parser as _;
use foramen::commands::{evaluate, finish};

fn main() -> std::process::ExitCode {
    finish(evaluate::run(&evaluate::Arguments::parse()))
}
