//! Trains the CNN and the baseline (width only) on a study prepared by `select`, with five folds by
//! subject, and writes the models and their out-of-fold predictions.
//!
//! ```text
//! cargo run --release --features torch --example train -- DIR
//! ```
//!
//! `DIR` is the `--out` of `select` or `study`. It prints the AUC of both models on subjects that
//! they were not trained on, and writes `predictions.csv`, `predictions-ruler.csv` and
//! `models/fold-N` into the folder. A checkpoint is kept in `checkpoints` after each epoch: after
//! an interruption, by Ctrl-C or otherwise, the same command with `--resume` continues and gives
//! the same models. With no arguments it prepares a small synthetic study first and trains for
//! three epochs only. `--shard K/N` trains every N-th fold, for `merge` to put together. Without
//! `--features torch` only the baseline is trained.

use clap::Parser as _;
use foramen::commands::{finish, train};

fn main() -> std::process::ExitCode {
    finish(train::run(&train::Arguments::parse()))
}
