//! Evaluates predictions: discrimination, calibration, calls at a threshold and
//! net benefit, each with its 95 % interval.
//!
//! prints a table, writes the numbers for a program (`--json`) and three plots
//! (`--out`: roc.svg with its band, calibration.svg with a histogram,
//! decision.svg, beside evaluation.json). The table has the columns subject_id,
//! level, side, repeat, fold, label (0, 1 or empty) and probability. Rows without
//! a label are counted and left out; the repeats of a cross-validation are
//! averaged, and the AUC of each is given beside. Without `--predictions` a small
//! made-up table is evaluated.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use foramen_learn::Prediction;
use foramen_metrics::{Bins, Bootstrap, Number, Smoothing, plot, pooled_by_repeat, summary};
use foramen_report::{Model, ModelReport, average_repeats, evaluate_model, read_predictions};
use serde_json::json;

use crate::terminal::say;

/// Evaluates a table of predictions.
#[derive(Parser)]
pub struct Arguments {
    /// The predictions (CSV); a made-up table when absent.
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Writes the numbers for a program to read.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes evaluation.json and three plots into a folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The probability from which an outcome is called favourable.
    #[arg(long, default_value_t = 0.5)]
    threshold: f64,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let threshold = arguments.threshold;
    anyhow::ensure!(
        (0.0..=1.0).contains(&threshold),
        "a threshold of {threshold} is no probability; give one from 0 to 1"
    );
    let (name, read) = match &arguments.predictions {
        Some(path) => {
            let file =
                File::open(path).with_context(|| format!("could not open {}", path.display()))?;
            let read = read_predictions(file)
                .with_context(|| format!("could not use {}", path.display()))?;
            (path.display().to_string(), read)
        }
        None => ("a made-up table".to_owned(), read_predictions(made_up().as_bytes())?),
    };
    let model = Model::new("model", read.predictions).with_threshold(threshold);
    let report = evaluate_model(&model, arguments.seed)?;
    let scores = average_repeats(&model)?;
    let draws = Bootstrap::default().with_seed(arguments.seed);
    let numbers = summary(&scores, threshold, &draws);
    let of = |one: &Prediction| {
        Some((one.outcome?.is_favourable(), one.probability.get(), (one.repeat, one.fold)))
    };
    let folds = pooled_by_repeat(model.predictions.iter().filter_map(of), &draws)?;
    print_table(&name, &report, &numbers, read.without_label);
    folds.iter().for_each(|line| say!("{line}"));
    let mut json = serde_json::to_value(&report)?;
    json["predictions"] = json!(name);
    json["without_label"] = json!(read.without_label);
    json["numbers"] = json!(numbers);
    json["pooled_against_folds"] = json!(folds);
    let text = serde_json::to_string_pretty(&json)?;
    if let Some(path) = &arguments.json {
        write(path, &text)?;
    }
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
        write(&folder.join("evaluation.json"), &text)?;
        let thresholds: Vec<f64> = (1..20).map(|step| f64::from(step) / 20.0).collect();
        let curve = plot::calibration_svg(&scores, Bins::EqualMass(10), &Smoothing::default());
        write(&folder.join("roc.svg"), &plot::roc_svg(&scores, &draws)?)?;
        write(&folder.join("calibration.svg"), &curve?)?;
        write(&folder.join("decision.svg"), &plot::decision_svg(&scores, &thresholds)?)?;
        say!("\nevaluation.json and three plots are in {}", folder.display());
    }
    Ok(())
}

fn print_table(name: &str, report: &ModelReport, numbers: &[Number], without_label: usize) {
    say!("{name}: {} injections of {} subjects", report.n, report.n_subjects);
    say!("favourable {}, rows without a label {without_label}", report.n_positive);
    if report.repeats > 1 {
        say!("{} repeats averaged; AUC of each: {:.3?}", report.repeats, report.auc_by_repeat);
    }
    report.p_no_discrimination.iter().for_each(|p| say!("p of AUC 0.5: {p:.4} (permutation)"));
    say!("calls at threshold {}\n", report.threshold.unwrap_or_default());
    numbers.iter().for_each(|number| say!("{number}"));
    if let Some((low, high)) = report.auc_ci95_clustered {
        say!("AUC by subject (Obuchowski)                   {low:.3} to {high:.3}");
    }
    report.notes.iter().for_each(|note| say!("note: {note}"));
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

/// 120 predictions whose outcomes follow them loosely.
fn made_up() -> String {
    let mut table = String::from("subject_id,level,side,repeat,fold,label,probability\n");
    for i in 0..120_u32 {
        let probability = f64::from(i * 37 % 120) / 120.0;
        let favourable = probability + f64::from(i * 53 % 120) / 120.0 > 0.95;
        writeln!(table, "S{i:03},C5/6,left,0,{},{},{probability:.3}", i % 5, u8::from(favourable))
            .expect("a string takes all");
    }
    table
}
