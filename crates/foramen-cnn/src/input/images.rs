//! Samples as tensors on the device.

use std::ops::Range;

use foramen_learn::Sample;
use tch::{Device, Kind, Tensor};

use crate::CnnError;
use foramen_native::contract::Input;

/// Images and their labels, widths and covariates, on one device.
#[derive(Debug)]
pub(crate) struct Images {
    /// `[n, channels, rows, columns]`, intensities about 0 to 1.
    pub pixels: Tensor,
    /// Width in millimetres, 0 where it is missing, `[n]`.
    pub width: Tensor,
    /// 1 where there is a width, else 0, `[n]`.
    pub has_width: Tensor,
    /// 1 for a favourable outcome, else 0, `[n]`.
    pub label: Tensor,
    /// 1 where there is an outcome, else 0, `[n]`.
    pub has_label: Tensor,
    /// Mean and standard deviation of the width of each sample's level, `[n]`.
    pub level_mean: Tensor,
    pub level_deviation: Tensor,
    /// Each covariate in standard deviations, and whether it is known; zeros where it is not,
    /// `[n, 2 × covariates]`.
    pub covariates: Tensor,
}

impl Images {
    /// Checks the patches of samples and moves all data to the device.
    pub(crate) fn new(
        samples: &[&Sample],
        input: &Input,
        device: Device,
    ) -> Result<Self, CnnError> {
        let Input { edge, channels, .. } = *input;
        let pixels = input.pixels(samples)?;
        let n = i64::try_from(samples.len()).expect("samples are counted in memory");
        let [channels, side] =
            [channels, edge].map(|n| i64::try_from(n).expect("a patch lies in memory"));
        let column = |value: &dyn Fn(&Sample) -> f64| {
            let values: Vec<f64> = samples.iter().map(|sample| value(sample)).collect();
            Tensor::from_slice(&values).to_kind(Kind::Float).to_device(device)
        };
        let covariates = input.covariates.standardised(samples);
        let covariates = Tensor::from_slice(&covariates).to_kind(Kind::Float);
        let pairs = i64::try_from(2 * input.covariates.len()).expect("covariates are few");
        let known = |is: bool| if is { 1.0 } else { 0.0 };
        Ok(Self {
            pixels: Tensor::from_slice(&pixels).view([n, channels, side, side]).to_device(device),
            width: column(&|s| s.width.unwrap_or(0.0)),
            has_width: column(&|s| known(s.width.is_some())),
            label: column(&|s| known(s.outcome.is_some_and(|o| o.is_favourable()))),
            has_label: column(&|s| known(s.outcome.is_some())),
            level_mean: column(&|s| s.level.normal_width().0),
            level_deviation: column(&|s| s.level.normal_width().1),
            covariates: covariates.view([n, pairs]).to_device(device),
        })
    }

    /// Number of images.
    pub(crate) fn len(&self) -> i64 {
        self.pixels.size()[0]
    }

    /// Channels, rows and columns of each image.
    pub(crate) fn shape(&self) -> [i64; 3] {
        let size = self.pixels.size();
        [size[1], size[2], size[3]]
    }

    /// All tensors of the images.
    pub(crate) fn tensors(&self) -> [&Tensor; 8] {
        let Self { pixels, width, has_width, label, has_label, .. } = self;
        let Self { level_mean, level_deviation, covariates, .. } = self;
        [pixels, width, has_width, label, has_label, level_mean, level_deviation, covariates]
    }

    /// The images of these indices, in this order.
    pub(crate) fn select(&self, indices: &[i64]) -> Self {
        let index = Tensor::from_slice(indices).to_device(self.pixels.device());
        let of = |tensor: &Tensor| tensor.index_select(0, &index);
        self.with(of(&self.pixels), of)
    }

    /// Labels, widths and covariates of the images in this range, converted to this kind of
    /// numbers; pixels are all images, unconverted.
    pub(crate) fn known(&self, range: &Range<usize>, kind: Kind) -> Self {
        let [from, length] = [range.start, range.len()].map(|n| i64::try_from(n).expect("few"));
        let of = |tensor: &Tensor| tensor.narrow(0, from, length).to_kind(kind);
        self.with(self.pixels.shallow_clone(), of)
    }

    /// The same data with other pixels; `of` is applied to all other tensors.
    fn with(&self, pixels: Tensor, of: impl Fn(&Tensor) -> Tensor) -> Self {
        Self {
            pixels,
            width: of(&self.width),
            has_width: of(&self.has_width),
            label: of(&self.label),
            has_label: of(&self.has_label),
            level_mean: of(&self.level_mean),
            level_deviation: of(&self.level_deviation),
            covariates: of(&self.covariates),
        }
    }

    /// Widths in millimetres as z-scores of each image's level.
    pub(crate) fn width_z(&self, millimetres: &Tensor) -> Tensor {
        (millimetres - &self.level_mean) / &self.level_deviation
    }
}

/// The values of a vector.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>, CnnError> {
    let flat = tensor.detach().to_kind(Kind::Double).to_device(tch::Device::Cpu).contiguous();
    Ok(Vec::<f64>::try_from(flat)?)
}
