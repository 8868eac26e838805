use tch::Tensor;

use crate::TorchError;
use crate::ffi;

/// A convolution of 3 × 3 with a stride and a padding of 1, for training on the CPU in f32.
///
/// It multiplies in Winograd's domain: 36 multiplications instead of 144 for 16 pixels of the
/// result. `maps` are `[n, from, rows, columns]`, `weight` is `[to, from, 3, 3]`, and the result
/// `[n, to, rows, columns]`. Gradients go back to both; there are no second derivatives.
///
/// ```
/// use foramen_kernels::winograd_convolution;
/// use foramen_tch::channels_last;
/// use tch::{Device, Kind, Tensor};
///
/// let options = (Kind::Float, Device::Cpu);
/// let maps = channels_last(&Tensor::randn([8, 16, 12, 12], options))?;
/// let weight = Tensor::randn([32, 16, 3, 3], options) / 12.0;
/// let result = winograd_convolution(&maps, &weight)?;
/// let direct = maps.conv2d(&weight, None::<Tensor>, 1, 1, 1, 1);
/// assert!(result.allclose(&direct, 1e-4, 1e-4, false));
/// # Ok::<(), foramen_kernels::TorchError>(())
/// ```
///
/// It rounds more than a sum over nine pixels does: errors are about 10⁻⁵ of the largest value of
/// a result, those of libtorch about 10⁻⁶. The result does not depend on the number of threads.
/// If any input of a tile is NaN or infinite, all its output pixels are NaN.
///
/// The kernel handles maps in f32, channels-last, outside of autocast, of at least 32 tiles of
/// 4 × 4 pixels. The numbers of channels before and after are multiples of 16, up to 2048. Other
/// maps go to libtorch.
///
/// The transforms are those of Lavin and Gray, Fast algorithms for convolutional neural
/// networks, 2016 ([arXiv:1509.09308](https://arxiv.org/abs/1509.09308)).
///
/// # Errors
/// [`TorchError::Exception`] for shapes or number formats that do not fit each other.
pub fn winograd_convolution(maps: &Tensor, weight: &Tensor) -> Result<Tensor, TorchError> {
    ffi::winograd(maps, weight)
}
