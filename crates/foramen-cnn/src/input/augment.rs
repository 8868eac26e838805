//! Augments training images with the variation of real images: placement, intensity, noise.

use foramen_native::contract::Placement;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Kind, Tensor};

use crate::Augmentation;
use crate::input::blur::Blur;
use crate::tensors::floats;

pub(crate) use foramen_native::contract::keyed;

/// Cuts the field of view of `crop` × `crop` pixels out of each image,
/// `[n, channels, rows, columns]`, and augments it with one generator per image.
///
/// Intensities stay on the scale of the images (about 0 to 1); the result is
/// `[n, channels, crop, crop]`. Channels are moved together, but each has its own noise.
pub(crate) fn vary(
    images: &Tensor,
    crop: usize,
    augmentation: &Augmentation,
    generators: &mut [ChaCha8Rng],
) -> Tensor {
    let (_, channels, rows, columns) = size(images);
    Variation::draw([channels, rows, columns], pixels(crop), augmentation, generators).apply(images)
}

impl Augmentation {
    /// Images as a training sees them: fields of view of `crop` × `crop` pixels, varied.
    ///
    /// `images` are `[n, channels, rows, columns]`, f32 and about 0 to 1; the result is
    /// `[n, channels, crop, crop]`. What is drawn depends on `seed` and on the place of an
    /// image among the others. Images are not mixed with each other.
    ///
    /// # Panics
    /// When `images` has other than four dimensions.
    pub fn vary(&self, images: &Tensor, crop: usize, seed: u64) -> Tensor {
        let count = u64::try_from(size(images).0).expect("a number of images is not negative");
        let mut generators: Vec<ChaCha8Rng> =
            (0..count).map(|image| keyed(seed, [0, 0, image])).collect();
        vary(images, crop, self, &mut generators)
    }
}

/// How each image of a batch is varied: numbers alone, which any thread may draw.
#[derive(Debug)]
pub(crate) struct Variation {
    channels: i64,
    crop: i64,
    /// Six numbers for each image.
    affine: Vec<f64>,
    /// Six numbers for each image.
    tones: Vec<f64>,
    /// `crop` × `crop` numbers for each channel of each image.
    noise: Vec<f32>,
    /// Displacements in x and y at `KNOTS` × `KNOTS` points of each image, pixels; empty if there
    /// are none.
    bends: Vec<f64>,
    /// Row, column and edge of the hidden square in each image; empty if there are none.
    holes: Vec<[i64; 3]>,
    blur: Option<Blur>,
    /// Columns and rows of the images, less one.
    spans: [f64; 2],
}

/// Points of an elastic displacement along each edge.
const KNOTS: i64 = 4;

impl Variation {
    /// Draws for fields of view of `crop` × `crop` pixels in images of `[channels, rows,
    /// columns]`, by one generator each.
    pub(crate) fn draw(
        [channels, rows, columns]: [i64; 3],
        crop: i64,
        augmentation: &Augmentation,
        generators: &mut [ChaCha8Rng],
    ) -> Self {
        let mut affine = Vec::with_capacity(generators.len() * 6);
        let mut tones = Vec::with_capacity(generators.len() * 6);
        let (mut bends, mut holes) = (Vec::new(), Vec::new());
        let mut blur = Blur::up_to(augmentation.blur, crop);
        let count = as_len(channels * crop * crop);
        let mut noise = vec![0f32; generators.len() * count];
        for (generator, pixels) in generators.iter_mut().zip(noise.chunks_exact_mut(count)) {
            affine.extend(place(augmentation, [rows, columns, crop], generator));
            let mut within = |limit: f64| limit * generator.random_range(-1.0..=1.0f64);
            let bias = augmentation.bias;
            tones.extend([
                within(augmentation.gamma).exp(),
                within(augmentation.offset),
                within(bias / 2.0),
                within(bias),
                within(bias),
                within(bias / 2.0),
            ]);
            let deviation = within(augmentation.noise).max(0.0);
            if deviation > 0.0 {
                for pixel in pixels {
                    let draw: f32 = StandardNormal.sample(generator);
                    #[expect(clippy::cast_possible_truncation, reason = "a small deviation")]
                    let deviation = deviation as f32;
                    *pixel = draw * deviation;
                }
            }
            // Last, and only where wanted: other numbers stay what they were.
            if augmentation.elastic > 0.0 {
                let limit = augmentation.elastic;
                let knots = (0..2 * KNOTS * KNOTS).map(|_| generator.random_range(-limit..=limit));
                bends.extend(knots);
            }
            if augmentation.cutout > 0.0 {
                holes.push(hole(augmentation.cutout, crop, generator));
            }
            if let Some(blur) = &mut blur {
                blur.draw(generator);
            }
            if augmentation.flip > 0.0 && generator.random_bool(augmentation.flip) {
                mirror(affine.last_chunk_mut().expect("each image has six numbers"));
            }
        }
        let spans = [(columns - 1) as f64, (rows - 1) as f64];
        Self { channels, crop, affine, tones, noise, bends, holes, blur, spans }
    }

