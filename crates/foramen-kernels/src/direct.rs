use tch::Tensor;

use crate::TorchError;
use crate::ffi;

/// A convolution of images or with a stride, for training on the CPU in f32: `maps` are
/// `[n, from, rows, columns]`, `weight` is `[to, from, side, side]`, and the result
/// `[n, to, (rows - 1) / stride + 1, (columns - 1) / stride + 1]`, since the padding is half a
/// side. Gradients go back to both; there are no second derivatives.
///
/// ```
/// use foramen_kernels::direct_convolution;
/// use foramen_tch::channels_last;
/// use tch::{Device, Kind, Tensor};
///
/// let options = (Kind::Float, Device::Cpu);
/// let images = channels_last(&Tensor::randn([4, 1, 64, 64], options))?;
/// let weight = Tensor::randn([16, 1, 5, 5], options);
/// let result = direct_convolution(&images, &weight, 2)?;
/// let libtorch = images.conv2d(&weight, None::<Tensor>, 2, 2, 1, 1);
/// assert!(result.allclose(&libtorch, 1e-4, 1e-4, false));
/// # Ok::<(), foramen_kernels::TorchError>(())
/// ```
///
/// libtorch readies a convolution anew at each call, which takes long beside a small one. The
/// result here does not depend on the number of threads.
///
/// So convolved are maps in f32 that lie channels-last, outside of autocast, to channels that
/// 16 divides, on x86-64 processors with AVX2, under Linux: of at most four channels, by
/// filters of at most 7 × 7, an odd number of pixels along a side; and of channels that 16
/// divides, by at most 131 072 weights of 3 × 3, with a stride of 2. Anything else libtorch
/// convolves.
///
/// # Errors
/// [`TorchError::Exception`] for shapes or number formats that do not fit each other.
pub fn direct_convolution(
    maps: &Tensor,
    weight: &Tensor,
    stride: i64,
) -> Result<Tensor, TorchError> {
    ffi::direct(maps, weight, stride)
}
