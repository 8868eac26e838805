//! Examples from which the models of open and closed, and of a right width, are fitted.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use foramen::dicom::{ScanOptions, scan};
use foramen_image::{Contrast, SliceSource};
use foramen_phantom::{ForamenTruth, SliceTruth, Subject};
use foramen_select::{Evidence, Foramen, MeasureOptions, State, measure};
use foramen_study::{Place, ProfileRow, StudyConfig, mean_reading, profile_scan, read_readings};
use foramen_types::Side;

/// What is seen on one side of a slice, and whether what is asked of it holds.
#[derive(Debug, Clone)]
pub struct Example {
    /// 1, then what is measured.
    pub seen: [f64; 4],
    /// Log odds of an open foramen by the model in use.
    pub in_use: f64,
    /// Whether it is an open foramen, else a pedicle; or whether its width is right.
    pub holds: bool,
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
/// A width this far from the true one is right, in millimetres.
const RIGHT: f64 = 0.8;

/// 1, millimetres of bone on the way, wall edge, brightness.
fn row(evidence: &Evidence) -> [f64; 4] {
    [1.0, evidence.bone_mm.min(MOST_BONE), evidence.wall_edge, evidence.brightness]
}

/// The sides of a phantom whose state is beyond doubt: 1, millimetres of bone on the way, wall
/// edge, brightness, as [`Evidence`] has them; it holds where the side is open.
#[must_use]
pub fn states_of_phantom(subject: &Subject, origin: Origin, held_out: bool) -> Vec<Example> {
    let state = |truth: &ForamenTruth, seen: &Foramen| {
        let clear = truth.clearance_mm.unwrap_or(0.0);
        let open = truth.width_mm.is_some_and(|width| width >= WIDE) && clear > CLEAR;
        let is_sure = open || truth.state == "closed" && clear < -CLEAR;
        Some((row(&seen.evidence?), open)).filter(|_| is_sure)
    };
    examples_of_phantom(subject, origin, held_out, &state)
}

/// One row for each side of a phantom that has a passage and is called open. Inputs: a constant
/// 1, wall edge, width, bone on the measured path. Outcome: whether the width is within 0.8 mm of
/// the true width.
#[must_use]
pub fn widths_of_phantom(subject: &Subject, origin: Origin, held_out: bool) -> Vec<Example> {
    let width = |truth: &ForamenTruth, seen: &Foramen| {
        let (true_width, width) = (truth.width_mm?, seen.width?);
        let evidence = seen.evidence.filter(|_| seen.state == State::Open)?;
        let seen = [1.0, evidence.wall_edge, width, evidence.bone_mm.min(MOST_BONE)];
        Some((seen, (width - true_width).abs() <= RIGHT))
    };
    examples_of_phantom(subject, origin, held_out, &width)
}

/// What is seen on a side and whether it holds; `None` where the side is no example.
type Asked<'a> = &'a dyn Fn(&ForamenTruth, &Foramen) -> Option<([f64; 4], bool)>;

fn examples_of_phantom(
    subject: &Subject,
    origin: Origin,
    held_out: bool,
    of: Asked<'_>,
) -> Vec<Example> {
    let mut examples = Vec::new();
    for stack in &subject.axial {
        for (slice, seen) in stack.slices().iter().zip(measure(stack, &MeasureOptions::default())) {
            let Some(source) = &slice.source else { continue };
            let is_it = |truth: &&SliceTruth| truth.sop_instance_uid == source.sop_instance_uid;
            let Some(truth) = subject.truth.slices.iter().find(is_it) else { continue };
            for side in Side::BOTH {
                let near = truth.side(side).iter();
                let near = near.min_by(|a, b| a.offset_mm.abs().total_cmp(&b.offset_mm.abs()));
                let foramen = seen.side(side);
                let in_use = foramen.evidence.map_or(0.0, |evidence| evidence.log_odds);
                if let Some((seen, holds)) = near.and_then(|near| of(near, foramen)) {
                    let contrast = stack.contrast;
                    examples.push(Example { seen, in_use, holds, origin, held_out, contrast });
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
pub fn states_of_people(folder: &Path) -> anyhow::Result<Vec<Example>> {
    let example = |(state, contrast, row_of): (char, Contrast, ProfileRow)| {
        let (holds, origin, held_out) = (state == 'O', Origin::Person, false);
        let evidence = row_of.foramen.evidence?;
        let (seen, in_use) = (row(&evidence), evidence.log_odds);
        Some(Example { seen, in_use, holds, origin, held_out, contrast })
    };
    Ok(examined(folder, &StudyConfig::default())?.into_iter().filter_map(example).collect())
}

/// Real examinations that were tuned on, and the table of their readings.
const READ: [(&str, &str); 5] = [
    ("dicom/real-A", "readings.csv"),
    ("dicom/real-B", "readings.csv"),
    ("repeat/sub-9418/run-1", "repeat/readings.csv"),
    ("repeat/sub-9709Ses1/run-1", "repeat/readings.csv"),
    ("repeat/sub-9709Ses2/run-1", "repeat/readings.csv"),
];

/// The sides of the real examinations tuned on that both readers and the program call open, as
/// [`widths_of_phantom`] has them; true is the mean of the readers.
///
/// # Errors
/// When an examination or its readings cannot be read.
pub fn widths_of_people(folder: &Path) -> anyhow::Result<Vec<Example>> {
    let mut examples = Vec::new();
    for (examination, readings) in READ {
        let at = folder.join(readings);
        let table = File::open(&at).with_context(|| format!("could not open {}", at.display()))?;
        let readers = read_readings(table)?;
        let mean = mean_reading(&readers).readings;
        let found = scan(&folder.join(examination), &ScanOptions::default())
            .with_context(|| format!("could not scan {examination}"))?;
        for row in profile_scan(&found, &StudyConfig::default(), &|_| ()).rows {
            let SliceSource { sop_instance_uid, frame } = row.source.clone();
            let place = Place { sop_instance_uid, frame, side: row.side };
            let is_read = readers.values().all(|reader| reader.contains_key(&place));
            let read = mean.get(&place).filter(|_| is_read).and_then(|seen| seen.width);
            let stack = found.stacks.iter().find(|stack| stack.series_uid == row.series_uid);
            let measured = row.foramen.width.zip(row.foramen.evidence);
            if let (Some(read), Some(stack), Some((width, evidence))) = (read, stack, measured) {
                let bone = evidence.bone_mm.min(MOST_BONE);
                examples.push(Example {
                    seen: [1.0, evidence.wall_edge, width, bone],
                    in_use: evidence.log_odds,
                    holds: (width - read).abs() <= RIGHT,
                    origin: Origin::Person,
                    held_out: false,
                    contrast: stack.contrast,
                });
            }
        }
    }
    Ok(examples)
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

impl Example {
    /// The same where one of the measured columns was not seen.
    #[must_use]
    pub fn without(&self, column: usize) -> Self {
        let mut blind = self.clone();
        blind.seen[column] = 0.0;
        blind
    }

    /// The log odds that it holds, by such weights.
    #[must_use]
    pub fn odds(&self, weights: &[f64; 4]) -> f64 {
        self.seen.iter().zip(weights).map(|(seen, weight)| seen * weight).sum()
    }

    /// Logistic regression by Newton's method, with a ridge of 1 on all but the constant; the
    /// first `used` of the columns. `count` says how much each example counts.
    #[must_use]
    pub fn fit(examples: &[&Self], count: impl Fn(&Self) -> f64, used: usize) -> [f64; 4] {
        let weighed: Vec<(f64, &Self)> = examples.iter().map(|one| (count(one), *one)).collect();
        Self::fit_weighed(&weighed, used)
    }

    /// The same, with how much each example counts beside it.
    #[must_use]
    pub fn fit_weighed(examples: &[(f64, &Self)], used: usize) -> [f64; 4] {
        let mut weights = [0.0; 4];
        for _ in 0..50 {
            let mut gradient = [0.0; 4];
            let mut hessian = [[0.0; 4]; 4];
            for i in 1..used {
                gradient[i] -= weights[i];
                hessian[i][i] += 1.0;
            }
            for (count, one) in examples {
                let p = 1.0 / (1.0 + (-one.odds(&weights)).exp());
                for (i, row) in hessian.iter_mut().enumerate().take(used) {
                    gradient[i] += count * (f64::from(u8::from(one.holds)) - p) * one.seen[i];
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
