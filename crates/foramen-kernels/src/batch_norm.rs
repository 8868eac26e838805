use tch::Tensor;

use crate::TorchError;
use crate::ffi::{self, Norm};

/// Batch norm of a training step with what follows it in a residual network, the sum and
/// `ReLU`. On the CPU it passes over memory less often than libtorch does for the three.
///
/// ```
/// use foramen_kernels::FusedBatchNorm;
/// use foramen_tch::channels_last;
/// use tch::{Device, Kind, Tensor};
///
/// let options = (Kind::Float, Device::Cpu);
/// let maps = channels_last(&Tensor::rand([8, 16, 5, 5], options))?;
/// let norm = [1.0, 0.0, 0.0, 1.0].map(|value| Tensor::full([16], value, options));
/// let [weight, bias, running_mean, running_variance] = &norm;
/// let norm = [weight, bias, running_mean, running_variance];
/// let maps = FusedBatchNorm::default().forward(&maps, None, norm, true)?;
/// assert_eq!(maps.size(), [8, 16, 5, 5]);
/// assert_eq!(maps.min().double_value(&[]), 0.0);
/// # Ok::<(), foramen_kernels::TorchError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FusedBatchNorm {
    /// The share of this batch in the running statistics; 0.1 by default, as in PyTorch.
    pub momentum: f64,
    /// What is added to a variance; 10⁻⁵ by default.
    pub epsilon: f64,
    /// Whether libtorch's own operations compute all of it, one after the other; `false` by
    /// default. Statistics are shared between processes in either case.
    pub by_libtorch: bool,
}

impl Default for FusedBatchNorm {
    fn default() -> Self {
        Self { momentum: 0.1, epsilon: 1e-5, by_libtorch: false }
    }
}

impl FusedBatchNorm {
    /// Normalises `maps` `[n, channels, rows, columns]` by their own means and variances,
    /// adds `residual` where there is one, and takes `ReLU` where `relu` says so. `norm` is
    /// `[weight, bias, running mean, running variance]`, each with a number per channel,
    /// of which the last two are moved. Gradients go back to the first two, to maps and to
    /// residual; there are no second derivatives.
    ///
    /// The kernel handles maps in f32 or bf16 on the CPU, channels-last, as is the residual,
    /// with a norm in f32. The number of channels is a multiple of 64, or divides 64 where the
    /// number of values is a multiple of 64. The result does not depend on the number of threads,
    /// nor on the instruction set. Other maps go through libtorch's own operations.
    ///
    /// # Errors
    /// [`TorchError::Exception`] for shapes or number formats that do not fit each other.
    pub fn forward(
        &self,
        maps: &Tensor,
        residual: Option<&Tensor>,
        norm: [&Tensor; 4],
        relu: bool,
    ) -> Result<Tensor, TorchError> {
        ffi::batch_norm(maps, residual, norm, &self.options(relu, false))
    }

    /// [`Self::forward`] with `ReLU` and without a residual, then a maximum over 3 × 3 pixels
    /// with a stride of 2, as after the first layer of a `ResNet`. Maps become
    /// `[n, channels, (rows + 1) / 2, (columns + 1) / 2]`.
    ///
    /// The kernel handles the same maps, and pools at once where the number of channels is a
    /// multiple of 64.
    ///
    /// # Errors
    /// [`TorchError::Exception`] for shapes or number formats that do not fit each other.
    pub fn forward_pooled(&self, maps: &Tensor, norm: [&Tensor; 4]) -> Result<Tensor, TorchError> {
        ffi::batch_norm(maps, None, norm, &self.options(true, true))
    }

    fn options(self, relu: bool, pools: bool) -> Norm {
        let Self { momentum, epsilon, by_libtorch } = self;
        let [relu, pools, by_libtorch] = [relu, pools, by_libtorch].map(i32::from);
        Norm { momentum, epsilon, relu, pools, by_libtorch }
    }
}
