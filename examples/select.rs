//! Measures the neural foramina of a DICOM folder and, with an outcome table,
//! chooses the slice of each injection.
//!
//! ```text
//! cargo run --release --example select -- DIR [--outcomes FILE] --out DIR
//! ```
//!
//! Without `--outcomes` it measures every slice of each axial T2 stack on both sides and writes
//! `profile.csv`, a picture per slice and `slices.html` with all of them; with it, it writes the
//! files of the stage, the patches and a page of decisions. With no arguments it works on a small
//! synthetic cohort. It prints how many foramina were open, closed, occluded and refused, and where
//! the files are.

use clap::Parser as _;
use foramen::commands::{finish, select};

fn main() -> std::process::ExitCode {
    finish(select::run(&select::Arguments::parse()))
}
