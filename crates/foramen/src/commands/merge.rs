//! Joins parts of a study that several processes made with `--shard K/N`.
//!
//! `--study` is the folder that the parts were made for; they are in its folder `shards`. The
//! result equals that of a single process: from parts of `select` the selection, from parts of
//! `train` the predictions and models of every fold. Missing parts are listed with the commands
//! that make them. Parts made with other inputs, settings or versions are refused. With no
//! arguments it trains the baseline of a small synthetic study in two parts first.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Parser;
use foramen_study::StudyConfig;

use crate::inputs::{Inputs, prepare_output};
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
    /// Folder for which the parts were made; without it, a small synthetic study in two parts.
    #[arg(long, value_name = "DIR")]
    study: Option<PathBuf>,
    /// Overwrite earlier results, joined or made by one process.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// When a part is missing or does not fit the others, or a file cannot be written; the message
/// names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let (study, lock) = match &arguments.study {
        Some(study) => (study.clone(), RunLock::take(study)?),
        None => drawn_parts()?,
    };
    if !arguments.force && arguments.study.is_some() {
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
        say!("{:<6} {}", model.name, model.summary());
    }
    say!("written to {}", study.display());
    drop(lock);
    Ok(())
}

/// The parts of a small synthetic study.
fn drawn_parts() -> Result<(PathBuf, RunLock)> {
    let study = Path::new("foramen-study-merge");
    let lock = prepare_output(study, true)?;
    run_selection(&Inputs::synthetic(60).open()?, &StudyConfig::default(), study)?;
    let train = TrainArguments::default().with_folds(2).with_epochs(2);
    for number in 1..=2 {
        let shard = Shard::new(number, 2).expect("1 and 2 are parts of 2");
        train_shard(study, &train, shard, true)?;
    }
    Ok((study.to_owned(), lock))
}
