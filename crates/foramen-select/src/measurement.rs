use foramen_image::{Contrast, Stack};
use foramen_types::{Point, Side};

use crate::caliper::Narrowing;
use crate::foramen::{Passage, probability};
use crate::frame::Frame;
use crate::openness::{log_odds, width_certainty};
use crate::ring::GreyLevels;
use crate::root;
use crate::sequence::together;
use crate::slice_measurement::SliceMeasurement;
use crate::upper_limit::refuse_above_foramina;
use crate::view::{Look, View, Views};
use crate::{Clue, Evidence, Foramen, RefusalReason, State};

/// Options of the measurement.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct MeasureOptions {
    /// A known point in the canal, in LPS millimetres; the sac is then searched only near it.
    /// Default `None`: the canal is found automatically.
    pub canal: Option<Point>,
    /// A kind of evidence that is left out, to show how much it contributes. Default `None`.
    pub without: Option<Clue>,
}

impl MeasureOptions {
    /// The same options with a known point in the canal.
    #[must_use]
    pub fn with_canal(mut self, canal: Point) -> Self {
        self.canal = Some(canal);
        self
    }

    /// The same options without a kind of evidence. Two kinds are left out elsewhere:
    /// [`Clue::Sagittal`] in `Target::heights`, and [`Clue::Height`] in
    /// [`SelectOptions`](crate::SelectOptions::leaving_out_height).
    #[must_use]
    pub fn leaving_out(mut self, clue: Clue) -> Self {
        self.without = Some(clue);
        self
    }
}

/// Measures both foramina on every slice of an axial stack; one result per
/// slice, in the order of the stack.
///
/// The canal is found first and followed through the stack. On each side the lowest-cost wall
/// around the canal and the most open path out of it are traced, and the passage is measured across
/// at half intensity. Whether a slice cuts a foramen is judged by how much bone lies on the path
/// and how distinct the walls are, then by the slices above and below and by the other side. Slices
/// above the highest foramen are refused.
///
/// Widths of roots need the thickness of the slices; without it they are too narrow, and
/// [`Foramen::root_uncorrected`] says so.
///
/// ```
/// use foramen_phantom::{CohortConfig, draw_subject};
/// use foramen_select::{MeasureOptions, State, measure};
/// use foramen_types::Side;
///
/// let neck = draw_subject(&CohortConfig::default(), 0);
/// let measured = measure(&neck.axial[0], &MeasureOptions::default());
/// assert_eq!(measured.len(), neck.axial[0].slices().len());
/// let open = measured.iter().map(|slice| slice.side(Side::Left));
/// let narrowest = open
///     .filter(|foramen| foramen.state == State::Open)
///     .min_by(|a, b| a.width.partial_cmp(&b.width).expect("an open foramen has a width"))
///     .expect("some slice cuts a foramen");
/// let width = narrowest.width.expect("an open foramen has a width"); // mm
/// assert!(width > 0.5 && width < 8.0);
/// ```
#[must_use]
pub fn measure(stack: &Stack, options: &MeasureOptions) -> Vec<SliceMeasurement> {
    if !matches!(stack.contrast, Contrast::T2Fse | Contrast::T2Star) {
        return vec![
            SliceMeasurement::refused(None, RefusalReason::Weighting);
            stack.slices().len()
        ];
    }
    let Views { canals, views, expected } = Views::of(stack, options.canal);
    let mut results: Vec<SliceMeasurement> = canals
        .iter()
        .zip(&views)
        .map(|(canal, view)| match (canal, view) {
            (Some(canal), Some(view)) => {
                let [left, right] = Side::BOTH.map(|side| view.foramen(side, expected));
                SliceMeasurement { canal: Some(canal.centre), left, right }
            }
            _ => SliceMeasurement::refused(None, RefusalReason::NoCanal),
        })
        .collect();
    let alone: Vec<[f64; 2]> =
        results.iter().map(|result| [result.left.odds, result.right.odds]).collect();
    for (result, odds) in results.iter_mut().zip(together(&alone, &stack.gaps(), options.without)) {
        result.read_together(odds, options.without);
    }
    if options.without == Some(Clue::UpperLimit) {
        return results;
    }
    let depths: Vec<Option<f64>> =
        views.iter().map(|view| view.as_ref().map(View::sac_depth)).collect();
    refuse_above_foramina(stack, &depths, &mut results);
    results
}

