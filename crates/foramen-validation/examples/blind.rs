//! What the CNN makes of what should tell it nothing, over cohorts and permutations.
//!
//! ```text
//! cargo run --release --features torch --example blind -- --cohort-seeds 1,2,3,4,5
//! cargo run --release --features torch --example blind -- --permutations 20
//! ```
//!
//! By default the CNN is trained in five folds on what is around the foramina, as the control
//! Background only of a study, once for each cohort. With `--permutations N` it is trained N
//! times on the first cohort, each time on outcomes shuffled anew within the test folds of a new
//! split. It prints each AUC, and their mean with its 95 % interval (Student's t).

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use foramen::commands::{background, bar, finish};
use foramen::say;
use foramen_cnn::{Cnn, CnnConfig};
use foramen_learn::{Dataset, Split, cross_validate, permute_outcomes};
use foramen_metrics::{Scores, discrimination::auc};
use foramen_phantom::CohortConfig;
use foramen_validation::{Prepared, Spread};

/// Trains the CNN on what should tell it nothing.
#[derive(Parser)]
struct Arguments {
    /// Analysable subjects of a cohort.
    #[arg(long, default_value_t = 288)]
    subjects: usize,
    /// Seeds of the cohorts; each is a cohort of its own.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4,5")]
    cohort_seeds: Vec<u64>,
    /// Shuffles outcomes this often instead, on the first cohort.
    #[arg(long, value_name = "N")]
    permutations: Option<u64>,
    /// Epochs of the CNN, instead of its default.
    #[arg(long)]
    epochs: Option<usize>,
    /// Where cohorts are kept.
    #[arg(long, value_name = "DIR", default_value = "foramen-blind")]
    out: PathBuf,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    foramen_tch::reuse_memory()?;
    let mut areas = Spread::default();
    let cohort = |seed: u64| {
        let config = CohortConfig::default().with_seed(seed).with_analysable(arguments.subjects);
        Prepared::of(&config.with_defects(0), &arguments.out)
    };
    if let Some(permutations) = arguments.permutations {
        let first = *arguments.cohort_seeds.first().context("give one of --cohort-seeds")?;
        let cohort = cohort(first)?;
        for seed in 1..=permutations {
            let split = Split::by_subject(&cohort.dataset, 5, seed)?;
            let permuted = permute_outcomes(&cohort.dataset, &split, seed)?;
            areas.add(area(&permuted, &split, arguments, seed, "permutation")?);
        }
    } else {
        for &seed in &arguments.cohort_seeds {
            let cohort = cohort(seed)?;
            let pixel = cohort.patches.first().map_or(0.5, |patch| patch.plane.spacing().row);
            let around = background(&cohort.dataset, &cohort.patches, pixel)?;
            let split = Split::by_subject(&around, 5, 1)?;
            areas.add(area(&around, &split, arguments, seed, "cohort")?);
        }
    }
    say!("mean AUC {areas}");
    Ok(())
}

/// The AUC of the CNN on test sets of all folds together.
fn area(
    dataset: &Dataset,
    split: &Split,
    arguments: &Arguments,
    seed: u64,
    what: &str,
) -> Result<f64> {
    let mut config = CnnConfig::default().with_seed(seed);
    config.epochs = arguments.epochs.unwrap_or(config.epochs);
    let progress = bar("train", split.folds() * config.members * config.epochs);
    let counted = progress.clone();
    let cnn = Cnn::new(config).with_progress(move |_| counted.inc(1));
    let predictions = cross_validate(&cnn, dataset, split)?.predictions;
    progress.finish_and_clear();
    let known = predictions.iter().filter_map(|p| Some((p.outcome?, p.probability.get())));
    let (labels, values): (Vec<bool>, Vec<f64>) =
        known.map(|(outcome, value)| (outcome.is_favourable(), value)).unzip();
    let area = auc(&Scores::new(&labels, &values)?)?;
    let (low, high) = area.ci().unwrap_or_default();
    say!("{what} {seed:>2}: AUC {:.3} ({low:.3} to {high:.3})", area.estimate);
    Ok(area.estimate)
}
