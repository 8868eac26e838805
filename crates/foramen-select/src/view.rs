//! The slices of a stack, in polar coordinates around their canals.

use foramen_image::{Contrast, Slice, Stack};
use foramen_types::{Point, Side};

use crate::caliper::{Narrowing, narrowing};
use crate::canal::{Canal, track};
use crate::chord::shortest_chord;
use crate::frame::Frame;
use crate::ring::{Cut, GreyLevels, Unrolled, Way, symmetry};

/// Usual position of the foramen relative to the middle of the canal, in millimetres outward and to
/// the back.
const TYPICAL: (f64, f64) = (12.0, -5.5);
/// A neck whose weaker wall is at least this distinct is used to estimate the position of foramina.
const DISTINCT: f64 = 0.3;
/// Intensities between which tissue changes from bone to open: relative to soft tissue on T2*,
/// where all bone is dark; relative to fluid on spin echo, where marrow and muscle are grey.
const OPEN_T2_STAR: (f64, f64) = (0.2, 0.6);
const OPEN_T2_FSE: (f64, f64) = (0.12, 0.42);

/// The slices of a stack around their canals.
pub(crate) struct Views<'a> {
    pub(crate) canals: Vec<Option<Canal>>,
    pub(crate) views: Vec<Option<View<'a>>>,
    /// Expected position of foramina (outward, back), millimetres from the canal's middle.
    pub(crate) expected: (f64, f64),
}

impl<'a> Views<'a> {
    pub(crate) fn of(stack: &'a Stack, canal: Option<Point>) -> Self {
        let canals = track(stack, canal);
        let slices = stack.slices();
        let roll = roll(slices, &canals);
        let mut views: Vec<Option<View<'_>>> = slices
            .iter()
            .zip(&canals)
            .map(|(slice, canal)| View::new(slice, canal.as_ref()?, roll, stack.contrast))
            .collect();
        let tissue = tissue(&views);
        for view in views.iter_mut().flatten() {
            view.tissue = tissue;
        }
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

/// One slice, in polar coordinates around its canal.
pub(crate) struct View<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) canal: Canal,
    pub(crate) contrast: Contrast,
    pub(crate) thickness: Option<f64>,
    left: Unrolled,
    right: Unrolled,
    /// Intensity of soft tissue beside the canal, over the stack.
    tissue: f64,
}

/// The appearance of a slice at the expected foramen.
pub(crate) struct Look {
    /// The lowest-cost wall around the canal.
    pub(crate) cut: Cut,
    /// The most open path out of the canal.
    pub(crate) way: Way,
    pub(crate) levels: GreyLevels,
    /// The narrowest passage, if there is an opening.
    pub(crate) neck: Option<Narrowing>,
}

impl<'a> View<'a> {
    fn new(slice: &'a Slice, canal: &Canal, roll: f64, contrast: Contrast) -> Option<Self> {
        let frame = Frame::new(slice, canal.centre)?.turned(roll);
        let [left, right] = Side::BOTH.map(|side| Unrolled::new(&frame, side));
        let thickness = slice.thickness;
        Some(Self { frame, canal: *canal, contrast, thickness, left, right, tissue: 0.0 })
    }

    /// The intensities of fluid, bone and soft tissue on a side.
    pub(crate) fn levels(&self, side: Side) -> GreyLevels {
        self.half(side).levels(self.canal.axes, self.tissue)
    }

    /// The depth of the sac from front to back, in millimetres.
    pub(crate) fn sac_depth(&self) -> f64 {
        let of = |side| self.half(side).sac_depth(self.canal.axes, self.levels(side));
        f64::midpoint(of(Side::Left), of(Side::Right))
    }

    pub(crate) fn half(&self, side: Side) -> &Unrolled {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// The appearance of a side at the expected foramen.
    pub(crate) fn look(&self, side: Side, expected: (f64, f64)) -> Option<Look> {
        let levels = self.levels(side);
        let open = opener(self.contrast, levels);
        let (half, sac) = (self.half(side), self.canal.axes);
        let cut = half.cut(&open, sac, expected)?;
        let way = half.way(&open, sac, expected)?;
        // On T2* a passage is what lies between thick dark walls. On spin echo walls are
        // thin cortex, and the cheapest way around the canal says where it opens.
        let opening = if self.contrast == Contrast::T2Star {
            shortest_chord(&self.frame, side, &way, &open, expected)
        } else {
            cut.opening()
        };
        let neck =
            opening.and_then(|ends| narrowing(&self.frame, side, ends, levels, self.contrast));
        Some(Look { cut, way, levels, neck })
    }

    /// The apparent position of the foramen, if it is open.
    fn place(&self, side: Side) -> Option<(f64, f64)> {
        let neck = self.look(side, TYPICAL)?.neck?;
        (neck.edge > DISTINCT).then_some((
            f64::midpoint(neck.front.0, neck.back.0),
            f64::midpoint(neck.front.1, neck.back.1),
        ))
    }
}

/// Maps an intensity to its openness, from 0 (bone) to 1.
fn opener(contrast: Contrast, levels: GreyLevels) -> impl Fn(f64) -> f64 {
    let GreyLevels { fluid, dark, tissue } = levels;
    let (range, (low, high)) = if contrast == Contrast::T2Star {
        (tissue - dark, OPEN_T2_STAR)
    } else {
        (fluid - dark, OPEN_T2_FSE)
    };
    move |value| (((value - dark) / range - low) / (high - low)).clamp(0.0, 1.0)
}

/// The intensity of soft tissue in most slices.
fn tissue(views: &[Option<View<'_>>]) -> f64 {
    let sides = |view: &View<'_>| Side::BOTH.map(|side| view.half(side).tissue(view.canal.axes));
    let mut all: Vec<f64> = views.iter().flatten().flat_map(sides).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.0)
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

/// The turn of the neck within its slices, in radians: the turn at which left and right are most
/// similar, over all slices of the stack.
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
