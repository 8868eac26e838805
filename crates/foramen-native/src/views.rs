//! Cuts the views of a patch for the networks.

use crate::contract::{VIEWS, view_key};
use crate::maps::Maps;

/// Least intensity after cutting: in training, powers of smaller numbers could not be computed.
const LEAST: f32 = 1e-3;

/// The views of patches of one size.
#[derive(Debug, Clone)]
pub(crate) struct Views {
    edge: usize,
    crop: usize,
    /// For each view but the first, the sampling points of its pixels.
    drawn: Vec<Vec<Reading>>,
}

/// Four pixels of a patch and their weights.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Indices of the upper left, upper right, lower left and lower right pixel.
    places: [usize; 4],
    shares: [f32; 4],
}

impl Views {
    /// `count` views of the middle `crop` × `crop` pixels of patches of `edge` × `edge`
    /// pixels: the middle itself, then drawn ones.
    pub(crate) fn new(edge: usize, crop: usize, count: usize, seed: u64) -> Self {
        let sizes = [edge, edge, crop].map(|length| length as f64);
        let drawn = (1..count).map(|view| {
            let map = VIEWS.draw(sizes, &mut view_key(seed, view));
            let pixels = (0..crop * crop).map(|pixel| (pixel / crop, pixel % crop));
            pixels.map(|pixel| Reading::of(pixel, map, crop, edge)).collect()
        });
        Self { edge, crop, drawn: drawn.collect() }
    }

    /// Number of views.
    pub(crate) fn len(&self) -> usize {
        1 + self.drawn.len()
    }

    /// A view, from 0, of a patch `[channel, row, column]`; each channel is standardised by its
    /// mean and deviation.
    pub(crate) fn cut(&self, view: usize, patch: &[f32], scale: &[[f32; 2]]) -> Maps {
        let Self { edge, crop, .. } = *self;
        let channels = scale.len();
        let mut values = vec![0f32; crop * crop * channels];
        let images = patch.chunks_exact(edge * edge).zip(scale).enumerate();
        for (channel, (image, [mean, deviation])) in images {
            let measured = |value: f32| (value.max(LEAST) - mean) / deviation;
            let pixels = values.iter_mut().skip(channel).step_by(channels);
            match view.checked_sub(1) {
                None => {
                    let margin = (edge - crop) / 2;
                    let lines = image.chunks_exact(edge).skip(margin).take(crop);
                    let middle = lines.flat_map(|line| &line[margin..margin + crop]);
                    pixels.zip(middle).for_each(|(pixel, value)| *pixel = measured(*value));
                }
                Some(drawn) => {
                    let readings = pixels.zip(&self.drawn[drawn]);
                    readings
                        .for_each(|(pixel, reading)| *pixel = measured(reading.of_image(image)));
                }
            }
        }
        Maps { rows: crop, columns: crop, channels, values }
    }
}

impl Reading {
    /// The sampling point of a pixel of the field of view: bilinear, borders repeated, in the steps
    /// and the precision of PyTorch's `affine_grid` and `grid_sample`.
    fn of((row, column): (usize, usize), map: [f64; 6], crop: usize, edge: usize) -> Self {
        let map = map.map(narrow);
        let along = |place: usize| narrow(2.0 * place as f64 / (crop - 1) as f64 - 1.0);
        let (x, y) = (along(column), along(row));
        let last = (edge - 1) as f32;
        let pixel = |[a, b, shift]: [f32; 3]| {
            let normalised = a * x + b * y + shift;
            ((normalised + 1.0) / 2.0 * last).clamp(0.0, last)
        };
        let (x, y) = (pixel([map[0], map[1], map[2]]), pixel([map[3], map[4], map[5]]));
        let (left, upper) = (x.floor(), y.floor());
        let (right, lower) = (x - left, y - upper);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "both lie within the image"
        )]
        let (from, line) = (left as usize, upper as usize);
        // Of the last column and row the neighbour counts nothing.
        let to = (from + 1).min(edge - 1);
        let below = (line + 1).min(edge - 1);
        Self {
            places: [line * edge + from, line * edge + to, below * edge + from, below * edge + to],
            shares: [
                (1.0 - right) * (1.0 - lower),
                right * (1.0 - lower),
                (1.0 - right) * lower,
                right * lower,
            ],
        }
    }

    fn of_image(&self, image: &[f32]) -> f32 {
        let parts = self.places.iter().zip(self.shares);
        parts.map(|(place, share)| image[*place] * share).sum()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "PyTorch computes in f32")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_view_is_the_middle_and_a_ramp_is_read_in_between() {
        let edge = 10;
        let ramp: Vec<f32> = (0..edge * edge).map(|pixel| 0.1 + pixel as f32 / 100.0).collect();
        let views = Views::new(edge, 4, 3, 1);
        assert_eq!(views.len(), 3);
        let middle = views.cut(0, &ramp, &[[0.0, 1.0]]);
        assert_eq!(middle.values[..4], ramp[33..37]);
        // A ramp is linear in row and column, so that the mean over a view that is turned
        // and shifted by (x, y) is that of the middle and 10 · y + x more.
        let sizes = [10.0, 10.0, 4.0];
        for view in 1..3 {
            let [_, _, x, _, _, y] = VIEWS.draw(sizes, &mut view_key(1, view));
            let moved = (10.0 * y + x) * 4.5 / 100.0;
            let mean = |maps: &Maps| maps.values.iter().map(|v| f64::from(*v)).sum::<f64>() / 16.0;
            let found = mean(&views.cut(view, &ramp, &[[0.0, 1.0]])) - mean(&middle);
            assert!((found - moved).abs() < 1e-5, "{found} {moved}");
        }
    }

    #[test]
    fn each_channel_has_its_own_scale() {
        let patch = [vec![0.5f32; 25], vec![-1.0; 25]].concat();
        let maps = Views::new(5, 3, 2, 1).cut(1, &patch, &[[0.25, 0.5], [0.0, 1e-3]]);
        for pixel in maps.values.chunks_exact(2) {
            assert!((pixel[0] - 0.5).abs() < 1e-6 && (pixel[1] - 1.0).abs() < 1e-6, "{pixel:?}");
        }
    }
}
