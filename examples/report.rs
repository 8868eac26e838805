//! Makes the report of a study from the files in its folder, without training again; it can be
//! repeated.
//!
//! ```text
//! cargo run --release --example report -- DIR --title "Our clinic, 2026"
//! ```
//!
//! `DIR` is the `--out` of `study`, or of `select` with a `train` after it. It prints the
//! AUC of each model and the path of `report.html`, and writes `report.json` beside it.
//! With no arguments it prepares a small synthetic study first.

use clap::Parser as _;
use foramen::commands::{finish, report};

fn main() -> std::process::ExitCode {
    finish(report::run(&report::Arguments::parse()))
}
