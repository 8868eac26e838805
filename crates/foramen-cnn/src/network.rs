//! The network: a trunk, a width head, an outcome head.

pub(crate) mod layer;
pub(crate) mod lite0;
pub(crate) mod member;
pub(crate) mod trunk;
pub(crate) mod weights;

use std::path::Path;

use foramen_tch::HalfPrecision;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution as _, Uniform};
use tch::nn::{self, Init, Module as _};
use tch::{Device, Kind, Tensor};

use crate::network::trunk::{Plan, Trunk, make_channels_last};
use crate::network::weights::{draw_convolution, fill, load};
use crate::{Architecture, CnnConfig, CnnError};
use foramen_native::contract::Input;

/// Number of features that the heads use.
pub(crate) const FEATURES: usize = 48;
/// Units between covariates and the outcome.
const HIDDEN: i64 = 8;
/// Prefix of the tensors of a published trunk.
const TRUNK: &str = "trunk";

/// The weights and layers of one network.
#[derive(Debug)]
pub(crate) struct Network {
    store: nn::VarStore,
    trunk: Box<dyn Trunk>,
    features: nn::Linear,
    width: nn::Linear,
    outcome_width: nn::Linear,
    outcome: nn::Linear,
    /// Layers for covariates, if there are any.
    covariates: Option<[nn::Linear; 2]>,
}

/// The outputs of the trunk and the heads for a batch, in the number kind of the weights.
pub(crate) struct Answer {
    /// Widths in the unit of the width scale, `[n]`.
    pub width: Tensor,
    /// The features for the outcome, `[n, FEATURES]`.
    pub features: Tensor,
}

