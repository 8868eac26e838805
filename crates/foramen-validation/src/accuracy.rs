//! How exactly slices are measured and chosen on one synthetic subject.

use foramen_image::Stack;
use foramen_phantom::{ForamenTruth, RIGHT_SLICE_MM, SliceTruth, Subject};
use foramen_select::{
    Choice, Clue, MeasureOptions, MeasuredStack, PointKind, SelectOptions, State, Target,
    foramen_heights, naive_width, narrowest,
};
use foramen_types::{Level, Point, Side, Vector};
use serde::Serialize;

use crate::disc_accuracy::DiscAccuracy;

/// What one subject shows.
pub struct Trial {
    /// The groups it belongs to: contrast, planning, pixel, thickness, noise.
    pub groups: Vec<String>,
    /// The measured width, if a slice was chosen, and the true least width.
    pub width: Option<f64>,
    /// The true width of the foramen on its narrowest slice.
    pub truth: f64,
    /// Confidence of the choice.
    pub confidence: f64,
    /// Whether the chosen slice is the narrowest, or ties with it.
    pub hit: bool,
    /// Whether it is that or its neighbour.
    pub within_one: bool,
    /// Whether a fixed threshold would have chosen it.
    pub naive_hit: bool,
    /// Whether a wall was set on the wrong side of the canal.
    pub swapped: bool,
    /// What was seen on each slice of the profile, and what is true there.
    pub seen: Vec<(State, ForamenTruth)>,
    /// The same of every level and side, on every slice that lies nearest to it.
    pub seen_everywhere: Vec<(State, ForamenTruth)>,
    /// The width of the root of every level and side on each slice that cuts its
    /// foramen, as measured and as it is.
    pub roots: Vec<(Option<f64>, Option<f64>)>,
    /// The width of the root that grades the chosen foramen, and the true one, where
    /// a slice of the profile shows it.
    pub graded_root: (Option<f64>, Option<f64>),
    /// The area of the chosen foramen, where it is open, as measured and as it is, in mm².
    pub area: Option<(f64, f64)>,
    /// The discs on the sagittal series.
    pub discs: DiscAccuracy,
}

impl Trial {
    /// Measures and selects at the true place of the disc; `None` where slices are so far
    /// apart that none passes through the treated foramen.
    ///
    /// # Panics
    /// When the truth of the subject does not belong to its pictures.
    #[must_use]
    pub fn of(subject: &Subject) -> Option<Self> {
        Self::without(subject, None)
    }

    /// The same, with a kind of evidence left out.
    ///
    /// # Panics
    /// When the truth of the subject does not belong to its pictures.
    #[must_use]
    pub fn without(subject: &Subject, clue: Option<Clue>) -> Option<Self> {
        let least = subject.truth.narrowest_width_mm?;
        let mut options = MeasureOptions::default();
        options.without = clue;
        let mut select = SelectOptions::default();
        select.by_height = clue != Some(Clue::Height);
        let of_stack = |stack: &Stack| MeasuredStack::new(stack.clone(), &options);
        let measured: Vec<MeasuredStack> = subject.axial.iter().map(of_stack).collect();
        let seen = |choice: &Choice| measured.get(choice.stack)?.slice(choice.slice);
        let target = targets(subject, subject.side, clue)[subject.level.index()];
        let selection = narrowest(&measured, &target, &select);
        let truth = |stack: usize, slice: usize| foramen(subject, stack, slice);
        let is_hit = |choice: &Choice| {
            let width = truth(choice.stack, choice.slice).and_then(|foramen| foramen.width_mm);
            width.is_some_and(|width| width - least <= RIGHT_SLICE_MM)
        };
        let is_near = |choice: &Choice| {
            (choice.slice.saturating_sub(1)..=choice.slice + 1)
                .filter_map(|slice| uid(subject, choice.stack, slice))
                .any(|uid| Some(uid) == subject.truth.narrowest_sop_uid.as_deref())
        };
        let naive = selection.profile.iter().filter_map(|choice| {
            let (slice, measurement) = seen(choice)?;
            naive_width(slice, measurement.canal?, subject.side).map(|width| (width, choice))
        });
        let naive = naive.min_by(|a, b| a.0.total_cmp(&b.0));
        let chosen = selection.chosen.as_ref();
        let swapped = chosen.is_some_and(|choice| {
            let canal = seen(choice).and_then(|(_, measurement)| measurement.canal);
            canal
                .zip(choice.foramen.front)
                .is_some_and(|(canal, front)| (front.x - canal.x) * subject.side.sign() <= 0.0)
        });
        Some(Self {
            groups: groups(subject),
            width: chosen.and_then(|choice| choice.foramen.width),
            truth: least,
            confidence: selection.confidence,
            hit: chosen.is_some_and(is_hit),
            within_one: chosen.is_some_and(|choice| is_hit(choice) || is_near(choice)),
            naive_hit: naive.is_some_and(|(_, choice)| is_hit(choice)),
            swapped,
            seen: selection
                .profile
                .iter()
                .filter_map(|choice| {
                    let truth = truth(choice.stack, choice.slice)?;
                    Some((choice.foramen.state, truth.clone()))
                })
                .collect(),
            graded_root: (
                chosen.and_then(|choice| choice.foramen.root_width),
                selection
                    .profile
                    .iter()
                    .filter_map(|choice| truth(choice.stack, choice.slice)?.root_width_mm)
                    .reduce(f64::max),
            ),
            area: chosen.and_then(|choice| {
                choice.foramen.area.zip(truth(choice.stack, choice.slice)?.area_mm2)
            }),
            seen_everywhere: seen_everywhere(subject, &measured, &select, clue),
            roots: roots(subject, &measured),
            discs: DiscAccuracy::on(subject),
        })
    }

