//! How exactly foramina are measured and chosen on axial slices made of a sagittal T2 volume.
//!
//! Draws fresh subjects who were examined by one 3D fast spin echo (SPACE, CUBE, VISTA),
//! finds the discs on it, makes axial slices perpendicular to the canal, measures them and
//! compares with what is true on the same planes. A refusal counts as a miss.
//!
//! ```text
//! cargo run --release --example reformat_accuracy -- [--subjects 60] [--seed 4001] [--thickness 2] [--step 2] [--json FILE]
//! ```
//! Prints a row per group and one for all, then pedicles, shut foramina and discs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use foramen::commands::{bar, finish};
use foramen::say;
use foramen_phantom::{CohortConfig, draw_volume};
use foramen_study::ReformatOptions;
use foramen_validation::{AccuracyRow, DiscAccuracy, StateAccuracy, Trial, reformatted};
use rayon::prelude::*;

/// Accuracy on axial slices made of sagittal volumes.
#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 60, help = "How many subjects to draw")]
    subjects: usize,
    #[arg(long, default_value_t = 4001, help = "Seed of the phantoms; the demo uses 1")]
    seed: u64,
    #[arg(long, value_name = "MM", default_value_t = 2.0, help = "Each slice is a mean over this")]
    thickness: f64,
    #[arg(long, value_name = "MM", default_value_t = 2.0, help = "From one slice to the next")]
    step: f64,
    #[arg(long, help = "Where to write the table as JSON")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = CohortConfig::default().with_seed(arguments.seed);
    let config = config.with_analysable(arguments.subjects).with_defects(0);
    let mut options = ReformatOptions::default().with_thickness(arguments.thickness);
    options.step = arguments.step;
    let progress = bar("subjects", arguments.subjects);
    let trials: Vec<Trial> = (0..arguments.subjects)
        .into_par_iter()
        .filter_map(|index| {
            let trial = Trial::of(&reformatted(&draw_volume(&config, index), &options));
            progress.inc(1);
            trial
        })
        .collect();
    progress.finish_and_clear();
    let without = arguments.subjects - trials.len();
    say!("{without} left out: no slice passes through the treated foramen");
    let all = AccuracyRow::of("all", &trials);
    let mm = |value: Option<f64>| value.map_or("-".to_owned(), |mm| format!("{mm:.2}"));
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    say!("n {}, found {}", all.subjects, percent(all.found));
    say!(
        "error, mm: median {}, 95th percentile {}, bias {}",
        mm(all.median_error_mm),
        mm(all.error_95th_mm),
        mm(all.bias_mm)
    );
    say!(
        "narrowest slice {}, within one slice {}, confident but wrong {}",
        percent(all.narrowest),
        percent(all.within_one_slice),
        percent(all.confident_but_wrong)
    );
    say!("{}", StateAccuracy::of(&trials));
    say!("{}", DiscAccuracy::sum(trials.iter().map(|trial| trial.discs)));
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&all)?)?;
    }
    Ok(())
}
