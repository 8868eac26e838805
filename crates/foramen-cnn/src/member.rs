//! One trained network with the scales it was trained on.

use tch::Tensor;

use crate::CnnError;
use crate::environment::Environment;
use crate::images::{Images, numbers};
use crate::network::Network;

/// What intensities and widths are measured by, from the train set alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub intensity_mean: f64,
    pub intensity_deviation: f64,
    /// Millimetres.
    pub width_mean: f64,
    /// Millimetres.
    pub width_deviation: f64,
}

impl Scale {
    /// Reads the scales off the train set.
    pub(crate) fn of(train: &Images) -> Result<Self, CnnError> {
        let pixels = &train.pixels;
        let (widths, known) = (numbers(&train.width)?, numbers(&train.has_width)?);
        let widths: Vec<f64> =
            widths.into_iter().zip(known).filter(|(_, known)| *known > 0.5).map(|w| w.0).collect();
        let (width_mean, width_deviation) = spread(&widths);
        let deviation = pixels.std(true).double_value(&[]);
        Ok(Self {
            intensity_mean: pixels.mean(tch::Kind::Float).double_value(&[]),
            intensity_deviation: if deviation > 1e-6 { deviation } else { 1.0 },
            width_mean,
            width_deviation,
        })
    }

    /// Intensities about zero.
    pub(crate) fn intensity(&self, images: &Tensor) -> Tensor {
        (images - self.intensity_mean) / self.intensity_deviation
    }

    /// A network's widths in millimetres.
    pub(crate) fn millimetres(&self, widths: &Tensor) -> Tensor {
        widths * self.width_deviation + self.width_mean
    }
}

/// Mean and standard deviation; 3.3 and 1.3 mm, the middle of the published
/// levels, when there are too few widths to tell.
fn spread(widths: &[f64]) -> (f64, f64) {
    let n = widths.len() as f64;
    let mean = widths.iter().sum::<f64>() / n;
    let variance = widths.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / n;
    if widths.len() < 2 || variance < 1e-6 { (3.3, 1.3) } else { (mean, variance.sqrt()) }
}

/// A trained network.
#[derive(Debug)]
pub(crate) struct Member {
    pub network: Network,
    pub scale: Scale,
}

/// What a network says of images.
pub(crate) struct Seen {
    /// Log-odds of a favourable outcome.
    pub logits: Vec<f64>,
    /// Millimetres.
    pub widths: Vec<f64>,
}

impl Member {
    /// Applies the network to one view of each image, `[n, 1, crop, crop]`.
    pub(crate) fn see(
        &self,
        environment: &Environment,
        images: &Images,
        view: &Tensor,
    ) -> Result<Seen, CnnError> {
        tch::no_grad(|| {
            let view = foramen_tch::channels_last(&self.scale.intensity(view))?;
            let pooled = environment.compute(|| self.network.look(&view, false))?;
            let answer = self.network.answer(&pooled);
            let widths = self.scale.millimetres(&answer.width);
            let z = images.width_z(&widths);
            let logits = self.network.outcome(&z, &answer.features, &images.covariates);
            Ok(Seen { logits: numbers(&logits)?, widths: numbers(&widths)? })
        })
    }
}
