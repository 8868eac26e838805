//! The slices of a stack, unrolled around their canals.

use foramen_image::{Contrast, Slice, Stack};
use foramen_types::{Point, Side};

use crate::caliper::narrowest_neck;
use crate::canal::{Canal, track};
use crate::frame::Frame;
use crate::ring::{Cut, Levels, Unrolled, symmetry};

/// Where the foramen lies from the middle of the canal in most people, in
/// millimetres outward and to the back.
const TYPICAL: (f64, f64) = (12.0, -5.5);

/// The slices of a stack around their canals.
pub(crate) struct Views<'a> {
    pub(crate) canals: Vec<Option<Canal>>,
    pub(crate) views: Vec<Option<View<'a>>>,
    /// Where foramina are expected (outward, back), millimetres from the canal's middle.
    pub(crate) expected: (f64, f64),
}

impl<'a> Views<'a> {
    pub(crate) fn of(stack: &'a Stack, canal: Option<Point>) -> Self {
        let canals = track(stack, canal);
        let slices = stack.slices();
        let roll = roll(slices, &canals);
        let views: Vec<Option<View<'_>>> = slices
            .iter()
            .zip(&canals)
            .map(|(slice, canal)| View::new(slice, canal.as_ref()?, roll, stack.contrast))
            .collect();
        // What most slices agree on says where to look on the others.
        let mut places: Vec<(f64, f64)> = Vec::new();
        for view in views.iter().flatten() {
            for side in Side::BOTH {
                if let Some(place) = view.place(side) {
                    places.push(place);
                }
            }
        }
        let expected = middle_of(&places);
        Self { canals, views, expected }
    }
}

/// One slice, unrolled around its canal.
pub(crate) struct View<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) canal: Canal,
    pub(crate) contrast: Contrast,
    pub(crate) thickness: Option<f64>,
    left: Unrolled,
    right: Unrolled,
}

impl<'a> View<'a> {
    fn new(slice: &'a Slice, canal: &Canal, roll: f64, contrast: Contrast) -> Option<Self> {
        let frame = Frame::new(slice, canal.centre)?.turned(roll);
        let [left, right] = Side::BOTH.map(|side| Unrolled::new(&frame, side));
        Some(Self { frame, canal: *canal, contrast, thickness: slice.thickness, left, right })
    }

    /// What stands for fluid and bone on a side.
    pub(crate) fn levels(&self, side: Side) -> Levels {
        self.half(side).levels(self.canal.axes)
    }

    pub(crate) fn half(&self, side: Side) -> &Unrolled {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    pub(crate) fn cut(&self, side: Side, expected: (f64, f64)) -> Option<(Cut, Levels)> {
        let unrolled = self.half(side);
        let levels = self.levels(side);
        let range = levels.fluid - levels.dark;
        let (low, high) =
            if self.contrast == Contrast::T2Star { (0.14, 0.44) } else { (0.12, 0.42) };
        let open =
            |value: f64| (((value - levels.dark) / range - low) / (high - low)).clamp(0.0, 1.0);
        Some((unrolled.cut(open, self.canal.axes, expected)?, levels))
    }

    /// Where the foramen seems to be, if it is open.
    fn place(&self, side: Side) -> Option<(f64, f64)> {
        let (cut, levels) = self.cut(side, TYPICAL)?;
        let neck = narrowest_neck(&self.frame, side, cut.opening()?, levels, self.contrast)?;
        (neck.edge > 0.3).then_some((
            f64::midpoint(neck.front.0, neck.back.0),
            f64::midpoint(neck.front.1, neck.back.1),
        ))
    }
}

fn middle_of(places: &[(f64, f64)]) -> (f64, f64) {
    let median = |pick: fn(&(f64, f64)) -> f64, typical: f64| {
        // A few typical ones keep short stacks from going astray.
        let mut values: Vec<f64> = places.iter().map(pick).chain([typical; 3]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    (median(|p| p.0, TYPICAL.0), median(|p| p.1, TYPICAL.1))
}

/// The turn of the neck within its slices, in radians: that at which left and
/// right are most alike, over all slices of the stack.
fn roll(slices: &[Slice], canals: &[Option<Canal>]) -> f64 {
    let mut total: Vec<(f64, f64)> = Vec::new();
    for (slice, canal) in slices.iter().zip(canals) {
        let Some(frame) = canal.and_then(|canal| Frame::new(slice, canal.centre)) else { continue };
        let halves = Side::BOTH.map(|side| Unrolled::new(&frame, side));
        let alike = symmetry(&halves[0], &halves[1]);
        if total.is_empty() {
            total = alike;
        } else {
            for (sum, one) in total.iter_mut().zip(alike) {
                sum.1 += one.1;
            }
        }
    }
    let best = total.iter().enumerate().max_by(|a, b| a.1.1.total_cmp(&b.1.1));
    best.map_or(0.0, |(_, (degrees, _))| degrees.to_radians())
}