impl SliceMeasurement {
    /// Sets the state of each side from the log odds of the whole stack.
    fn read_together(&mut self, [left, right]: [f64; 2], without: Option<Clue>) {
        (self.left.odds, self.right.odds) = (left, right);
        for foramen in [&mut self.left, &mut self.right] {
            if foramen.state == State::Refused {
                continue;
            }
            let passage = foramen.passage.filter(|_| foramen.odds > 0.0);
            foramen.state = match passage {
                Some(_) => State::Open,
                None if foramen.odds > 0.0 => State::Shut,
                None => State::Pedicle,
            };
            foramen.width = passage.map(|passage| passage.width);
            foramen.area = passage.map(|passage| passage.area);
            foramen.confidence = match foramen.state {
                // As likely as not there is a passage too narrow to be seen.
                State::Shut => 0.5,
                _ => {
                    let width = passage.map_or(1.0, |passage| passage.certainty);
                    probability(foramen.odds.abs()) * width
                }
            };
        }
        if without == Some(Clue::OtherSide) {
            return;
        }
        // The pedicles of a vertebra lie at one height: one side alone may be occluded.
        for (one, other) in [(&mut self.left, right), (&mut self.right, left)] {
            if one.state == State::Pedicle && other > 0.0 {
                one.state = State::Shut;
            }
        }
    }
}

/// A side with log odds below this has no passage whose width could be measured.
const NO_PASSAGE: f64 = -2.0;
/// On T2* the blur of two dark walls makes any slit look this wide, in millimetres: narrower
/// passages cannot be distinguished from closed ones.
const RESOLVED_T2_STAR: f64 = 1.0;

impl View<'_> {
    /// The foramen of one side, from that side alone.
    fn foramen(&self, side: Side, expected: (f64, f64)) -> Foramen {
        let frame = &self.frame;
        if frame.sample(Frame::outward(side, (26.0, 0.0))).is_none() {
            return Foramen::refused(RefusalReason::OutsideImage);
        }
        let Some(look) = self.look(side, expected) else {
            return Foramen::refused(RefusalReason::NoWalls);
        };
        let point = |at| frame.point(Frame::outward(side, at));
        let evidence = self.evidence(side, &look);
        let odds = evidence.log_odds;
        let is_resolved =
            |neck: &Narrowing| self.contrast != Contrast::T2Star || neck.width > RESOLVED_T2_STAR;
        // On T2* root, fat and muscle are alike.
        let walls = look.neck.filter(|_| self.contrast == Contrast::T2Fse);
        let root = walls.and_then(|Narrowing { front, back, .. }| {
            root::find(frame, side, [front, back], look.levels, self.thickness)
        });
        Foramen {
            state: State::Pedicle,
            width: None,
            area: None,
            confidence: 0.0,
            front: look.neck.map(|neck| point(neck.front)),
            back: look.neck.map(|neck| point(neck.back)),
            path: look.cut.places.iter().map(|at| point(*at)).collect(),
            root_width: root.map(|root| root.width),
            root_uncorrected: root.is_some() && self.thickness.is_none(),
            root: root.map(|root| root.edges.map(point)),
            reason: None,
            evidence: Some(evidence),
            odds,
            passage: look.neck.filter(|neck| odds > NO_PASSAGE && is_resolved(neck)).map(|neck| {
                let certainty = width_certainty(neck.width, evidence.wall_edge, self.contrast);
                Passage { width: neck.width, area: neck.area, certainty }
            }),
        }
    }

    fn evidence(&self, side: Side, look: &Look) -> Evidence {
        let GreyLevels { fluid, dark, .. } = look.levels;
        let bright = look.cut.brightest() - self.half(side).bone(&look.cut);
        let bone_mm = look.way.bone;
        let wall_edge = look.neck.map_or(0.0, |neck| neck.edge);
        let brightness = bright / (fluid - dark);
        let log_odds = log_odds(bone_mm, wall_edge, brightness, self.contrast);
        Evidence { bone_mm, wall_edge, brightness, log_odds }
    }
}
