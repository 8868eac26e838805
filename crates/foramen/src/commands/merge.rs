//! Joins parts of a study that several processes made with `--shard K/N`.
//!
//! `DIR` is the folder that the parts were made for; they lie in `shards` within it. What
//! is written is what one process would have written: of parts of `select` the selection, of
//! parts of `train` predictions and models of every fold.
//! Parts that are missing are named with the command that makes them. Parts that were made of
//! other inputs, settings or versions are refused. With no arguments it trains the baseline of a
//! small synthetic study in two parts first.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Parser;
use foramen_study::StudyConfig;

use crate::drawn_folder::prepare_drawn;
use crate::folder_arguments::StudyFolder;
use crate::inputs::Inputs;
use crate::run_lock::RunLock;
use crate::shard::{Shard, folder_of_shards, has_shards};
use crate::sharded_selection::{STAGE as SELECT, merge_selection};
use crate::sharded_training::{merge_training, train_shard};
use crate::stages::run_selection;
use crate::terminal::say;
use crate::train_arguments::TrainArguments;
use crate::training::refuse_finished;

/// Joins the parts of a study.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    study: StudyFolder,
    /// Write over what was put together, or made by one process, before.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// When a part is missing or does not fit the others, or a file cannot be written; the message
/// names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let (study, lock) = match arguments.study.path() {
        Some(study) => (study.to_owned(), RunLock::take(study)?),
        None => drawn_parts()?,
    };
    if !arguments.force && arguments.study.path().is_some() {
        refuse_finished(&study, &TrainArguments::default(), "leave it as it is")?;
    }
    let is_selected = study.join("manifest.json").is_file();
    let flow = if is_selected && !arguments.force { None } else { merge_selection(&study)? };
    if let Some(flow) = &flow {
        say!("{} rows, {} included", flow.rows, flow.included);
    }
    if is_selected && !arguments.force && has_shards(&study, SELECT) {
        eprintln!(
            "note: {} is there, so the parts of `select` are left; give --force to put them \
             together anew",
            study.join("manifest.json").display()
        );
    }
    let models = merge_training(&study)?;
    ensure!(
        models.is_some() || flow.is_some(),
        "{} holds no parts {}; make them by `--shard K/N` of `select` (with --out {}) or of `train` \
         (with --study {})",
        folder_of_shards(&study).display(),
        if is_selected { "of a training" } else { "of a selection" },
        study.display(),
        study.display()
    );
    for model in models.into_iter().flatten() {
        say!("{:<11} {}", model.title, model.summary());
    }
    say!("written to {}", study.display());
    drop(lock);
    Ok(())
}

/// The parts of a small synthetic study.
fn drawn_parts() -> Result<(PathBuf, RunLock)> {
    let study = Path::new("foramen-study-merge");
    let lock = prepare_drawn(study)?;
    run_selection(&Inputs::synthetic(60).open()?, &StudyConfig::default(), study)?;
    let train = TrainArguments::default().with_folds(2).with_epochs(2);
    for number in 1..=2 {
        let shard = Shard::new(number, 2).expect("1 and 2 are parts of 2");
        train_shard(study, &train, shard, true)?;
    }
    Ok((study.to_owned(), lock))
}
