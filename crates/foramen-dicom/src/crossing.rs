use foramen_image::Plane;
use foramen_types::{Point, Vector};

use crate::{SliceHeader, StackHeader};

/// The position of a patient point on a stack.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Projection {
    /// The index of the nearest slice.
    pub slice: usize,
    /// The row on that slice; centres are whole numbers.
    pub row: f64,
    /// The column on that slice.
    pub column: f64,
    /// Distance of the point above (+) or below (−) the slice along its cranial normal, in
    /// millimetres.
    pub distance: f64,
    /// Whether the point falls on a pixel of that slice.
    pub inside: bool,
}

impl StackHeader {
    /// Whether positions in the two stacks may be compared: both name the same frame of reference
    /// (0020,0052).
    #[must_use]
    pub fn shares_frame_with(&self, other: &Self) -> bool {
        let (own, other) = (&self.frame_of_reference_uid, &other.frame_of_reference_uid);
        own.is_some() && own == other
    }

    /// Projects a point in this stack's frame of reference onto the nearest slice; `None` for an
    /// empty stack.
    #[must_use]
    pub fn project(&self, place: Point) -> Option<Projection> {
        let distance = |slice: &SliceHeader| slice.plane.distance(place);
        let (slice, nearest) = self
            .slices
            .iter()
            .enumerate()
            .min_by(|a, b| distance(a.1).abs().total_cmp(&distance(b.1).abs()))?;
        let (row, column) = nearest.plane.pixel(place);
        let on = |position: f64, n: usize| position >= -0.5 && position <= n as f64 - 0.5;
        let inside = on(row, self.rows) && on(column, self.columns);
        Some(Projection { slice, row, column, distance: distance(nearest), inside })
    }

    /// The line in which a slice of another stack cuts a slice of this one, as two points on the
    /// border of this stack's slice: the reference line of viewers. `None` when they do not meet,
    /// are parallel, do not exist, or do not share their frame of reference.
    #[must_use]
    pub fn crossing(&self, slice: usize, other: &Self, of_other: usize) -> Option<(Point, Point)> {
        if !self.shares_frame_with(other) {
            return None;
        }
        self.cut_by(slice, &other.slices.get(of_other)?.plane, (other.rows, other.columns))
    }

    /// The line in which a plane with a number of rows and columns, in the frame of reference of
    /// this stack, cuts a slice of the stack, as two points on the border of the plane. `None` when
    /// they do not meet, are parallel, or the slice does not exist.
    #[must_use]
    pub fn cut_by(
        &self,
        slice: usize,
        cut: &Plane,
        size: (usize, usize),
    ) -> Option<(Point, Point)> {
        let own = &self.slices.get(slice)?.plane;
        let (point, direction) = line(own, cut)?;
        let span = within(own, (self.rows, self.columns), point, direction)?;
        let other_span = within(cut, size, point, direction)?;
        let (from, to) = (span.0.max(other_span.0), span.1.min(other_span.1));
        (from < to).then(|| (point + direction * from, point + direction * to))
    }
}

/// The line that two planes share: a point and a unit direction; `None` when
/// they are within about 0.06° of parallel.
fn line(a: &Plane, b: &Plane) -> Option<(Point, Vector)> {
    let (na, nb) = (a.normal(), b.normal());
    let direction = na.cross(nb);
    let square = direction.dot(direction);
    if square < 1e-6 {
        return None;
    }
    // The point of both planes nearest to the first pixel of `a`.
    let height = (b.origin() - a.origin()).dot(nb);
    let point = a.origin() + direction.cross(na) * (height / square);
    Some((point, direction.unit()?))
}

/// The part of a line within the pixels of a plane, as distances from the point.
fn within(
    plane: &Plane,
    (rows, columns): (usize, usize),
    point: Point,
    direction: Vector,
) -> Option<(f64, f64)> {
    let (at, next) = (plane.pixel(point), plane.pixel(point + direction));
    let (mut from, mut to) = (f64::NEG_INFINITY, f64::INFINITY);
    for (position, step, n) in [(at.0, next.0 - at.0, rows), (at.1, next.1 - at.1, columns)] {
        let (low, high) = (-0.5 - position, n as f64 - 0.5 - position);
        if step.abs() < 1e-12 {
            if low > 0.0 || high < 0.0 {
                return None;
            }
            continue;
        }
        let (a, b) = (low / step, high / step);
        from = from.max(a.min(b));
        to = to.min(a.max(b));
    }
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_image::Spacing;
    use proptest::prelude::*;

    fn plane(origin: [f64; 3], row: [f64; 3], column: [f64; 3]) -> Plane {
        let [x, y, z] = origin;
        let vector = |[x, y, z]: [f64; 3]| Vector::new(x, y, z);
        let spacing = Spacing { row: 1.0, column: 1.0 };
        Plane::new(Point::new(x, y, z), vector(row), vector(column), spacing).unwrap()
    }

    #[test]
    fn an_axial_slice_cuts_a_sagittal_one_in_a_level_line() {
        let sagittal = plane([5.0, -50.0, 60.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]);
        let axial = plane([-40.0, -30.0, 20.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
        let (point, direction) = line(&sagittal, &axial).unwrap();
        assert_eq!((point.x, point.z), (5.0, 20.0));
        assert_eq!(direction.y.abs(), 1.0);
        // 101 columns from y −50 to 50, with half a pixel on either side.
        let (from, to) = within(&sagittal, (121, 101), point, direction).unwrap();
        assert_eq!(to - from, 101.0);
        assert!(line(&axial, &axial.shifted(1.0, 1.0)).is_none());
    }

    proptest! {
        #[test]
        fn a_shared_line_lies_on_both_planes(tilt in -1.4..1.4, height in -30.0..30.0) {
            let (sin, cos) = f64::sin_cos(tilt);
            let sagittal = plane([5.0, -50.0, 60.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]);
            let tilted = plane([-40.0, -30.0, height], [1.0, 0.0, 0.0], [0.0, cos, sin]);
            let (point, direction) = line(&sagittal, &tilted).unwrap();
            for at in [point, point + direction * 17.0] {
                prop_assert!(sagittal.distance(at).abs() < 1e-9);
                prop_assert!(tilted.distance(at).abs() < 1e-9);
            }
        }
    }
}
