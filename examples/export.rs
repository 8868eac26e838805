//! Writes each stack as NIfTI and as a contact sheet, to look at elsewhere.
//!
//! ```text
//! cargo run --release --example export -- DIR --out exported
//! ```
//!
//! With no arguments it exports a synthetic subject to a temporary folder. It
//! prints the files, one `.nii.gz` (output values) and one PNG (every slice as a
//! radiologist hangs it, marked R and L) per stack, and lists them in
//! `export.json`. The affine of a stack that is no even grid can only be an
//! average: such a stack is marked, with how far its slices are off.

use clap::Parser as _;
use foramen::commands::{export, finish};

fn main() -> std::process::ExitCode {
    finish(export::run(&export::Arguments::parse()))
}
