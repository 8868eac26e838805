//! What each kind of evidence is worth: measurement and selection with one left out.
//!
//! ```text
//! cargo run --release --example ablations -- [--subjects 60] [--seed 4001] [--anatomy DIR] [--real DIR]
//! ```
//!
//! Phantoms as `selection_accuracy` draws them, with `--anatomy` around a person's vertebrae;
//! `--real` adds the examinations of `src/states.csv`, for which no disc is given. What is seen
//! on one side of one slice (bone, wall edge, brightness) is left out by `state_model` instead,
//! which fits the rest anew.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use foramen::commands::{bar, finish};
use foramen::say;
use foramen_phantom::{Anatomy, CohortConfig, draw_subject, draw_subject_on};
use foramen_select::{Clue, MeasureOptions, State};
use foramen_study::StudyConfig;
use foramen_validation::{AccuracyRow, StateAccuracy, Trial, examined};
use rayon::prelude::*;

/// Measurement and selection with one kind of evidence left out.
#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 60, help = "How many subjects to draw")]
    subjects: usize,
    #[arg(long, default_value_t = 4001, help = "Seed of the phantoms")]
    seed: u64,
    #[arg(long, value_name = "DIR", help = "Draw around the vertebrae of a person: STL files")]
    anatomy: Option<PathBuf>,
    #[arg(long, value_name = "DIR", help = "Folder of the real examinations")]
    real: Option<PathBuf>,
}

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = CohortConfig::default().with_seed(arguments.seed);
    let config = config.with_analysable(arguments.subjects).with_defects(0);
    let anatomy = arguments.anatomy.as_deref().map(Anatomy::read).transpose()?.map(Arc::new);
    let variants: Vec<Option<Clue>> = std::iter::once(None).chain(Clue::ALL.map(Some)).collect();
    let progress = bar("subjects", arguments.subjects);
    let of_subjects: Vec<Vec<Option<Trial>>> = (0..arguments.subjects)
        .into_par_iter()
        .map(|index| {
            let subject = match &anatomy {
                Some(anatomy) => draw_subject_on(anatomy, &config, index),
                None => draw_subject(&config, index),
            };
            progress.inc(1);
            variants.iter().map(|clue| Trial::without(&subject, *clue)).collect()
        })
        .collect();
    progress.finish_and_clear();
    let mut of_variant: Vec<Vec<Trial>> = variants.iter().map(|_| Vec::new()).collect();
    for trials in of_subjects {
        for (all, trial) in of_variant.iter_mut().zip(trials) {
            all.extend(trial);
        }
    }
    for (clue, trials) in variants.iter().zip(&of_variant) {
        let row = AccuracyRow::of("all", trials);
        let states = StateAccuracy::of(trials);
        say!("{}", clue.map_or("with everything".into(), |c| format!("without {}", c.name())));
        say!(
            "  right slice {:.1}%, median error {:.2} mm, 95th percentile {:.2} mm, bias {:.2} mm",
            100.0 * row.narrowest,
            row.median_error_mm.unwrap_or(f64::NAN),
            row.error_95th_mm.unwrap_or(f64::NAN),
            row.bias_mm.unwrap_or(f64::NAN),
        );
        say!("  pedicles closed or shut {}", states.pedicles);
        say!("  open ones lost {}", states.lost);
        if let Some(real) = &arguments.real {
            say!("  people: {}", people(real, *clue)?);
        }
    }
    Ok(())
}

/// Open sides that are called open, and pedicles that are not, of real examinations.
fn people(folder: &std::path::Path, clue: Option<Clue>) -> anyhow::Result<String> {
    let mut config = StudyConfig::default();
    config.measure =
        clue.map_or(config.measure, |clue| MeasureOptions::default().leaving_out(clue));
    let (mut open, mut pedicles) = ((0, 0), (0, 0));
    for (seen, _, row) in examined(folder, &config)? {
        let is_open = row.foramen.state == State::Open;
        let (of, right) =
            if seen == 'O' { (&mut open, is_open) } else { (&mut pedicles, !is_open) };
        *of = (of.0 + u32::from(right), of.1 + 1);
    }
    Ok(format!(
        "open found {} of {}, pedicles closed {} of {}",
        open.0, open.1, pedicles.0, pedicles.1
    ))
}
