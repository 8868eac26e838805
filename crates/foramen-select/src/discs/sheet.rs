use foramen_image::{Slice, Stack};
use foramen_types::{Point, Vector};
use ndarray::Array2;

/// The least share of left in a sagittal normal: 37° off.
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
    /// Where each slice lies along the stack, millimetres from slice 0.
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

/// A Gaussian blur of a profile; NaN samples neither give nor take.
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few samples, and weights between 0 and 1"
)]
fn kernel(deviation: f64) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as i32;
    let weights: Vec<f64> = (-reach..=reach)
        .map(|x| (-0.5 * (f64::from(x) / deviation.max(1e-6)).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| (weight / sum) as f32).collect()
}
