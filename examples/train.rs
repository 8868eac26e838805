//! Trains the CNN and the ruler on a study that `select` has prepared, five folds
//! by subject, and leaves the models and their out-of-fold predictions.
//!
//! ```text
//! cargo run --release --features torch --example train -- --study DIR
//! ```
//!
//! `DIR` is the `--out` of `select` or `study`. It prints the AUC of both models
//! on subjects they have not seen, and writes `predictions.csv`,
//! `predictions-ruler.csv` and `models/fold-N` into the folder. A checkpoint is kept
//! in `checkpoints` after each epoch: interrupted, by Ctrl-C or otherwise, the same
//! command with `--resume` goes on and ends with the same models. With no arguments
//! it prepares a small synthetic study first.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use foramen_examples::{
    Failure, Inputs, TrainArguments, dataset, prepare_output, resolve_device, run_selection,
    train_models,
};
use foramen_study::StudyConfig;

/// Trains the CNN and the ruler by cross-validation.
#[derive(Parser)]
struct Arguments {
    /// Folder that `select` or `study` has written; without it, a small
    /// synthetic study is prepared.
    #[arg(long, value_name = "DIR")]
    study: Option<PathBuf>,
    #[command(flatten)]
    train: TrainArguments,
}

fn main() -> Result<(), Failure> {
    Ok(run(&Arguments::parse())?)
}

fn run(arguments: &Arguments) -> Result<()> {
    println!("device: {}", resolve_device(&arguments.train.device)?);
    let study = match &arguments.study {
        Some(study) => study.clone(),
        None => {
            let study = PathBuf::from("foramen-study-train");
            prepare_output(&study, true)?;
            if !arguments.train.resume {
                run_selection(&Inputs::synthetic(60).open()?, &StudyConfig::default(), &study)?;
            }
            study
        }
    };
    let dataset = dataset(&study)?;
    for model in train_models(&dataset, &arguments.train, &study)? {
        println!("{:<6} {}", model.name, model.summary());
    }
    println!("written to {}", study.display());
    Ok(())
}
