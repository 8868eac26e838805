//! EfficientNet-B0 (Tan and Le 2019, arXiv 1905.11946) with torchvision's names.

use tch::nn::{self, Init, Module as _};
use tch::{Kind, Tensor};

use super::{Each, Trunk};
use crate::CnnError;
use crate::network::layer::{Layer, Shape};

/// Each stage: expansion, kernel, stride, channels, blocks.
pub(crate) const STAGES: [[i64; 5]; 7] = [
    [1, 3, 1, 16, 1],
    [6, 3, 2, 24, 2],
    [6, 5, 2, 40, 2],
    [6, 3, 2, 80, 3],
    [6, 5, 1, 112, 3],
    [6, 5, 2, 192, 4],
    [6, 3, 1, 320, 1],
];

/// Channels of the maps.
const CHANNELS: i64 = 1280;

/// EfficientNet-B0 without its last layer, and without stochastic depth.
#[derive(Debug)]
pub(crate) struct EfficientNet {
    stem: Layer,
    blocks: Vec<Block>,
    head: Layer,
}

/// An inverted bottleneck: expansion, depthwise convolution, squeeze and excitation, projection.
#[derive(Debug)]
struct Block {
    expand: Option<Layer>,
    depthwise: Layer,
    /// The layers that compute channel weights from the channels' means.
    weigh: [nn::Conv2D; 2],
    project: Layer,
    is_residual: bool,
}

impl EfficientNet {
    pub(super) fn new(path: &nn::Path<'_>, input: i64, small: bool) -> Self {
        let path = path / "features";
        let layer = |path: nn::Path<'_>, shape| Layer::new(&path, ["0", "1"], shape);
        let mut blocks = Vec::new();
        let mut from = 32;
        for (stage, [expansion, kernel, stride, to, count]) in (1..).zip(STAGES) {
            for place in 0..count {
                let path = &path / stage / place / "block";
                let stride = if place == 0 { stride } else { 1 };
                let wide = from * expansion;
                let expand =
                    (expansion > 1).then(|| layer(&path / 0, Shape::new(from, wide, 1, 1)));
                let first = i64::from(expand.is_some());
                let filter = Shape { groups: wide, ..Shape::new(wide, wide, kernel, stride) };
                let weigh = |name: &str, from, to| {
                    let config = nn::ConvConfig { ws_init: Init::Const(0.0), ..Default::default() };
                    nn::conv2d(&path / (first + 1) / name, from, to, 1, config)
                };
                let squeezed = (from / 4).max(1);
                blocks.push(Block {
                    depthwise: layer(&path / first, filter),
                    weigh: [weigh("fc1", wide, squeezed), weigh("fc2", squeezed, wide)],
                    project: layer(&path / (first + 2), Shape::new(wide, to, 1, 1)),
                    is_residual: stride == 1 && from == to,
                    expand,
                });
                from = to;
            }
        }
        Self {
            stem: layer(&path / 0, Shape::new(input, 32, 3, if small { 1 } else { 2 })),
            blocks,
            head: layer(&path / 8, Shape::new(from, CHANNELS, 1, 1)),
        }
    }
}

impl Trunk for EfficientNet {
    fn maps(&self, images: &Tensor, train: bool) -> Tensor {
        let apply = |layer: &Layer, maps: &Tensor| layer.forward(maps, None, false, train).silu();
        let mut maps = apply(&self.stem, images); // [n, 32, rows/2, columns/2]
        for block in &self.blocks {
            let wide = match &block.expand {
                Some(expand) => apply(expand, &maps),
                None => maps.shallow_clone(),
            };
            let wide = apply(&block.depthwise, &wide);
            let means = wide.mean_dim(&[2i64, 3][..], true, Kind::Float);
            let weights = block.weigh[1].forward(&block.weigh[0].forward(&means).silu()).sigmoid();
            let residual = block.is_residual.then_some(&maps);
            let weighed = wide * weights.to_kind(maps.kind());
            maps = block.project.forward(&weighed, residual, false, train);
        }
        apply(&self.head, &maps) // [n, 1280, rows/32, columns/32]
    }

    fn channels(&self) -> i64 {
        CHANNELS
    }

    fn each_layer(&mut self, each: Each<'_>) -> Result<(), CnnError> {
        each(&mut self.stem)?;
        for Block { expand, depthwise, project, .. } in &mut self.blocks {
            expand.iter_mut().chain([depthwise, project]).try_for_each(&mut *each)?;
        }
        each(&mut self.head)
    }
}
