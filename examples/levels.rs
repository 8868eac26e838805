//! Drafts `levels.csv`: the positions of the cervical discs of every subject, found on the sagittal
//! series or given by other programs.
//!
//! ```text
//! cargo run --release --example levels -- DIR --out DIR [--levels FILE] [--link FILE]
//! ```
//!
//! A person checks the page `levels.html`, which shows every sagittal series with its numbered
//! discs, and corrects errors in the table; `study --levels levels.csv` then uses it. With
//! `--levels` the positions that 3D Slicer, TotalSpineSeg or the Spinal Cord Toolbox wrote are
//! shown and put into the table; if one disc of a subject is given, the others are counted from it;
//! subjects without a given disc are drafted. With no arguments it works on a small synthetic
//! cohort. It prints one line per subject: the discs found, or the reason for a refusal.

use clap::Parser as _;
use foramen::commands::{finish, levels};

fn main() -> std::process::ExitCode {
    finish(levels::run(&levels::Arguments::parse()))
}
