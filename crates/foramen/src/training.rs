use std::path::Path;
#[cfg(feature = "torch")]
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Result, ensure};
#[cfg(feature = "torch")]
use foramen_learn::OnShare;
use foramen_learn::{
    Dataset, Learner, Split, WidthBaseline, cross_validate_folds, cross_validate_repeats,
};
#[cfg(feature = "torch")]
use foramen_study::files::FoldTemperature;
use foramen_study::files::{
    ModelNotes, ModelRole, StageNotes, read_stages, remove_later_stages, write_predictions,
    write_stages,
};

use foramen_study::review::REVIEWED;

use crate::controls::number_controls;
#[cfg(feature = "torch")]
use crate::counted_training::{Counted, Trained};
#[cfg(feature = "torch")]
use crate::learning_curve::{FITS, learning_curve, subjects};
#[cfg(feature = "torch")]
use crate::picture_controls::picture_controls;
use crate::provenance::provenance;
use crate::reporting::predictions_file;
use crate::splitting::{compare_folds, splits};
use crate::train_arguments::TrainArguments;
use crate::trained_model::TrainedModel;

/// The folds of a cross-validation that are trained, and their study.
#[derive(Clone, Copy)]
pub(crate) struct Folds<'a> {
    /// The splits of all folds, one for each repeat.
    pub(crate) splits: &'a [Split],
    /// The folds of the first repeat that this process trains, ascending, if processes share the
    /// work; `None` trains all folds of all repeats.
    pub(crate) shared: Option<&'a [usize]>,
    /// The folder of the study with its patches.
    pub(crate) study: &'a Path,
}

#[cfg(feature = "torch")]
impl Folds<'_> {
    /// Number of trained folds.
    fn count(&self) -> usize {
        let all = || self.splits.iter().map(Split::folds).sum();
        self.shared.map_or_else(all, <[usize]>::len)
    }

    /// Repeat and number of each fold that is trained, in order.
    fn trained(&self) -> Vec<(usize, usize)> {
        match self.shared {
            Some(folds) => folds.iter().map(|fold| (0, *fold)).collect(),
            None => {
                let repeats = self.splits.iter().enumerate();
                repeats.flat_map(|(at, split)| (0..split.folds()).map(move |f| (at, f))).collect()
            }
        }
    }

    /// The folds whose models are kept, those of the first repeat: they test every subject once.
    /// Models of further repeats would be averaged with them.
    fn kept(&self) -> Vec<usize> {
        self.shared.map_or_else(|| (0..self.splits[0].folds()).collect(), <[usize]>::to_vec)
    }
}

/// Trains the baseline (the width alone) and, with the feature `torch`, the CNN by cross-validation,
/// and writes their predictions (and the CNN's models) into `out`.
///
/// # Errors
/// When a model cannot be trained or a file cannot be written.
pub(crate) fn train_models(
    dataset: &Dataset,
    arguments: &TrainArguments,
    out: &Path,
) -> Result<Vec<TrainedModel>> {
    let splits = splits(dataset, arguments, out)?;
    // Models of more folds than now would be averaged with these.
    remove_later_stages(out)?;
    compare_folds(out, &splits, &arguments.allow_overlap)?;
    let folds = Folds { splits: &splits, shared: None, study: out };
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

/// Refuses to write over a finished training. An interrupted training is not finished, and models
/// for persons' corrections (`--reviewed`) are added to the existing ones.
///
/// # Errors
/// When the folder holds the predictions of all its models, with the alternatives.
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
    let Folds { splits, study, .. } = folds;
    let baseline = timed(
        &WidthBaseline::default(),
        dataset,
        folds,
        "Width alone",
        "Logistic regression on the z-score of the measured width: one number, no picture.",
    )?;
    write_predictions(&out.join(predictions_file("ruler")), &baseline.0.predictions)?;
    #[cfg(not(feature = "torch"))]
    {
        eprintln!(
            "note: built without the feature `torch`, so only the baseline, the width alone, is trained"
        );
        let mut models = vec![baseline.0];
        if arguments.controls {
            models.extend(number_controls(dataset, splits, study)?);
            eprintln!("note: the controls that see pictures need the feature `torch` too");
        }
        if arguments.learning_curve {
            eprintln!(
                "note: the learning curve is that of the CNN, which needs the feature `torch`"
            );
        }
        Ok(models)
    }
    #[cfg(feature = "torch")]
    {
        let checkpoints = out.join("checkpoints");
        let CnnTraining { model: cnn, learner, fitted, progress } =
            train_cnn(dataset, folds, arguments, out)?;
        let mut models = vec![cnn, baseline.0];
        if arguments.controls {
            models.extend(number_controls(dataset, splits, study)?);
            let pixel = foramen_study::files::read_pixel(study)?;
            let trained = (&learner, &fitted[..]);
            let seed = arguments.seed;
            models.extend(picture_controls(dataset, splits, trained, pixel, seed, study)?);
        }
        if arguments.learning_curve {
            let first = &splits[0];
            let whole = OnShare::new(&learner, 1.0, arguments.seed);
            models[0].subjects = Some(subjects(&whole, dataset, first));
            models.extend(learning_curve(&learner, dataset, first, arguments.seed, study)?);
        }
        progress.finish();
        IS_TRAINING.store(false, Ordering::Relaxed);
        // What they were kept for is done.
        remove_folder(&checkpoints)?;
        Ok(models)
    }
}

