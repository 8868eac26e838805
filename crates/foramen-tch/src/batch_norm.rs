use tch::Tensor;

use crate::TorchError;
use crate::ffi::{self, Norm};

/// Batch norm of a training step with what follows it in a residual network, the sum and
/// `ReLU`: on the CPU in fewer passes over memory than libtorch takes for the three.
///
/// ```
/// use foramen_tch::{FusedBatchNorm, channels_last};
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
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FusedBatchNorm {
    /// The share of this batch in the running statistics; 0.1 by default, as in PyTorch.
    pub momentum: f64,
    /// What is added to a variance; 10⁻⁵ by default.
    pub epsilon: f64,
}

impl Default for FusedBatchNorm {
    fn default() -> Self {
        Self { momentum: 0.1, epsilon: 1e-5 }
    }
}

impl FusedBatchNorm {
    /// Normalises `maps` `[n, channels, rows, columns]` by their own means and variances,
    /// adds `residual` where there is one, and takes `ReLU` where `relu` says so. `norm` is
    /// `[weight, bias, running mean, running variance]`, each with a number per channel,
    /// of which the last two are moved. Gradients go back to the first two, to maps and to
    /// residual; there are no second derivatives.
    ///
    /// Fused are maps in f32 or bf16 on the CPU that lie channels-last, as does the
    /// residual, with a norm in f32, and with channels that 64 divides, or that divide 64
    /// where 64 divides the number of values too. Their result does not depend on the number
    /// of threads. Any other maps go through libtorch's own operations, one after the other.
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
        let Self { momentum, epsilon } = *self;
        let options = Norm { momentum, epsilon, relu: relu.into(), pools: 0 };
        ffi::batch_norm(maps, residual, norm, &options)
    }

    /// What [`Self::forward`] gives with `ReLU` and without a residual, then of every second
    /// pixel along both sides the largest of the 3 × 3 around it, as after the first layer of a
    /// `ResNet`: maps become `[n, channels, (rows + 1) / 2, (columns + 1) / 2]`.
    ///
    /// Fused are maps as there, with channels that 64 divides.
    ///
    /// # Errors
    /// [`TorchError::Exception`] for shapes or number formats that do not fit each other.
    pub fn forward_pooled(&self, maps: &Tensor, norm: [&Tensor; 4]) -> Result<Tensor, TorchError> {
        let Self { momentum, epsilon } = *self;
        ffi::batch_norm(maps, None, norm, &Norm { momentum, epsilon, relu: 1, pools: 1 })
    }
}
