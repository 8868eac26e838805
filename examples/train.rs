//! Trains the CNN and the ruler on a study that `select` has prepared, five folds
//! by subject, and leaves the models and their out-of-fold predictions.
//!
//! ```text
//! cargo run --release --features torch --example train -- --study DIR
//! ```
//!
//! `DIR` is the `--out` of `select` or `study`. It prints the AUC of both models
//! on subjects they have not seen, and writes `predictions.csv`,
//! `predictions-ruler.csv` and `models/fold-N` into the folder. With no arguments
//! it prepares a small synthetic study first.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use foramen_examples::{CnnArguments, dataset, prepare_synthetic, train_models};

/// Trains the CNN and the ruler by cross-validation.
#[derive(Parser)]
struct Arguments {
    /// Folder that `select` or `study` has written; without it, a small
    /// synthetic study is prepared.
    #[arg(long, value_name = "DIR")]
    study: Option<PathBuf>,
    #[command(flatten)]
    cnn: CnnArguments,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let study = match arguments.study {
        Some(study) => study,
        None => prepare_synthetic("foramen-study-train".into())?,
    };
    let dataset = dataset(&study)?;
    for model in train_models(&dataset, &arguments.cnn, &study)? {
        println!("{:<6} {}", model.name, model.summary());
    }
    println!("written to {}", study.display());
    Ok(())
}
