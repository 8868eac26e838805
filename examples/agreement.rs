//! How far the measured widths and grades agree with a reader's, and readers with
//! each other.
//!
//! ```text
//! cargo run --release --example agreement -- --profile OUT/profile.csv --readings readings.csv
//! ```
//! Reads `profile.csv` or `selections.csv` of `select` or `study`, and a table of
//! readings with the columns `sop_instance_uid`, `side` and, where they are,
//! `frame`, `reader`, `state`, `width_mm`, `root_width_mm`, `kim`, `modified_kim`, and
//! wall points (`front_x_mm` to `back_z_mm`). Prints the agreement on open or not (κ), of the widths
//! the median difference, the Bland–Altman bias and limits and ICC(2,1), how far walls
//! lie from each other, and of the grades the weighted κ. Walls of the program are in
//! `profile.csv`, its grades in `selections.csv`. What is refused is counted, and
//! compared with nothing. With no arguments it compares made-up widths of 60 foramina with two
//! made-up readers.

use clap::Parser as _;
use foramen::commands::{agreement, finish};

fn main() -> std::process::ExitCode {
    finish(agreement::run(&agreement::Arguments::parse()))
}
