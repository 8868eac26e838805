use tch::Tensor;

use crate::TorchError;
use crate::ffi;

/// The first convolution of a network, for training on the CPU in f32: `images` are
/// `[n, from, rows, columns]` with few channels, `weight` is `[to, from, side, side]`, and the
/// result `[n, to, (rows - 1) / stride + 1, (columns - 1) / stride + 1]`, since the padding is
/// half a side. Gradients go back to both; there are no second derivatives.
///
/// ```
/// use foramen_tch::{channels_last, stem_convolution};
/// use tch::{Device, Kind, Tensor};
///
/// let options = (Kind::Float, Device::Cpu);
/// let images = channels_last(&Tensor::randn([4, 1, 64, 64], options))?;
/// let weight = Tensor::randn([16, 1, 5, 5], options);
/// let result = stem_convolution(&images, &weight, 2)?;
/// let direct = images.conv2d(&weight, None::<Tensor>, 2, 2, 1, 1);
/// assert!(result.allclose(&direct, 1e-4, 1e-4, false));
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
///
/// libtorch computes as for more channels, of which most are zeros. Here filters see runs of
/// numbers, and the result does not depend on the number of threads.
///
/// So convolved are images in f32 that lie channels-last, outside of autocast, of at most four
/// channels, by square filters of at most 7 × 7, an odd number of pixels along a side, to
/// channels that 16 divides and at least 13 columns, on x86-64 processors with AVX2, under
/// Linux. Anything else libtorch convolves.
///
/// # Errors
/// [`TorchError::Exception`] for shapes or number formats that do not fit each other.
pub fn stem_convolution(
    images: &Tensor,
    weight: &Tensor,
    stride: i64,
) -> Result<Tensor, TorchError> {
    ffi::stem(images, weight, stride)
}
