//! One trained network with the scales of its training data.

use tch::{Kind, Tensor};

use crate::environment::Environment;
use crate::input::images::{Images, numbers};
use crate::network::Network;
use crate::{Architecture, CnnConfig, CnnError, network::lite0};

/// Mean and deviation that torchvision's weights expect for red, green and blue from 0 to 1.
const IMAGENET: [[f64; 2]; 3] = [[0.485, 0.229], [0.456, 0.224], [0.406, 0.225]];

/// Images that the network processes at once: 256 of 224 × 224 pixels need some 2 GB in a ResNet.
const TOGETHER: i64 = 256;

/// The scales of intensities and widths: from the train set only, or as published weights expect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    /// Mean and standard deviation of each channel.
    pub intensity: Vec<[f64; 2]>,
    /// Scale of widths; `None` if no widths were learned.
    pub width: Option<WidthScale>,
}

/// Mean and deviation of widths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WidthScale {
    /// Millimetres.
    pub mean: f64,
    /// Millimetres.
    pub deviation: f64,
}

impl Scale {
    /// Computes the scales from the train set. If training begins with published weights and images
    /// have three channels, the intensity scale is the one that these weights expect.
    pub(crate) fn of(train: &Images, config: &CnnConfig) -> Result<Self, CnnError> {
        let channels = train.shape()[0];
        let of_channel = |channel: i64| {
            let pixels = train.pixels.select(1, channel);
            let deviation = pixels.std(true).double_value(&[]);
            let mean = pixels.mean(Kind::Float).double_value(&[]);
            [mean, if deviation > 1e-6 { deviation } else { 1.0 }]
        };
        let intensity = match (config.architecture, &config.weights) {
            (Architecture::EfficientNetLite0, Some(_)) if channels == 3 => {
                vec![lite0::INTENSITY; 3]
            }
            (_, Some(_)) if channels == 3 => IMAGENET.to_vec(),
            _ => (0..channels).map(of_channel).collect(),
        };
        let (widths, known) = (numbers(&train.width)?, numbers(&train.has_width)?);
        let widths: Vec<f64> =
            widths.into_iter().zip(known).filter(|(_, known)| *known > 0.5).map(|w| w.0).collect();
        Ok(Self { intensity, width: WidthScale::of(&widths) })
    }

    /// Intensities scaled to mean 0 and deviation 1.
    pub(crate) fn intensity(&self, images: &Tensor) -> Tensor {
        // Numbers, not tensors: a trace would not hold what is in a fresh tensor.
        let channels = (0i64..).zip(&self.intensity);
        let channels = channels.map(|(channel, [mean, deviation])| {
            (images.narrow(1, channel, 1) - *mean) / *deviation
        });
        Tensor::cat(&channels.collect::<Vec<_>>(), 1)
    }

    /// A network's widths in millimetres; `None` where none were learned.
    pub(crate) fn millimetres(&self, widths: &Tensor) -> Option<Tensor> {
        self.width.map(|WidthScale { mean, deviation }| widths * deviation + mean)
    }

    /// The input of the outcome head besides the features, `[n]`: the network's widths as z-scores
    /// of their levels. If no widths were learned, it is the unscaled output of the width head, and
    /// does not depend on the level.
    pub(crate) fn z(&self, images: &Images, widths: &Tensor) -> Tensor {
        let millimetres = self.millimetres(widths);
        millimetres.map_or_else(|| widths.shallow_clone(), |widths| images.width_z(&widths))
    }
}

impl WidthScale {
    /// Mean and standard deviation of known widths; 3.3 and 1.3 mm, the middle of the published
    /// levels, when there are too few widths to compute them.
    fn of(widths: &[f64]) -> Option<Self> {
        let n = widths.len() as f64;
        let mean = widths.iter().sum::<f64>() / n;
        let variance = widths.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / n;
        if widths.is_empty() {
            return None;
        }
        Some(if widths.len() < 2 || variance < 1e-6 {
            Self { mean: 3.3, deviation: 1.3 }
        } else {
            Self { mean, deviation: variance.sqrt() }
        })
    }
}

/// A trained network.
#[derive(Debug)]
pub(crate) struct Member {
    pub network: Network,
    pub scale: Scale,
}

/// A network's predictions for images.
pub(crate) struct Seen {
    /// Log-odds of a favourable outcome.
    pub logits: Vec<f64>,
    /// Millimetres; `None` if no widths were learned.
    pub widths: Option<Vec<f64>>,
}

impl Member {
    /// Applies the network to one view of each image, `[n, channels, crop, crop]`.
    pub(crate) fn see(
        &self,
        environment: &Environment,
        images: &Images,
        view: &Tensor,
    ) -> Result<Seen, CnnError> {
        tch::no_grad(|| {
            let kind = self.network.kind();
            let view = foramen_tch::channels_last(&self.scale.intensity(view).to_kind(kind))?;
            // Maps of a few images at a time, however many there are.
            let parts = environment.compute(|| -> Vec<Tensor> {
                view.split(TOGETHER, 0).iter().map(|part| self.network.look(part, false)).collect()
            })?;
            let pooled = Tensor::cat(&parts, 0);
            let answer = self.network.answer(&pooled);
            let z = self.scale.z(images, &answer.width);
            let logits =
                self.network.outcome(&z, &answer.features, &images.covariates.to_kind(kind));
            let widths = self.scale.millimetres(&answer.width);
            let widths = widths.map(|widths| numbers(&widths)).transpose()?;
            Ok(Seen { logits: numbers(&logits)?, widths })
        })
    }
}
