//! Mixes two training images into one: mixup and cutmix.

use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Beta, Distribution as _};
use tch::{Device, Kind, Tensor};

use crate::Augmentation;
use crate::input::images::Images;

/// The random partner and shares of each image of a batch. Any thread may draw them.
#[derive(Debug)]
pub(crate) struct Mixing {
    crop: i64,
    /// The index in the batch of each image's partner.
    partners: Vec<i64>,
    /// Each image's own share.
    shares: Vec<f64>,
    /// Its share of each pixel, `crop` × `crop` numbers for each image.
    pixels: Vec<f32>,
}

impl Mixing {
    /// Draws for a batch whose first `labelled` images have an outcome, with one generator for each
    /// image; `None` if nothing is mixed. Labelled images are mixed with labelled ones, so that no
    /// outcome is lost.
    pub(crate) fn draw(
        augmentation: &Augmentation,
        crop: usize,
        labelled: usize,
        generators: &mut [ChaCha8Rng],
    ) -> Option<Self> {
        let Augmentation { mixup, cutmix, .. } = *augmentation;
        if mixup <= 0.0 && cutmix <= 0.0 {
            return None;
        }
        let count = generators.len();
        let (mut partners, mut shares) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut pixels = Vec::with_capacity(count * crop * crop);
        for (place, generator) in generators.iter_mut().enumerate() {
            let (first, of_kind) =
                if place < labelled { (0, labelled) } else { (labelled, count - labelled) };
            let further = if of_kind > 1 { generator.random_range(1..of_kind) } else { 0 };
            let partner = first + (place - first + further) % of_kind;
            partners.push(i64::try_from(partner).expect("a batch is counted in memory"));
            let cut = cutmix > 0.0 && (mixup <= 0.0 || generator.random_bool(0.5));
            let alpha = if cut { cutmix } else { mixup };
            let beta = Beta::new(alpha, alpha).expect("the configuration has been checked");
            let share = beta.sample(generator);
            if cut {
                let window = window(share, crop, generator);
                let own = |at: usize| {
                    let inside = window.holds(at / crop, at % crop);
                    if inside { 0.0 } else { 1.0 }
                };
                pixels.extend((0..crop * crop).map(own));
                // A window that reaches over the border takes less than was drawn.
                shares.push(1.0 - window.area() as f64 / (crop * crop) as f64);
            } else {
                #[expect(clippy::cast_possible_truncation, reason = "a share of a pixel")]
                pixels.resize(pixels.len() + crop * crop, share as f32);
                shares.push(share);
            }
        }
        let crop = i64::try_from(crop).expect("an image lies in memory");
        Some(Self { crop, partners, shares, pixels })
    }

    /// The mixed images of `[n, channels, crop, crop]`.
    pub(crate) fn images(&self, images: &Tensor) -> Tensor {
        let own = Tensor::from_slice(&self.pixels).view([-1, 1, self.crop, self.crop]);
        let partners = self.partners(images.device());
        images.index_select(0, &partners).lerp_tensor(images, &own.to_device(images.device()))
    }

    /// Labels, widths and covariates of the mixed images: those of both, in their shares.
    pub(crate) fn known(&self, images: &Images) -> Images {
        let device = images.pixels.device();
        let partners = self.partners(device);
        let shares = Tensor::from_slice(&self.shares).to_kind(Kind::Float).to_device(device);
        let mixed = |tensor: &Tensor| {
            let mut size = vec![1; tensor.dim()];
            size[0] = -1;
            tensor.index_select(0, &partners).lerp_tensor(tensor, &shares.view(&*size))
        };
        let both = |tensor: &Tensor| tensor * tensor.index_select(0, &partners);
        Images {
            pixels: images.pixels.shallow_clone(),
            width: mixed(&images.width),
            has_width: both(&images.has_width),
            label: mixed(&images.label),
            has_label: both(&images.has_label),
            level_mean: mixed(&images.level_mean),
            level_deviation: mixed(&images.level_deviation),
            covariates: mixed(&images.covariates),
        }
    }

    fn partners(&self, device: Device) -> Tensor {
        Tensor::from_slice(&self.partners).to_device(device)
    }
}

/// Rows and columns that another image fills.
struct Window {
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
}

