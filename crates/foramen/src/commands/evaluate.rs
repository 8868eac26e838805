//! Evaluates predictions: discrimination, calibration, calls at a threshold and
//! net benefit, each with its 95 % interval.
//!
//! prints a table, writes the numbers as JSON for programs (`--json`) and three plots (`--out`:
//! roc.svg with its band, calibration.svg with a histogram, decision.svg, beside evaluation.json).
//! `--predictions` takes predictions.csv, or any table with a column of outcomes and one of scores:
//! `--label`, `--score` and `--subject` name them. Scores outside 0 to 1 are not probabilities:
//! only their ranking is evaluated. Several score columns, or several files, are treated as several
//! models, which are compared together and in pairs. Rows without a label are counted and left out;
//! the repeats of a cross-validation are averaged, and the AUC of each repeat is also printed.
//! Without `--predictions` a small made-up table is evaluated.
//!
//! `--model` evaluates trained models on another cohort instead: on the images and the outcome
//! table of `DIR` and `--outcomes`, whose slices are selected in `--out` first, or on a folder
//! that `select` or `study` left (`--study`). The folds of the models are averaged. Where the
//! study that they were trained in lies beside them, a cohort that shares subjects or images with
//! it is refused, and calls are made at the threshold that was chosen there.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Parser;
use foramen_learn::Overlap;
use foramen_metrics::{
    Confidence, Number,
    calibration::Bins,
    comparison::{SeveralComparison, compare_several},
    cross_validation::pooled_by_repeat,
    plot::{self, Plotted, Wording},
    resampling::Bootstrap,
    summary,
};
use foramen_report::{Model, ModelReport, average_repeats, evaluate_model, read_predictions};
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::external::{External, predict};
use crate::files::write;
use crate::inputs::Inputs;
use crate::scored_table::{ScoreColumns, Scored, case_of, in_common, read_scored};
use crate::terminal::say;

/// Evaluates tables of predictions.
#[derive(Parser)]
pub struct Arguments {
    /// The predictions (CSV or .xlsx), one file or several; a made-up table when absent.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    predictions: Vec<PathBuf>,
    #[command(flatten)]
    columns: ScoreColumns,
    /// Writes the numbers as JSON for programs.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes evaluation.json and three plots into a folder; with several models one folder
    /// for each.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The probability from which an outcome is predicted as favourable [default: 0.5; with --model
    /// the threshold of the study in which the models were trained].
    #[arg(long)]
    threshold: Option<f64>,
    /// Folder `models` of a study, or one of its folds: evaluated on another cohort.
    #[arg(long, value_name = "DIR", conflicts_with = "predictions")]
    model: Option<PathBuf>,
    /// The other cohort, where its slices are selected already: the folder of `select` or `study`.
    #[arg(long, value_name = "DIR", requires = "model", conflicts_with = "DicomFolder")]
    study: Option<PathBuf>,
    #[command(flatten)]
    inputs: Inputs,
    /// Continue although both cohorts share this: subject, image, pixels or near-duplicate.
    #[arg(long, value_name = "KIND", value_delimiter = ',', requires = "model")]
    allow_overlap: Vec<Overlap>,
    /// Device to compute on: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto", requires = "model")]
    device: String,
    /// Software that computes: native (plain Rust, compact networks) or libtorch (feature `torch`).
    #[arg(long, value_enum, requires = "model")]
    engine: Option<Engine>,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(threshold) = arguments.threshold {
        anyhow::ensure!(
            (0.0..=1.0).contains(&threshold),
            "a threshold of {threshold} is no probability; give one from 0 to 1"
        );
    }
    anyhow::ensure!(
        arguments.model.is_some() || arguments.inputs.dicom.path().is_none(),
        "a folder of images is a cohort that trained models are evaluated on; give --model DIR with \
         it, or --predictions FILE for a table of predictions"
    );
    let mut models = Vec::new();
    let mut threshold = arguments.threshold.unwrap_or(0.5);
    if let Some(model) = &arguments.model {
        let external = predict(&External {
            model,
            study: arguments.study.as_deref(),
            inputs: &arguments.inputs,
            out: arguments.out.as_deref(),
            allowed: &arguments.allow_overlap,
            engine: arguments.engine.unwrap_or_default(),
            device: &arguments.device,
        })?;
        threshold = arguments.threshold.or(external.threshold).unwrap_or(threshold);
        let cases = external.predictions.iter().filter_map(case_of).collect();
        let name = format!("{} on another cohort", model.display());
        models.push(Scored { name, cases, without_label: 0 });
    }
    for path in &arguments.predictions {
        models.extend(read_scored(path, &arguments.columns)?);
    }
    if models.is_empty() {
        let read = read_predictions(made_up().as_bytes())?;
        let cases = read.predictions.iter().filter_map(case_of).collect();
        models.push(Scored { name: "a made-up table".to_owned(), cases, without_label: 0 });
    }
    let several = models.len() > 1;
    let mut json = Vec::new();
    for (at, model) in models.iter().enumerate() {
        if at > 0 {
            say!("");
        }
        let folder = arguments.out.as_ref().map(|out| match several {
            true => out.join(format!("{}-{}", at + 1, file_name(&model.name))),
            false => out.clone(),
        });
        json.push(evaluate(model, (threshold, arguments.seed), folder.as_deref())?);
    }
    let all = if several {
        let scores = in_common(&models)?;
        let compared = compare_several(&scores, Confidence::P95)
            .context("the models name different outcomes for one subject")?
            .map_err(|reason| anyhow::anyhow!("the models cannot be compared: {reason}"))?;
        print_comparison(&models, &compared, scores[0].len());
        let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        json!({"models": json, "names": names, "comparison": compared, "n": scores[0].len()})
    } else {
        json.remove(0)
    };
    let text = serde_json::to_string_pretty(&all)?;
    if let Some(path) = &arguments.json {
        write(path, &text)?;
    }
    if let Some(folder) = &arguments.out {
        write(&folder.join("evaluation.json"), &text)?;
    }
    Ok(())
}

