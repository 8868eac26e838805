//! How far the AUC of the CNN is from what pictures allow, over repeats and cohorts.
//!
//! ```text
//! cargo run --release --features torch --example repeats -- --cohort-seeds 1,2,3
//! cargo run --release --features torch --example repeats -- --subjects 72,144 --permute
//! cargo run --release --features torch --example repeats -- --architectures compact,resnet18
//! ```
//!
//! CNN and width alone are trained in five folds by subject, three times with other splits
//! and weights. It prints each repeat, and per cohort the mean, the AUC that pictures
//! allow (`oracle`), and the paired difference of CNN and width alone by mean probabilities.
//! `--permute` deals the outcomes anew: intervals should hold 0.5.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{collections::BTreeMap, time::Instant};

use anyhow::{Context, Result};
use clap::Parser;
use foramen::commands::{Inputs, bar, dataset, finish, prepare_output, run_selection};
use foramen::say;
use foramen_cnn::{Architecture, Cnn, CnnConfig};
use foramen_learn::{Dataset, Prediction, Sample, Split, WidthBaseline, cross_validate};
use foramen_metrics::{
    Confidence, Estimate, Scores,
    comparison::{PairedScores, compare_auc},
    discrimination::auc,
};
use foramen_report::{Model, average_repeats};
use foramen_study::StudyConfig;
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;

/// Repeats cross-validation.
#[derive(Parser)]
struct Arguments {
    /// Analysable subjects of a cohort.
    #[arg(long, value_delimiter = ',', default_value = "288")]
    subjects: Vec<usize>,
    /// Seeds of the cohorts; each is a cohort of its own.
    #[arg(long, value_delimiter = ',', default_value = "1")]
    cohort_seeds: Vec<u64>,
    /// Cross-validations of a cohort.
    #[arg(long, default_value_t = 3)]
    repeats: u64,
    /// Deals outcomes anew.
    #[arg(long)]
    permute: bool,
    /// The CNN's trunks: compact, resnet18, …
    #[arg(long, value_delimiter = ',', default_value = "compact")]
    architectures: Vec<Architecture>,
    /// Where selections are written.
    #[arg(long, value_name = "DIR", default_value = "foramen-repeats")]
    out: PathBuf,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    for &subjects in &arguments.subjects {
        let mut gaps = BTreeMap::new();
        for &seed in &arguments.cohort_seeds {
            let (dataset, oracle) = prepare(subjects, seed, &arguments.out)?;
            let dataset = if arguments.permute { permuted(&dataset, seed)? } else { dataset };
            for &architecture in &arguments.architectures {
                let name = format!("n {subjects:>3} cohort {seed} {architecture}");
                let reached = repeat(&dataset, &name, architecture, arguments.repeats)?;
                if let Some(oracle) = oracle.filter(|_| !arguments.permute) {
                    say!("    oracle {oracle:.3}, CNN below it by {:.3}", oracle - reached);
                    gaps.entry(architecture.name()).or_insert(vec![]).push(oracle - reached);
                }
            }
        }
        for (architecture, gaps) in gaps.iter().filter(|(_, gaps)| gaps.len() > 1) {
            say!("n {subjects} {architecture}: below the oracle by {:.3}", mean(gaps));
        }
    }
    Ok(())
}

/// The selected slices of a cohort, and the AUC that its pictures allow.
fn prepare(subjects: usize, cohort_seed: u64, out: &Path) -> Result<(Dataset, Option<f64>)> {
    let out = &out.join(format!("{subjects}-{cohort_seed}"));
    let _lock = prepare_output(out, true)?;
    let inputs = Inputs { cohort_seed, ..Inputs::synthetic(subjects) }.open()?;
    run_selection(&inputs, &StudyConfig::default(), out)?;
    let truth = inputs.truth.context("a synthetic cohort has its truth")?;
    Ok((dataset(out)?, truth.oracle_image_auc))
}

/// The same pictures with the outcomes in another order.
fn permuted(dataset: &Dataset, seed: u64) -> Result<Dataset> {
    let mut samples: Vec<Sample> = dataset.samples().to_vec();
    let mut outcomes: Vec<_> = samples.iter().filter_map(|sample| sample.outcome).collect();
    outcomes.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let labelled = samples.iter_mut().filter(|sample| sample.outcome.is_some());
    labelled.zip(outcomes).for_each(|(sample, outcome)| sample.outcome = Some(outcome));
    Ok(Dataset::new(samples)?)
}

/// Cross-validates both models, prints each repeat and the whole, and gives the
/// mean AUC of the CNN.
fn repeat(dataset: &Dataset, name: &str, architecture: Architecture, repeats: u64) -> Result<f64> {
    let (mut cnns, mut widths, mut areas) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=repeats {
        let split = Split::by_subject(dataset, 5, seed)?;
        let config = CnnConfig::default().with_seed(seed).with_architecture(architecture);
        let progress = bar("train", split.folds() * config.members * config.epochs);
        let counted = progress.clone();
        let started = Instant::now();
        let cnn = Cnn::new(config).with_progress(move |_| counted.inc(1));
        let cnn = cross_validate(&cnn, dataset, &split)?.predictions;
        let seconds = started.elapsed().as_secs_f64();
        progress.finish_and_clear();
        let width = cross_validate(&WidthBaseline::default(), dataset, &split)?.predictions;
        let of = |one: &Vec<Prediction>| anyhow::Ok(auc(&scores(std::slice::from_ref(one))?)?);
        let (a, width_auc) = (of(&cnn)?, of(&width)?.estimate);
        let cnn_auc = shown(&a);
        say!("{name} repeat {seed}: CNN {cnn_auc}, width alone {width_auc:.3}, {seconds:.0} s");
        areas.push(a.estimate);
        cnns.push(cnn);
        widths.push(width);
    }
    let both =
        compare_auc(&PairedScores::new(scores(&cnns)?, scores(&widths)?)?, Confidence::default())?;
    say!("{name}: CNN {:.3} in the mean of {} repeats", mean(&areas), areas.len());
    let (cnn, width, gap) = (both.first.estimate, both.second.estimate, shown(&both.difference));
    say!("    repeats averaged: CNN {cnn:.3}, width alone {width:.3}, difference {gap}");
    Ok(mean(&areas))
}

fn shown(estimate: &Estimate) -> String {
    let interval = estimate.ci().map(|(low, high)| format!(" ({low:.3} to {high:.3})"));
    format!("{:.3}{}", estimate.estimate, interval.unwrap_or_default())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean probabilities over repeats, against outcomes.
fn scores(repeats: &[Vec<Prediction>]) -> Result<Scores> {
    let numbered = repeats.iter().zip(0..).flat_map(|(predictions, repeat)| {
        predictions.iter().map(move |one| Prediction { repeat, ..one.clone() })
    });
    Ok(average_repeats(&Model::new("model", numbered.collect()))?)
}
