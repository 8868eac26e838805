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
    /// weight into it at each call. [`PackedConvolution::is_packed`] tells.
    ///
    /// # Errors
    /// [`TorchError::Convolution`] for a stride or a number of groups below one, a
    /// negative padding, or shapes that do not fit each other.
    pub fn new(
        weight: &Tensor,
        bias: &Tensor,
        [stride, padding, groups]: [i64; 3],
        kind: Kind,
    ) -> Result<Self, TorchError> {
        let geometry = Geometry { stride, padding, groups };
        check_convolution(weight, bias, &geometry)?;
        let plain = channels_last(&weight.detach().to_kind(kind))?;
        let bias = bias.detach().to_kind(kind);
        // Of what was checked above oneDNN refuses only number formats, which depend on
        // the processor and on how it was built.
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
    /// Those of [`PackedConvolution::new`], and [`TorchError::Convolution`] where the
    /// norm has not a number for each filter.
    pub fn with_norm(
        weight: &Tensor,
        [scale, shift, mean, variance]: [&Tensor; 4],
        epsilon: f64,
        geometry: [i64; 3],
        kind: Kind,
    ) -> Result<Self, TorchError> {
        for norm in [scale, shift, mean, variance] {
            check_one_per_filter("a norm", norm, weight)?;
        }
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
    /// [`TorchError::Convolution`] for a residual of another shape than the maps,
    /// [`TorchError::Exception`] or [`TorchError::Tch`] for an input that does not fit.
    pub fn forward(
        &self,
        input: &Tensor,
        residual: Option<&Tensor>,
        relu: bool,
    ) -> Result<Tensor, TorchError> {
        let input = input.to_kind(self.weight.kind());
        if let Some(residual) = residual {
            self.check_residual(&input, residual)?;
        }
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

    /// Whether oneDNN computes it.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        self.is_packed
    }

    /// oneDNN stretches a residual that is too small, or reads a part of one that is too
    /// large, where PyTorch's sum refuses both.
    fn check_residual(&self, input: &Tensor, residual: &Tensor) -> Result<(), TorchError> {
        let (input, weight) = (input.size(), self.weight.size());
        let [n, _, rows, columns] = input[..] else { return Ok(()) };
        let Geometry { stride, padding, .. } = self.geometry;
        let after = |length: i64, kernel: i64| (length + 2 * padding - kernel) / stride + 1;
        let maps = [n, weight[0], after(rows, weight[2]), after(columns, weight[3])];
        if residual.size() == maps {
            return Ok(());
        }
        refuse(format!("a residual of {:?} where its maps are {maps:?}", residual.size()))
    }
}

fn refuse(problem: String) -> Result<(), TorchError> {
    Err(TorchError::Convolution { problem })
}

/// What oneDNN would not refuse, but die of or leave filters out for.
fn check_convolution(
    weight: &Tensor,
    bias: &Tensor,
    &Geometry { stride, padding, groups }: &Geometry,
) -> Result<(), TorchError> {
    let size = weight.size();
    if size.len() != 4 || size.contains(&0) {
        return refuse(format!("a weight of {size:?}; it takes [to, from / groups, k, k]"));
    }
    if stride < 1 || padding < 0 || groups < 1 {
        return refuse(format!("stride {stride}, padding {padding}, groups {groups}"));
    }
    if size[0] % groups != 0 {
        return refuse(format!("{} filters in {groups} groups", size[0]));
    }
    check_one_per_filter("a bias", bias, weight)
}

fn check_one_per_filter(what: &str, tensor: &Tensor, weight: &Tensor) -> Result<(), TorchError> {
    if tensor.size() == [weight.size().first().copied().unwrap_or(0)] {
        return Ok(());
    }
    refuse(format!("{what} of {:?} with a weight of {:?}", tensor.size(), weight.size()))
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
    fn what_onednn_would_die_of_or_misread_is_refused() {
        let (weight, bias) = (wave(&[8, 2, 3, 3], 0.7), wave(&[8], 0.3));
        let message = |weight: &Tensor, bias: &Tensor, geometry| {
            let packed = PackedConvolution::new(weight, bias, geometry, Kind::Float);
            packed.unwrap_err().to_string()
        };
        let refused = |geometry| message(&weight, &bias, geometry);
        assert!(refused([0, 1, 1]).ends_with("cannot have stride 0, padding 1, groups 1"));
        assert!(refused([1, -1, 1]).contains("padding -1"));
        assert!(refused([1, 1, 0]).contains("groups 0"));
        assert!(refused([1, 1, 3]).ends_with("8 filters in 3 groups"));
        let geometry = [1, 1, 1];
        assert!(message(&bias, &bias, geometry).contains("a weight of [8]; it takes [to, from"));
        let short = wave(&[7], 0.3);
        let text = message(&weight, &short, geometry);
        assert!(text.ends_with("a bias of [7] with a weight of [8, 2, 3, 3]"), "{text}");
        let norm = [&bias, &bias, &wave(&[1], 0.3), &bias];
        let packed = PackedConvolution::with_norm(&weight, norm, 1e-5, geometry, Kind::Float);
        assert!(packed.unwrap_err().to_string().contains("a norm of [1]"));
    }

    #[test]
    fn a_residual_of_another_shape_is_refused_packed_or_not() {
        let (weight, bias) = (wave(&[8, 2, 3, 3], 0.7), wave(&[8], 0.3));
        let input = wave(&[1, 2, 9, 9], 1.1);
        for kind in [Kind::Float, Kind::Double] {
            let packed = PackedConvolution::new(&weight, &bias, [2, 1, 1], kind).unwrap();
            for shape in [[1, 8, 1, 1], [1, 5, 5, 5], [2, 8, 5, 5], [1, 8, 9, 9]] {
                let residual = wave(&shape, 0.2).to_kind(kind);
                let error = packed.forward(&input, Some(&residual), true).unwrap_err();
                assert!(error.to_string().ends_with("its maps are [1, 8, 5, 5]"), "{error}");
            }
        }
    }

    #[test]
    fn a_format_that_onednn_does_not_know_is_not_packed() {
        let (weight, bias) = (wave(&[4, 4, 3, 3], 0.7), wave(&[4], 0.3));
        let of = |kind| PackedConvolution::new(&weight, &bias, [1, 1, 1], kind).unwrap();
        assert!(!of(Kind::Double).is_packed());
        // oneDNN is in every libtorch for these processors.
        let has_avx512 = cpu_capability().unwrap().starts_with("AVX512");
        assert_eq!(of(Kind::Float).is_packed(), has_avx512);
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
