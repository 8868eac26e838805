use foramen_image::{Contrast, Stack};
use foramen_types::{Point, Side};

use crate::atlas::refuse_above_foramina;
use crate::caliper::{Neck, narrowest_neck};
use crate::foramen::{Passage, probability};
use crate::frame::Frame;
use crate::joined::{joined, joined_walls};
use crate::passage::brightness;
use crate::reader::{Reading, read};
use crate::ring::Levels;
use crate::root;
use crate::view::{View, Views};
use crate::{Foramen, RefusalReason, State};

/// How slices are measured.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MeasureOptions {
    /// Where the canal is, when it is known, in LPS millimetres; the sac is then
    /// looked for only near it. Default `None`: it is found.
    pub canal: Option<Point>,
    /// The least millimetres of open tissue, on the cheapest way around the
    /// canal, at which a foramen is called open; default 0.8: at 0.5 mm pixels
    /// partial volume alone makes some tenths.
    pub open_from: f64,
    /// Whether a network reads beside the caliper; default `true`. Without it widths
    /// are those between half-intensity points.
    pub second_reader: bool,
}

impl Default for MeasureOptions {
    fn default() -> Self {
        Self { canal: None, open_from: 0.8, second_reader: true }
    }
}

impl MeasureOptions {
    /// The same with a known place within the canal.
    #[must_use]
    pub fn with_canal(mut self, canal: Point) -> Self {
        self.canal = Some(canal);
        self
    }

    /// The same with the caliper alone.
    #[must_use]
    pub fn without_second_reader(mut self) -> Self {
        self.second_reader = false;
        self
    }
}

/// What was measured on one slice.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceMeasurement {
    /// The middle of the thecal sac.
    pub canal: Option<Point>,
    /// The foramen on the patient's left.
    pub left: Foramen,
    /// The foramen on the patient's right.
    pub right: Foramen,
}

impl SliceMeasurement {
    /// The foramen of one side.
    #[must_use]
    pub fn side(&self, side: Side) -> &Foramen {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    fn refused(canal: Option<Point>, reason: RefusalReason) -> Self {
        Self { canal, left: Foramen::refused(reason), right: Foramen::refused(reason) }
    }
}

/// Measures both foramina on every slice of an axial stack; one result per
/// slice, in the order of the stack.
///
/// The canal is found first and followed through the stack. Around it, on each
/// side, the cheapest wall is traced: it follows bone and crosses the foramen
/// where that is narrowest. A caliper set across that opening gives the width
/// between half-intensity points.
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
                let one = |side| view.foramen(side, expected, options);
                SliceMeasurement {
                    canal: Some(canal.centre),
                    left: one(Side::Left),
                    right: one(Side::Right),
                }
            }
            _ => SliceMeasurement::refused(None, RefusalReason::NoCanal),
        })
        .collect();
    refuse_above_foramina(stack, &mut results);
    results
}

/// What blur within and through the slice adds to the width of a narrow passage
/// between thick dark walls, in millimetres, in squares.
const BLUR: f64 = 0.7;
/// How much narrower than its edges a passage is that is darker than the tissue
/// around, in millimetres per part of brightness.
const SHADE: f64 = 1.3;
/// Walls are certain whose weaker edge is this part of that from bone to fluid.
const DISTINCT: f64 = 0.45;
/// Where nothing opens the wall around the canal it is shut, as log odds.
const SHUT: f64 = 3.0;

