//! The compact trunk, for some 300 outcomes.

use tch::{Tensor, nn};

use super::{Each, Trunk};
use crate::CnnError;
use crate::network::layer::{Layer, Shape};

/// A stem and three stages, each a residual block on half the pixels of the one
/// before.
#[derive(Debug)]
pub(crate) struct Compact {
    stem: Layer,
    stages: Vec<Stage>,
    channels: i64,
}

/// Twice the channels on half the pixels, then a residual block.
#[derive(Debug)]
struct Stage {
    down: Option<Layer>,
    first: Layer,
    second: Layer,
}

impl Compact {
    pub(super) fn new(path: &nn::Path<'_>, input: i64, channels: i64) -> Self {
        let layer = |name: &str, from, to, kernel, stride| {
            let norm = format!("{name}_norm");
            Layer::new(path, [name, &norm], Shape::new(from, to, kernel, stride))
        };
        let stage = |i: u32| {
            let name = |part: &str| format!("stage{i}_{part}");
            let (from, to) = (channels << i.saturating_sub(1), channels << i);
            Stage {
                down: (i > 0).then(|| layer(&name("down"), from, to, 3, 2)),
                first: layer(&name("first"), to, to, 3, 1),
                second: layer(&name("second"), to, to, 3, 1),
            }
        };
        Self {
            stem: layer("stem", input, channels, 5, 2),
            stages: (0..3).map(stage).collect(),
            channels,
        }
    }
}

impl Trunk for Compact {
    fn maps(&self, images: &Tensor, train: bool) -> Tensor {
        let mut maps = self.stem.forward(images, None, true, train); // [n, c, rows/2, columns/2]
        for stage in &self.stages {
            if let Some(down) = &stage.down {
                maps = down.forward(&maps, None, true, train);
            }
            let inner = stage.first.forward(&maps, None, true, train);
            maps = stage.second.forward(&inner, Some(&maps), true, train);
        }
        maps // [n, 4c, rows/8, columns/8]
    }

    fn channels(&self) -> i64 {
        4 * self.channels
    }

    fn each_layer(&mut self, each: Each<'_>) -> Result<(), CnnError> {
        each(&mut self.stem)?;
        for Stage { down, first, second } in &mut self.stages {
            down.iter_mut().chain([first, second]).try_for_each(&mut *each)?;
        }
        Ok(())
    }
}