impl Window {
    fn holds(&self, row: usize, column: usize) -> bool {
        self.rows.contains(&row) && self.columns.contains(&column)
    }

    fn area(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// A square that leaves `share` of the image, around a point anywhere in it.
fn window(share: f64, crop: usize, generator: &mut ChaCha8Rng) -> Window {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "part of an edge")]
    let edge = (crop as f64 * (1.0 - share).sqrt()).round() as usize;
    let mut along = || {
        let middle = generator.random_range(0..crop);
        let start = middle.saturating_sub(edge / 2);
        start..(middle + edge - edge / 2).min(crop)
    };
    Window { rows: along(), columns: along() }
}

#[cfg(test)]
mod tests {
    use foramen_image::ndarray::Array2;
    use foramen_learn::Sample;
    use foramen_types::{Level, Outcome, Side, SubjectId};

    use super::*;
    use crate::input::augment::keyed;
    use foramen_native::contract::Covariates;
    use foramen_native::contract::Input;

    /// Images of 8 × 8 pixels that hold their label, the first `labelled` with one.
    fn images(labels: &[bool], labelled: usize) -> Images {
        let sample = |(place, label): (usize, &bool)| {
            let value = f32::from(u8::from(*label));
            let sample = Sample::new(SubjectId::new("A").unwrap(), Level::C5C6, Side::Left)
                .with_patch(Array2::from_elem((8, 8), value))
                .with_width(f64::from(value));
            let outcome = Outcome::from_favourable(*label);
            if place < labelled { sample.with_outcome(outcome) } else { sample }
        };
        let samples: Vec<Sample> = labels.iter().enumerate().map(sample).collect();
        let samples: Vec<&Sample> = samples.iter().collect();
        let input = Input { edge: 8, channels: 1, covariates: Covariates::default() };
        Images::new(&samples, &input, Device::Cpu).unwrap()
    }

    fn draw(augmentation: &Augmentation, n: u64, labelled: usize, epoch: u64) -> Mixing {
        let mut generators: Vec<_> = (0..n).map(|image| keyed(1, [9, epoch, image])).collect();
        Mixing::draw(augmentation, 8, labelled, &mut generators).unwrap()
    }

    #[test]
    fn nothing_is_mixed_unless_asked_for() {
        let mut generators = vec![keyed(1, [0, 0, 0])];
        assert!(Mixing::draw(&Augmentation::default(), 8, 1, &mut generators).is_none());
    }

    #[test]
    fn a_target_is_the_share_of_each_label_in_the_picture() {
        let labels: Vec<bool> = (0..16).map(|place| place % 4 == 0).collect();
        let images = images(&labels, 16);
        for (mixup, cutmix) in [(0.4, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let augmentation = Augmentation { mixup, cutmix, ..Augmentation::none() };
            let mut sum = 0.0;
            for epoch in 0..200 {
                let mixing = draw(&augmentation, 16, 16, epoch);
                let known = mixing.known(&images);
                // Pixels are labels here: their mean is the target.
                let seen =
                    mixing.images(&images.pixels).mean_dim(&[1i64, 2, 3][..], false, Kind::Float);
                assert!(seen.allclose(&known.label, 1e-5, 1e-5, false));
                assert!(known.width.allclose(&known.label, 1e-5, 1e-5, false));
                sum += known.label.mean(Kind::Double).double_value(&[]);
            }
            // A quarter of the labels is 1, and so is the mean of 3200 targets, whose
            // standard error is below 0.008.
            assert!((sum / 200.0 - 0.25).abs() < 0.03, "{mixup} {cutmix}: {}", sum / 200.0);
        }
    }

    #[test]
    fn an_outcome_is_mixed_with_an_outcome() {
        let labels = [true, false, true, true, false, false, true];
        let images = images(&labels, 3);
        let augmentation = Augmentation { mixup: 1.0, ..Augmentation::none() };
        for epoch in 0..20 {
            let mixing = draw(&augmentation, 7, 3, epoch);
            let known = mixing.known(&images).has_label;
            assert!(known.equal(&images.has_label), "{:?}", mixing.partners);
            let itself = (0i64..).zip(&mixing.partners).any(|(place, partner)| place == *partner);
            assert!(!itself, "{:?}", mixing.partners);
        }
    }
}
