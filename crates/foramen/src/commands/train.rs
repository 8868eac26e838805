//! Trains the CNN and the baseline (width only) on a study prepared by `select`, with five folds by
//! subject, and writes the models and their out-of-fold predictions.
//!
//! `DIR` is the `--out` of `select` or `study`. It prints the AUC of both models on subjects that
//! they were not trained on, and writes `predictions.csv`, `predictions-ruler.csv` and
//! `models/fold-N` into the folder. A checkpoint is kept in `checkpoints` after each epoch: after
//! an interruption, by Ctrl-C or otherwise, the same command with `--resume` continues and gives
//! the same models. With no arguments it prepares a small synthetic study first, and trains for
//! three epochs only. `--shard K/N` trains every N-th fold, in a separate folder, so that N
//! processes can share the folds; `merge` joins the parts. If `torchrun` or `srun` starts several
//! processes (the feature `distributed`), they train each network together, and the first process
//! writes the files. Without the feature `torch` only the baseline is trained. With `--reviewed` it
//! also trains on the corrections of persons, and writes those models into `reviewed`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use foramen_study::StudyConfig;

use crate::drawn_folder::prepare_drawn;
use crate::folder_arguments::StudyFolder;
use crate::inputs::{Inputs, prepare_output};
use crate::jobs::train_study;
use crate::processes::Processes;
use crate::reviewed_training::{ensure_current, reviewed_rows, tell_later_answers, train_reviewed};
use crate::run_lock::RunLock;
use crate::shard::Shard;
use crate::sharded_training::train_shard;
use crate::stages::{dataset, run_selection};
use crate::terminal::say;
use crate::train_arguments::TrainArguments;
use crate::training::{refuse_finished, resolve_device, train_along};

/// Trains the CNN and the baseline (width only) by cross-validation.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    study: StudyFolder,
    #[command(flatten)]
    train: TrainArguments,
    /// Train only the folds that fall to part K of N, for `merge` to put together; `slurm`
    /// takes the part from the task of a Slurm array.
    #[arg(long, value_name = "K/N", requires = "StudyFolder", conflicts_with = "reviewed")]
    shard: Option<Shard>,
    /// How long processes that train together wait for one another, seconds.
    #[arg(long, value_name = "S", default_value_t = 300,
          value_parser = clap::value_parser!(u64).range(1..))]
    peer_timeout: u64,
    /// Train again over a finished training.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut train = arguments.train.clone();
    let timeout = Duration::from_secs(arguments.peer_timeout);
    let alone = [
        ("--shard", arguments.shard.is_some()),
        ("--jobs", train.jobs.is_some()),
        ("--controls", train.controls),
        ("--learning-curve", train.learning_curve),
        ("--reviewed", train.reviewed),
    ];
    train.processes = Processes::join(&alone, timeout)?;
    if !train.processes.is_first() {
        return follow(arguments.study.path(), &train);
    }
    say!("device: {}", resolve_device(&arguments.train.device)?);
    if let (Some(study), Some(shard)) = (arguments.study.path(), arguments.shard) {
        return train_shard(study, &train, shard, arguments.force);
    }
    let (study, lock) = match arguments.study.path() {
        Some(study) => (study.to_owned(), RunLock::take(study)?),
        None => {
            let study = PathBuf::from("foramen-study-train");
            let lock = match train.resume {
                true => prepare_output(&study, true)?,
                false => prepare_drawn(&study)?,
            };
            (study, lock)
        }
    };
    // Without a study it trains on its own drawn subjects anew.
    if !arguments.force && arguments.study.path().is_some() {
        refuse_finished(&study, &train, "leave it as it is")?;
    }
    if arguments.study.path().is_none() && !train.resume {
        run_selection(&Inputs::synthetic(40).open()?, &StudyConfig::default(), &study)?;
    }
    if arguments.study.path().is_none() && train.epochs.is_none() {
        say!("to show how it works: 40 drawn subjects and 3 epochs; --epochs N for more");
        train.epochs = Some(3);
    }
    let models = if train.reviewed {
        let rows = reviewed_rows(&study)?;
        ensure_current(&study, &rows)?;
        tell_later_answers(&study)?;
        train_reviewed(&study, &rows, &train)?
    } else {
        train_study(&dataset(&study)?, &train, &study)?
    };
    for model in models {
        say!("{:<11} {}", model.title, model.summary());
    }
    say!("written to {}", study.display());
    drop(lock);
    Ok(())
}

/// Trains together with the first process, which writes the files.
fn follow(study: Option<&Path>, train: &TrainArguments) -> Result<()> {
    let study =
        study.context("several processes that train together need the folder of a study, DIR")?;
    train_along(&dataset(study)?, train, study)?;
    train.processes.tell_end();
    Ok(())
}
