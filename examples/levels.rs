//! Drafts `levels.csv`: where the cervical discs of every subject are, found on
//! the sagittal series or given by other programs.
//!
//! ```text
//! cargo run --release --example levels -- DIR --out DIR [--levels FILE] [--link FILE]
//! ```
//!
//! A person looks at the page `levels.html`, which shows every sagittal series
//! with its numbered discs, and corrects the table where it is wrong; `study
//! --levels levels.csv` then uses it. With `--levels` the positions that 3D Slicer,
//! TotalSpineSeg or the Spinal Cord Toolbox wrote are shown and put into the
//! table; the other discs of a subject of whom one is given are counted from it, and the
//! other subjects are drafted. With no arguments it works on a small
//! synthetic cohort. It prints one line per subject: the discs that were found,
//! or why the numbering was refused.

use clap::Parser as _;
use foramen::commands::{finish, levels};

fn main() -> std::process::ExitCode {
    finish(levels::run(&levels::Arguments::parse()))
}
