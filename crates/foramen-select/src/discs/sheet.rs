use foramen_image::{Slice, Stack};
use foramen_types::{Point, Vector};
use ndarray::Array2;

/// The least left component of a sagittal normal: 37° off.
const SAGITTAL: f64 = 0.8;

/// The axes of a sagittal stack as a reader sees them: rows run to the feet,
/// columns to the back, both in millimetres, whichever way the pixels run.
#[derive(Debug, Clone)]
pub(crate) struct Sheet<'a> {
    slices: &'a [Slice],
    origin: Point,
    /// Unit directions to the back, to the feet, and along the stack.
    pub(crate) back: Vector,
    pub(crate) down: Vector,
    along: Vector,
    /// Position of each slice along the stack, millimetres from slice 0.
    pub(crate) positions: Vec<f64>,
    /// Rows and columns, one per millimetre.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl<'a> Sheet<'a> {
    /// `None` when the stack is not sagittal.
    pub(crate) fn new(stack: &'a Stack) -> Option<Self> {
        let first = &stack.slices()[0];
        let plane = first.plane();
        let along = plane.cranial_normal();
        if along.x.abs() < SAGITTAL {
            return None;
        }
        let (row, column) = (plane.along_row(), plane.along_column());
        // One axis runs along the spine; the other one to the back or front.
        let (long, across) =
            if row.z.abs() > column.z.abs() { (row, column) } else { (column, row) };
        let down = if long.z > 0.0 { -long } else { long };
        let back = if across.y < 0.0 { -across } else { across };
        let corners = [0, first.rows() - 1].into_iter().flat_map(|r| {
            [0, first.columns() - 1].map(|c| plane.point(r as f64, c as f64) - plane.origin())
        });
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for corner in corners {
            for (axis, value) in [corner.dot(down), corner.dot(back)].into_iter().enumerate() {
                low[axis] = low[axis].min(value);
                high[axis] = high[axis].max(value);
            }
        }
        Some(Self {
            slices: stack.slices(),
            origin: plane.origin() + down * low[0] + back * low[1],
            back,
            down,
            along,
            positions: stack.positions(),
            rows: whole(high[0] - low[0]) + 1,
            columns: whole(high[1] - low[1]) + 1,
        })
    }

    /// The place of millimetres down, back, and along the stack.
    pub(crate) fn point(&self, down: f64, back: f64, along: f64) -> Point {
        self.origin + self.down * down + self.back * back + self.along * along
    }

    /// Millimetres down, back and along the stack of a place.
    #[cfg(test)]
    pub(crate) fn place(&self, point: Point) -> [f64; 3] {
        let from = point - self.origin;
        [from.dot(self.down), from.dot(self.back), from.dot(self.along)]
    }

    /// The intensity on one slice, millimetres down and back; NaN outside.
    pub(crate) fn sample(&self, slice: usize, down: f64, back: f64) -> f32 {
        let slice = &self.slices[slice];
        let (row, column) = slice.plane().pixel(self.point(down, back, 0.0));
        slice.sample(row, column).unwrap_or(f32::NAN)
    }

    /// The mean of the slices within `reach` of one, `[row, column]` in whole
    /// millimetres; NaN outside the picture.
    pub(crate) fn mean(&self, slice: usize, reach: f64) -> Array2<f32> {
        let middle = self.positions[slice];
        let near: Vec<usize> = (0..self.slices.len())
            .filter(|other| (self.positions[*other] - middle).abs() <= reach)
            .collect();
        let mut sum = Array2::zeros((self.rows, self.columns));
        for &other in &near {
            for ((row, column), value) in sum.indexed_iter_mut() {
                *value += self.sample(other, row as f64, column as f64);
            }
        }
        sum / near.len() as f32
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a picture's size in millimetres, which is small and not negative"
)]
fn whole(mm: f64) -> usize {
    mm.floor() as usize
}

/// A Gaussian blur along rows and columns with the given deviations in samples;
/// the picture is repeated beyond its edges.
pub(crate) fn blur(picture: &Array2<f32>, down: f64, across: f64) -> Array2<f32> {
    let once = blur_columns(picture, down);
    blur_columns(&once.t().to_owned(), across).t().to_owned()
}

