//! The network: a small residual trunk, a width head, an outcome head.

use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Uniform};
use tch::nn::{self, Init, Module as _, ModuleT as _};
use tch::{Device, Kind, Tensor};

use crate::CnnError;

/// Features that the heads see.
const FEATURES: i64 = 48;

/// The weights and layers of one network.
#[derive(Debug)]
pub(crate) struct Network {
    store: nn::VarStore,
    stem: nn::Conv2D,
    stem_norm: nn::BatchNorm,
    stages: Vec<Stage>,
    features: nn::Linear,
    width: nn::Linear,
    outcome_width: nn::Linear,
    outcome: nn::Linear,
}

/// Twice the channels on half the pixels, then a residual block.
#[derive(Debug)]
struct Stage {
    down: Option<(nn::Conv2D, nn::BatchNorm)>,
    first: (nn::Conv2D, nn::BatchNorm),
    second: (nn::Conv2D, nn::BatchNorm),
}

/// What the trunk and the heads say of a batch, all in f32.
pub(crate) struct Answer {
    /// Widths in the unit of the width scale, `[n]`.
    pub width: Tensor,
    /// What the outcome is read from, `[n, FEATURES]`.
    pub features: Tensor,
}

impl Network {
    /// Builds a network; its weights are drawn from `generator`.
    pub(crate) fn new(channels: usize, device: Device, generator: &mut ChaCha8Rng) -> Self {
        let store = nn::VarStore::new(device);
        let root = store.root();
        let c = i64::try_from(channels).expect("channels are few");
        let norm = |name: &str, channels: i64| {
            let config = nn::BatchNormConfig { ws_init: Init::Const(1.0), ..Default::default() };
            nn::batch_norm2d(&root / name, channels, config)
        };
        let conv = |name: &str, from: i64, to: i64, kernel: i64, stride: i64| {
            let config = nn::ConvConfig {
                stride,
                padding: kernel / 2,
                bias: false,
                ws_init: Init::Const(0.0),
                ..Default::default()
            };
            nn::conv2d(&root / name, from, to, kernel, config)
        };
        let linear = |name: &str, from: i64, to: i64| {
            let config = nn::LinearConfig {
                ws_init: Init::Const(0.0),
                bs_init: Some(Init::Const(0.0)),
                bias: true,
            };
            nn::linear(&root / name, from, to, config)
        };
        let stages = (0..3u32)
            .map(|i| {
                let name = |part: &str| format!("stage{i}_{part}");
                let (from, to) = (c << i.saturating_sub(1), c << i);
                let layer = |part: &str, from, to, stride| {
                    (
                        conv(&name(part), from, to, 3, stride),
                        norm(&format!("{}_norm", name(part)), to),
                    )
                };
                Stage {
                    down: (i > 0).then(|| layer("down", from, to, 2)),
                    first: layer("first", to, to, 1),
                    second: layer("second", to, to, 1),
                }
            })
            .collect();
        let mut network = Self {
            stem: conv("stem", 1, c, 5, 2),
            stem_norm: norm("stem_norm", c),
            stages,
            features: linear("features", 8 * c, FEATURES),
            width: linear("width", FEATURES, 1),
            outcome_width: linear("outcome_width", 1, 1),
            outcome: linear("outcome", FEATURES, 1),
            store,
        };
        network.draw_weights(generator);
        network
    }

    /// Draws weights by name, in the order of the alphabet: He's normal for
    /// convolutions, a uniform for the other matrices, and heads from zero.
    fn draw_weights(&mut self, generator: &mut ChaCha8Rng) {
        for (name, mut tensor) in self.named() {
            let size = tensor.size();
            let fan_in = size.iter().skip(1).product::<i64>() as f64;
            let count = tensor.numel();
            let values: Vec<f64> = match (size.len(), name.as_str()) {
                (4, _) => {
                    let normal =
                        Normal::new(0.0, (2.0 / fan_in).sqrt()).expect("a deviation is positive");
                    normal.sample_iter(&mut *generator).take(count).collect()
                }
                (2, "features.weight" | "width.weight") => {
                    let limit = (3.0 / fan_in).sqrt();
                    let uniform = Uniform::new(-limit, limit).expect("a limit is positive");
                    uniform.sample_iter(&mut *generator).take(count).collect()
                }
                _ => continue,
            };
            let drawn = Tensor::from_slice(&values).view(&*size).to_kind(Kind::Float);
            tch::no_grad(|| tensor.copy_(&drawn));
        }
        // The width carries the outcome from the start: wider does better.
        let mut slope = self.outcome_width.ws.shallow_clone();
        tch::no_grad(|| {
            let _ = slope.fill_(1.0);
        });
    }

