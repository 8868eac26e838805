//! Predicts with trained models: the probability of a favourable outcome for the
//! foramina of a study that `select` has prepared.
//!
//! ```text
//! cargo run --release --features torch --example predict -- --model DIR --study DIR [--out FILE]
//! ```
//!
//! `--model` is a folder `models` (or one fold of it) that `train` or `study` has
//! left; several folds are averaged. `--study` is a folder with the patches of
//! patients the models have *not* been trained on. It prints and writes one row
//! per treated foramen.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Parser;
use foramen_cnn::CnnModel;
use foramen_examples::{CnnArguments, dataset};
use foramen_learn::{Classifier, Prediction, Sample};
use foramen_study::files::write_predictions;
use foramen_types::Probability;

/// Predicts the outcome of injections with trained models.
#[derive(Parser)]
struct Arguments {
    /// Folder `models` of a study, or one of its folds.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Folder that `select` has written.
    #[arg(long, value_name = "DIR")]
    study: PathBuf,
    /// Where the table goes.
    #[arg(long, value_name = "FILE", default_value = "predictions-new.csv")]
    out: PathBuf,
    /// Where to compute: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: String,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let device = CnnArguments::resolve_device(&arguments.device)?;
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&arguments.model)
        .with_context(|| format!("could not read {}", arguments.model.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("config.json").is_file())
        .collect();
    folders.sort();
    if arguments.model.join("config.json").is_file() {
        folders = vec![arguments.model.clone()];
    }
    if folders.is_empty() {
        bail!("{} holds no trained model; `train` writes them", arguments.model.display());
    }
    let dataset = dataset(&arguments.study)?;
    let samples: Vec<&Sample> =
        dataset.samples().iter().filter(|sample| sample.outcome.is_some()).collect();
    let mut sums = vec![0.0; samples.len()];
    for folder in &folders {
        let model = CnnModel::load(folder, device)?;
        for (sum, probability) in sums.iter_mut().zip(model.predict(&samples)?) {
            *sum += probability.get();
        }
    }
    let predictions = samples
        .iter()
        .zip(sums)
        .map(|(sample, sum)| {
            Ok(Prediction {
                subject: sample.subject.clone(),
                level: sample.level,
                side: sample.side,
                fold: 0,
                outcome: sample.outcome,
                probability: Probability::new(sum / folders.len() as f64)?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    for p in &predictions {
        println!("{:>10} {:<6} {:<6} {:.3}", p.subject, p.level, p.side, p.probability.get());
    }
    write_predictions(&arguments.out, &predictions)?;
    println!("{} models averaged; written to {}", folders.len(), arguments.out.display());
    Ok(())
}
