//! Evaluates predictions: discrimination, calibration, calls at a threshold, each
//! with its 95 % interval.
//!
//! ```text
//! cargo run --release --example evaluate -- --predictions predictions.csv --json evaluation.json --out plots
//! ```
//!
//! prints a table, writes the numbers for a program (`--json`) and three plots
//! (`--out`: roc.svg, calibration.svg, decision.svg, beside evaluation.json). The
//! table has the columns subject_id, level, side, repeat, fold, label (0, 1 or
//! empty) and probability. Rows without a label are counted and left out; the
//! repeats of a cross-validation are averaged, and the AUC of each is given
//! beside. Without `--predictions` a small made-up table is evaluated.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use foramen_examples::Failure;
use foramen_report::{
    Model, ModelReport, calibration_svg, decision_svg, evaluate_model, read_predictions, roc_svg,
};
use serde_json::json;

/// Evaluates a table of predictions.
#[derive(Parser)]
struct Arguments {
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

fn main() -> Result<(), Failure> {
    Ok(run(&Arguments::parse())?)
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    anyhow::ensure!(
        (0.0..=1.0).contains(&arguments.threshold),
        "a threshold of {} is no probability; give one from 0 to 1",
        arguments.threshold
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
    let model = Model::new("model", read.predictions).with_threshold(arguments.threshold);
    let report = evaluate_model(&model, arguments.seed)?;
    print_table(&name, &report, read.without_label);
    let mut numbers = serde_json::to_value(&report)?;
    numbers["predictions"] = json!(name);
    numbers["without_label"] = json!(read.without_label);
    let text = serde_json::to_string_pretty(&numbers)?;
    if let Some(path) = &arguments.json {
        write(path, &text)?;
    }
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
        write(&folder.join("evaluation.json"), &text)?;
        let models = [model];
        write(&folder.join("roc.svg"), &roc_svg(&models)?)?;
        write(&folder.join("calibration.svg"), &calibration_svg(&models[0], 0)?)?;
        write(&folder.join("decision.svg"), &decision_svg(&models)?)?;
        println!("\nevaluation.json and three plots are in {}", folder.display());
    }
    Ok(())
}

fn print_table(name: &str, report: &ModelReport, without_label: usize) {
    println!("{name}: {} injections of {} subjects", report.n, report.n_subjects);
    println!("favourable {}, rows without a label {without_label}", report.n_positive);
    if report.repeats > 1 {
        println!("{} repeats averaged; AUC of each: {:.3?}", report.repeats, report.auc_by_repeat);
    }
    if let Some(p) = report.p_no_discrimination {
        println!("no discrimination at all: p = {p:.4} (permutation)");
    }
    println!("\n{:>60}", "95 % interval");
    let r = report;
    let at = format!("at threshold {}: sensitivity", r.threshold.unwrap_or_default());
    let (ppv, npv) = (r.positive_predictive_value_ci95, r.negative_predictive_value_ci95);
    for (title, value, interval) in [
        ("AUC (DeLong)", r.auc, r.auc_ci95),
        ("AUC (bootstrap, BCa)", r.auc, r.auc_ci95_bootstrap),
        ("AUC (by subject, Obuchowski)", r.auc, r.auc_ci95_clustered),
        ("Brier score", r.brier, r.brier_ci95),
        ("scaled Brier score", r.brier_scaled, None),
        ("calibration slope", r.calibration_slope, r.calibration_slope_ci95),
        ("calibration intercept", r.calibration_intercept, r.calibration_intercept_ci95),
        ("calibration in the large", r.calibration_in_the_large, r.calibration_in_the_large_ci95),
        ("expected calibration error", r.expected_calibration_error, None),
        (&at, r.sensitivity, r.sensitivity_ci95),
        ("specificity", r.specificity, r.specificity_ci95),
        ("positive predictive value", r.positive_predictive_value, ppv),
        ("negative predictive value", r.negative_predictive_value, npv),
        ("accuracy", r.accuracy, r.accuracy_ci95),
    ] {
        let bounds = interval.map(|(lower, upper)| format!("   {lower:.3} to {upper:.3}"));
        println!("{title:<34}{:>10}{}", number(value), bounds.unwrap_or_default());
    }
    report.undefined.iter().for_each(|(name, reason)| println!("{name}: {reason}"));
    report.notes.iter().for_each(|note| println!("note: {note}"));
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:.3}"))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

/// 120 predictions whose outcomes follow them loosely, two without a label.
fn made_up() -> String {
    let mut table = String::from("subject_id,level,side,repeat,fold,label,probability\n");
    for i in 0..120_u32 {
        let probability = f64::from(i * 37 % 120) / 120.0;
        let favourable = probability + f64::from(i * 53 % 120) / 120.0 > 0.95;
        let label = if i >= 118 { String::new() } else { u32::from(favourable).to_string() };
        writeln!(table, "S{i:03},C5/6,left,0,{},{label},{probability:.3}", i % 5)
            .expect("a string takes all");
    }
    table
}
