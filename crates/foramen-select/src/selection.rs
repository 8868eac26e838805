use foramen_image::{Plane, Slice};
use foramen_types::{Level, Point, Side, Vector};

use crate::foramen::probability;
use crate::{Foramen, ForamenHeights, MeasuredStack, RefusalReason, SliceMeasurement, State};

/// Version of measurement and selection together. It increases with every change that can give
/// another width, state or slice for the same images; files of a study record it.
pub const SELECTION_VERSION: u32 = 3;

/// What a given point marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum PointKind {
    /// The middle of the disc.
    Disc,
    /// The canal (or cord) behind the disc.
    Canal,
}

/// The foramen to be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Target {
    /// The level.
    pub level: Level,
    /// The side of the patient.
    pub side: Side,
    /// Position of the level's disc, in LPS millimetres.
    pub disc: Point,
    /// What the point marks.
    pub kind: PointKind,
    /// The normal of the disc, towards the head, if known.
    pub normal: Option<Vector>,
    /// The height range of the level's foramina, where a sagittal series shows it; `None` counts as
    /// [`ForamenHeights::usual`].
    pub heights: Option<ForamenHeights>,
}

impl Target {
    /// The height range of the level's foramina.
    pub(crate) fn heights(&self) -> ForamenHeights {
        self.heights.unwrap_or_default()
    }
}

/// Options of the selection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SelectOptions {
    /// How far below the disc point a slice may cut the foramen, in millimetres;
    /// default 5, about half the bony height of the foramen.
    pub below: f64,
    /// How far above the disc point a slice may cut the foramen, in millimetres; default 7, since
    /// foramina are centred above the plane of the disc.
    pub above: f64,
    /// Whether the height of a slice is evidence for a foramen or a pedicle: from the sagittal
    /// series where it shows the heights, else from the distance to the disc. Default `true`;
    /// `false` shows how much this evidence contributes.
    pub by_height: bool,
}

impl Default for SelectOptions {
    fn default() -> Self {
        Self { below: 5.0, above: 7.0, by_height: true }
    }
}

impl SelectOptions {
    /// The same options with other limits in millimetres below and above the disc point.
    #[must_use]
    pub fn with_reach(mut self, below: f64, above: f64) -> Self {
        (self.below, self.above) = (below, above);
        self
    }

    /// The same options without the height above or below the disc as evidence.
    #[must_use]
    pub fn leaving_out_height(mut self) -> Self {
        self.by_height = false;
        self
    }
}

/// One slice and its measurements.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Choice {
    /// Index of the stack.
    pub stack: usize,
    /// Index of the slice within the stack.
    pub slice: usize,
    /// Height of the slice above (+) or below (−) the disc, judged at the foramen, in millimetres.
    pub offset: f64,
    /// The requested foramen.
    pub foramen: Foramen,
    /// The foramen of the other side on the same slice.
    pub contralateral: Foramen,
    /// Log odds of a foramen, not a pedicle, from the height of the slice; 0 where no heights are
    /// known.
    pub height_odds: f64,
}

/// The narrowest slice at the level, with its evidence; by default nothing is chosen.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Selection {
    /// The slice on which the foramen is narrowest.
    pub chosen: Option<Choice>,
    /// The next narrowest.
    pub runner_up: Option<Choice>,
    /// Every slice that cuts the foramen, from the feet to the head.
    pub profile: Vec<Choice>,
    /// Confidence in the choice, 0 to 1.
    pub confidence: f64,
    /// Why nothing was chosen.
    pub refusal: Option<RefusalReason>,
}

