use tch::Tensor;

use crate::TorchError;
use crate::ffi;

/// A convolution of 3 × 3 with a stride and a padding of 1, for training on the CPU in f32:
/// in Winograd's domain, where 36 multiplications stand for the 144 that 16 pixels take.
/// `maps` are `[n, from, rows, columns]`, `weight` is `[to, from, 3, 3]`, and the result
/// `[n, to, rows, columns]`. Gradients go back to both; there are no second derivatives.
///
/// ```
/// use foramen_tch::{channels_last, winograd_convolution};
/// use tch::{Device, Kind, Tensor};
///
/// let options = (Kind::Float, Device::Cpu);
/// let maps = channels_last(&Tensor::randn([8, 16, 12, 12], options))?;
/// let weight = Tensor::randn([32, 16, 3, 3], options) / 12.0;
/// let result = winograd_convolution(&maps, &weight)?;
/// let direct = maps.conv2d(&weight, None::<Tensor>, 1, 1, 1, 1);
/// assert!(result.allclose(&direct, 1e-4, 1e-4, false));
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
///
/// It rounds more than the sum over nine pixels does: of the largest value of a result some
/// 10⁻⁵ may be lost where libtorch loses 10⁻⁶. The result does not depend on the number of
/// threads. A number that is none, or infinite, makes no number of all pixels of its tile.
///
/// So convolved are maps in f32 that lie channels-last, outside of autocast, of at least 32
/// tiles of 4 × 4 pixels, with channels that 16 divides on both sides and that are at most
/// 2048, on x86-64 processors with AVX2, under Linux. Anything else libtorch convolves.
///
/// The transforms are those of Lavin and Gray, Fast algorithms for convolutional neural
/// networks, 2016 ([arXiv:1509.09308](https://arxiv.org/abs/1509.09308)).
///
/// # Errors
/// [`TorchError::Exception`] for shapes or number formats that do not fit each other.
pub fn winograd_convolution(maps: &Tensor, weight: &Tensor) -> Result<Tensor, TorchError> {
    ffi::winograd(maps, weight)
}
