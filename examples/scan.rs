//! Lists the MR stacks below a folder with their geometry, and what is not used.
//!
//! ```text
//! cargo run --release --example scan -- DIR --explain --json scan.json
//! ```
//!
//! With no arguments it writes a small synthetic cohort to a temporary folder and scans that. DIR
//! may be a zip archive, or contain some. It prints one line per stack (subject, series, plane,
//! contrast, slices, matrix, spacing in millimetres, problems), then how many files are rejected
//! for which reason; with `--explain` also why each plane, contrast, region and kind was given,
//! which stacks of each study are its axial T2 images of the cervical spine, or why none, and every
//! rejected file. With `--identity` it lists the attributes of each stack that could name a
//! patient, without their values. Where there is no stack at all, it ends with a message and an
//! exit code other than 0.

use clap::Parser as _;
use foramen::commands::{finish, scan};

fn main() -> std::process::ExitCode {
    finish(scan::run(&scan::Arguments::parse()))
}
