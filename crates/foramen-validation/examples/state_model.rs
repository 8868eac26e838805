//! Fits the logistic models with which `foramen-select` tells a foramen from a pedicle.
//!
//! ```text
//! cargo run --release --example state_model -- --real ../shared/data/spine
//! ```
//!
//! measures phantoms, and the real examinations of `states.csv` where `--real` names their
//! folder, and prints for each contrast the weights of the evidence (constant, bone in
//! millimetres, wall edge, brightness), how many open sides the model alone would lose and
//! how many pedicles it would close. `states.csv` beside this file has what a careful eye
//! saw on each slice from the feet: O an open foramen, C a pedicle, - neither for sure.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use foramen::commands::finish;
use foramen::dicom::{ScanOptions, scan};
use foramen_image::Contrast;
use foramen_phantom::{CohortConfig, SliceTruth, draw_subject};
use foramen_select::{Evidence, MeasureOptions, measure};
use foramen_study::{StudyConfig, profile_scan};
use foramen_types::Side;
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

/// What is seen on one side, and whether it is open.
struct Example {
    seen: [f64; 4],
    open: bool,
    real: bool,
    contrast: Contrast,
}

/// A phantom side counts as open or closed when the slice is this far from its pedicles, or
/// this deep in one, in millimetres, and an open one from this width.
const CLEAR: f64 = 0.2;
const WIDE: f64 = 0.8;
/// More bone says no more, as in `foramen-select`.
const MOST_BONE: f64 = 5.0;

fn main() -> ExitCode {
    finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = CohortConfig::default().with_seed(arguments.seed);
    let mut examples: Vec<Example> =
        (0..arguments.subjects).into_par_iter().flat_map_iter(|i| of_phantom(&config, i)).collect();
    if let Some(real) = &arguments.real {
        examples.extend(of_people(real)?);
    }
    let mut shown = String::new();
    for contrast in [Contrast::T2Star, Contrast::T2Fse] {
        let mut weight = arguments.weight;
        if contrast == Contrast::T2Fse {
            weight /= 5.0;
        }
        let of: Vec<&Example> = examples.iter().filter(|one| one.contrast == contrast).collect();
        let count = |real: bool| of.iter().filter(|one| one.real == real).count() as f64;
        let per_real = weight * count(false) / count(true).max(1.0);
        // On T2* marrow is as dark as cortex, and brightness tells nothing.
        let used = if contrast == Contrast::T2Star { 3 } else { 4 };
        let weights = fit(&of, per_real, used);
        writeln!(shown, "{contrast}: {weights:.2?}")?;
        for real in [false, true] {
            let odds = |one: &Example| one.seen.iter().zip(&weights).map(|(x, w)| x * w).sum();
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
    print!("{shown}");
    Ok(())
}

fn row(evidence: &Evidence) -> [f64; 4] {
    [1.0, evidence.bone_mm.min(MOST_BONE), evidence.wall_edge, evidence.brightness]
}

fn of_phantom(config: &CohortConfig, index: usize) -> Vec<Example> {
    let subject = draw_subject(config, index);
    let mut examples = Vec::new();
    for stack in &subject.axial {
        for (slice, seen) in stack.slices().iter().zip(measure(stack, &MeasureOptions::default())) {
            let Some(source) = &slice.source else { continue };
            let is_it = |truth: &&SliceTruth| truth.sop_instance_uid == source.sop_instance_uid;
            let Some(truth) = subject.truth.slices.iter().find(is_it) else { continue };
            for side in Side::BOTH {
                let near = truth.side(side).iter();
                let near = near.min_by(|a, b| a.offset_mm.abs().total_cmp(&b.offset_mm.abs()));
                let (Some(near), Some(evidence)) = (near, seen.side(side).evidence) else {
                    continue;
                };
                let clear = near.clearance_mm.unwrap_or(0.0);
                let open = near.width_mm.is_some_and(|width| width >= WIDE) && clear > CLEAR;
                if open || near.state == "closed" && clear < -CLEAR {
                    let (seen, contrast) = (row(&evidence), stack.contrast);
                    examples.push(Example { seen, open, real: false, contrast });
                }
            }
        }
    }
    examples
}

fn of_people(folder: &Path) -> anyhow::Result<Vec<Example>> {
    let mut examples = Vec::new();
    for line in include_str!("states.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let side: Side = cells[1].parse()?;
        let examination = folder.join(cells[0]);
        let found = scan(&examination, &ScanOptions::default())
            .with_context(|| format!("could not scan {}", examination.display()))?;
        let profiled = profile_scan(&found, &StudyConfig::default(), &|_| ());
        for row_of in profiled.rows.iter().filter(|row| row.side == side) {
            let state = cells[2].chars().nth(row_of.slice).filter(|state| *state != '-');
            let (Some(state), Some(evidence)) = (state, row_of.foramen.evidence) else { continue };
            let stack = found.stacks.iter().find(|stack| stack.series_uid == row_of.series_uid);
            let Some(contrast) = stack.map(|stack| stack.contrast) else { continue };
            examples.push(Example {
                seen: row(&evidence),
                open: state == 'O',
                real: true,
                contrast,
            });
        }
    }
    Ok(examples)
}

/// Logistic regression by Newton's method, with a ridge of 1 on all but the constant; the
/// first `used` of the columns.
fn fit(examples: &[&Example], per_real: f64, used: usize) -> [f64; 4] {
    let mut weights = [0.0; 4];
    for _ in 0..50 {
        let mut gradient = [0.0; 4];
        let mut hessian = [[0.0; 4]; 4];
        for i in 1..used {
            gradient[i] -= weights[i];
            hessian[i][i] += 1.0;
        }
        for one in examples {
            let odds: f64 = one.seen.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + (-odds).exp());
            let count = if one.real { per_real } else { 1.0 };
            for (i, row) in hessian.iter_mut().enumerate().take(used) {
                gradient[i] += count * (f64::from(u8::from(one.open)) - p) * one.seen[i];
                for (cell, seen) in row.iter_mut().zip(one.seen) {
                    *cell += count * p * (1.0 - p) * one.seen[i] * seen;
                }
            }
        }
        let step = solve(hessian, gradient, used);
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight += step;
        }
    }
    weights
}

/// The solution of a positive definite system of `n` equations, by elimination.
fn solve(mut matrix: [[f64; 4]; 4], mut right: [f64; 4], n: usize) -> [f64; 4] {
    for i in 0..n {
        for k in i + 1..n {
            let pivot = matrix[i];
            let factor = matrix[k][i] / pivot[i];
            for (cell, above) in matrix[k].iter_mut().zip(pivot) {
                *cell -= factor * above;
            }
            right[k] -= factor * right[i];
        }
    }
    let mut solution = [0.0; 4];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| matrix[i][j] * solution[j]).sum();
        solution[i] = (right[i] - known) / matrix[i][i];
    }
    solution
}
