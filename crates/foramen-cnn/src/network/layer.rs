//! A convolution with its batch norm, of which every trunk is built.

use foramen_kernels::{FusedBatchNorm, winograd_convolution};
use foramen_tch::PackedConvolution;
use tch::nn::{self, Init, Module as _, ModuleT as _};
use tch::{Kind, Tensor};

use crate::CnnError;

/// The dimensions of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub from: i64,
    pub to: i64,
    pub kernel: i64,
    pub stride: i64,
    pub groups: i64,
}

impl Shape {
    /// An ordinary convolution that keeps the size, or divides it by `stride`.
    pub(crate) fn new(from: i64, to: i64, kernel: i64, stride: i64) -> Self {
        Self { from, to, kernel, stride, groups: 1 }
    }

    fn padding(self) -> i64 {
        self.kernel / 2
    }
}

/// A convolution without bias, whose weights are not initialised yet.
pub(crate) fn convolution(path: nn::Path<'_>, shape: Shape) -> nn::Conv2D {
    let config = nn::ConvConfig {
        stride: shape.stride,
        padding: shape.padding(),
        groups: shape.groups,
        bias: false,
        ws_init: Init::Const(0.0),
        ..Default::default()
    };
    nn::conv2d(path, shape.from, shape.to, shape.kernel, config)
}

/// A batch norm that leaves its input unchanged.
pub(crate) fn norm(path: nn::Path<'_>, channels: i64) -> nn::BatchNorm {
    let FusedBatchNorm { momentum, epsilon: eps, .. } = NORM;
    let config =
        nn::BatchNormConfig { ws_init: Init::Const(1.0), momentum, eps, ..Default::default() };
    nn::batch_norm2d(path, channels, config)
}

/// PyTorch's.
const NORM: FusedBatchNorm = FusedBatchNorm { momentum: 0.1, epsilon: 1e-5, by_libtorch: false };

/// A convolution and the batch norm after it.
#[derive(Debug)]
pub(crate) struct Layer {
    convolution: nn::Conv2D,
    norm: nn::BatchNorm,
    shape: Shape,
    /// Whether libtorch's own operations train it.
    pub by_libtorch: bool,
    /// Both in one, once the training is over.
    packed: Option<PackedConvolution>,
}

impl Layer {
    /// A layer with tensors below the two names.
    pub(crate) fn new(path: &nn::Path<'_>, names: [&str; 2], shape: Shape) -> Self {
        Self {
            convolution: convolution(path / names[0], shape),
            norm: norm(path / names[1], shape.to),
            shape,
            by_libtorch: false,
            packed: None,
        }
    }

    /// Applies the layer to feature maps, adds `residual` if given, and applies `ReLU` if `relu` is
    /// set.
    pub(crate) fn forward(
        &self,
        maps: &Tensor,
        residual: Option<&Tensor>,
        relu: bool,
        train: bool,
    ) -> Tensor {
        if let (Some(packed), false) = (&self.packed, train) {
            return packed.forward(maps, residual, relu).expect("maps have the layer's channels");
        }
        let maps =
            if train { self.convolve_in_training(maps) } else { self.convolution.forward(maps) };
        if let (Some(norm), true) = (self.norm(), train) {
            let normed = self.fused_norm().forward(&maps, residual, norm, relu);
            return normed.expect("a norm of the layer's width");
        }
        let mut maps = self.norm.forward_t(&maps, false);
        // Neither the norm nor the sum needs its result on the way back.
        if let Some(residual) = residual {
            maps = maps.g_add_(residual);
        }
        if relu { maps.relu_() } else { maps }
    }

    /// The same with `ReLU`, then of every second pixel the largest of the 3 × 3 around it.
    pub(crate) fn forward_pooled(&self, maps: &Tensor, train: bool) -> Tensor {
        if let (Some(norm), true) = (self.norm(), train) {
            let maps = self.convolve_in_training(maps);
            let pooled = self.fused_norm().forward_pooled(&maps, norm);
            return pooled.expect("a norm of the layer's width");
        }
        let maps = self.forward(maps, None, true, train);
        maps.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false)
    }

    fn convolve_in_training(&self, maps: &Tensor) -> Tensor {
        let is_inner =
            matches!(self.shape, Shape { kernel: 3, stride: 1, groups: 1, from: 5.., .. });
        if !is_inner || self.by_libtorch {
            return self.convolution.forward(maps);
        }
        let maps = winograd_convolution(maps, &self.convolution.ws);
        maps.expect("maps have the layer's channels")
    }

    fn fused_norm(&self) -> FusedBatchNorm {
        FusedBatchNorm { by_libtorch: self.by_libtorch, ..NORM }
    }

    /// Weight, bias, running mean and running variance.
    fn norm(&self) -> Option<[&Tensor; 4]> {
        let nn::BatchNorm { running_mean, running_var, ws, bs, .. } = &self.norm;
        Some([ws.as_ref()?, bs.as_ref()?, running_mean, running_var])
    }

    /// Makes prediction fast, in `kind`; weights that change later are not seen.
    pub(crate) fn pack(&mut self, kind: Kind) -> Result<(), CnnError> {
        let Some(norm) = self.norm() else { return Ok(()) };
        let Shape { stride, groups, .. } = self.shape;
        self.packed = Some(PackedConvolution::with_norm(
            &self.convolution.ws,
            norm,
            NORM.epsilon,
            [stride, self.shape.padding(), groups],
            kind,
        )?);
        Ok(())
    }
}