    /// Maps and pools images `[n, 1, rows, columns]` about zero.
    pub(crate) fn look(&self, images: &Tensor, train: bool) -> Tensor {
        pool(&self.maps(images, train))
    }

    /// The last maps of the trunk, `[n, 4c, rows/8, columns/8]`, in f32.
    pub(crate) fn maps(&self, images: &Tensor, train: bool) -> Tensor {
        let mut maps = self.stem.forward(images); // [n, c, crop/2, crop/2]
        maps = self.stem_norm.forward_t(&maps, train).relu();
        for stage in &self.stages {
            if let Some((conv, norm)) = &stage.down {
                maps = norm.forward_t(&conv.forward(&maps), train).relu();
            }
            let (conv, norm) = &stage.first;
            let inner = norm.forward_t(&conv.forward(&maps), train).relu();
            let (conv, norm) = &stage.second;
            maps = (norm.forward_t(&conv.forward(&inner), train) + &maps).relu();
        } // [n, 4c, crop/8, crop/8]
        maps.to_kind(Kind::Float)
    }

    /// The heads' common features and the width.
    pub(crate) fn answer(&self, pooled: &Tensor) -> Answer {
        let features = self.features.forward(pooled).relu(); // [n, FEATURES]
        let width = self.width.forward(&features).squeeze_dim(1); // [n]
        Answer { width, features }
    }

    /// Log-odds of a favourable outcome from width z-scores `[n]` and features
    /// `[n, FEATURES]`.
    pub(crate) fn outcome(&self, width_z: &Tensor, features: &Tensor) -> Tensor {
        let by_width = self.outcome_width.forward(&width_z.unsqueeze(1));
        (by_width + self.outcome.forward(features)).squeeze_dim(1)
    }

    /// Every tensor, trained or running, by name, in the order of the alphabet.
    pub(crate) fn named(&self) -> Vec<(String, Tensor)> {
        let mut named: Vec<_> = self.store.variables().into_iter().collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    }

    /// Takes the values of another network of the same shape.
    pub(crate) fn copy_from(&mut self, other: &Self) -> Result<(), CnnError> {
        for ((_, mut to), (_, from)) in self.named().into_iter().zip(other.named()) {
            tch::no_grad(|| to.f_copy_(&from))?;
        }
        Ok(())
    }

    /// Number of trained weights.
    pub(crate) fn weights(&self) -> usize {
        self.store.trainable_variables().iter().map(Tensor::numel).sum()
    }

    /// Ends the training: no weight has a gradient any more.
    pub(crate) fn freeze(&mut self) {
        self.store.freeze();
    }

    /// Lays the convolutions' weights out channels-last.
    pub(crate) fn make_channels_last(&mut self) -> Result<(), CnnError> {
        for (_, mut tensor) in self.named() {
            if tensor.dim() == 4 {
                foramen_tch::make_channels_last(&mut tensor)?;
            }
        }
        Ok(())
    }
}

/// Means of maps over the whole and over the middle, `[n, 8c]`: the foramen is in
/// the middle, so that what its half of the image shows is pooled by itself.
pub(crate) fn pool(maps: &Tensor) -> Tensor {
    let side = maps.size()[2];
    let (from, length) = (side / 4, side - 2 * (side / 4));
    let middle = maps.narrow(2, from, length).narrow(3, from, length);
    let mean = |maps: &Tensor| maps.mean_dim(&[2i64, 3][..], false, Kind::Float);
    Tensor::cat(&[mean(maps), mean(&middle)], 1)
}