impl Network {
    /// Builds a network whose weights are not initialised yet.
    pub(crate) fn new(config: &CnnConfig, input: &Input, device: Device) -> Result<Self, CnnError> {
        let store = nn::VarStore::new(device);
        let root = store.root();
        let plan = Plan {
            architecture: config.architecture,
            input: i64::try_from(input.channels).expect("channels are few"),
            channels: i64::try_from(config.channels).expect("channels are few"),
            small_stem: config.small_stem,
        };
        let mut trunk = match config.architecture {
            // Its tensors have had these names since before there was a choice.
            Architecture::Compact => trunk::build(&root, plan),
            _ => trunk::build(&(&root / TRUNK), plan),
        };
        trunk::train_by(&mut *trunk, config.kernels, device)?;
        let features = FEATURES as i64;
        let layer = |path: nn::Path<'_>, bias: bool, from: i64, to: i64| {
            let zero = Init::Const(0.0);
            nn::linear(
                path,
                from,
                to,
                nn::LinearConfig { ws_init: zero, bs_init: Some(zero), bias },
            )
        };
        let linear = |name: &str, from: i64, to: i64| layer(&root / name, true, from, to);
        let pairs = i64::try_from(2 * input.covariates.len()).expect("covariates are few");
        let network = Self {
            features: linear("features", 2 * trunk.channels(), features),
            width: linear("width", features, 1),
            outcome_width: linear("outcome_width", 1, 1),
            outcome: linear("outcome", features, 1),
            // There is no bias: what is missing is zero and says nothing.
            covariates: (pairs > 0).then(|| {
                let path = &root / "covariates";
                [
                    layer(&path / "hidden", false, pairs, HIDDEN),
                    layer(&path / "outcome", false, HIDDEN, 1),
                ]
            }),
            trunk,
            store,
        };
        make_channels_last(&network.store)?;
        Ok(network)
    }

    /// Draws weights by name, in alphabetical order: He's normal for convolutions, a uniform for
    /// the other matrices, and heads from zero.
    pub(crate) fn draw(&mut self, generator: &mut ChaCha8Rng) {
        for (name, mut tensor) in self.named() {
            let size = tensor.size();
            match name.as_str() {
                _ if size.len() == 4 => draw_convolution(&mut tensor, generator),
                "features.weight" | "width.weight" | "covariates.hidden.weight" => {
                    let limit = (3.0 / size[1] as f64).sqrt();
                    let uniform = Uniform::new(-limit, limit).expect("a limit is positive");
                    fill(&mut tensor, uniform.sample_iter(&mut *generator));
                }
                _ => (),
            }
        }
        // The width carries the outcome from the start: wider does better.
        let mut slope = self.outcome_width.ws.shallow_clone();
        tch::no_grad(|| {
            let _ = slope.fill_(1.0);
        });
    }

    /// Takes the trunk's weights from a torchvision file.
    pub(crate) fn load_trunk(&mut self, path: &Path) -> Result<(), CnnError> {
        let prefix = format!("{TRUNK}.");
        let of_trunk = self.named().into_iter();
        let of_trunk = of_trunk
            .filter_map(|(name, tensor)| Some((name.strip_prefix(&prefix)?.to_owned(), tensor)));
        load(path, of_trunk)?;
        make_channels_last(&self.store)
    }

    /// Prepares fast prediction, in a 16-bit format or f32; later changes of the weights have no
    /// effect.
    pub(crate) fn pack(&mut self, half: Option<HalfPrecision>) -> Result<(), CnnError> {
        trunk::pack(&mut *self.trunk, half)
    }

    /// Computes and pools the feature maps of images `[n, channels, rows, columns]` about zero.
    pub(crate) fn look(&self, images: &Tensor, train: bool) -> Tensor {
        pool(&self.maps(images, train))
    }

    /// The kind of the weights: f32, or f64 in a training that asks for it.
    pub(crate) fn kind(&self) -> Kind {
        self.width.ws.kind()
    }

    /// Converts weights and statistics to another number kind.
    pub(crate) fn set_kind(&mut self, kind: Kind) {
        if self.kind() != kind {
            self.store.root().set_kind(kind);
        }
    }

    /// The last feature maps of the trunk in the number kind of the weights; the compact network's
    /// are `[n, 4c, rows/8, columns/8]`.
    pub(crate) fn maps(&self, images: &Tensor, train: bool) -> Tensor {
        self.trunk.maps(images, train).to_kind(self.kind())
    }

    /// The heads' common features and the width.
    pub(crate) fn answer(&self, pooled: &Tensor) -> Answer {
        let features = self.features.forward(pooled).relu(); // [n, FEATURES]
        let width = self.width.forward(&features).squeeze_dim(1); // [n]
        Answer { width, features }
    }

    /// Log-odds of a favourable outcome from width z-scores `[n]`, features
    /// `[n, FEATURES]`, and covariates, `[n, 2 × covariates]`.
    pub(crate) fn outcome(
        &self,
        width_z: &Tensor,
        features: &Tensor,
        covariates: &Tensor,
    ) -> Tensor {
        let by_width = self.outcome_width.forward(&width_z.unsqueeze(1));
        let mut logits = by_width + self.outcome.forward(features);
        if let Some([hidden, outcome]) = &self.covariates {
            logits += outcome.forward(&hidden.forward(covariates).relu());
        }
        logits.squeeze_dim(1)
    }

    /// Every trained tensor and running statistic by name, in alphabetical order.
    pub(crate) fn named(&self) -> Vec<(String, Tensor)> {
        let mut named: Vec<_> = self.store.variables().into_iter().collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    }

    /// Copies the values of another network of the same shape.
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

    /// Ends the training: weights no longer have gradients.
    pub(crate) fn freeze(&mut self) {
        self.store.freeze();
    }
}

/// Means of feature maps over the whole image and over its middle, `[n, 8c]`: the foramen is in the
/// middle, so this part is also pooled separately.
pub(crate) fn pool(maps: &Tensor) -> Tensor {
    let side = maps.size()[2];
    let (from, length) = (side / 4, side - 2 * (side / 4));
    let middle = maps.narrow(2, from, length).narrow(3, from, length);
    let mean = |maps: &Tensor| maps.mean_dim(&[2i64, 3][..], false, maps.kind());
    Tensor::cat(&[mean(maps), mean(&middle)], 1)
}
