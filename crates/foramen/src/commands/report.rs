//! Makes the report of a study from the files in its folder, without training again; it can be
//! repeated.
//!
//! It reads `manifest.json`, `selections.csv`, the pictures, the predictions and `stages.json`, and
//! rewrites `report.html`, `report.json` and `run.json`. For an older study without `stages.json`,
//! these data are taken from its earlier `report.json`. With no arguments it prepares a small
//! synthetic study first.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use foramen_study::StudyConfig;

use crate::drawn_folder::prepare_drawn;
use crate::folder_arguments::StudyFolder;
use crate::inputs::Inputs;
use crate::reporting::make_report;
use crate::run_lock::RunLock;
use crate::stages::{dataset, run_selection};
use crate::terminal::say;
use crate::train_arguments::TrainArguments;
use crate::training::train_models;

/// Makes the report of a study from the files in its folder.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    study: StudyFolder,
    /// The title of the page.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let (study, _lock) = match arguments.study.path() {
        Some(study) => (study.to_owned(), RunLock::take(study)?),
        None => {
            let study = PathBuf::from("foramen-study-report");
            let lock = prepare_drawn(&study)?;
            run_selection(&Inputs::synthetic(40).open()?, &StudyConfig::default(), &study)?;
            let train = TrainArguments::default().with_folds(3).with_epochs(3);
            train_models(&dataset(&study)?, &train, &study)?;
            (study, lock)
        }
    };
    let report = make_report(&study, arguments.title.as_deref())?;
    for (_, model) in &report.models {
        let auc = model.auc.map_or("undefined".to_owned(), |auc| format!("{auc:.3}"));
        say!("{:<11} AUC {auc} of {} injections", model.title, model.n);
    }
    let page = study.join("report.html").canonicalize().context("the report was just written")?;
    say!("report: {}", page.display());
    Ok(())
}
