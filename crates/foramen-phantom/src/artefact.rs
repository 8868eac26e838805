use ndarray::{Array2, Axis};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use crate::seed::{Purpose, stream};
use crate::variety::Wide;

/// The artefacts that the scanner adds to one series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Artefacts {
    /// Stored value of CSF.
    gain: f32,
    /// Noise of each of the two channels, as a share of CSF: 2–8 %.
    noise: f32,
    /// Shading across the picture: terms of x, y, x², y², xy; at most ± 20–40 %.
    shading: [f32; 5],
    /// Strength and shift (share of the rows) of a motion ghost.
    ghost: Option<(f32, f64)>,
    /// Share of a neighbour that leaks into a pixel.
    blur: f32,
}

impl Artefacts {
    pub(crate) fn draw(seed: u64, subject: usize, series: u64) -> Self {
        let mut rng = stream(seed, subject, Purpose::Artefact, series);
        let terms: [f32; 5] = [0; 5].map(|_| rng.random_range(-1.0f32..1.0));
        // The terms together reach the drawn extreme at the edge of the picture.
        let reach: f32 = terms.iter().map(|term| term.abs()).sum();
        let extreme = rng.random_range(0.20f32..0.40);
        let ghost = rng
            .random_bool(0.2)
            .then(|| (rng.random_range(0.03f32..0.09), rng.random_range(0.12..0.45)));
        Self {
            gain: rng.random_range(700.0f32..1400.0),
            noise: rng.random_range(0.02f32..0.08),
            shading: terms.map(|term| term / reach * extreme),
            ghost,
            blur: rng.random_range(0.06f32..0.14),
        }
    }

    /// The same artefacts as typical of a scanner field in tesla: at 3 T half the noise and more
    /// shading, as the body is no longer small relative to the wavelength.
    pub(crate) fn of_field(mut self, tesla: f64) -> Self {
        let (noise, shading) = if tesla > 2.0 { (0.5, 1.5) } else { (1.3, 0.6) };
        self.noise *= noise;
        self.shading = self.shading.map(|term| term * shading);
        self
    }

    /// Blurs, adds a ghost, shades, adds Rician noise and stores whole numbers.
    pub(crate) fn apply(
        &self,
        ideal: &Array2<f32>,
        wide: Option<&Wide>,
        rng: &mut impl Rng,
    ) -> Array2<f32> {
        let mut image = blurred(&blurred(ideal, self.blur, Axis(0)), self.blur, Axis(1));
        let (rows, columns) = image.dim();
        if let Some((strength, shift)) = self.ghost {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of the rows"
            )]
            let by = (shift * rows as f64) as usize;
            let moved = image.clone();
            for ((r, c), value) in image.indexed_iter_mut() {
                *value += strength * moved[[(r + by) % rows, c]];
            }
        }
        let [x, y, xx, yy, xy] = self.shading;
        let noise = self.noise * wide.map_or(1.0, Wide::noise_before_interpolation);
        // Rician: the magnitude of a signal with noise in both channels
        // (Gudbjartsson and Patz 1995, 10.1002/mrm.1910340618).
        let mut real = Array2::zeros((rows, columns));
        let mut imaginary = Array2::zeros((rows, columns));
        for ((r, c), real) in real.indexed_iter_mut() {
            let a = 2.0 * c as f32 / columns as f32 - 1.0;
            let b = 2.0 * r as f32 / rows as f32 - 1.0;
            let shade = 1.0 + x * a + y * b + xx * a * a + yy * b * b + xy * a * b;
            let first: f32 = StandardNormal.sample(rng);
            let second: f32 = StandardNormal.sample(rng);
            *real = image[[r, c]] * shade + noise * first;
            imaginary[[r, c]] = noise * second;
        }
        if let Some(wide) = wide {
            real = wide.interpolated(&real);
            imaginary = wide.interpolated(&imaginary);
        }
        real.zip_mut_with(&imaginary, |real, imaginary| {
            *real = (real.hypot(*imaginary) * self.gain).round().clamp(0.0, 4095.0);
        });
        real
    }
}

fn blurred(image: &Array2<f32>, share: f32, axis: Axis) -> Array2<f32> {
    let mut result = image.clone();
    for (mut to, from) in result.lanes_mut(axis).into_iter().zip(image.lanes(axis)) {
        let last = from.len() - 1;
        for i in 0..=last {
            let neighbours = from[i.saturating_sub(1)] + from[(i + 1).min(last)];
            to[i] = (1.0 - 2.0 * share) * from[i] + share * neighbours;
        }
    }
    result
}