    /// Applies the augmentation to images.
    pub(crate) fn apply(&self, images: &Tensor) -> Tensor {
        let (n, crop, device) = (images.size()[0], self.crop, images.device());
        let affine = floats(&self.affine, &[n, 2, 3], device);
        let mut grid = Tensor::affine_grid_generator(&affine, [n, 1, crop, crop], true);
        if !self.bends.is_empty() {
            let knots = floats(&self.bends, &[n, 2, KNOTS, KNOTS], device);
            let bends = knots.upsample_bicubic2d([crop, crop], true, None, None);
            let [columns, rows] = self.spans.map(|span| 2.0 / span);
            grid += bends.permute([0, 2, 3, 1]) * floats(&[columns, rows], &[2], device);
        }
        let mut cut = read(images, &grid);
        if let Some(blur) = &self.blur {
            cut = blur.apply(&cut);
        }
        let tones = floats(&self.tones, &[n, 6, 1, 1], device);
        let tone = |index: i64| tones.narrow(1, index, 1);
        let along = Tensor::linspace(-1.0, 1.0, crop, (Kind::Float, device));
        let x = along.view([1, 1, 1, crop]);
        let y = along.view([1, 1, crop, 1]);
        let field = tone(2) + tone(3) * &x + tone(4) * &y + tone(5) * (&x * &y) + 1.0;
        let noise = Tensor::from_slice(&self.noise);
        let noise = noise.view([n, self.channels, crop, crop]).to_device(device);
        let varied = cut.clamp_min(1e-3).pow(&tone(0)) * field + tone(1) + noise;
        for (image, [row, column, edge]) in (0..n).zip(&self.holes) {
            let image = varied.select(0, image);
            let mean = image.mean_dim(&[1i64, 2][..], true, Kind::Float);
            image.narrow(1, *row, *edge).narrow(2, *column, *edge).copy_(&mean);
        }
        varied
    }
}

/// Mirrors the field of view left to right in the six numbers of an affine map.
fn mirror([x, _, _, y, _, _]: &mut [f64; 6]) {
    (*x, *y) = (-*x, -*y);
}

/// Draws a square inside the field of view: row, column, edge.
fn hole(share: f64, crop: i64, generator: &mut ChaCha8Rng) -> [i64; 3] {
    #[expect(clippy::cast_possible_truncation, reason = "a share of an edge")]
    let edge = (generator.random_range(0.0..=share.min(1.0)) * crop as f64).round() as i64;
    let mut start = || generator.random_range(0..=crop - edge);
    [start(), start(), edge]
}

/// Draws the position of the field of view in an image of `[rows, columns, crop]` pixels: the six
/// numbers of an affine map of normalised coordinates.
fn place(
    augmentation: &Augmentation,
    [rows, columns, crop]: [i64; 3],
    generator: &mut ChaCha8Rng,
) -> [f64; 6] {
    let Augmentation { rotation, shift, scale, .. } = *augmentation;
    let sizes = [rows, columns, crop].map(|length| length as f64);
    Placement { rotation, shift, scale }.draw(sizes, generator)
}

/// The points at which [`vary`] reads an image of `edge` × `edge` pixels, `[1, crop, crop, 2]`.
pub(crate) fn grid(
    edge: usize,
    crop: usize,
    augmentation: &Augmentation,
    generator: &mut ChaCha8Rng,
    device: Device,
) -> Tensor {
    let [edge, crop] = [edge, crop].map(pixels);
    let affine = place(augmentation, [edge, edge, crop], generator);
    Tensor::affine_grid_generator(&floats(&affine, &[1, 2, 3], device), [1, 1, crop, crop], true)
}

/// Reads images at the points of a grid: bilinear, borders repeated.
pub(crate) fn read(images: &Tensor, grid: &Tensor) -> Tensor {
    images.grid_sampler(grid, 0, 1, true)
}

/// Cuts the field of view out of the middle of each image, without augmentation.
pub(crate) fn centre(images: &Tensor, crop: usize) -> Tensor {
    let (_, _, rows, columns) = size(images);
    let crop = pixels(crop);
    images.narrow(2, (rows - crop) / 2, crop).narrow(3, (columns - crop) / 2, crop).clamp_min(1e-3)
}

fn size(images: &Tensor) -> (i64, i64, i64, i64) {
    images.size4().expect("images are [n, channels, rows, columns]")
}

fn pixels(number: usize) -> i64 {
    i64::try_from(number).expect("an image lies in memory")
}