/// Trains the CNN together with the first process, which writes the results.
///
/// # Errors
/// When a model cannot be trained, or another process is lost.
pub(crate) fn train_along(
    dataset: &Dataset,
    arguments: &TrainArguments,
    study: &Path,
) -> Result<()> {
    let splits = splits(dataset, arguments, study)?;
    #[cfg(feature = "torch")]
    {
        foramen_tch::reuse_memory()?;
        crate::messages::print_messages();
        let cnn = foramen_cnn::Cnn::new(configuration(dataset, arguments, study)?)
            .with_stop(stop_on_interrupt()?);
        cross_validate_repeats(&arguments.processes.share(cnn), dataset, &splits)?;
        IS_TRAINING.store(false, Ordering::Relaxed);
    }
    #[cfg(not(feature = "torch"))]
    let _ = splits;
    Ok(())
}

fn timed<L: Learner>(
    learner: &L,
    dataset: &Dataset,
    Folds { splits, shared, .. }: Folds<'_>,
    title: &str,
    description: &str,
) -> Result<(TrainedModel, Vec<L::Fitted>)> {
    let result = match shared {
        Some(numbers) => {
            cross_validate_folds(learner, dataset, &splits[0], numbers.iter().copied())?
        }
        None => cross_validate_repeats(learner, dataset, splits)?,
    };
    let model = TrainedModel {
        name: learner.name().to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        thresholds: result.folds.iter().map(|fold| fold.threshold).collect(),
        fitted_on: Vec::new(),
        predictions: result.predictions,
        role: ModelRole::Model,
        temperatures: Vec::new(),
        subjects: None,
    };
    Ok((model, result.fitted))
}

/// A CNN that was trained, and what else is needed to train it again as a control.
#[cfg(feature = "torch")]
struct CnnTraining {
    model: TrainedModel,
    learner: foramen_cnn::Cnn,
    /// The model of each fold of each repeat.
    fitted: Vec<foramen_cnn::CnnModel>,
    /// Counts the epochs of the controls too.
    progress: crate::progress::Progress,
}

