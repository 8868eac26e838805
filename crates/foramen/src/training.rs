use std::path::Path;

use anyhow::{Result, ensure};
use foramen_learn::{Dataset, Learner, Ruler, Split, cross_validate_folds};
use foramen_study::files::{
    ModelNotes, StageNotes, read_stages, remove_later_stages, write_predictions, write_stages,
};

use foramen_study::review::REVIEWED;

use crate::provenance::provenance;
use crate::reporting::predictions_file;
use crate::train_arguments::TrainArguments;
use crate::trained_model::TrainedModel;

/// Which folds of a cross-validation are trained, and of which study.
#[derive(Clone, Copy)]
pub(crate) struct Folds<'a> {
    /// Deals subjects to all folds.
    pub(crate) split: &'a Split,
    /// Those that are trained here, ascending.
    pub(crate) numbers: &'a [usize],
    /// The folder of the study, where its patches lie.
    #[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "the CNN alone reads it"))]
    pub(crate) study: &'a Path,
}

/// Trains the ruler and, with the feature `torch`, the CNN by cross-validation,
/// and writes their predictions (and the CNN's models) into `out`.
///
/// # Errors
/// When a model cannot be trained or a file cannot be written.
pub(crate) fn train_models(
    dataset: &Dataset,
    arguments: &TrainArguments,
    out: &Path,
) -> Result<Vec<TrainedModel>> {
    let split = Split::by_subject(dataset, arguments.folds, arguments.seed)?;
    // Models of more folds than now would be averaged with these.
    remove_later_stages(out)?;
    let numbers: Vec<usize> = (0..split.folds()).collect();
    let folds = Folds { split: &split, numbers: &numbers, study: out };
    let models = train_folds(dataset, folds, arguments, out)?;
    #[cfg(feature = "torch")]
    crate::fold_models::finish_models(out, &models)?;
    let device = resolve_device(&arguments.device)?;
    let before = read_stages(out)?.unwrap_or_default();
    let notes = StageNotes {
        models: models.iter().map(TrainedModel::notes).collect(),
        provenance: provenance(arguments, &device),
        seed: arguments.seed,
        ..before
    };
    write_stages(out, &notes)?;
    Ok(models)
}

/// Refuses to write over a finished training. One that was interrupted is none, and what
/// persons corrected (`--reviewed`) is trained beside what is there.
///
/// # Errors
/// When the folder holds the predictions of all its models, with what else there is to do.
pub(crate) fn refuse_finished(
    study: &Path,
    arguments: &TrainArguments,
    instead: &str,
) -> Result<()> {
    let mut models = read_stages(study)?.unwrap_or_default().models;
    let reviewed = |model: &ModelNotes| model.predictions.starts_with(REVIEWED);
    if arguments.reviewed && !models.iter().any(reviewed) {
        models.clear();
    }
    let trained =
        !models.is_empty() && models.iter().all(|model| study.join(&model.predictions).is_file());
    // The report is removed where a training begins. Studies of before have it alone.
    let finished = trained || !arguments.reviewed && study.join("report.json").is_file();
    ensure!(
        !finished,
        "{} holds a finished study; give --force to train it anew and lose its models and \
         predictions, or {instead}",
        study.display()
    );
    Ok(())
}

/// Trains each model on some folds, and writes predictions and the models of the folds into
/// `out`.
///
/// # Errors
/// When a model cannot be trained or a file cannot be written.
pub(crate) fn train_folds(
    dataset: &Dataset,
    folds: Folds<'_>,
    arguments: &TrainArguments,
    out: &Path,
) -> Result<Vec<TrainedModel>> {
    let ruler = timed(
        &Ruler::default(),
        dataset,
        folds,
        "Ruler",
        "Logistic regression on the z-score of the measured width: one number, no picture.",
    )?;
    write_predictions(&out.join(predictions_file("ruler")), &ruler.0.predictions)?;
    #[cfg(not(feature = "torch"))]
    {
        let _ = arguments;
        eprintln!("note: built without the feature `torch`, so only the ruler is trained");
        Ok(vec![ruler.0])
    }
    #[cfg(feature = "torch")]
    {
        let cnn = train_cnn(dataset, folds, arguments, out)?;
        Ok(vec![cnn, ruler.0])
    }
}

fn timed<L: Learner>(
    learner: &L,
    dataset: &Dataset,
    Folds { split, numbers, .. }: Folds<'_>,
    title: &str,
    description: &str,
) -> Result<(TrainedModel, Vec<L::Fitted>)> {
    let result = cross_validate_folds(learner, dataset, split, numbers.iter().copied())?;
    let model = TrainedModel {
        name: learner.name().to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        thresholds: result.folds.iter().map(|fold| fold.threshold).collect(),
        fitted_on: Vec::new(),
        predictions: result.predictions,
    };
    Ok((model, result.fitted))
}

