use foramen_types::Point;
use ndarray::Array2;

use crate::{Plane, Slice, Stack};

/// Greatest distance between samples through a thick slice, relative to the finest step of the
/// volume.
const SAMPLING: f64 = 0.8;

impl Stack {
    /// Makes a slice that was not acquired: the mean over `thickness` millimetres around `target`,
    /// with `rows` × `columns` pixels. It has no source.
    ///
    /// Between voxels values are interpolated by cubic convolution in all three directions (Keys
    /// 1981, 10.1109/TASSP.1981.1163711), which blurs less than trilinear interpolation. A pixel
    /// entirely outside the voxels of the stack is 0, like air. Slices need not be evenly spaced;
    /// values in a gap are interpolated as if no slice were missing.
    ///
    /// # Panics
    /// When `rows` or `columns` is 0.
    #[must_use]
    pub fn reformat(&self, target: &Plane, rows: usize, columns: usize, thickness: f64) -> Slice {
        let spacing = self.slices()[0].plane().spacing();
        let positions = self.positions();
        let through = positions.windows(2).map(|pair| pair[1] - pair[0]);
        let finest = through.fold(spacing.row.min(spacing.column), f64::min).max(0.05);
        let count = steps(thickness / (SAMPLING * finest));
        let along = target.cranial_normal();
        let lifts: Vec<f64> =
            (0..count).map(|n| ((n as f64 + 0.5) / count as f64 - 0.5) * thickness).collect();
        let pixels = Array2::from_shape_fn((rows, columns), |(row, column)| {
            let middle = target.point(row as f64, column as f64);
            let places = lifts.iter().map(|lift| middle + along * *lift);
            let (mut sum, mut inside) = (0.0, 0_u16);
            for place in places.filter(|place| self.is_within(*place, 0.5, &positions)) {
                sum += self.value_at(place, &positions);
                inside += 1;
            }
            sum / f32::from(inside.max(1))
        });
        let thickness = Some(thickness).filter(|mm| *mm > 0.0 && mm.is_finite());
        Slice::new(*target, pixels, thickness).expect("a slice is asked for with rows and columns")
    }

    /// Whether a point lies between the outermost voxels of the stack.
    #[must_use]
    pub fn holds(&self, place: Point) -> bool {
        self.is_within(place, 0.0, &self.positions())
    }

    /// Whether a point is at most `margin` voxels outside the centres of the outermost voxels.
    fn is_within(&self, place: Point, margin: f64, positions: &[f64]) -> bool {
        let first = self.slices()[0].plane();
        let along = first.distance(place);
        let (depth, steps) = (positions.last().copied().unwrap_or(0.0), positions.len() - 1);
        let beyond = margin * depth / steps.max(1) as f64;
        let (row, column) = first.pixel(place);
        let (rows, columns) = self.slices()[0].pixels().dim();
        let within = |at: f64, n: usize| (-margin..=n as f64 - 1.0 + margin).contains(&at);
        (-beyond..=depth + beyond).contains(&along) && within(row, rows) && within(column, columns)
    }

    /// The intensity at a place, by cubic convolution.
    fn value_at(&self, place: Point, positions: &[f64]) -> f32 {
        let slices = self.slices();
        let along = slices[0].plane().distance(place);
        // The slice below the place, and how far it lies on the way to the next.
        let last = slices.len() - 1;
        let above = positions.partition_point(|position| *position <= along);
        let (below, part) = match above {
            0 => (0, 0.0),
            n if n > last => (last, 0.0),
            n => {
                let (from, to) = (positions[n - 1], positions[n]);
                (n - 1, (along - from) / (to - from).max(1e-9))
            }
        };
        let mut value = 0.0;
        for (step, weight) in weights(part).into_iter().enumerate() {
            if weight != 0.0 {
                let slice = &slices[(below + step).saturating_sub(1).min(last)];
                value += weight * slice.smooth_sample(slice.plane().pixel(place));
            }
        }
        value
    }
}

impl Slice {
    /// The intensity at a position in pixels, by cubic convolution; outside, that of the
    /// nearest pixel.
    fn smooth_sample(&self, (row, column): (f64, f64)) -> f32 {
        let (rows, columns) = self.pixels().dim();
        let (r, row_part) = whole_and_part(row, rows);
        let (c, column_part) = whole_and_part(column, columns);
        let (down, across) = (weights(row_part), weights(column_part));
        let near = |middle: usize, n: usize| {
            [middle.saturating_sub(1), middle, (middle + 1).min(n - 1), (middle + 2).min(n - 1)]
        };
        let at = near(c, columns);
        let mut value = 0.0;
        for (row, weight) in near(r, rows).into_iter().zip(down) {
            let line = self.pixels().row(row);
            let of_row = across[0] * line[at[0]]
                + across[1] * line[at[1]]
                + across[2] * line[at[2]]
                + across[3] * line[at[3]];
            value += weight * of_row;
        }
        value
    }
}

