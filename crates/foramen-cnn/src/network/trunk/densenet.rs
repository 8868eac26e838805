//! DenseNet-121 (Huang 2017, arXiv 1608.06993) with torchvision's names.

use tch::Tensor;
use tch::nn::{self, Module as _, ModuleT as _};

use super::{Each, Trunk};
use crate::CnnError;
use crate::network::layer::{Layer, Shape, convolution, norm};

/// Channels that each layer adds.
const GROWTH: i64 = 32;
/// Layers of each block.
const BLOCKS: [i64; 4] = [6, 12, 24, 16];

/// DenseNet-121 without its last layer.
#[derive(Debug)]
pub(crate) struct DenseNet {
    stem: Layer,
    pools: bool,
    blocks: Vec<Vec<Dense>>,
    transitions: Vec<(nn::BatchNorm, nn::Conv2D)>,
    norm: nn::BatchNorm,
    channels: i64,
}

/// Appends its feature maps to its input.
#[derive(Debug)]
struct Dense {
    norm: nn::BatchNorm,
    narrow: Layer,
    grow: nn::Conv2D,
}

impl DenseNet {
    pub(super) fn new(path: &nn::Path<'_>, input: i64, small: bool) -> Self {
        let path = path / "features";
        let stem = if small { Shape::new(input, 64, 3, 1) } else { Shape::new(input, 64, 7, 2) };
        let stem = Layer::new(&path, ["conv0", "norm0"], stem);
        let (mut blocks, mut transitions) = (Vec::new(), Vec::new());
        let mut channels = 64;
        for (block, count) in (1..).zip(BLOCKS) {
            if block > 1 {
                let path = &path / format!("transition{}", block - 1);
                let shape = Shape::new(channels, channels / 2, 1, 1);
                transitions
                    .push((norm(&path / "norm", channels), convolution(&path / "conv", shape)));
                channels /= 2;
            }
            let path = &path / format!("denseblock{block}");
            let dense = |place: i64| {
                let path = &path / format!("denselayer{}", place + 1);
                let from = channels + place * GROWTH;
                let narrow = Shape::new(from, 4 * GROWTH, 1, 1);
                let grow = Shape::new(4 * GROWTH, GROWTH, 3, 1);
                Dense {
                    norm: norm(&path / "norm1", from),
                    narrow: Layer::new(&path, ["conv1", "norm2"], narrow),
                    grow: convolution(&path / "conv2", grow),
                }
            };
            blocks.push((0..count).map(dense).collect());
            channels += count * GROWTH;
        }
        let norm = norm(&path / "norm5", channels);
        Self { stem, pools: !small, blocks, transitions, norm, channels }
    }
}

impl Trunk for DenseNet {
    fn maps(&self, images: &Tensor, train: bool) -> Tensor {
        let mut maps = if self.pools {
            self.stem.forward_pooled(images, train) // [n, 64, rows/4, columns/4]
        } else {
            self.stem.forward(images, None, true, train) // [n, 64, rows, columns]
        };
        for (block, layers) in self.blocks.iter().enumerate() {
            if block > 0 {
                let (norm, narrow) = &self.transitions[block - 1];
                let half = narrow.forward(&norm.forward_t(&maps, train).relu_());
                maps = half.avg_pool2d([2, 2], [2, 2], [0, 0], false, true, None);
            }
            for Dense { norm, narrow, grow } in layers {
                let inner = norm.forward_t(&maps, train).relu_();
                let inner = narrow.forward(&inner, None, true, train);
                maps = Tensor::cat(&[&maps, &grow.forward(&inner)], 1);
            }
        }
        self.norm.forward_t(&maps, train).relu_() // [n, channels, rows/32, columns/32]
    }

    fn channels(&self) -> i64 {
        self.channels
    }

    fn each_layer(&mut self, each: Each<'_>) -> Result<(), CnnError> {
        each(&mut self.stem)?;
        self.blocks.iter_mut().flatten().try_for_each(|dense| each(&mut dense.narrow))
    }
}