/// Evaluates one model; plots are written into the folder, if given.
fn evaluate(
    model: &Scored,
    (threshold, seed): (f64, u64),
    out: Option<&Path>,
) -> anyhow::Result<Value> {
    let draws = Bootstrap::default().with_seed(seed);
    if let Some(folder) = out {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
    }
    let folds = pooled_by_repeat(model.folds(), &draws)?;
    if !model.are_probabilities() {
        let scores = model.markers()?;
        let ranked = |number: &Number| RANKING.contains(&&*number.name);
        let numbers: Vec<Number> =
            summary(&scores, threshold, &draws).into_iter().filter(ranked).collect();
        let (n, positive) = (scores.len(), scores.positives());
        say!("{}: {n} scored cases", model.name);
        say!("favourable {positive}, rows without a label {}", model.without_label);
        say!("note: scores outside 0 to 1 are no probabilities; only how they rank is measured\n");
        print_numbers(&numbers);
        folds.iter().for_each(|line| say!("{line}"));
        if let Some(folder) = out {
            let plotted = Plotted::new(&model.name, &scores);
            write(&folder.join("roc.svg"), &plot::roc_svg(&[plotted], &draws))?;
            say!("\nroc.svg is in {}", folder.display());
        }
        let auc = foramen_metrics::discrimination::auc(&scores).ok();
        return Ok(json!({
            "predictions": model.name, "n": n, "n_positive": positive, "probabilities": false,
            "auc": auc.map(|auc| auc.estimate), "auc_ci95": auc.and_then(|auc| auc.ci()),
            "without_label": model.without_label, "numbers": numbers,
            "pooled_against_folds": folds,
        }));
    }
    let named = Model::new("model", model.predictions()?).with_threshold(threshold);
    let report = evaluate_model(&named, seed)?;
    let scores = average_repeats(&named)?;
    let numbers = summary(&scores, threshold, &draws);
    print_table(&model.name, &report, &numbers, model.without_label);
    folds.iter().for_each(|line| say!("{line}"));
    let mut json = serde_json::to_value(&report)?;
    json["predictions"] = json!(model.name);
    json["without_label"] = json!(model.without_label);
    json["probabilities"] = json!(true);
    json["numbers"] = json!(numbers);
    json["pooled_against_folds"] = json!(folds);
    if let Some(folder) = out {
        let plotted = Plotted::new(&model.name, &scores).with_threshold(threshold);
        let [positive, negative, act] = ["favourable", "poor", "inject"].map(str::to_owned);
        let wording = Wording { positive, negative, act };
        let curve = plot::calibration_svg(&plotted, 0, Bins::EqualMass(10), &wording);
        write(&folder.join("roc.svg"), &plot::roc_svg(&[plotted], &draws))?;
        write(&folder.join("calibration.svg"), &curve)?;
        write(&folder.join("decision.svg"), &plot::decision_svg(&[plotted], &wording))?;
        say!("\nthree plots are in {}", folder.display());
    }
    Ok(json)
}

