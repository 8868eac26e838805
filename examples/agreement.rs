//! Compares measured widths and grades with readers', and readers with each other.
//!
//! ```text
//! cargo run --release --example agreement -- --profile OUT/profile.csv --readings readings.csv
//! ```
//! Reads `profile.csv` or `selections.csv` of `select` or `study`, and a table of readings with the
//! columns `sop_instance_uid`, `side` and, where present, `frame`, `reader`, `state`, `width_mm`,
//! `root_width_mm`, `kim`, `modified_kim`, and wall points (`front_x_mm` to `back_z_mm`). Prints κ
//! for the state (open or not); for the widths the median difference, the Bland–Altman bias and
//! limits and ICC(2,1); the distance between walls; and the weighted κ of the grades. Walls of the
//! program are in `profile.csv`, its grades in `selections.csv`. Refused foramina are counted but
//! not compared. With no arguments it compares made-up widths of 60 foramina with two made-up
//! readers.

use clap::Parser as _;
use foramen::commands::{agreement, finish};

fn main() -> std::process::ExitCode {
    finish(agreement::run(&agreement::Arguments::parse()))
}
