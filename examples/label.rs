//! Labels a pain table and accounts for every row.
//!
//! ```text
//! cargo run --release --example label -- --outcomes outcomes.csv --json labels.json
//! ```
//!
//! prints the episodes with their label, the rejected rows with their reason, the
//! cohort flow, the table of characteristics and the share of favourable outcomes
//! under other definitions. `--mapping` says what the columns of another table
//! mean, `--dictionary` what the codes of a REDCap export do (docs/labels.md).
//! Without `--outcomes` a small made-up table is labelled.

use clap::Parser as _;
use foramen::commands::{finish, label};

fn main() -> std::process::ExitCode {
    finish(label::run(&label::Arguments::parse()))
}
