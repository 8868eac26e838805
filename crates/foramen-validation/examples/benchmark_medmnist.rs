//! Trains the CNN on images of two classes in the MedMNIST layout, with the official
//! split, nothing tuned to one data set, and a ResNet-18 beside it.
//!
//! ```text
//! cargo run --release --features torch --example benchmark_medmnist -- --data breastmnist.npz
//! cargo run --release --features torch --example benchmark_medmnist -- --data breastmnist.npz --no-test
//! ```
//!
//! The `.npz` holds `{train,val,test}_images` (`[n, rows, columns]`, bytes, or
//! `[n, rows, columns, 3]` in colour) and `{train,val,test}_labels`. It prints the AUC
//! on `val` and on `test` by seed; each look at the test images is a line in `--log`,
//! and while anything is still being chosen there are none with `--no-test`. Without
//! `--data` it draws images of its own.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use foramen::commands::{create, finish};
use foramen::{say, say_part as put};
use foramen_cnn::{Architecture, Cnn, CnnConfig, CnnModel, DeviceChoice};
use foramen_learn::{Classifier, Fold, Learner, Sample};
use foramen_metrics::{Scores, discrimination::auc};
use foramen_tch::reuse_memory;
use foramen_validation::read_medmnist;
use serde_json::{Map, json};

/// Trains the CNN on a MedMNIST file of two classes.
#[derive(Parser)]
struct Arguments {
    /// The `.npz` file; without it, images are drawn.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// How many seeds, from 1 [default: 5, and 1 for drawn images].
    #[arg(long)]
    seeds: Option<u64>,
    /// Compact networks per seed, whose log-odds are averaged: all five compute less
    /// than one ResNet-18 [default: 5, and 1 for drawn images].
    #[arg(long)]
    members: Option<usize>,
    /// The network of the literature that is trained in the same way: resnet18,
    /// densenet121, …
    #[arg(long, value_name = "NETWORK", default_value = "resnet18")]
    beside: Architecture,
    /// Trains no network of the literature.
    #[arg(long, conflicts_with = "beside")]
    alone: bool,
    /// Leaves the test images alone, as long as anything is being chosen.
    #[arg(long)]
    no_test: bool,
    /// Epochs [default: those of `CnnConfig`, and 1 for drawn images, to show that it runs].
    #[arg(long)]
    epochs: Option<usize>,
    /// Where looks at the test images are noted.
    #[arg(long, value_name = "FILE", default_value = "test-evaluations.csv")]
    log: PathBuf,
    /// Writes every AUC into a file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where to compute: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    reuse_memory()?;
    let (dataset, split) = read_medmnist(arguments.data.as_deref())?;
    let fold = split.fold(&dataset, 0);
    let (train, tune) = (fold.train.samples().len(), fold.tune.samples().len());
    say!("{train} train, {tune} val, {} test images", fold.test.samples().len());
    let mut config =
        CnnConfig::for_images(dataset.samples()[0].patch.nrows()).with_device(arguments.device);
    let (mut seeds, mut members) = (5, 5);
    if arguments.data.is_none() {
        say!("no --data: drawn images, 1 seed, 1 network, 1 epoch; --seeds, --members, --epochs");
        (seeds, members, config.epochs) = (1, 1, 1);
    }
    let seeds = arguments.seeds.unwrap_or(seeds);
    config.epochs = arguments.epochs.unwrap_or(config.epochs);
    let mut json = Map::new();
    let beside = (!arguments.alone).then_some(arguments.beside);
    for architecture in [Architecture::Compact].into_iter().chain(beside) {
        let mut config = config.clone().with_architecture(architecture);
        if architecture == Architecture::Compact {
            config.members = arguments.members.unwrap_or(members);
        }
        let areas = benchmark(arguments, seeds, &fold, &config)?;
        if architecture == Architecture::Compact {
            json.extend(areas);
        } else {
            json.insert(architecture.to_string(), areas.into());
        }
    }
    if let Some(path) = &arguments.json {
        create(path, |file| Ok(serde_json::to_writer_pretty(file, &json)?))?;
    }
    Ok(())
}

/// AUCs of one network by seed, with their means.
fn benchmark(
    arguments: &Arguments,
    seeds: u64,
    fold: &Fold<'_>,
    config: &CnnConfig,
) -> Result<Map<String, serde_json::Value>> {
    let name = config.architecture;
    let (mut of_val, mut of_test) = (Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let model = Cnn::new(config.clone().with_seed(seed)).fit(&fold.train, &fold.tune)?;
        of_val.push(area(&model, fold.tune.samples())?);
        put!("{name}, seed {seed}: val AUC {:.3}", of_val[of_val.len() - 1]);
        if !arguments.no_test {
            of_test.push(area(&model, fold.test.samples())?);
            put!(", test AUC {:.3}", of_test[of_test.len() - 1]);
            note(arguments, seed, config, of_test[of_test.len() - 1])?;
        }
        say!();
    }
    let mut areas = Map::new();
    for (part, areas_of_part) in [("val", of_val), ("test", of_test)] {
        if !areas_of_part.is_empty() {
            let mean = areas_of_part.iter().sum::<f64>() / areas_of_part.len() as f64;
            say!("{name}: mean {part} AUC {mean:.3}");
            areas.insert(format!("{part}_auc"), json!(areas_of_part));
            areas.insert(format!("mean_{part}_auc"), json!(mean));
        }
    }
    Ok(areas)
}

fn area(model: &CnnModel, samples: &[&Sample]) -> Result<f64> {
    let labels: Vec<bool> =
        samples.iter().map(|s| s.outcome.is_some_and(|outcome| outcome.is_favourable())).collect();
    let predicted: Vec<f64> = model.predict(samples)?.iter().map(|p| p.get()).collect();
    Ok(auc(&Scores::new(&labels, &predicted)?)?.estimate)
}

/// One line for each look at the test images.
fn note(arguments: &Arguments, seed: u64, config: &CnnConfig, area: f64) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(&arguments.log)?;
    let data = arguments.data.as_deref().map_or("drawn".into(), |path| path.to_string_lossy());
    let CnnConfig { architecture, members, epochs, .. } = config;
    Ok(writeln!(file, "{data},{architecture},{seed},{members},{epochs},{area:.4}")?)
}
