//! EfficientNet-Lite0 without its classes.

use tch::Tensor;
use tch::nn::{self, Module as _, ModuleT as _};

use super::efficientnet::STAGES;
use super::{Each, Trunk};
use crate::CnnError;
use crate::network::layer::Shape;

/// Channels of the last feature maps.
const CHANNELS: i64 = 1280;

/// All but the last layer.
#[derive(Debug)]
pub(crate) struct Lite0 {
    stem: Layer,
    blocks: Vec<Block>,
    head: Layer,
}

/// A convolution padded as TensorFlow pads, with its norm.
#[derive(Debug)]
struct Layer {
    convolution: nn::Conv2D,
    norm: nn::BatchNorm,
    kernel: i64,
    stride: i64,
}

#[derive(Debug)]
struct Block {
    expand: Option<Layer>,
    depthwise: Layer,
    project: Layer,
    residual: bool,
}

impl Layer {
    fn new(path: &nn::Path<'_>, convolution: &str, norm: &str, shape: Shape) -> Self {
        let Shape { from, to, kernel, stride, groups } = shape;
        let config = nn::ConvConfig { stride, groups, bias: false, ..Default::default() };
        let convolution = nn::conv2d(path / convolution, from, to, kernel, config);
        let config = nn::BatchNormConfig { eps: 1e-3, momentum: 0.01, ..Default::default() };
        Self { convolution, norm: nn::batch_norm2d(path / norm, to, config), kernel, stride }
    }

    fn forward(&self, maps: &Tensor, train: bool) -> Tensor {
        // As many outputs as inputs over the stride; what is odd goes to the end.
        let missing = |size: i64| {
            ((size + self.stride - 1) / self.stride - 1) * self.stride + self.kernel - size
        };
        let [rows, columns] = [2, 3].map(|axis| missing(maps.size()[axis]).max(0));
        let sides = [columns / 2, columns - columns / 2, rows / 2, rows - rows / 2];
        let padded = maps.constant_pad_nd(sides);
        self.norm.forward_t(&self.convolution.forward(&padded), train)
    }
}

impl Lite0 {
    /// Layers for images of `input` channels, with tensors below `path`.
    pub(crate) fn new(path: &nn::Path<'_>, input: i64) -> Self {
        let shape = |from, to, kernel, stride| Shape { from, to, kernel, stride, groups: 1 };
        let mut blocks = Vec::new();
        let mut from = 32;
        for [expansion, kernel, stride, to, count] in STAGES {
            for place in 0..count {
                let path = path / "_blocks" / blocks.len();
                let stride = if place == 0 { stride } else { 1 };
                let inner = from * expansion;
                let expand = (expansion > 1)
                    .then(|| Layer::new(&path, "_expand_conv", "_bn0", shape(from, inner, 1, 1)));
                let wide = Shape { groups: inner, ..shape(inner, inner, kernel, stride) };
                blocks.push(Block {
                    expand,
                    depthwise: Layer::new(&path, "_depthwise_conv", "_bn1", wide),
                    project: Layer::new(&path, "_project_conv", "_bn2", shape(inner, to, 1, 1)),
                    residual: stride == 1 && from == to,
                });
                from = to;
            }
        }
        Self {
            stem: Layer::new(path, "_conv_stem", "_bn0", shape(input, 32, 3, 2)),
            blocks,
            head: Layer::new(path, "_conv_head", "_bn1", shape(from, CHANNELS, 1, 1)),
        }
    }
}

impl Trunk for Lite0 {
    fn maps(&self, images: &Tensor, train: bool) -> Tensor {
        let mut maps = self.stem.forward(images, train).clamp(0.0, 6.0);
        for block in &self.blocks {
            let wide = match &block.expand {
                Some(expand) => expand.forward(&maps, train).clamp(0.0, 6.0),
                None => maps.shallow_clone(),
            };
            let wide = block.depthwise.forward(&wide, train).clamp(0.0, 6.0);
            let narrow = block.project.forward(&wide, train);
            maps = if block.residual { narrow + maps } else { narrow };
        }
        self.head.forward(&maps, train).clamp(0.0, 6.0) // [n, 1280, rows/32, columns/32]
    }

    fn channels(&self) -> i64 {
        CHANNELS
    }

    fn each_layer(&mut self, _: Each<'_>) -> Result<(), CnnError> {
        Ok(()) // Its layers pad by themselves: there is none that could be packed.
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn odd_sizes_are_halved_upwards() {
        let store = nn::VarStore::new(Device::Cpu);
        let network = Lite0::new(&store.root(), 3);
        let maps = |edge: i64| {
            let image = Tensor::zeros([1, 3, edge, edge], (Kind::Float, Device::Cpu));
            tch::no_grad(|| network.stem.forward(&image, false)).size()
        };
        assert_eq!(maps(224), [1, 32, 112, 112]);
        assert_eq!(maps(225), [1, 32, 113, 113]);
    }
}
