use std::path::{Path, PathBuf};

use anyhow::Result;
use foramen_study::StudyConfig;

use crate::inputs::{Inputs, prepare_output};
use crate::stages::{dataset, run_selection};
use crate::terminal::say;
use crate::train_arguments::TrainArguments;
use crate::training::train_models;

/// Trains on a small synthetic cohort, for commands that are given no models; returns the folder of
/// the models.
///
/// # Errors
/// When the cohort, the selections or the models cannot be made or written.
pub(crate) fn demo_models(study: &Path) -> Result<PathBuf> {
    let _lock = prepare_output(study, true)?;
    say!(
        "no model was given: a small one is trained on 40 simulated subjects, 3 folds of 3 epochs"
    );
    run_selection(&Inputs::synthetic(40).open()?, &StudyConfig::default(), study)?;
    let train = TrainArguments::default().with_folds(3).with_epochs(3);
    train_models(&dataset(study)?, &train, study)?;
    Ok(study.join("models"))
}
