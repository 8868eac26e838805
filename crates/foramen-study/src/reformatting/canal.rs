use std::collections::BTreeMap;

use foramen_image::{Slice, Stack};
use foramen_select::{MeasureOptions, PointKind, measure};
use foramen_types::{Level, Point, Vector};

use super::{BEHIND_DISC, axial, lateral};
use crate::DiscPosition;

/// Distance of the coarse slices on which the canal is tracked, in millimetres.
const STEP: f64 = 3.0;
/// Pixel size and thickness of the coarse slices, in millimetres.
const PIXEL: f64 = 1.0;
const THICKNESS: f64 = 1.5;
/// How far the coarse slices extend beyond the outermost discs, in millimetres.
const BEYOND: f64 = 20.0;
/// The canal is treated as straight within this distance of a disc, in millimetres: lordosis bends
/// it by 3° there.
const STRAIGHT: f64 = 16.0;
/// Fewest points that determine a direction.
const FEWEST: usize = 4;
/// A point farther than this from the line through the others, in millimetres, is not in the canal.
const STRAY: f64 = 3.0;

/// The middle of the canal on axial slices through a volume, from the feet to the head.
pub(super) struct Canal {
    up: Vector,
    places: Vec<Point>,
}

impl Canal {
    /// Tracks the canal along the discs of a volume.
    pub(super) fn track(volume: &Stack, discs: &BTreeMap<Level, DiscPosition>) -> Self {
        let up = upwards(discs);
        let none = Self { up, places: Vec::new() };
        let (left, back) = (lateral(up), up.cross(lateral(up)));
        let (Some(first), Some(last)) = (discs.values().next_back(), discs.values().next()) else {
            return none;
        };
        let in_canal = |disc: &DiscPosition| match disc.kind {
            PointKind::Disc => disc.point + back * BEHIND_DISC,
            PointKind::Canal => disc.point,
        };
        let (from, to) = (in_canal(first), in_canal(last));
        let way = to - from;
        let (low, high) = (-BEYOND, way.dot(up) + BEYOND);
        let mut slices: Vec<Slice> = Vec::new();
        let mut height = low;
        while height <= high {
            // Along the line through the discs, so that a bent neck stays in the picture.
            let part = if way.dot(up) > 1.0 { height / way.dot(up) } else { 0.0 };
            let middle = from + way * part.clamp(0.0, 1.0);
            let middle = middle + up * (height - (middle - from).dot(up));
            if volume.holds(middle) {
                slices.extend(axial(volume, middle, (left, back), PIXEL, THICKNESS));
            }
            height += STEP;
        }
        let Ok(stack) = Stack::new(slices, volume.contrast) else { return none };
        let measured = measure(&stack, &MeasureOptions::default());
        Self { up, places: measured.into_iter().filter_map(|slice| slice.canal).collect() }
    }

    /// The place of the canal at the height of a disc, and its direction towards the head; `None`
    /// where too little of the canal was visible.
    pub(super) fn at(&self, disc: &DiscPosition) -> Option<(Point, Vector)> {
        let height = |place: Point| (place - disc.point).dot(self.up);
        let mut near: Vec<Point> =
            self.places.iter().copied().filter(|at| height(*at).abs() <= STRAIGHT).collect();
        loop {
            if near.len() < FEWEST {
                return None;
            }
            let line = Line::through(&near, self.up)?;
            let off = |at: &Point| at.distance(line.at_height_of(*at));
            let (worst, far) =
                near.iter().map(off).enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
            if far > STRAY {
                near.remove(worst);
                continue;
            }
            let direction = line.direction.unit()?;
            // Where the plane across the canal at the disc cuts it.
            let along = (disc.point - line.middle).dot(direction);
            return Some((line.middle + direction * along, direction));
        }
    }
}

/// Towards the head along the discs, or along the only one.
fn upwards(discs: &BTreeMap<Level, DiscPosition>) -> Vector {
    let z = Vector::new(0.0, 0.0, 1.0);
    let (Some(top), Some(bottom)) = (discs.values().next(), discs.values().next_back()) else {
        return z;
    };
    let own = top.normal.filter(|_| top.kind == PointKind::Disc);
    let along = if discs.len() > 1 && top.kind == bottom.kind {
        Some(top.point - bottom.point)
    } else {
        own
    };
    let up = along.and_then(Vector::unit).unwrap_or(z);
    // A neck lies along the table: what does not is no direction of one.
    if up.z > 0.5 { up } else { z }
}

/// A straight line by least squares.
struct Line {
    middle: Point,
    direction: Vector,
    up: Vector,
}

impl Line {
    fn through(places: &[Point], up: Vector) -> Option<Self> {
        let share = 1.0 / places.len() as f64;
        let sum = places
            .iter()
            .fold(Vector::new(0.0, 0.0, 0.0), |sum, at| sum + (*at - Point::default()) * share);
        let middle = Point::default() + sum;
        let height = |at: &Point| (*at - middle).dot(up);
        let spread: f64 = places.iter().map(|at| height(at).powi(2)).sum();
        if spread < 1.0 {
            return None;
        }
        let direction = places.iter().fold(Vector::new(0.0, 0.0, 0.0), |sum, at| {
            sum + (*at - middle) * (height(at) / spread)
        });
        Some(Self { middle, direction, up })
    }

    fn at_height_of(&self, place: Point) -> Point {
        self.middle + self.direction * (place - self.middle).dot(self.up)
    }
}