fn blur_columns(picture: &Array2<f32>, deviation: f64) -> Array2<f32> {
    let kernel = kernel(deviation);
    let reach = kernel.len() / 2;
    let (rows, columns) = picture.dim();
    let mut blurred = Array2::zeros((rows, columns));
    for row in 0..rows {
        for (k, weight) in kernel.iter().enumerate() {
            let from = (row + k).saturating_sub(reach).min(rows - 1);
            let source = picture.row(from);
            for (value, sample) in blurred.row_mut(row).iter_mut().zip(source) {
                *value += weight * sample;
            }
        }
    }
    blurred
}

/// A Gaussian blur of a profile; NaN samples are ignored and stay NaN.
pub(crate) fn blur_profile(profile: &[f64], deviation: f64) -> Vec<f64> {
    let kernel = kernel(deviation);
    let reach = kernel.len() / 2;
    (0..profile.len())
        .map(|at| {
            if profile[at].is_nan() {
                return f64::NAN;
            }
            let (mut sum, mut weights) = (0.0, 0.0);
            for (k, weight) in kernel.iter().enumerate() {
                let from = (at + k).saturating_sub(reach).min(profile.len() - 1);
                if !profile[from].is_nan() {
                    sum += f64::from(*weight) * profile[from];
                    weights += f64::from(*weight);
                }
            }
            sum / weights
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a few samples, and weights up to 1")]
fn kernel(deviation: f64) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as i32;
    let weights: Vec<f64> = (-reach..=reach)
        .map(|x| (-0.5 * (f64::from(x) / deviation.max(1e-6)).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_image::{Contrast, Plane, Spacing};

    /// One sagittal slice whose pixels hold their own height, drawn with rows
    /// and columns running along given directions.
    fn stack(along_row: Vector, along_column: Vector) -> Stack {
        let spacing = Spacing { row: 0.8, column: 0.8 };
        let centre = Point::new(3.0, -20.0, 100.0);
        let corner = centre - along_row * (0.8 * 49.5) - along_column * (0.8 * 49.5);
        let slices = [-2.0, 0.0, 2.0].map(|x| {
            let origin = corner + Vector::new(x, 0.0, 0.0);
            let plane = Plane::new(origin, along_row, along_column, spacing).unwrap();
            let height = |(row, column)| plane.point(row as f64, column as f64).z as f32;
            Slice::new(plane, Array2::from_shape_fn((100, 100), height), Some(2.0)).unwrap()
        });
        Stack::new(slices.to_vec(), Contrast::T2Fse).unwrap()
    }

    #[test]
    fn the_sheet_is_the_same_however_pixels_run() {
        let (back, head) = (Vector::new(0.0, 1.0, 0.0), Vector::new(0.0, 0.0, 1.0));
        for (row, column) in [(back, -head), (-back, head), (head, back), (-head, -back)] {
            let stack = stack(row, column);
            let sheet = Sheet::new(&stack).unwrap();
            assert_eq!((sheet.down, sheet.back), (-head, back));
            assert_eq!((sheet.rows, sheet.columns), (80, 80));
            // 99 pixels of 0.8 mm around z = 100: the top is at 139.6.
            assert!((sheet.sample(1, 10.0, 30.0) - 129.6).abs() < 1e-3);
            let [down, to_back, _] = sheet.place(sheet.point(12.0, 34.0, 1.0));
            assert!((down - 12.0).abs() < 1e-9 && (to_back - 34.0).abs() < 1e-9);
        }
    }

    #[test]
    fn an_axial_stack_makes_no_sheet() {
        let (left, back) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        let spacing = Spacing { row: 1.0, column: 1.0 };
        let plane = Plane::new(Point::default(), left, back, spacing).unwrap();
        let slice = Slice::from_vec(plane, (1, 1), vec![0.0], None).unwrap();
        assert!(Sheet::new(&Stack::new(vec![slice], Contrast::T2Fse).unwrap()).is_none());
    }

    #[test]
    fn a_blur_keeps_the_mean_and_leaves_gaps_out() {
        let profile = [1.0, 1.0, f64::NAN, 1.0, 1.0];
        let blurred = blur_profile(&profile, 1.0);
        assert!(blurred[2].is_nan());
        assert!(blurred.iter().filter(|v| !v.is_nan()).all(|v| (v - 1.0).abs() < 1e-9));
        let flat = blur(&Array2::from_elem((9, 9), 2.0), 2.0, 1.0);
        assert!(flat.iter().all(|v| (v - 2.0).abs() < 1e-5));
    }
}