/// Chooses the slice on which the foramen of a level and side is narrowest.
///
/// Slices of all `stacks` whose foramen lies within the reach of the options around the height of
/// the disc are compared: closed ones cut no foramen, occluded ones have width 0. Slices at the
/// height of a pedicle, and slices measured with little confidence, are chosen only if there is no
/// better one.
#[must_use]
pub fn narrowest(stacks: &[MeasuredStack], target: &Target, options: &SelectOptions) -> Selection {
    let mut all: Vec<(Choice, f64)> = Vec::new();
    for (stack, measured) in stacks.iter().enumerate() {
        for (slice, seen) in measured.slices().enumerate() {
            all.push(judged((stack, slice), seen, target, options.by_height));
        }
    }
    let offsets = all.iter().map(|(choice, _)| choice.offset);
    let Some(nearest) = offsets.min_by(|a, b| a.abs().total_cmp(&b.abs())) else {
        return Selection::refused(Vec::new(), RefusalReason::NoStack);
    };
    let reach = -options.below..=options.above;
    all.retain(|(choice, _)| reach.contains(&choice.offset));
    all.sort_by(|(a, _), (b, _)| a.offset.total_cmp(&b.offset));
    let (profile, ranks): (Vec<Choice>, Vec<f64>) = all.into_iter().unzip();
    if profile.is_empty() {
        return Selection::refused(profile, RefusalReason::NoSlice { nearest: nearest.abs() });
    }
    let mut order: Vec<usize> =
        (0..profile.len()).filter(|i| profile[*i].foramen.width.is_some()).collect();
    // What lies at the height of a pedicle is chosen only where nothing else has a width.
    let is_beyond = |at: usize| profile[at].height_odds < 0.0;
    order.sort_by(|a, b| is_beyond(*a).cmp(&is_beyond(*b)).then(ranks[*a].total_cmp(&ranks[*b])));
    let mut ranked = order.iter().map(|i| profile[*i].clone().with_roots_of(&profile));
    let Some(chosen) = ranked.next() else {
        let closed = profile
            .iter()
            .any(|choice| matches!(choice.foramen.state, State::Pedicle | State::Shut));
        let reason = if closed { RefusalReason::AllClosed } else { RefusalReason::AllRefused };
        return Selection::refused(profile, reason);
    };
    let runner_up = ranked.next();
    let confidence = chosen.foramen.confidence;
    Selection { chosen: Some(chosen), runner_up, profile, confidence, refusal: None }
}

/// The slice (index of its stack, index within it) on which a reader measures the foramen
/// of `side`, as [`narrowest`] would judge it where the disc is known, at any height.
///
/// A reader's slice is assumed not to cut a pedicle: where the measurement found a pedicle but also
/// a passage, the state becomes open, with low confidence. Without the disc `offset` is 0 and no
/// heights are known. `None` when there is no such slice.
#[must_use]
pub fn of_reader(
    stacks: &[MeasuredStack],
    (stack, slice): (usize, usize),
    side: Side,
    disc: Option<&Target>,
) -> Option<Choice> {
    let seen = stacks.get(stack)?.slice(slice)?;
    let mut choice = match disc {
        Some(target) => judged((stack, slice), seen, target, true).0,
        None => {
            let [foramen, contralateral] =
                [side, side.opposite()].map(|side| seen.1.side(side).clone());
            Choice { stack, slice, offset: 0.0, foramen, contralateral, height_odds: 0.0 }
        }
    };
    let foramen = &mut choice.foramen;
    if let (State::Pedicle | State::Shut, Some(passage)) = (foramen.state, foramen.passage) {
        (foramen.state, foramen.width) = (State::Open, Some(passage.width));
        foramen.area = Some(passage.area);
        foramen.confidence = (1.0 - foramen.confidence) * passage.certainty;
    }
    Some(choice)
}

