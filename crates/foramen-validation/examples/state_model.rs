//! Fits the logistic models with which `foramen-select` tells a foramen from a pedicle.
//!
//! ```text
//! cargo run --release --example state_model -- --real ../shared/data/spine
//! ```
//!
//! measures phantoms, and the real examinations of `src/states.csv` where `--real` names
//! their folder, and prints for each contrast the weights of the evidence (constant, bone in
//! millimetres, wall edge, brightness), how many open sides the model alone would lose and
//! how many pedicles it would close. `states.csv` has what a careful eye
//! saw on each slice from the feet: O an open foramen, C a pedicle, - neither for sure.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use foramen::commands::finish;
use foramen::say_part as put;
use foramen_image::Contrast;
use foramen_phantom::CohortConfig;
use foramen_validation::{StateExample, states_of_people, states_of_phantom};
use rayon::prelude::*;

/// Fits the model of open and closed.
#[derive(Parser)]
struct Arguments {
    /// Phantoms to measure.
    #[arg(long, default_value_t = 24)]
    subjects: usize,
    /// Their seed; accuracy is measured on others.
    #[arg(long, default_value_t = 777)]
    seed: u64,
    /// Folder of the real examinations; without it phantoms alone.
    #[arg(long, value_name = "DIR")]
    real: Option<PathBuf>,
    /// How much all real sides on T2* count beside all phantom ones; on T2 FSE a fifth of it.
    #[arg(long, default_value_t = 2.5)]
    weight: f64,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = CohortConfig::default().with_seed(arguments.seed);
    let mut examples: Vec<StateExample> = (0..arguments.subjects)
        .into_par_iter()
        .flat_map_iter(|i| states_of_phantom(&config, i))
        .collect();
    if let Some(real) = &arguments.real {
        examples.extend(states_of_people(real)?);
    }
    let mut shown = String::new();
    for contrast in [Contrast::T2Star, Contrast::T2Fse] {
        let mut weight = arguments.weight;
        if contrast == Contrast::T2Fse {
            weight /= 5.0;
        }
        let of: Vec<&StateExample> =
            examples.iter().filter(|one| one.contrast == contrast).collect();
        let count = |real: bool| of.iter().filter(|one| one.real == real).count() as f64;
        let per_real = weight * count(false) / count(true).max(1.0);
        // On T2* marrow is as dark as cortex, and brightness tells nothing.
        let used = if contrast == Contrast::T2Star { 3 } else { 4 };
        let weights = StateExample::fit(&of, per_real, used);
        writeln!(shown, "{contrast}: {weights:.2?}")?;
        for real in [false, true] {
            let odds = |one: &StateExample| one.seen.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let share = |open: bool| {
                let such = of.iter().filter(|one| one.real == real && one.open == open);
                let (all, right) = such.fold((0_u32, 0_u32), |(all, right), one| {
                    let odds: f64 = odds(one);
                    (all + 1, right + u32::from((odds > 0.0) == open))
                });
                format!("{right} of {all}")
            };
            let kind = if real { "people" } else { "phantoms" };
            writeln!(shown, "  {kind}: open {}, closed {}", share(true), share(false))?;
        }
    }
    put!("{shown}");
    Ok(())
}