/// Trains the CNN fold by fold with progress, and saves each fold's model.
#[cfg(feature = "torch")]
fn train_cnn(
    dataset: &Dataset,
    folds: Folds<'_>,
    arguments: &TrainArguments,
    out: &Path,
) -> Result<TrainedModel> {
    use foramen_cnn::{Cnn, CnnConfig};

    use crate::fold_models::folder_of;

    foramen_tch::reuse_memory()?;
    let pixels = dataset.samples().first().map_or(0, |sample| sample.patch.nrows());
    let pixel = foramen_study::files::read_pixel(folds.study)?;
    let mut config = CnnConfig::for_patches(pixels, pixel)
        .with_seed(arguments.seed)
        .with_device(arguments.device.parse()?);
    if let Some(epochs) = arguments.epochs {
        config = config.with_epochs(epochs);
    }
    let checkpoints = out.join("checkpoints");
    if !arguments.resume {
        remove_folder(&checkpoints)?;
    } else if !checkpoints.exists() {
        eprintln!("no checkpoints in {}: training from the start", checkpoints.display());
    }
    config = config.with_threads(crate::threads::threads(
        arguments.threads,
        arguments.resume,
        &checkpoints,
    )?);
    let progress =
        crate::progress::bar("train", folds.numbers.len() * config.members * config.epochs);
    let shown = progress.clone();
    let cnn = Cnn::new(config)
        .with_checkpoints(&checkpoints)
        .with_history(out.join("history"))
        .with_resume(arguments.resume)
        .with_stop(stop_on_interrupt()?);
    let cnn = cnn.with_progress(move |report| {
        shown.inc(1);
        let auc = report.tune_auc.map_or("–".to_owned(), |auc| format!("{auc:.2}"));
        shown.set_message(format!(
            "loss {:.3}, tune AUC {auc}, {:.0} images/s",
            report.train_loss, report.images_per_second
        ));
    });
    let description = format!(
        "A convolutional network on a {mm} × {mm} mm patch around the foramen; it sees the \
         picture, the name of the level{}, nothing else.",
        beside(dataset),
        mm = (pixels as f64 * pixel).round()
    );
    let (mut model, fitted) = timed(&cnn, dataset, folds, "CNN", &description)?;
    progress.finish_with_message("");
    for (fold, fitted) in folds.numbers.iter().zip(&fitted) {
        fitted.save(&folder_of(&out.join("models"), *fold))?;
    }
    model.fitted_on = fitted.iter().map(|fitted| fitted.fold().map(str::to_owned)).collect();
    write_predictions(&out.join("predictions.csv"), &model.predictions)?;
    // What they were kept for is done.
    remove_folder(&checkpoints)?;
    Ok(model)
}

/// The covariates that the samples with an outcome name, in words.
#[cfg(feature = "torch")]
fn beside(dataset: &Dataset) -> String {
    let sample = dataset.samples().iter().find(|sample| sample.outcome.is_some());
    let names = sample.iter().flat_map(|sample| sample.covariates.keys());
    names.map(|name| format!(", {name}")).collect()
}

#[cfg(feature = "torch")]
fn remove_folder(folder: &Path) -> Result<()> {
    use anyhow::Context as _;

    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// A flag that Ctrl-C sets; a second Ctrl-C ends the program at once. A program has one,
/// however often it trains.
#[cfg(feature = "torch")]
fn stop_on_interrupt() -> Result<std::sync::Arc<std::sync::atomic::AtomicBool>> {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};

    static STOP: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    let mut held = STOP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stop) = &*held {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("\nstopping at the last checkpoint; --resume goes on from there");
    })?;
    *held = Some(Arc::clone(&stop));
    Ok(stop)
}

/// Says where the CNN will compute, or why it cannot.
///
/// # Errors
/// When the device is not there.
pub(crate) fn resolve_device(device: &str) -> Result<String> {
    #[cfg(feature = "torch")]
    return Ok(device.parse::<foramen_cnn::DeviceChoice>()?.resolve()?.to_string());
    #[cfg(not(feature = "torch"))]
    match device {
        "auto" | "cpu" => Ok("cpu (built without the feature `torch`)".to_owned()),
        _ => anyhow::bail!(
            "--device {device} needs libtorch, and this was built without it; run `cargo xtask \
             setup` once, then add `--features torch`"
        ),
    }
}
