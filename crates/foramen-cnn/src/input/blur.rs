//! Blurs some training images.

use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use tch::Tensor;

use crate::tensors::floats;

/// The random Gaussian blur of each image of a batch. Any thread may draw it.
#[derive(Debug)]
pub(crate) struct Blur {
    /// Largest standard deviation, pixels.
    limit: f64,
    /// Reach of the blur to each side, pixels.
    radius: i64,
    /// `2 × radius + 1` weights for each image, which sum to 1.
    bells: Vec<f64>,
}

impl Blur {
    /// Blurs of up to this standard deviation for images of `crop` × `crop` pixels, none drawn yet;
    /// `None` if no blur is wanted.
    pub(crate) fn up_to(limit: f64, crop: i64) -> Option<Self> {
        // Three deviations hold 99.7 %.
        #[expect(clippy::cast_possible_truncation, reason = "at most the edge of an image")]
        let radius = (3.0 * limit).ceil().min(crop as f64) as i64;
        (limit > 0.0).then_some(Self { limit, radius, bells: Vec::new() })
    }

    /// Draws the blur of the next image.
    pub(crate) fn draw(&mut self, generator: &mut ChaCha8Rng) {
        // What is far narrower than a pixel leaves the pixel alone.
        let deviation = (self.limit * generator.random_range(0.0..=1.0f64)).max(0.01);
        let weight = |place: i64| (-0.5 * (place as f64 / deviation).powi(2)).exp();
        let bell: Vec<f64> = (-self.radius..=self.radius).map(weight).collect();
        let sum: f64 = bell.iter().sum();
        self.bells.extend(bell.into_iter().map(|weight| weight / sum));
    }

    /// Applies to each image of `[n, channels, rows, columns]` its own blur; borders are repeated.
    pub(crate) fn apply(&self, images: &Tensor) -> Tensor {
        let size = images.size();
        let groups = size[0] * size[1];
        let length = 2 * self.radius + 1;
        let bells = floats(&self.bells, &[size[0], 1, length], images.device());
        let bells = bells.expand([size[0], size[1], length], false);
        let padded = images.replication_pad2d([self.radius; 4]);
        // Each channel of each image is a group with the kernel of its image.
        let mut maps = padded.flatten(0, 1).unsqueeze(0);
        for shape in [[groups, 1, 1, length], [groups, 1, length, 1]] {
            let kernels = bells.reshape(shape);
            maps = maps.conv2d(&kernels, None::<&Tensor>, 1, 0, 1, groups);
        }
        maps.view(&*size)
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use crate::input::augment::keyed;

    #[test]
    fn a_dot_becomes_a_bell_of_the_drawn_width_and_what_is_even_stays() {
        // Two images of two channels: even ones, and a dot.
        let image = Tensor::zeros([2, 2, 31, 31], (Kind::Float, Device::Cpu)) + 0.5;
        for place in 0..2 {
            let _ = image.get(place).get(1).get(15).narrow(0, 15, 1).fill_(1.5);
        }
        let mut blur = Blur::up_to(2.0, 31).expect("a blur is wanted");
        (0..2).for_each(|place| blur.draw(&mut keyed(1, [0, 0, place])));
        let blurred = blur.apply(&image) - 0.5;
        let places = (Tensor::arange(31, (Kind::Float, Device::Cpu)) - 15.0).square();
        let mut variances = Vec::new();
        for place in 0..2 {
            let [even, dot] = [0, 1].map(|channel| blurred.get(place).get(channel));
            assert!(even.abs().max().double_value(&[]) < 1e-6);
            // Nothing of the dot is lost.
            assert!((dot.sum(Kind::Float).double_value(&[]) - 1.0).abs() < 1e-4);
            let [rows, columns] = [1i64, 0].map(|axis| {
                let along = dot.sum_dim_intlist(axis, false, Kind::Float);
                (along * &places).sum(Kind::Float).double_value(&[])
            });
            assert!((rows - columns).abs() < 1e-4, "{rows} {columns}");
            assert!(rows > 0.0 && rows < 4.0 + 1e-3, "{rows}");
            variances.push(rows);
        }
        assert!((variances[0] - variances[1]).abs() > 1e-3, "{variances:?}");
    }

    #[test]
    fn none_is_drawn_where_none_is_wanted() {
        assert!(Blur::up_to(0.0, 31).is_none());
    }
}