/// The weights of the four neighbours of a point at the fraction `part` from the second to the
/// third: cubic convolution with a = −½.
fn weights(part: f64) -> [f32; 4] {
    let t = part;
    let w = [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ];
    #[expect(clippy::cast_possible_truncation, reason = "weights between −0.1 and 1")]
    w.map(|weight| weight as f32)
}

/// The pixel at or before a position, which is clamped to `n` pixels, and the part of the way
/// to the next one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to n − 1 first"
)]
fn whole_and_part(at: f64, n: usize) -> (usize, f64) {
    let at = at.clamp(0.0, (n - 1) as f64);
    let whole = at.floor() as usize;
    (whole, at - whole as f64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1 to 64 first"
)]
fn steps(count: f64) -> usize {
    count.ceil().clamp(1.0, 64.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Contrast, Spacing};
    use foramen_types::Vector;

    /// A sagittal stack of 0.9 mm with the values of `of`, 40 voxels each way.
    fn volume(of: impl Fn(Point) -> f64) -> Stack {
        let mm = 0.9;
        let slices = (0..40).map(|k| {
            let plane = Plane::new(
                Point::new(f64::from(k) * mm - 18.0, -18.0, 18.0),
                Vector::new(0.0, 1.0, 0.0),
                Vector::new(0.0, 0.0, -1.0),
                Spacing { row: mm, column: mm },
            )
            .unwrap();
            let pixels = Array2::from_shape_fn((40, 40), |(r, c)| {
                of(plane.point(r as f64, c as f64)) as f32
            });
            Slice::new(plane, pixels, Some(mm)).unwrap()
        });
        Stack::new(slices.collect(), Contrast::T2Fse).unwrap()
    }

    /// An axial plane of 0.5 mm pixels, tilted to the front and to a side.
    fn oblique() -> Plane {
        let normal = Vector::new(0.1, -0.25, 1.0).unit().unwrap();
        let left = Vector::new(1.0, 0.0, 0.0);
        let row = (left - normal * left.dot(normal)).unit().unwrap();
        let spacing = Spacing { row: 0.5, column: 0.5 };
        Plane::new(Point::new(-6.0, -5.0, 0.3), row, normal.cross(row), spacing).unwrap()
    }

    #[test]
    fn a_linear_volume_is_reformatted_exactly() {
        let linear = |p: Point| 500.0 + 3.0 * p.x - 2.0 * p.y + 5.0 * p.z;
        let slice = volume(linear).reformat(&oblique(), 21, 25, 2.0);
        assert_eq!((slice.rows(), slice.columns(), slice.thickness), (21, 25, Some(2.0)));
        for ((row, column), value) in slice.pixels().indexed_iter() {
            let expected = linear(oblique().point(row as f64, column as f64));
            // Single precision of values near 500.
            assert!((f64::from(*value) - expected).abs() < 1e-3, "{value} {expected}");
        }
    }

    #[test]
    fn a_thick_slice_is_the_mean_over_its_thickness() {
        // The mean of sin(kz) over a height h is sin(kz) · sin(kh/2) / (kh/2).
        let k = std::f64::consts::TAU / 9.0;
        let stack = volume(|p| 100.0 * (k * p.z).sin());
        let (x, y) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        for thickness in [1.0, 2.0, 4.0] {
            for z in [0.2, 1.1, 2.3] {
                let spacing = Spacing { row: 1.0, column: 1.0 };
                let target = Plane::new(Point::new(0.0, 0.0, z), x, y, spacing).unwrap();
                let value = stack.reformat(&target, 1, 1, thickness).pixels()[[0, 0]];
                let half = 0.5 * k * thickness;
                let expected = 100.0 * (k * z).sin() * half.sin() / half;
                // Ten voxels per period: cubic convolution is exact to about 2 %.
                assert!((f64::from(value) - expected).abs() < 2.0, "{value} {expected}");
            }
        }
    }

    #[test]
    fn beyond_the_volume_there_is_nothing() {
        let stack = volume(|p| p.x);
        assert!(stack.holds(Point::new(0.0, 0.0, 0.0)));
        for place in [Point::new(-19.0, 0.0, 0.0), Point::new(0.0, 0.0, 18.5)] {
            assert!(!stack.holds(place));
        }
        let (x, y) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        let spacing = Spacing { row: 1.0, column: 1.0 };
        // Two millimetres and one outside, then within half a voxel of the outermost.
        let target = Plane::new(Point::new(-20.2, 0.0, 0.0), x, y, spacing).unwrap();
        let slice = stack.reformat(&target, 1, 3, 0.5);
        let [far, near, edge] = [0, 1, 2].map(|column| slice.pixels()[[0, column]]);
        assert_eq!((far, near), (0.0, 0.0));
        assert!((edge + 18.0).abs() < 1e-4, "{edge}");
    }
}
