//! Checks what the parts of a split share: subjects, examinations, images and near-duplicate
//! images.
//!
//! ```text
//! cargo run --release --example leakage -- --data breastmnist.npz --json leakage.json
//! ```
//!
//! `DIR` compares the folds of a study, `--data FILE.npz` the train, val and test
//! images of a data set in the layout of MedMNIST. It prints what was compared, how many
//! near-duplicates there are between which parts, and each pair. With neither, small pictures
//! are drawn of which three are in two parts.

use clap::Parser as _;
use foramen::commands::{finish, leakage};

fn main() -> std::process::ExitCode {
    finish(leakage::run(&leakage::Arguments::parse()))
}