fn as_len(number: i64) -> usize {
    usize::try_from(number).expect("a number of pixels is not negative")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Tensor {
        Tensor::arange(100, (Kind::Float, Device::Cpu)).view([1, 1, 10, 10]) / 100.0 + 0.1
    }

    fn generators(n: u64) -> Vec<ChaCha8Rng> {
        (0..n).map(|i| keyed(1, [0, 0, i])).collect()
    }

    #[test]
    fn without_variation_it_is_the_middle() {
        let varied = vary(&ramp(), 4, &Augmentation::none(), &mut generators(1));
        let worst = (varied - centre(&ramp(), 4)).abs().max().double_value(&[]);
        assert!(worst < 1e-5, "{worst}");
    }

    #[test]
    fn one_key_gives_one_image_whatever_its_neighbours() {
        let (one, two) = (ramp(), Tensor::cat(&[ramp(), ramp()], 0));
        let augmentation = Augmentation::default();
        let alone = vary(&one, 6, &augmentation, &mut generators(1));
        let both = vary(&two, 6, &augmentation, &mut generators(2));
        assert!(both.narrow(0, 0, 1).allclose(&alone, 0.0, 0.0, false));
        assert!(!both.narrow(0, 1, 1).allclose(&alone, 1e-3, 1e-3, false));
    }

    #[test]
    fn channels_move_together_and_have_their_own_noise() {
        let colours = Tensor::cat(&[ramp(), ramp(), ramp()], 1);
        let still = Augmentation { noise: 0.0, elastic: 2.0, ..Augmentation::default() };
        let varied = vary(&colours, 6, &still, &mut generators(1));
        let grey = vary(&ramp(), 6, &still, &mut generators(1));
        for channel in 0..3 {
            assert!(varied.narrow(1, channel, 1).allclose(&grey, 0.0, 0.0, false));
        }
        let noisy = Augmentation { noise: 0.3, ..Augmentation::none() };
        let varied = vary(&colours, 6, &noisy, &mut generators(1));
        let differ = varied.narrow(1, 0, 1) - varied.narrow(1, 1, 1);
        assert!(differ.abs().max().double_value(&[]) > 0.01);
    }

    #[test]
    fn elastic_displacements_stay_within_their_bound_and_are_smooth() {
        // On an image whose values are columns, a value tells where it was read.
        let image = Tensor::arange(64, (Kind::Float, Device::Cpu)).view([1, 1, 1, 64]);
        let image = image.expand([1, 1, 64, 64], false).contiguous() + 1.0;
        let augmentation = Augmentation { elastic: 2.0, ..Augmentation::none() };
        let moved = vary(&image, 48, &augmentation, &mut generators(1)) - centre(&image, 48);
        let most = moved.abs().max().double_value(&[]);
        // Bicubic curves go a little beyond the points they join.
        assert!(most > 0.2 && most < 2.0 * 1.4, "{most}");
        let steps = moved.diff(1, -1, None::<Tensor>, None::<Tensor>).abs().max();
        assert!(steps.double_value(&[]) < 0.5);
    }

    #[test]
    fn a_hidden_square_holds_the_mean_and_the_rest_is_as_it_was() {
        let augmentation = Augmentation { cutout: 0.5, ..Augmentation::none() };
        let whole = vary(&ramp(), 8, &Augmentation::none(), &mut generators(1));
        let cut = vary(&ramp(), 8, &augmentation, &mut generators(1));
        let changed = (&cut - &whole).abs().gt(1e-6);
        let mean = whole.mean(Kind::Float).double_value(&[]);
        let hidden = cut.masked_select(&changed);
        let count = hidden.size()[0];
        assert!(count > 0 && count <= 16, "{count}");
        assert!((hidden - mean).abs().max().double_value(&[]) < 1e-5);
    }

    #[test]
    fn a_flip_mirrors_left_and_right_alone() {
        let flipped = Augmentation { flip: 1.0, ..Augmentation::none() };
        let varied = vary(&ramp(), 4, &flipped, &mut generators(2)[..1]);
        let expected = centre(&ramp(), 4).flip([3]);
        assert!(varied.allclose(&expected, 0.0, 1e-5, false));
        // About half are, and the rest are as they were.
        let images = ramp().expand([200, 1, 10, 10], false).contiguous();
        let half = Augmentation { flip: 0.5, ..Augmentation::none() };
        let varied = vary(&images, 4, &half, &mut generators(200));
        let is_flipped = (varied - expected).abs().amax([1i64, 2, 3], false).lt(1e-4);
        let count = is_flipped.sum(Kind::Int64).int64_value(&[]);
        assert!((70..=130).contains(&count), "{count}");
    }

    #[test]
    fn a_rotation_keeps_distances() {
        // Two dots 5 pixels apart stay 5 pixels apart.
        let mut image = Tensor::zeros([1, 1, 41, 41], (Kind::Float, Device::Cpu));
        let _ = image.get(0).get(0).get(20).narrow(0, 17, 1).fill_(1.0);
        let _ = image.get(0).get(0).get(20).narrow(0, 23, 1).fill_(1.0);
        image = image.to_kind(Kind::Float);
        let augmentation = Augmentation { rotation: 10.0, shift: 2.0, ..Augmentation::none() };
        let varied = vary(&image, 31, &augmentation, &mut generators(1)).get(0).get(0);
        let (_, order) = varied.flatten(0, 1).sort(0, true);
        let first = order.int64_value(&[0]);
        let distance = |a: i64, b: i64| {
            let (dr, dc) = ((a / 31 - b / 31) as f64, (a % 31 - b % 31) as f64);
            dr.hypot(dc)
        };
        let apart = (0..6).map(|i| distance(first, order.int64_value(&[i]))).fold(0.0, f64::max);
        assert!((apart - 6.0).abs() < 1.5, "{apart}");
    }
}
