use foramen_image::{Contrast, Slice, Stack};
use foramen_types::{Point, Side};

use crate::caliper::narrowest_neck;
use crate::canal::{Canal, track};
use crate::frame::Frame;
use crate::ring::Unrolled;
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
}

impl Default for MeasureOptions {
    fn default() -> Self {
        Self { canal: None, open_from: 1.3 }
    }
}

impl MeasureOptions {
    /// The same with a known place within the canal.
    #[must_use]
    pub fn with_canal(mut self, canal: Point) -> Self {
        self.canal = Some(canal);
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
    let canals = track(stack, options.canal);
    stack
        .slices()
        .iter()
        .zip(canals)
        .map(|(slice, canal)| match canal {
            None => SliceMeasurement::refused(None, RefusalReason::NoCanal),
            Some(canal) => {
                let one = |side| foramen(slice, &canal, side, stack.contrast, options);
                SliceMeasurement {
                    canal: Some(canal.centre),
                    left: one(Side::Left),
                    right: one(Side::Right),
                }
            }
        })
        .collect()
}

fn foramen(
    slice: &Slice,
    canal: &Canal,
    side: Side,
    contrast: Contrast,
    options: &MeasureOptions,
) -> Foramen {
    let Some(frame) = Frame::new(slice, canal.centre) else {
        return Foramen::refused(RefusalReason::NoCanal);
    };
    if frame.sample(Frame::outward(side, (26.0, 0.0))).is_none() {
        return Foramen::refused(RefusalReason::OutsideImage);
    }
    let unrolled = Unrolled::new(&frame, side);
    let levels = unrolled.levels(canal.axes);
    let range = levels.fluid - levels.dark;
    let (low, high) = if contrast == Contrast::T2Star { (0.12, 0.5) } else { (0.15, 0.45) };
    let open = |value: f64| (((value - levels.dark) / range - low) / (high - low)).clamp(0.0, 1.0);
    let Some(cut) = unrolled.cut(open, canal.axes, 20.0) else {
        return Foramen::refused(RefusalReason::NoWalls);
    };
    let crossed = cut.crossed();
    let path = |foramen: Foramen| Foramen {
        path: cut.places.iter().map(|at| frame.point(Frame::outward(side, *at))).collect(),
        ..foramen
    };
    let closed = || Foramen {
        state: State::Closed,
        width: None,
        confidence: 0.5,
        front: None,
        back: None,
        path: Vec::new(),
        root_width: None,
        reason: None,
    };
    let Some(opening) = cut.opening() else { return path(closed()) };
    if crossed < options.open_from {
        return path(closed());
    }
    let Some(neck) = narrowest_neck(&frame, side, opening, levels) else {
        return path(Foramen::refused(RefusalReason::NoWalls));
    };
    let wall = |at| Some(frame.point(Frame::outward(side, at)));
    path(Foramen {
        state: State::Open,
        width: Some(neck.width),
        confidence: 0.5,
        front: wall(neck.front),
        back: wall(neck.back),
        path: Vec::new(),
        root_width: None,
        reason: None,
    })
}
