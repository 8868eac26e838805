use tch::{Kind, Tensor};

use crate::ffi::{self, Geometry};
use crate::{TorchError, channels_last, cpu_capability};

/// A convolution made ready for prediction: in its number format, batch norm
/// folded in, and on the CPU with its weight in the layout that oneDNN computes
/// in and with addition and `ReLU` in the same pass.
///
/// ```
/// use foramen_tch::PackedConvolution;
/// use tch::{Device, Kind, Tensor};
///
/// let options = (Kind::Float, Device::Cpu);
/// let weight = Tensor::ones([4, 2, 3, 3], options);
/// let bias = Tensor::zeros([4], options);
/// let packed = PackedConvolution::new(&weight, &bias, [1, 1, 1], Kind::Float)?;
/// let maps = packed.forward(&Tensor::ones([1, 2, 5, 5], options), None, true)?;
/// assert_eq!(maps.double_value(&[0, 0, 2, 2]), 18.0);
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
#[derive(Debug)]
pub struct PackedConvolution {
    weight: Tensor,
    bias: Tensor,
    geometry: Geometry,
    is_packed: bool,
}

impl PackedConvolution {
    /// A convolution of `weight` `[to, from / groups, k, k]` and `bias` `[to]` with
    /// `[stride, padding, groups]`, computed in `kind`.
    ///
    /// Where oneDNN cannot take it (on CUDA, or a number format that the processor
    /// does not know) it is an ordinary convolution, and on a processor without AVX-512:
    /// oneDNN computes there in a layout that depends on the image, and would put the
    /// weight into it at each call.
    ///
    /// # Errors
    /// [`TorchError::Exception`] for a weight that has not four dimensions.
    pub fn new(
        weight: &Tensor,
        bias: &Tensor,
        [stride, padding, groups]: [i64; 3],
        kind: Kind,
    ) -> Result<Self, TorchError> {
        let geometry = Geometry { stride, padding, groups };
        let plain = channels_last(&weight.detach().to_kind(kind))?;
        let bias = bias.detach().to_kind(kind);
        let packed = match plain.device() {
            tch::Device::Cpu if cpu_capability()?.starts_with("AVX512") => {
                ffi::pack_convolution(&plain, &geometry).ok()
            }
            _ => None,
        };
        let is_packed = packed.is_some();
        Ok(Self { weight: packed.unwrap_or(plain), bias, geometry, is_packed })
    }

    /// The same with a batch norm of running `mean` and `variance`, `scale` and
    /// `shift` after it: `[scale, shift, mean, variance]`.
    ///
    /// # Errors
    /// Those of [`PackedConvolution::new`].
    pub fn with_norm(
        weight: &Tensor,
        [scale, shift, mean, variance]: [&Tensor; 4],
        epsilon: f64,
        geometry: [i64; 3],
        kind: Kind,
    ) -> Result<Self, TorchError> {
        tch::no_grad(|| {
            let factor = scale / (variance + epsilon).sqrt();
            let bias = shift - mean * &factor;
            Self::new(&(weight * factor.view([-1, 1, 1, 1])), &bias, geometry, kind)
        })
    }

    /// Maps `[n, from, rows, columns]`, plus `residual` where there is one, and
    /// `ReLU` where `relu` says so. There is no way back for gradients.
    ///
    /// # Errors
    /// [`TorchError::Exception`] when shapes do not fit.
    pub fn forward(
        &self,
        input: &Tensor,
        residual: Option<&Tensor>,
        relu: bool,
    ) -> Result<Tensor, TorchError> {
        let input = input.to_kind(self.weight.kind());
        if self.is_packed {
            let tensors = [&input, &self.weight, &self.bias];
            return ffi::packed_convolution(tensors, residual, &self.geometry, relu);
        }
        let Geometry { stride, padding, groups } = self.geometry;
        tch::no_grad(|| {
            let bias = Some(&self.bias);
            let (stride, padding) = ([stride; 2], [padding; 2]);
            let mut maps = input.f_conv2d(&self.weight, bias, stride, padding, [1, 1], groups)?;
            if let Some(residual) = residual {
                maps = maps.f_add_(residual)?;
            }
            Ok(if relu { maps.f_relu_()? } else { maps })
        })
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    /// Numbers without a pattern that a convolution could hide behind.
    fn wave(shape: &[i64], step: f64) -> Tensor {
        let count = shape.iter().product::<i64>();
        let counted = Tensor::arange(count, (Kind::Float, Device::Cpu));
        (counted * step).sin().reshape(shape)
    }

    fn worst(a: &Tensor, b: &Tensor) -> f64 {
        (a - b).abs().max().double_value(&[])
    }

    #[test]
    fn it_is_convolution_norm_sum_and_relu() {
        for (groups, stride, kernel) in [(1, 1, 3), (1, 2, 1), (8, 1, 5), (2, 2, 3)] {
            let weight = wave(&[8, 8 / groups, kernel, kernel], 0.7);
            let [scale, shift, mean, spread] = [0.3, 0.5, 0.9, 1.3].map(|step| wave(&[8], step));
            let variance = spread.square() + 0.1;
            let input = channels_last(&wave(&[3, 8, 9, 9], 1.1)).unwrap();
            let geometry = [stride, kernel / 2, groups];
            let norm = [&scale, &shift, &mean, &variance];
            let packed =
                PackedConvolution::with_norm(&weight, norm, 1e-5, geometry, Kind::Float).unwrap();
            let none: Option<&Tensor> = None;
            let (stride, padding) = ([stride; 2], [kernel / 2; 2]);
            let maps = input.conv2d(&weight, none, stride, padding, [1, 1], groups);
            let (mean, variance) = (Some(&mean), Some(&variance));
            let (scale, shift) = (Some(&scale), Some(&shift));
            let maps = maps.batch_norm(scale, shift, mean, variance, false, 0.1, 1e-5, false);
            let residual = channels_last(&wave(&maps.size(), 0.2)).unwrap();
            for relu in [false, true] {
                let end = |maps: &Tensor| if relu { maps.relu() } else { maps.shallow_clone() };
                let alone = packed.forward(&input, None, relu).unwrap();
                assert!(worst(&alone, &end(&maps)) < 1e-4);
                let sum = packed.forward(&input, Some(&residual), relu).unwrap();
                assert!(worst(&sum, &end(&(&maps + &residual))) < 1e-4);
            }
        }
    }

    #[test]
    fn in_bf16_it_differs_by_what_bf16_rounds() {
        let (weight, bias) = (wave(&[4, 4, 3, 3], 0.7) * 0.1, wave(&[4], 0.3));
        let input = wave(&[1, 4, 9, 9], 1.1);
        let of = |kind| {
            let packed = PackedConvolution::new(&weight, &bias, [1, 1, 1], kind).unwrap();
            packed.forward(&input, None, false).unwrap()
        };
        let half = of(Kind::BFloat16);
        assert_eq!(half.kind(), Kind::BFloat16);
        assert!(worst(&half.to_kind(Kind::Float), &of(Kind::Float)) < 0.02);
    }
}