/// The measures for scores that are not probabilities.
const RANKING: [&str; 6] = [
    "AUC (DeLong)",
    "AUC (DeLong, logit)",
    "AUC (bootstrap, BCa)",
    "partial AUC, specificity 0.8 to 1",
    "partial AUC, sensitivity 0.8 to 1",
    "average precision",
];

fn print_comparison(models: &[Scored], compared: &SeveralComparison, n: usize) {
    say!("\ncomparison of {} models on the {n} cases that all scored", models.len());
    for (model, area) in models.iter().zip(&compared.areas) {
        say!("AUC {area:.3}  {}", model.name);
    }
    match (compared.p, compared.chi_squared) {
        (Some(p), Some(statistic)) => say!(
            "all AUCs equal: p = {p:.4} (DeLong, chi-squared {statistic:.2}, {} df)",
            compared.freedom
        ),
        _ => say!("all AUCs equal: no test, because the models rank alike"),
    }
    for pair in &compared.pairs {
        let difference = pair.comparison.difference;
        let interval = match difference.interval {
            Ok(bounds) => format!("({:.3} to {:.3})", bounds.lower, bounds.upper),
            Err(reason) => format!("(no interval: {reason})"),
        };
        let p = |p: Option<f64>| p.map_or("none".to_owned(), |p| format!("{p:.4}"));
        say!(
            "{} minus {}: {:.3} {interval}, p {}, by Holm {}",
            models[pair.first].name,
            models[pair.second].name,
            difference.estimate,
            p(pair.comparison.p),
            p(pair.p_holm)
        );
    }
}

/// A name that is allowed for a folder.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect()
}

/// Numbers without a unit, in the columns of their `Display`.
fn print_numbers(numbers: &[Number]) {
    say!("{:<34}{:>10}   95 % interval", "measure (no unit)", "estimate");
    numbers.iter().for_each(|number| say!("{number}"));
}

fn print_table(name: &str, report: &ModelReport, numbers: &[Number], without_label: usize) {
    say!("{name}: {} injections of {} subjects", report.n, report.n_subjects);
    say!("favourable {}, rows without a label {without_label}", report.n_positive);
    if report.repeats > 1 {
        let each = report.auc_by_repeat.iter();
        let each = each.map(|auc| auc.map_or("undefined".to_owned(), |auc| format!("{auc:.3}")));
        let each = each.collect::<Vec<_>>().join(", ");
        say!("{} repeats averaged; AUC of each: {each}", report.repeats);
    }
    report.p_no_discrimination.iter().for_each(|p| say!("p of AUC 0.5: {p:.4} (permutation)"));
    say!("calls at threshold {}\n", report.threshold.unwrap_or_default());
    print_numbers(numbers);
    if let Some((low, high)) = report.auc_ci95_clustered {
        say!("AUC by subject (Obuchowski)                   {low:.3} to {high:.3}");
    }
    report.notes.iter().for_each(|note| say!("note: {note}"));
}

/// 120 predictions that are loosely related to their outcomes.
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