impl View<'_> {
    fn foramen(&self, side: Side, expected: (f64, f64), options: &MeasureOptions) -> Foramen {
        let (mut foramen, mut walls) = self.calipered(side, expected, options);
        if options.second_reader
            && foramen.state != State::Refused
            && let Some(reading) = read(self, side, expected)
        {
            let seen = self.walls(side, &reading, walls);
            let points = seen.map(|at| self.frame.point(Frame::outward(side, at)));
            (foramen, walls) = (joined(foramen, &reading, points), Some(reading.walls));
        }
        // On T2* root, fat and muscle are alike.
        let walls = walls.filter(|_| self.contrast == Contrast::T2Fse);
        let root = walls.and_then(|walls| {
            root::find(&self.frame, side, walls, self.levels(side), self.thickness)
        });
        Foramen {
            root_width: root.map(|root| root.width),
            root: root.map(|root| root.edges.map(|at| self.frame.point(Frame::outward(side, at)))),
            ..foramen
        }
    }

    /// Where both readers see the walls. On spin echo the cheapest way around the canal
    /// may cross another neck, so that the caliper is set again where the network sees one.
    fn walls(
        &self,
        side: Side,
        reading: &Reading,
        caliper: Option<[(f64, f64); 2]>,
    ) -> [(f64, f64); 2] {
        let again = || {
            let [front, back] = reading.walls;
            let levels = self.levels(side);
            let neck = narrowest_neck(&self.frame, side, (front, back), levels, self.contrast)?;
            Some([neck.front, neck.back])
        };
        let caliper = if self.contrast == Contrast::T2Star { caliper } else { again() };
        caliper.map_or(reading.walls, |caliper| joined_walls(reading, caliper))
    }

    /// What the caliper alone says, without the root, and front and back wall where it
    /// stood, in millimetres (outward, back).
    fn calipered(
        &self,
        side: Side,
        expected: (f64, f64),
        options: &MeasureOptions,
    ) -> (Foramen, Option<[(f64, f64); 2]>) {
        let frame = &self.frame;
        let refused = |reason| (Foramen::refused(reason), None);
        if frame.sample(Frame::outward(side, (26.0, 0.0))).is_none() {
            return refused(RefusalReason::OutsideImage);
        }
        let Some((cut, levels)) = self.cut(side, expected) else {
            return refused(RefusalReason::NoWalls);
        };
        let range = levels.fluid - levels.dark;
        let crossed = cut.crossed();
        let bright = (cut.brightest() - levels.dark) / range;
        let bone = (self.half(side).bone(&cut) - levels.dark) / range;
        let path: Vec<Point> =
            cut.places.iter().map(|at| frame.point(Frame::outward(side, *at))).collect();
        let closed = Foramen {
            state: State::Closed,
            width: None,
            confidence: probability(SHUT),
            front: None,
            back: None,
            path,
            root_width: None,
            root: None,
            reason: None,
            odds: -SHUT,
            passage: None,
        };
        let Some(opening) = cut.opening() else { return (closed, None) };
        let Some(neck) = narrowest_neck(frame, side, opening, levels, self.contrast) else {
            let (foramen, _) = refused(RefusalReason::NoWalls);
            return (Foramen { path: closed.path, ..foramen }, None);
        };
        // How likely it is open, as log odds: what is brightest on the cut
        // against bone, and how distinct both walls are.
        let odds = if self.contrast == Contrast::T2Star {
            6.0 * bright + 6.0 * neck.edge - 5.0
        } else {
            14.5 * (bright - bone) + 9.5 * neck.edge - 4.2
        };
        let odds = if crossed < options.open_from { odds.min(-0.5) } else { odds };
        let passage = self.passage(side, &neck, levels);
        let wall = |at| Some(frame.point(Frame::outward(side, at)));
        let open = odds > 0.0;
        let foramen = Foramen {
            state: if open { State::Open } else { State::Closed },
            width: open.then_some(passage.width),
            confidence: if open { passage.certainty } else { 1.0 } * probability(odds.abs()),
            front: wall(neck.front),
            back: wall(neck.back),
            odds,
            passage: Some(passage),
            ..closed
        };
        (foramen, Some([neck.front, neck.back]))
    }

    /// The width of a passage: what lies between its edges, less what blur adds
    /// and what its want of brightness tells.
    fn passage(&self, side: Side, neck: &Neck, levels: Levels) -> Passage {
        let bright = brightness(&self.frame, side, neck, levels).min(1.0);
        let edges = if self.contrast == Contrast::T2Star {
            (neck.width.powi(2) - BLUR.powi(2)).max(0.01).sqrt()
        } else {
            neck.width
        };
        let width = (edges - SHADE * (1.0 - bright)).max(0.1);
        Passage { width, certainty: (neck.edge / DISTINCT).clamp(0.0, 1.0) * bright.max(0.0) }
    }
}
