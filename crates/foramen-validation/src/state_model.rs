//! Examples from which the model of open and closed is fitted.

use std::path::Path;

use anyhow::Context as _;
use foramen::dicom::{ScanOptions, scan};
use foramen_image::Contrast;
use foramen_phantom::{SliceTruth, Subject};
use foramen_select::{Evidence, MeasureOptions, measure};
use foramen_study::{ProfileRow, StudyConfig, profile_scan};
use foramen_types::Side;

/// What is seen on one side of a slice, and whether it is open.
#[derive(Debug, Clone)]
pub struct StateExample {
    /// 1, millimetres of bone on the way, wall edge, brightness: as [`Evidence`] has them.
    pub seen: [f64; 4],
    /// Whether it is an open foramen, else a pedicle.
    pub open: bool,
    /// On whose picture.
    pub origin: Origin,
    /// Whether it is set aside, to test what the others teach.
    pub held_out: bool,
    /// The contrast of its stack.
    pub contrast: Contrast,
}

/// On whose picture a side is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An analytic phantom's.
    Analytic,
    /// A phantom's around the vertebrae of a person.
    Vertebrae,
    /// A person's.
    Person,
}

/// A phantom side counts as open or closed when the slice is this far from its pedicles, or
/// this deep in one, in millimetres, and an open one from this width.
const CLEAR: f64 = 0.2;
const WIDE: f64 = 0.8;
/// More bone says no more, as in `foramen-select`.
const MOST_BONE: f64 = 5.0;

fn row(evidence: &Evidence) -> [f64; 4] {
    [1.0, evidence.bone_mm.min(MOST_BONE), evidence.wall_edge, evidence.brightness]
}

/// The sides of a phantom whose state is beyond doubt.
#[must_use]
pub fn states_of_phantom(subject: &Subject, origin: Origin, held_out: bool) -> Vec<StateExample> {
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
                    examples.push(StateExample { seen, open, origin, held_out, contrast });
                }
            }
        }
    }
    examples
}

/// The sides of real examinations whose state a careful eye has written into `states.csv`;
/// `folder` holds the examinations that are named there.
///
/// # Errors
/// When an examination cannot be read.
pub fn states_of_people(folder: &Path) -> anyhow::Result<Vec<StateExample>> {
    let example = |(state, contrast, row_of): (char, Contrast, ProfileRow)| {
        let (open, origin, held_out) = (state == 'O', Origin::Person, false);
        let seen = row(&row_of.foramen.evidence?);
        Some(StateExample { seen, open, origin, held_out, contrast })
    };
    Ok(examined(folder, &StudyConfig::default())?.into_iter().filter_map(example).collect())
}

/// Each side of real examinations as a careful eye saw it (`O` or `C` of `states.csv`), its
/// contrast, and what is measured there.
///
/// # Errors
/// When an examination cannot be read.
pub fn examined(
    folder: &Path,
    config: &StudyConfig,
) -> anyhow::Result<Vec<(char, Contrast, ProfileRow)>> {
    let mut sides = Vec::new();
    for line in include_str!("states.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let side: Side = cells[1].parse()?;
        let examination = folder.join(cells[0]);
        let found = scan(&examination, &ScanOptions::default())
            .with_context(|| format!("could not scan {}", examination.display()))?;
        let profiled = profile_scan(&found, config, &|_| ());
        for row_of in profiled.rows.into_iter().filter(|row| row.side == side) {
            let state = cells[2].chars().nth(row_of.slice).filter(|state| *state != '-');
            let stack = found.stacks.iter().find(|stack| stack.series_uid == row_of.series_uid);
            if let (Some(state), Some(stack)) = (state, stack) {
                sides.push((state, stack.contrast, row_of));
            }
        }
    }
    Ok(sides)
}

impl StateExample {
    /// The log odds of an open foramen by such weights.
    #[must_use]
    pub fn odds(&self, weights: &[f64; 4]) -> f64 {
        self.seen.iter().zip(weights).map(|(seen, weight)| seen * weight).sum()
    }

    /// Logistic regression by Newton's method, with a ridge of 1 on all but the constant; the
    /// first `used` of the columns. `count` says how much each example counts.
    #[must_use]
    pub fn fit(examples: &[&Self], count: impl Fn(&Self) -> f64, used: usize) -> [f64; 4] {
        let mut weights = [0.0; 4];
        for _ in 0..50 {
            let mut gradient = [0.0; 4];
            let mut hessian = [[0.0; 4]; 4];
            for i in 1..used {
                gradient[i] -= weights[i];
                hessian[i][i] += 1.0;
            }
            for one in examples {
                let p = 1.0 / (1.0 + (-one.odds(&weights)).exp());
                let count = count(one);
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
