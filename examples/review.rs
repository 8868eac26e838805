//! Lets a person review and correct every choice of a study.
//!
//! ```text
//! cargo run --release --features review --example review -- OUT --reader anna --open
//! ```
//! It serves a page on this machine alone, for a folder that `select` or `study` has
//! written, and keeps every answer in `review.sqlite` there. `--blind` hides the automatic
//! choice until the reader has answered. `--export` writes `reviewed/readings.csv`,
//! `reviewed/selections.csv` and the corrected patches, and ends. With no arguments it
//! prepares a small synthetic study first.

use clap::Parser as _;
use foramen::commands::{finish, review};

fn main() -> std::process::ExitCode {
    finish(review::run(&review::Arguments::parse()))
}