    /// How far the measured width is from the true one; a refusal is farther than
    /// any.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.width.map_or(f64::INFINITY, |width| (width - self.truth).abs())
    }
}

fn uid(subject: &Subject, stack: usize, slice: usize) -> Option<&str> {
    let source = subject.axial[stack].slices().get(slice)?.source.as_ref()?;
    Some(&source.sop_instance_uid)
}

/// The discs of a subject at their true places, on one side, with the heights of their foramina
/// as the sagittal stack shows them, unless that is left out.
fn targets(subject: &Subject, side: Side, without: Option<Clue>) -> Vec<Target> {
    let target = |level: Level| {
        let disc = &subject.truth.discs[level.index()];
        let ([x, y, z], [nx, ny, nz]) = (disc.centre, disc.normal);
        Target {
            level,
            side,
            disc: Point::new(x, y, z),
            kind: PointKind::Disc,
            normal: Some(Vector::new(nx, ny, nz)),
            heights: None,
        }
    };
    let mut targets: Vec<Target> = Level::ALL.into_iter().map(target).collect();
    if without == Some(Clue::Sagittal) {
        return targets;
    }
    let heights = foramen_heights(&subject.sagittal, &targets);
    for (target, heights) in targets.iter_mut().zip(heights) {
        target.heights = heights;
    }
    targets
}

/// From the middle of one vertebra to that of the next.
const LEVEL_HEIGHT: f64 = 9.0;

fn seen_everywhere(
    subject: &Subject,
    measured: &[MeasuredStack],
    select: &SelectOptions,
    clue: Option<Clue>,
) -> Vec<(State, ForamenTruth)> {
    let options = select.clone().with_reach(LEVEL_HEIGHT, LEVEL_HEIGHT);
    let mut seen = Vec::new();
    for target in Side::BOTH.into_iter().flat_map(|side| targets(subject, side, clue)) {
        let (level, side) = (target.level, target.side);
        let selection = narrowest(measured, &target, &options);
        for choice in &selection.profile {
            let uid = uid(subject, choice.stack, choice.slice);
            let of = |truth: &&SliceTruth| Some(truth.sop_instance_uid.as_str()) == uid;
            let Some(truth) = subject.truth.slices.iter().find(of) else { continue };
            let nearest = truth
                .side(side)
                .iter()
                .min_by(|a, b| a.offset_mm.abs().total_cmp(&b.offset_mm.abs()));
            seen.extend(
                nearest
                    .filter(|foramen| foramen.level == level.to_string())
                    .map(|foramen| (choice.foramen.state, foramen.clone())),
            );
        }
    }
    seen
}

/// What is true of the treated foramen on a slice.
fn foramen(subject: &Subject, stack: usize, slice: usize) -> Option<&ForamenTruth> {
    let uid = uid(subject, stack, slice)?;
    let slice = subject.truth.slices.iter().find(|truth| truth.sop_instance_uid == uid)?;
    let level = subject.level.to_string();
    slice.side(subject.side).iter().find(|foramen| foramen.level == level)
}

/// Within the reach of a selection around the disc.
const REACH: f64 = 5.0;

fn roots(subject: &Subject, measured: &[MeasuredStack]) -> Vec<(Option<f64>, Option<f64>)> {
    let mut roots = Vec::new();
    for (stack, measured) in measured.iter().enumerate() {
        for (slice, (_, seen)) in measured.slices().enumerate() {
            let uid = uid(subject, stack, slice);
            let of = |truth: &&SliceTruth| Some(truth.sop_instance_uid.as_str()) == uid;
            let Some(truth) = subject.truth.slices.iter().find(of) else { continue };
            for side in Side::BOTH {
                let seen = seen.side(side);
                let cut = truth.side(side).iter().filter(|foramen| {
                    foramen.offset_mm.abs() <= REACH
                        && foramen.width_mm.is_some()
                        && seen.width.is_some()
                });
                roots.extend(cut.map(|foramen| (seen.root_width, foramen.root_width_mm)));
            }
        }
    }
    roots
}

