//! Writes each stack as NIfTI and as a contact sheet, for other programs.
//!
//! ```text
//! cargo run --release --example export -- DIR --out exported
//! ```
//!
//! With no arguments it exports a synthetic subject to a temporary folder. It prints the files, one
//! `.nii.gz` (output values) and one PNG (every slice as a radiologist hangs it, marked R and L)
//! per stack, and lists them in `export.json`. The affine of a stack without an even grid can only
//! be an average: such a stack is marked, with the deviation of its slices.

use clap::Parser as _;
use foramen::commands::{export, finish};

fn main() -> std::process::ExitCode {
    finish(export::run(&export::Arguments::parse()))
}