/// One slice with both foramina judged with its height, and the rank by the width of the requested
/// foramen.
fn judged(
    (stack, slice): (usize, usize),
    (image, result): (&Slice, &SliceMeasurement),
    target: &Target,
    by_height: bool,
) -> (Choice, f64) {
    let plane = image.plane();
    let of = |side| {
        let mut foramen = result.side(side).clone();
        let offset = offset(plane, result, &Target { side, ..*target });
        let odds = if by_height { target.heights().log_odds(offset) } else { 0.0 };
        let certain = judge(&mut foramen, odds);
        (foramen, offset, odds, certain)
    };
    let (foramen, offset, height_odds, certain) = of(target.side);
    let (contralateral, ..) = of(target.side.opposite());
    let width = foramen.width.unwrap_or(f64::INFINITY);
    let rank = width
        + BY_DOUBT * (CERTAIN - certain).max(0.0)
        + BY_OFFSET * (offset - target.heights().centre).abs();
    (Choice { stack, slice, offset, foramen, contralateral, height_odds }, rank)
}

/// Slices less certain than this must be clearly narrower to be chosen: by how much, in millimetres
/// per unit of certainty.
const CERTAIN: f64 = 0.6;
const BY_DOUBT: f64 = 3.0;
/// How much narrower another slice must be, in millimetres per millimetre of height, to be
/// preferred to the slice through the uncovertebral joint, in the middle of the foramen's height,
/// which readers choose.
const BY_OFFSET: f64 = 0.05;

/// Updates the state of a foramen with the log odds from its height, and returns the certainty.
///
/// A closed side at the height of a foramen is a narrow or occluded foramen; an open side at the
/// height of a pedicle is doubtful.
fn judge(foramen: &mut Foramen, height_odds: f64) -> f64 {
    // A disc is known to be near: the slice lies not above the foramina.
    if foramen.reason == Some(RefusalReason::AboveForamina) {
        (foramen.state, foramen.reason) = (State::Pedicle, None);
    }
    if foramen.state == State::Refused {
        return 0.0;
    }
    let odds = foramen.odds + height_odds;
    let certain = probability(odds.abs());
    (foramen.confidence, foramen.area) = (certain, None);
    if odds <= 0.0 {
        (foramen.state, foramen.width) = (State::Pedicle, None);
    } else if let Some(passage) = foramen.passage {
        (foramen.state, foramen.width) = (State::Open, Some(passage.width));
        foramen.area = Some(passage.area);
        foramen.confidence *= passage.certainty;
    } else {
        (foramen.state, foramen.width) = (State::Occluded, Some(0.0));
    }
    certain
}

impl Selection {
    fn refused(profile: Vec<Choice>, reason: RefusalReason) -> Self {
        Self { chosen: None, runner_up: None, profile, confidence: 0.0, refusal: Some(reason) }
    }
}

/// The height of a slice above the disc, judged at the foramen: the disc may be tilted against the
/// slice, and lies some 12 mm in front of the foramen.
fn offset(plane: &Plane, result: &SliceMeasurement, target: &Target) -> f64 {
    let place = foramen_place(plane, result, target);
    let normal = target.normal.and_then(Vector::unit).unwrap_or_else(|| plane.cranial_normal());
    let level = place - normal * (place - target.disc).dot(normal);
    -plane.distance(level)
}

/// The position of the foramen on a slice: between its walls if they were found, else the usual
/// position beside and in front of the canal.
fn foramen_place(plane: &Plane, result: &SliceMeasurement, target: &Target) -> Point {
    let foramen = result.side(target.side);
    if let (Some(front), Some(back)) = (foramen.front, foramen.back) {
        return front + (back - front) * 0.5;
    }
    let (aside, ahead) = (12.5 * target.side.sign(), -6.0);
    match (result.canal, target.kind) {
        (Some(canal), _) => canal + Vector::new(aside, ahead, 0.0),
        (None, PointKind::Canal) => on(plane, target.disc) + Vector::new(aside, ahead, 0.0),
        // The canal lies some 14 mm behind the middle of the disc.
        (None, PointKind::Disc) => on(plane, target.disc) + Vector::new(aside, ahead + 14.0, 0.0),
    }
}

fn on(plane: &Plane, point: Point) -> Point {
    point - plane.cranial_normal() * plane.distance(point)
}
