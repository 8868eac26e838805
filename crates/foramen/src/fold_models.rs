use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
#[cfg(feature = "torch")]
use foramen_study::files;
use serde::{Deserialize, Serialize};

use crate::predictor::Predictor;
#[cfg(feature = "torch")]
use crate::trained_model::TrainedModel;

/// Lists the folds of a training, beside their folders.
const INDEX: &str = "folds.json";
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Index {
    schema_version: u32,
    /// Hash of the data on which the models in `fold-0`, `fold-1`, … were fitted
    /// ([`Predictor::fold`]).
    folds: Vec<Option<String>>,
}

/// The folder of a fold's model.
pub(crate) fn folder_of(models: &Path, fold: usize) -> PathBuf {
    models.join(format!("fold-{fold}"))
}

/// Completes the models in the folder of a study when all folds are trained: `folds.json` records
/// the model of each folder, and the model cards get the pooled AUC.
///
/// # Errors
/// When a model cannot be read or a file cannot be written.
#[cfg(feature = "torch")]
pub(crate) fn finish_models(study: &Path, trained: &[TrainedModel]) -> Result<()> {
    use foramen_cnn::{CnnModel, DeviceChoice, ModelCard};

    let Some(model) = trained.iter().find(|model| !model.fitted_on.is_empty()) else {
        return Ok(());
    };
    let models = study.join("models");
    let (pooled, folds) = (model.auc(), model.fitted_on.len());
    for fold in 0..folds {
        let folder = folder_of(&models, fold);
        let fitted = CnnModel::load_on(&folder, DeviceChoice::Cpu)?;
        let mut card = ModelCard::of(&fitted)
            .with_title("Outcome of a cervical foraminal steroid injection from a patch of MRI")
            .with_data(&format!(
                "The study {}, fold {fold} of {folds}. A patch shows the foramen with the treated \
                 side at image left, and its width is that of the foramen.",
                study.display(),
            ));
        if let Some(auc) = &pooled {
            let on = format!("{} foramina, each by the fold that had not seen it", auc.n);
            card = card.with_metric("AUC", auc.estimate, auc.ci(), &on);
        }
        card.write(&folder)?;
    }
    let index = Index { schema_version: SCHEMA_VERSION, folds: model.fitted_on.clone() };
    let path = models.join(INDEX);
    Ok(files::write_atomically(&path, |file| Ok(serde_json::to_writer_pretty(file, &index)?))?)
}

/// Loads with `load` the models below a folder, or the single model in it, and checks that each is
/// the model trained there.
///
/// # Errors
/// When there is none, one cannot be read, a fold is missing, or a folder holds the model of
/// another fold or study; each with its name.
pub(crate) fn load_models<M: Predictor>(
    folder: &Path,
    load: impl Fn(&Path) -> Result<M>,
) -> Result<Vec<M>> {
    let mut folders = vec![folder.to_owned()];
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    folders.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    folders.retain(|folder| folder.join("config.json").is_file());
    folders.sort();
    if folders.is_empty() {
        bail!("{} holds no trained model; `train` and `study` write them", folder.display());
    }
    if let Some(index) = read_index(folder)? {
        for fold in 0..index.folds.len() {
            let of_fold = folder_of(folder, fold);
            ensure!(
                folders.contains(&of_fold),
                "{} is missing; the study was trained in {} folds, which predict together",
                of_fold.display(),
                index.folds.len()
            );
        }
    }
    folders.iter().map(|folder| load_one(folder, &load)).collect()
}

fn load_one<M: Predictor>(folder: &Path, load: impl Fn(&Path) -> Result<M>) -> Result<M> {
    let model = load(folder)?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let index = match parent {
        Some(parent) => read_index(parent)?,
        None => read_index(Path::new("."))?,
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let (Some(index), Some(number)) = (index, name.strip_prefix("fold-")) else {
        return Ok(model);
    };
    let expected = number.parse().ok().and_then(|number: usize| index.folds.get(number));
    let Some(expected) = expected else {
        bail!(
            "{} is not a fold of this study, which was trained in {}; remove it",
            folder.display(),
            index.folds.len()
        );
    };
    if model.fold() == expected.as_deref() {
        return Ok(model);
    }
    match index.folds.iter().position(|fold| fold.as_deref() == model.fold()) {
        Some(other) => bail!(
            "{} holds the model of fold {other}; put each model back into its folder",
            folder.display()
        ),
        None => bail!(
            "{} holds a model of another study or split than its neighbours; put the model back \
             that was trained there, or train again",
            folder.display()
        ),
    }
}

fn read_index(models: &Path) -> Result<Option<Index>> {
    let path = models.join(INDEX);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("could not read {}", path.display()))?,
    };
    let index: Index = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} does not list the folds of a training", path.display()))?;
    ensure!(
        index.schema_version == SCHEMA_VERSION,
        "{} is of version {}, and this program reads {SCHEMA_VERSION}",
        path.display(),
        index.schema_version
    );
    Ok(Some(index))
}
