//! Joins parts of a study that several processes made with `--shard K/N`.
//!
//! ```text
//! cargo run --release --features torch --example merge -- DIR
//! ```
//!
//! `DIR` is the folder that the parts were made for, such as by
//! `train DIR --shard 1/4` to `4/4`, or by a Slurm array with `--shard slurm`. It
//! writes what one process would have written, and refuses parts that are missing or do not
//! go together, by their names. With no arguments it trains a small synthetic study in two
//! parts first.

use clap::Parser as _;
use foramen::commands::{finish, merge};

fn main() -> std::process::ExitCode {
    finish(merge::run(&merge::Arguments::parse()))
}