fn groups(subject: &Subject) -> Vec<String> {
    let slice = &subject.axial[0].slices()[0];
    let contrast = &subject.truth.contrast;
    let below = |value: f64, limits: [f64; 2], unit: &str| {
        let [low, high] = limits;
        if value < low {
            format!("below {low} {unit}")
        } else if value < high {
            format!("{low}-{high} {unit}")
        } else {
            format!("from {high} {unit}")
        }
    };
    let pixel = below(slice.plane().spacing().row, [0.5, 0.6], "mm pixel");
    let thick = below(slice.thickness.unwrap_or(f64::NAN), [2.8, 3.2], "mm thick");
    let noise = below(100.0 * noise(slice), [4.0, 6.0], "% noise");
    vec![
        contrast.clone(),
        subject.truth.planning.clone(),
        format!("{contrast} {pixel}"),
        format!("{contrast} {thick}"),
        format!("{contrast} {noise}"),
    ]
}

/// The noise of a slice against its brightest part: the median difference of
/// neighbours in a row.
pub(crate) fn noise(slice: &foramen_image::Slice) -> f64 {
    let (rows, columns) = slice.pixels().dim();
    let at = |row: usize, column: usize| f64::from(slice.pixels()[[row, column]]);
    let mut steps: Vec<f64> = (rows / 4..rows * 3 / 4)
        .flat_map(|row| (columns / 4..columns * 3 / 4).map(move |column| (row, column)))
        .map(|(row, column)| (at(row, column) - at(row, column + 1)).abs())
        .collect();
    steps.sort_by(f64::total_cmp);
    let mut values: Vec<f64> = slice.pixels().iter().map(|value| f64::from(*value)).collect();
    values.sort_by(f64::total_cmp);
    // The median of the absolute difference of two normal numbers is 0.954 of
    // their deviation.
    steps[steps.len() / 2] / 0.954 / values[values.len() * 995 / 1000]
}

/// How exact the measurements and choices of a group of subjects are.
#[derive(Debug, Serialize)]
pub struct AccuracyRow {
    /// What they have in common, or `all`.
    pub group: String,
    /// How many they are.
    pub subjects: usize,
    /// Share for which a slice was chosen.
    pub found: f64,
    /// Half of the widths are at most this far from the true least width.
    pub median_error_mm: Option<f64>,
    /// 95 % of them are; a refusal is farther than any.
    pub error_95th_mm: Option<f64>,
    /// Median of measured less true.
    pub bias_mm: Option<f64>,
    /// Share of errors above 0.8 mm among the most confident 80 %.
    pub confident_but_wrong: f64,
    /// Share where the chosen slice is the narrowest, or truly as narrow.
    pub narrowest: f64,
    /// Share where it is that or its neighbour.
    pub within_one_slice: f64,
    /// Share where a fixed threshold would have chosen it.
    pub naive_narrowest: f64,
}

impl AccuracyRow {
    /// The row of a group, or of all trials for `all`.
    #[must_use]
    pub fn of(group: &str, trials: &[Trial]) -> Self {
        let mut of: Vec<&Trial> = trials
            .iter()
            .filter(|t| group == "all" || t.groups.iter().any(|g| g == group))
            .collect();
        let share = |counts: fn(&Trial) -> bool, of: &[&Trial]| {
            of.iter().filter(|trial| counts(trial)).count() as f64 / of.len().max(1) as f64
        };
        let difference = |trial: &&Trial| trial.width.map(|width| width - trial.truth);
        of.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        Self {
            group: group.to_owned(),
            subjects: of.len(),
            found: share(|trial| trial.width.is_some(), &of),
            median_error_mm: quantile(of.iter().map(|trial| trial.error()), 50),
            error_95th_mm: quantile(of.iter().map(|trial| trial.error()), 95),
            bias_mm: quantile(of.iter().filter_map(difference), 50),
            confident_but_wrong: share(|trial| trial.error() > 0.8, &of[..of.len() * 4 / 5]),
            narrowest: share(|trial| trial.hit, &of),
            within_one_slice: share(|trial| trial.within_one, &of),
            naive_narrowest: share(|trial| trial.naive_hit, &of),
        }
    }
}

fn quantile(values: impl Iterator<Item = f64>, percent: usize) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? * percent / 100).copied().filter(|v| v.is_finite())
}
