//! The whole path in one command: from a DICOM folder and an outcome table to a
//! trained CNN and a report.
//!
//! ```text
//! cargo run --release --features torch --example study -- DIR --outcomes outcomes.csv
//! ```
//!
//! With no arguments it draws 40 subjects and trains for 3 epochs, in less than a minute;
//! with `--subjects 288`, as `cargo xtask demo` does, it draws the default synthetic cohort (once:
//! it is kept in the user cache) and trains as for a study. It prints each stage as it
//! goes, then one line with the AUC of both models and the path of
//! `report.html`; every stage's file is beside it. Without the feature `torch`
//! only the baseline (the width alone) is trained.

use foramen::commands::{finish, study};

fn main() -> std::process::ExitCode {
    finish(study::run(&study::Arguments::of_example()))
}
