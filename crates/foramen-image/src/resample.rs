use ndarray::Array2;

use crate::{Plane, Slice};

impl Slice {
    /// Resamples the slice on another plane's grid of `rows` × `columns` pixels; each point is
    /// projected onto this slice along its normal.
    ///
    /// Where the target's pixels are larger than this slice's, each pixel is the mean over its area
    /// (on a grid of points no coarser than this slice's pixels), so that no detail is aliased;
    /// elsewhere interpolation is bilinear. Outside the slice the value is `fill`.
    #[must_use]
    pub fn resample(&self, target: &Plane, rows: usize, columns: usize, fill: f32) -> Array2<f32> {
        let (from, to) = (self.plane().spacing(), target.spacing());
        let finest = from.row.min(from.column);
        let (down, across) =
            (points_per_pixel(to.row / finest), points_per_pixel(to.column / finest));
        let weight = 1.0 / (down * across) as f32;
        Array2::from_shape_fn((rows, columns), |(row, column)| {
            let mut sum = 0.0;
            for i in 0..down {
                for j in 0..across {
                    let r = row as f64 + (i as f64 + 0.5) / down as f64 - 0.5;
                    let c = column as f64 + (j as f64 + 0.5) / across as f64 - 0.5;
                    let (sr, sc) = self.plane().pixel(target.point(r, c));
                    sum += self.sample(sr, sc).unwrap_or(fill);
                }
            }
            sum * weight
        })
    }
}

/// Number of sampling points along one direction for a pixel that is `ratio` source pixels long.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 1 to 16 first"
)]
fn points_per_pixel(ratio: f64) -> usize {
    (ratio - 1e-6).ceil().clamp(1.0, 16.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spacing;
    use foramen_types::{Point, Vector};

    fn plane(origin: Point, mm: f64) -> Plane {
        let (x, y) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        Plane::new(origin, x, y, Spacing { row: mm, column: mm }).unwrap()
    }

    #[test]
    fn the_same_grid_gives_the_same_pixels() {
        let plane = plane(Point::default(), 0.5);
        let pixels = Array2::from_shape_fn((6, 5), |(r, c)| (r * r + c) as f32);
        let slice = Slice::new(plane, pixels.clone(), None).unwrap();
        assert_eq!(slice.resample(&plane, 6, 5, 0.0), pixels);
    }

    #[test]
    fn shrinking_a_checkerboard_gives_its_mean() {
        let fine = plane(Point::default(), 0.5);
        let pixels = Array2::from_shape_fn((64, 64), |(r, c)| ((r + c) % 2) as f32);
        let slice = Slice::new(fine, pixels, None).unwrap();
        let coarse = slice.resample(&plane(Point::new(4.25, 4.25, 9.0), 1.0), 8, 8, 0.0);
        assert!(coarse.iter().all(|value| (value - 0.5).abs() < 1e-5), "{coarse}");
    }

    #[test]
    fn outside_is_the_fill_value() {
        let near = plane(Point::default(), 1.0);
        let slice = Slice::new(near, Array2::ones((4, 4)), None).unwrap();
        let far = slice.resample(&plane(Point::new(100.0, 0.0, 0.0), 1.0), 2, 2, -1.0);
        assert!(far.iter().all(|value| *value == -1.0));
    }
}
