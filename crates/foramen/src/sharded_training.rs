use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use foramen_learn::{Overlap, Prediction, Split};
use foramen_report::read_predictions;
use foramen_study::files::{
    FoldTemperature, ModelRole, StageNotes, read_stages, remove_later_stages, write_predictions,
    write_stages,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files::open;
use crate::fold_models::folder_of;
use crate::inputs::prepare_output;
use crate::provenance::provenance;
use crate::reporting::predictions_file;
use crate::shard::Shard;
use crate::shard_record::{ShardRecord, hash_of, read_shards};
use crate::splitting::{compare_folds, leakage, refuse_overlaps};
use crate::stages::dataset;
use crate::terminal::say;
use crate::train_arguments::TrainArguments;
use crate::trained_model::TrainedModel;
use crate::training::{Folds, resolve_device, train_folds};

/// The stage of these parts.
pub(crate) const STAGE: &str = "train";
/// The inputs of a training.
const INPUTS: [&str; 2] = ["patches.csv", "patches.safetensors"];

/// The result of a part of a training, besides its files.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct TrainedPart {
    /// The folds that were trained, from 0.
    folds: Vec<usize>,
    models: Vec<PartOfModel>,
}

/// One model of a part.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct PartOfModel {
    name: String,
    title: String,
    description: String,
    /// The threshold of each fold.
    thresholds: Vec<Option<f64>>,
    /// The hash for each fold whose model was kept.
    fitted_on: Vec<Option<String>>,
    /// The temperature of each recalibrated fold.
    #[serde(default)]
    temperatures: Vec<FoldTemperature>,
}

/// Trains the folds in a part, in a separate folder within the study's.
///
/// # Errors
/// When another process makes this part, it is done already and `force` is not given, or a
/// model cannot be trained.
pub(crate) fn train_shard(
    study: &Path,
    arguments: &TrainArguments,
    shard: Shard,
    force: bool,
) -> Result<()> {
    let device = resolve_device(&arguments.device)?;
    let dataset = dataset(study)?;
    let TrainArguments { controls, learning_curve, repeats, .. } = *arguments;
    let is_dealt = arguments.folds_file.is_none() && arguments.split_by.is_none();
    ensure!(
        !controls && !learning_curve && repeats == 1 && is_dealt,
        "processes share one cross-validation by dealt folds: give --shard without --controls, \
         --learning-curve, --repeats, --folds-file and --split-by"
    );
    let split = Split::by_subject(&dataset, arguments.folds, arguments.seed)?;
    let splits = [split];
    let compared = leakage(study, &splits, &arguments.allow_overlap)?;
    refuse_overlaps(study, &compared)?;
    let [split] = &splits;
    let folds: Vec<usize> = (0..split.folds()).filter(|fold| shard.holds(*fold)).collect();
    let out = shard.folder(study, STAGE);
    let _lock = prepare_output(&out, force || arguments.resume)?;
    ShardRecord::remove(&out)?;
    remove_later_stages(&out)?;

    let mut record = ShardRecord::new(STAGE, shard);
    for name in INPUTS {
        record = record.with_input(name, &study.join(name))?;
    }
    let settings = [
        ("folds", Value::from(arguments.folds)),
        ("seed", arguments.seed.into()),
        ("epochs", arguments.epochs.into()),
        ("kernels", arguments.kernels.clone().into()),
        (
            "allow_overlap",
            Value::from(arguments.allow_overlap.iter().map(|kind| kind.name()).collect::<Vec<_>>()),
        ),
    ];
    record.settings.extend(settings.map(|(name, value)| (name.to_owned(), value)));
    record.computed = provenance(arguments, &device);
    let libtorch = record.computed["libtorch"].clone();
    record.versions.insert("libtorch".to_owned(), libtorch);

    let work = Folds { splits: &splits, shared: Some(&folds), study };
    let models = train_folds(&dataset, work, arguments, &out)?;
    let of_model = |model: TrainedModel| PartOfModel {
        name: model.name,
        title: model.title,
        description: model.description,
        thresholds: model.thresholds,
        fitted_on: model.fitted_on,
        temperatures: model.temperatures,
    };
    let count = folds.len();
    let part = TrainedPart { folds, models: models.into_iter().map(of_model).collect() };
    record.result = serde_json::to_value(part)?;
    // Last: what has a record is done.
    record.write(&out)?;
    say!("part {shard}: {count} of {} folds, written to {}", split.folds(), out.display());
    Ok(())
}