/// Trains the CNN fold by fold with progress, and saves each fold's model. Its checkpoints stay.
#[cfg(feature = "torch")]
fn train_cnn(
    dataset: &Dataset,
    folds: Folds<'_>,
    arguments: &TrainArguments,
    out: &Path,
) -> Result<CnnTraining> {
    use foramen_cnn::Cnn;

    use crate::fold_models::folder_of;

    foramen_tch::reuse_memory()?;
    crate::messages::print_messages();
    let pixels = dataset.samples().first().map_or(0, |sample| sample.patch.nrows());
    let mut config = configuration(dataset, arguments, folds.study)?;
    let pixel = config.pixel;
    let checkpoints = out.join("checkpoints");
    if !arguments.resume {
        remove_folder(&checkpoints)?;
    } else if !checkpoints.exists() {
        eprintln!("no checkpoints in {}: training from the start", checkpoints.display());
    }
    config = config.with_threads(crate::threads::threads(
        arguments.threads.or_else(|| arguments.processes.cores_each()),
        arguments.resume,
        &checkpoints,
    )?);
    // Two controls train the CNN again: on what is around the foramen, and on the outcomes of
    // the first repeat, shuffled. So does the learning curve, on the first repeat.
    let first = folds.splits[0].folds();
    let of_controls = if arguments.controls { folds.count() + first } else { 0 };
    let of_curve = if arguments.learning_curve { FITS * first } else { 0 };
    let total = folds.count() + of_controls + of_curve;
    let progress = crate::progress::bar("train", total * config.members * config.epochs);
    let shown = progress.clone();
    let trained = Arc::new(Mutex::new(Trained::new(config.members * config.epochs)));
    let seen = Arc::clone(&trained);
    let cnn = Cnn::new(config)
        .with_checkpoints(&checkpoints)
        .with_history(out.join("history"))
        .with_resume(arguments.resume)
        .with_stop(stop_on_interrupt()?);
    let cnn = arguments.processes.share(cnn).with_progress(move |report| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        shown.set_position(seen.at((report.member - 1) * report.epochs + report.epoch));
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
    let counted = Counted { cnn: &cnn, trained: &trained, progress: &progress };
    let (mut model, fitted) = timed(&counted, dataset, folds, "CNN", &description)?;
    let kept = folds.kept();
    for (fold, fitted) in kept.iter().zip(&fitted) {
        fitted.save(&folder_of(&out.join("models"), *fold))?;
    }
    let fitted_on = fitted.iter().take(kept.len());
    model.fitted_on = fitted_on.map(|fitted| fitted.fold().map(str::to_owned)).collect();
    let of = |((repeat, fold), fitted): ((usize, usize), &foramen_cnn::CnnModel)| FoldTemperature {
        repeat,
        fold,
        temperature: fitted.temperature(),
    };
    model.temperatures = folds.trained().into_iter().zip(&fitted).map(of).collect();
    write_predictions(&out.join("predictions.csv"), &model.predictions)?;
    Ok(CnnTraining { model, learner: cnn, fitted, progress })
}

/// The configuration of a study's CNN.
#[cfg(feature = "torch")]
fn configuration(
    dataset: &Dataset,
    arguments: &TrainArguments,
    study: &Path,
) -> Result<foramen_cnn::CnnConfig> {
    let pixels = dataset.samples().first().map_or(0, |sample| sample.patch.nrows());
    let pixel = foramen_study::files::read_pixel(study)?;
    let config = foramen_cnn::CnnConfig::for_patches(pixels, pixel)
        .with_seed(arguments.seed)
        .with_device(arguments.device.parse()?)
        .with_kernels(arguments.kernels.parse()?);
    Ok(match arguments.epochs {
        Some(epochs) => config.with_epochs(epochs),
        None => config,
    })
}

/// The covariates of the samples with an outcome, in words.
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

/// Whether a network is trained, so that Ctrl-C waits for a checkpoint.
#[cfg(feature = "torch")]
static IS_TRAINING: AtomicBool = AtomicBool::new(false);

/// A flag that Ctrl-C sets while a network is trained; a second Ctrl-C ends the program at once,
/// and so does the first when nothing is trained any more. A program has one flag, however often
/// it trains.
#[cfg(feature = "torch")]
fn stop_on_interrupt() -> Result<Arc<AtomicBool>> {
    static STOP: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    IS_TRAINING.store(true, Ordering::Relaxed);
    let mut held = STOP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stop) = &*held {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) || !IS_TRAINING.load(Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("\nstopping at the last checkpoint; --resume goes on from there");
    })?;
    *held = Some(Arc::clone(&stop));
    Ok(stop)
}

/// Describes the device on which the CNN will compute, or why it cannot.
///
/// # Errors
/// When the device is not available.
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
