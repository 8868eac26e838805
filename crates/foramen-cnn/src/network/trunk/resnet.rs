//! ResNet (He 2016, arXiv 1512.03385) with torchvision's names.

use tch::{Tensor, nn};

use super::{Each, Trunk};
use crate::CnnError;
use crate::network::layer::{Layer, Shape};

/// ResNet-18, 34 or 50 without its last layer.
#[derive(Debug)]
pub(crate) struct ResNet {
    stem: Layer,
    /// Whether max pooling halves the size after the stem.
    pools: bool,
    blocks: Vec<Block>,
    channels: i64,
}

/// Two or three layers beside a shortcut.
#[derive(Debug)]
struct Block {
    layers: Vec<Layer>,
    shortcut: Option<Layer>,
}

impl ResNet {
    /// Blocks of two 3 × 3 convolutions.
    pub(super) fn basic(path: &nn::Path<'_>, input: i64, small: bool, counts: [i64; 4]) -> Self {
        Self::new(path, input, small, counts, 1, |from, width, stride| {
            vec![Shape::new(from, width, 3, stride), Shape::new(width, width, 3, 1)]
        })
    }

    /// Blocks of 1 × 1, 3 × 3 and 1 × 1 convolutions; the middle one has the stride,
    /// as in torchvision.
    pub(super) fn bottleneck(
        path: &nn::Path<'_>,
        input: i64,
        small: bool,
        counts: [i64; 4],
    ) -> Self {
        Self::new(path, input, small, counts, 4, |from, width, stride| {
            vec![
                Shape::new(from, width, 1, 1),
                Shape::new(width, width, 3, stride),
                Shape::new(width, 4 * width, 1, 1),
            ]
        })
    }

    fn new(
        path: &nn::Path<'_>,
        input: i64,
        small: bool,
        counts: [i64; 4],
        expansion: i64,
        shapes: impl Fn(i64, i64, i64) -> Vec<Shape>,
    ) -> Self {
        let stem = if small { Shape::new(input, 64, 3, 1) } else { Shape::new(input, 64, 7, 2) };
        let mut blocks = Vec::new();
        let mut from = 64;
        for (stage, (count, width)) in counts.into_iter().zip([64, 128, 256, 512]).enumerate() {
            for place in 0..count {
                let path = path / format!("layer{}", stage + 1) / place;
                let stride = if place == 0 && stage > 0 { 2 } else { 1 };
                let layers = shapes(from, width, stride).into_iter().enumerate();
                let to = expansion * width;
                blocks.push(Block {
                    layers: layers
                        .map(|(i, shape)| {
                            let names = [format!("conv{}", i + 1), format!("bn{}", i + 1)];
                            Layer::new(&path, [&names[0], &names[1]], shape)
                        })
                        .collect(),
                    shortcut: (stride != 1 || from != to).then(|| {
                        let shape = Shape::new(from, to, 1, stride);
                        Layer::new(&(&path / "downsample"), ["0", "1"], shape)
                    }),
                });
                from = to;
            }
        }
        Self {
            stem: Layer::new(path, ["conv1", "bn1"], stem),
            pools: !small,
            blocks,
            channels: from,
        }
    }
}

impl Trunk for ResNet {
    fn maps(&self, images: &Tensor, train: bool) -> Tensor {
        let mut maps = if self.pools {
            self.stem.forward_pooled(images, train) // [n, 64, rows/4, columns/4]
        } else {
            self.stem.forward(images, None, true, train) // [n, 64, rows, columns]
        };
        for block in &self.blocks {
            let shortcut = match &block.shortcut {
                Some(layer) => layer.forward(&maps, None, false, train),
                None => maps.shallow_clone(),
            };
            let last = block.layers.len() - 1;
            for (place, layer) in block.layers.iter().enumerate() {
                let residual = (place == last).then_some(&shortcut);
                maps = layer.forward(&maps, residual, true, train);
            }
        }
        maps // [n, channels, rows/32, columns/32]
    }

    fn channels(&self) -> i64 {
        self.channels
    }

    fn each_layer(&mut self, each: Each<'_>) -> Result<(), CnnError> {
        each(&mut self.stem)?;
        for Block { layers, shortcut } in &mut self.blocks {
            layers.iter_mut().chain(shortcut).try_for_each(&mut *each)?;
        }
        Ok(())
    }
}
