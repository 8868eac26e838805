//! A convolution with its batch norm folded in.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::contract::FormatError;
use crate::maps::Maps;
use crate::weights::Weights;

/// PyTorch's default of a batch norm.
const EPSILON: f64 = 1e-5;

/// What a convolution is made of. It keeps the size of an image, or divides it by `stride`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
}

/// A convolution, its batch norm, and the `ReLU` after them.
#[derive(Debug, Clone)]
pub(crate) struct Convolution {
    shape: Shape,
    /// `[kernel, kernel, from, to]`.
    kernel: Vec<f32>,
    /// `[to]`.
    bias: Vec<f32>,
}

impl Convolution {
    /// Reads `NAME.weight` and the norm `NAME_norm`, and folds one into the other.
    pub(crate) fn read(
        weights: &Weights<'_>,
        name: &str,
        shape: Shape,
    ) -> Result<Self, FormatError> {
        let Shape { from, to, kernel: edge, .. } = shape;
        let kernel = weights.read(&format!("{name}.weight"), &[to, from, edge, edge])?;
        let norm = |part: &str| weights.read(&format!("{name}_norm.{part}"), &[to]);
        let [scale, shift] = [norm("weight")?, norm("bias")?];
        let [mean, variance] = [norm("running_mean")?, norm("running_var")?];
        let mut folded = vec![0f32; kernel.len()];
        let mut bias = Vec::with_capacity(to);
        for filter in 0..to {
            let factor = f64::from(scale[filter]) / (f64::from(variance[filter]) + EPSILON).sqrt();
            bias.push(narrow(f64::from(shift[filter]) - f64::from(mean[filter]) * factor));
            // From [to, from, row, column] to [row, column, from, to].
            for channel in 0..from {
                for tap in 0..edge * edge {
                    let value = f64::from(kernel[(filter * from + channel) * edge * edge + tap]);
                    folded[(tap * from + channel) * to + filter] = narrow(value * factor);
                }
            }
        }
        Ok(Self { shape, kernel: folded, bias })
    }

    /// Number of trained weights: of the kernel, and two of the norm for each filter.
    pub(crate) fn weights(&self) -> usize {
        self.kernel.len() + 2 * self.bias.len()
    }

    /// Convolves maps, adds the bias and `residual` where there is one, and sets what is
    /// negative to zero. `columns` is memory that is used again.
    pub(crate) fn forward(
        &self,
        maps: &Maps,
        residual: Option<&Maps>,
        columns: &mut Vec<f32>,
    ) -> Maps {
        let Shape { from, to, kernel, stride } = self.shape;
        let [rows, width] = [maps.rows, maps.columns].map(|edge| edge.div_ceil(stride));
        let taps = kernel * kernel * from;
        columns.clear();
        columns.resize(rows * width * taps, 0.0);
        for (pixel, column) in columns.chunks_exact_mut(taps).enumerate() {
            self.gather(maps, [pixel / width * stride, pixel % width * stride], column);
        }
        let mut values = Vec::with_capacity(rows * width * to);
        match residual {
            Some(residual) => {
                values.extend(residual.values.chunks_exact(to).flat_map(|pixel| {
                    pixel.iter().zip(&self.bias).map(|(value, bias)| value + bias)
                }))
            }
            None => (0..rows * width).for_each(|_| values.extend_from_slice(&self.bias)),
        }
        let matrix = "a matrix has as many numbers as rows times columns";
        let pixels = ArrayView2::from_shape((rows * width, taps), columns).expect(matrix);
        let kernel = ArrayView2::from_shape((taps, to), &self.kernel).expect(matrix);
        let mut out = ArrayViewMut2::from_shape((rows * width, to), &mut values).expect(matrix);
        general_mat_mul(1.0, &pixels, &kernel, 1.0, &mut out);
        values.iter_mut().for_each(|value| *value = value.max(0.0));
        Maps { rows, columns: width, channels: to, values }
    }

    /// Copies what the kernel sees around a pixel, `[kernel, kernel, from]`; what lies
    /// outside of the maps stays as it is.
    fn gather(&self, maps: &Maps, [row, column]: [usize; 2], seen: &mut [f32]) {
        let Shape { from, kernel, .. } = self.shape;
        let padding = kernel / 2;
        let first = padding.saturating_sub(column);
        let last = kernel.min(maps.columns + padding - column);
        for tap in 0..kernel {
            let Some(line) = (row + tap).checked_sub(padding).filter(|line| *line < maps.rows)
            else {
                continue;
            };
            let start = (line * maps.columns + column + first - padding) * from;
            let length = (last - first) * from;
            seen[(tap * kernel + first) * from..][..length]
                .copy_from_slice(&maps.values[start..][..length]);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "weights are in f32")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A convolution of small whole numbers without a norm.
    fn counted(shape: Shape) -> Convolution {
        let Shape { from, to, kernel, .. } = shape;
        let numbers = (0..kernel * kernel * from * to).map(|i| (i % 7) as f32 - 3.0);
        let bias = (0..to).map(|filter| filter as f32).collect();
        Convolution { shape, kernel: numbers.collect(), bias }
    }

    /// The same as a sum over every tap of every pixel.
    fn directly(convolution: &Convolution, maps: &Maps) -> Vec<f32> {
        let Shape { from, to, kernel, stride } = convolution.shape;
        let half = (kernel / 2).cast_signed();
        let mut values = Vec::new();
        for row in (0..maps.rows).step_by(stride) {
            for column in (0..maps.columns).step_by(stride) {
                for filter in 0..to {
                    let mut sum = convolution.bias[filter];
                    for (y, x) in (0..kernel * kernel).map(|tap| (tap / kernel, tap % kernel)) {
                        let line = row.checked_add_signed(y.cast_signed() - half);
                        let place = column.checked_add_signed(x.cast_signed() - half);
                        let (Some(line), Some(place)) = (line, place) else { continue };
                        if line >= maps.rows || place >= maps.columns {
                            continue;
                        }
                        for channel in 0..from {
                            let weight = ((y * kernel + x) * from + channel) * to + filter;
                            sum += convolution.kernel[weight]
                                * maps.values[(line * maps.columns + place) * from + channel];
                        }
                    }
                    values.push(sum.max(0.0));
                }
            }
        }
        values
    }

    #[test]
    fn a_convolution_is_the_sum_over_its_taps() {
        // Whole numbers add up exactly in any order.
        for (rows, columns, kernel, stride) in [(5, 7, 3, 1), (6, 5, 3, 2), (9, 8, 5, 2)] {
            let shape = Shape { from: 2, to: 3, kernel, stride };
            let values = (0..rows * columns * 2).map(|i| (i % 5) as f32).collect();
            let maps = Maps { rows, columns, channels: 2, values };
            let convolution = counted(shape);
            let given = convolution.forward(&maps, None, &mut Vec::new());
            assert_eq!((given.rows, given.channels), (rows.div_ceil(stride), 3));
            assert_eq!(given.values, directly(&convolution, &maps));
        }
    }
}
