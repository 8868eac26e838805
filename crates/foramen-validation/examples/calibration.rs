//! Whether the probabilities of the CNN are right, over cohorts, before and after recalibration.
//!
//! ```text
//! cargo run --release --features torch --example calibration -- --cohort-seeds 11,12,13
//! ```
//!
//! Trains the CNN in five folds on each cohort, and prints slope, Brier score and AUC of what is
//! predicted out of fold: by the networks as they are, and divided by the temperature that each
//! fold chose on its tune set. At the end their means, with 95 % intervals over the cohorts
//! (Student's t). `--out` keeps cohorts and log-odds (`log-odds-SEED.csv`), and a further run
//! takes those that are there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use foramen::commands::finish;
use foramen::say;
use foramen_cnn::CnnConfig;
use foramen_phantom::CohortConfig;
use foramen_validation::{FoldLogits, Prepared, Spread, calibration_of, fold_logits};

/// Measures calibration over cohorts.
#[derive(Parser)]
struct Arguments {
    /// Analysable subjects of a cohort.
    #[arg(long, default_value_t = 288)]
    subjects: usize,
    /// Seeds of the cohorts; each is a cohort of its own.
    #[arg(long, value_delimiter = ',', default_value = "11,12,13,14,15,16,17,18,19,20")]
    cohort_seeds: Vec<u64>,
    /// Seed of the split and of the training.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Epochs of the CNN, instead of its default.
    #[arg(long)]
    epochs: Option<usize>,
    /// Networks of a fold, whose log-odds are averaged.
    #[arg(long)]
    members: Option<usize>,
    /// Where cohorts and log-odds are kept.
    #[arg(long, value_name = "DIR", default_value = "foramen-calibration")]
    out: PathBuf,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    let mut spreads: [[Spread; 3]; 2] = Default::default();
    say!("cohort     slope  Brier    AUC, as they are    slope  Brier    AUC, recalibrated");
    for &seed in &arguments.cohort_seeds {
        let folds = logits(arguments, seed)?;
        let mut line = format!("{seed:>6}");
        for (after, spreads) in spreads.iter_mut().enumerate() {
            let numbers = calibration_of(&folds, after == 1)?;
            spreads.iter_mut().zip(numbers).for_each(|(spread, value)| spread.add(value));
            let [slope, brier, area] = numbers;
            line += &format!("    {slope:.3}  {brier:.4}  {area:.4}          ");
        }
        say!("{}", line.trim_end());
    }
    for (spreads, when) in spreads.iter().zip(["as they are", "recalibrated"]) {
        let [slope, brier, area] = spreads;
        say!("{when}: slope {slope}, Brier {brier}, AUC {area}");
    }
    Ok(())
}

/// The log-odds of a cohort: those of a run before, or new ones.
fn logits(arguments: &Arguments, seed: u64) -> Result<Vec<FoldLogits>> {
    let path = arguments.out.join(format!("log-odds-{seed}-{}.csv", arguments.seed));
    if path.is_file() {
        return read(&path);
    }
    let config = CohortConfig::default().with_seed(seed).with_analysable(arguments.subjects);
    let cohort = Prepared::of(&config.with_defects(0), &arguments.out)?;
    let mut config = CnnConfig::default().with_seed(arguments.seed);
    config.epochs = arguments.epochs.unwrap_or(config.epochs);
    config.members = arguments.members.unwrap_or(config.members);
    let folds = fold_logits(&cohort.dataset, config, 5)?;
    fs::write(&path, FoldLogits::table(&folds))
        .with_context(|| format!("could not write {}", path.display()))?;
    Ok(folds)
}

fn read(path: &Path) -> Result<Vec<FoldLogits>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    FoldLogits::read(&text).with_context(|| format!("could not use {}", path.display()))
}