/// Joins the parts of a training: predictions, models and notes of the study are then those of a
/// single process. `None` if there are no parts.
///
/// # Errors
/// When parts are missing or do not fit together, the study was selected anew since, or a file
/// cannot be read or written.
pub(crate) fn merge_training(study: &Path) -> Result<Option<Vec<TrainedModel>>> {
    let Some(shards) = read_shards(study, STAGE)? else { return Ok(None) };
    let (_, first) = &shards[0];
    for (name, hash) in &first.inputs {
        ensure!(
            hash_of(&study.join(name))? == *hash,
            "{} is not the one that the parts of `{STAGE}` were trained on; run each part again",
            study.join(name).display()
        );
    }
    let parts = shards.iter().map(|(folder, record)| {
        let unusable = || format!("{} holds no part of a training", folder.display());
        let part: TrainedPart =
            serde_json::from_value(record.result.clone()).with_context(unusable)?;
        Ok((folder.as_path(), part))
    });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    let models = merged(&parts)?;
    tell_differences(&shards.iter().map(|(_, record)| record).collect::<Vec<_>>());

    remove_later_stages(study)?;
    for (folder, part) in &parts {
        // Others may lie there from a training of more folds.
        for fold in part.folds.iter().filter(|_| keeps_models(part)) {
            let [from, to] = [folder, study].map(|of| folder_of(&of.join("models"), *fold));
            copy_folder(&from, &to)?;
        }
        copy_folder(&folder.join("history"), &study.join("history"))?;
    }
    for model in &models {
        write_predictions(&study.join(predictions_file(&model.name)), &model.predictions)?;
    }
    #[cfg(feature = "torch")]
    crate::fold_models::finish_models(study, &models)?;
    write_comparison(study, first)?;
    let mut provenance = first.computed.clone();
    provenance["shards"] = shards.len().into();
    let before = read_stages(study)?.unwrap_or_default();
    let notes = StageNotes {
        models: models.iter().map(TrainedModel::notes).collect(),
        seed: first.settings.get("seed").and_then(Value::as_u64).unwrap_or(before.seed),
        provenance,
        ..before
    };
    write_stages(study, &notes)?;
    Ok(Some(models))
}

/// Writes the folds used by the parts, and what they share.
fn write_comparison(study: &Path, record: &ShardRecord) -> Result<()> {
    let setting = |name: &str| record.settings.get(name);
    let number = |name: &str| setting(name).and_then(Value::as_u64);
    let folds = number("folds").and_then(|folds| usize::try_from(folds).ok());
    let (Some(folds), Some(seed)) = (folds, number("seed")) else {
        bail!("the parts in {} do not record their folds; run each again", study.display())
    };
    let allowed = setting("allow_overlap").and_then(Value::as_array).into_iter().flatten();
    let allowed: Vec<Overlap> = allowed
        .filter_map(|name| Overlap::ALL.into_iter().find(|kind| name == kind.name()))
        .collect();
    let split = Split::by_subject(&dataset(study)?, folds, seed)?;
    compare_folds(study, &[split], &allowed)
}

/// Whether a part has the models of its folds.
fn keeps_models(part: &TrainedPart) -> bool {
    part.models.iter().any(|model| !model.fitted_on.is_empty())
}

/// The models of all parts, with their folds in order.
fn merged(parts: &[(&Path, TrainedPart)]) -> Result<Vec<TrainedModel>> {
    let (folder, first) = &parts[0];
    let mut order: Vec<(usize, usize, usize)> = Vec::new();
    for (part, (_, trained)) in parts.iter().enumerate() {
        order.extend(trained.folds.iter().enumerate().map(|(place, fold)| (*fold, part, place)));
    }
    order.sort_unstable();
    let whole = order.iter().enumerate().all(|(place, (fold, _, _))| place == *fold);
    ensure!(
        whole,
        "the parts beside {} do not hold each fold once; run each again",
        folder.display()
    );
    let mut models = Vec::new();
    for (place, model) in first.models.iter().enumerate() {
        let mut predictions: Vec<Prediction> = Vec::new();
        for (folder, trained) in parts {
            let same = trained.models.get(place).is_some_and(|other| {
                (&other.name, &other.title, &other.description)
                    == (&model.name, &model.title, &model.description)
                    && other.thresholds.len() == trained.folds.len()
            });
            ensure!(
                same && trained.models.len() == first.models.len(),
                "{} holds other models than {}; run one of them again",
                folder.display(),
                parts[0].0.display()
            );
            if !trained.folds.is_empty() {
                let path = folder.join(predictions_file(&model.name));
                predictions.extend(open(&path, read_predictions)?.predictions);
            }
        }
        predictions.sort_by_key(|p| (p.subject.clone(), p.level, p.side));
        let of = |part: usize| &parts[part].1.models[place];
        let fitted_on = order.iter().filter_map(|(_, part, at)| of(*part).fitted_on.get(*at));
        let mut temperatures: Vec<FoldTemperature> =
            parts.iter().flat_map(|(_, part)| part.models[place].temperatures.clone()).collect();
        temperatures.sort_by_key(|one| (one.repeat, one.fold));
        models.push(TrainedModel {
            name: model.name.clone(),
            title: model.title.clone(),
            description: model.description.clone(),
            role: ModelRole::Model,
            thresholds: order.iter().map(|(_, part, at)| of(*part).thresholds[*at]).collect(),
            fitted_on: fitted_on.cloned().collect(),
            temperatures,
            subjects: None,
            predictions,
        });
    }
    Ok(models)
}

/// Reports where parts were computed differently, so that last digits may differ.
fn tell_differences(records: &[&ShardRecord]) {
    for name in ["device", "cpu_capability", "kernels", "torch_threads", "dtype"] {
        let other = records.iter().find(|r| r.computed[name] != records[0].computed[name]);
        if let Some(other) = other {
            eprintln!(
                "note: part {} was computed with {name} = {} and part {} with {}; their last \
                 digits may differ from those of one process",
                records[0].name(),
                records[0].computed[name],
                other.name(),
                other.computed[name]
            );
        }
    }
}

/// Copies the files of a folder and its subfolders, replacing existing ones; a missing folder
/// counts as empty.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        read => read.with_context(|| format!("could not read {}", from.display()))?,
    };
    fs::create_dir_all(to).with_context(|| format!("could not make {}", to.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("could not read {}", from.display()))?.path();
        let copy = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &copy)?;
        } else {
            fs::copy(&path, &copy)
                .with_context(|| format!("could not write {}", copy.display()))?;
        }
    }
    Ok(())
}
