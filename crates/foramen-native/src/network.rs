//! The compact network: a stem, three residual stages, and the heads.

use crate::contract::FormatError;
use crate::convolution::{Convolution, Shape};
use crate::maps::Maps;
use crate::weights::Weights;

/// Number of features that the heads use.
const FEATURES: usize = 48;
/// Units between covariates and the outcome.
const HIDDEN: usize = 8;

/// The weights of one network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    stem: Convolution,
    stages: Vec<Stage>,
    features: Linear,
    width: Linear,
    outcome_width: Linear,
    outcome: Linear,
    /// Layers for covariates, if there are any.
    covariates: Option<[Linear; 2]>,
}

/// Twice the channels on half the pixels, then a residual block.
#[derive(Debug, Clone)]
struct Stage {
    down: Option<Convolution>,
    first: Convolution,
    second: Convolution,
}

/// The outputs for one view of a patch.
pub(crate) struct Answer {
    /// Width in the unit of the width scale.
    pub(crate) width: f64,
    /// The features for the outcome.
    features: Vec<f64>,
}

impl Network {
    /// Reads a network for images of `input` channels whose first stage has `channels`,
    /// and which reads this many covariates.
    pub(crate) fn read(
        weights: &Weights<'_>,
        [input, channels, covariates]: [usize; 3],
    ) -> Result<Self, FormatError> {
        let convolution = |name: &str, from: usize, to: usize, kernel: usize, stride: usize| {
            Convolution::read(weights, name, Shape { from, to, kernel, stride })
        };
        let stage = |number: usize| {
            let name = |part: &str| format!("stage{number}_{part}");
            let (from, to) = (channels << number.saturating_sub(1), channels << number);
            let down = (number > 0).then(|| convolution(&name("down"), from, to, 3, 2));
            Ok(Stage {
                down: down.transpose()?,
                first: convolution(&name("first"), to, to, 3, 1)?,
                second: convolution(&name("second"), to, to, 3, 1)?,
            })
        };
        let linear = |name: &str, from: usize, to: usize| Linear::read(weights, name, from, to);
        let pairs = 2 * covariates;
        Ok(Self {
            stem: convolution("stem", input, channels, 5, 2)?,
            stages: (0..3).map(stage).collect::<Result<_, FormatError>>()?,
            features: linear("features", 8 * channels, FEATURES)?,
            width: linear("width", FEATURES, 1)?,
            outcome_width: linear("outcome_width", 1, 1)?,
            outcome: linear("outcome", FEATURES, 1)?,
            covariates: match pairs {
                0 => None,
                _ => Some([
                    Linear::read_without_bias(weights, "covariates.hidden", pairs, HIDDEN)?,
                    Linear::read_without_bias(weights, "covariates.outcome", HIDDEN, 1)?,
                ]),
            },
        })
    }

    /// Number of trained weights.
    pub(crate) fn weights(&self) -> usize {
        let stages = self
            .stages
            .iter()
            .flat_map(|stage| stage.down.iter().chain([&stage.first, &stage.second]));
        let convolutions = std::iter::once(&self.stem).chain(stages);
        let heads = [&self.features, &self.width, &self.outcome_width, &self.outcome];
        let heads = heads.into_iter().chain(self.covariates.iter().flatten());
        convolutions.map(Convolution::weights).sum::<usize>()
            + heads.map(Linear::weights).sum::<usize>()
    }

    /// Applies the network to one view, with intensities scaled to mean 0.
    pub(crate) fn look(&self, view: &Maps, columns: &mut Vec<f32>) -> Answer {
        let mut maps = self.stem.forward(view, None, columns); // [rows/2, columns/2, c]
        for stage in &self.stages {
            if let Some(down) = &stage.down {
                maps = down.forward(&maps, None, columns);
            }
            let inner = stage.first.forward(&maps, None, columns);
            maps = stage.second.forward(&inner, Some(&maps), columns);
        } // [rows/8, columns/8, 4c]
        let pooled: Vec<f64> = maps.pool().into_iter().map(f64::from).collect(); // [8c]
        let features = positive(self.features.forward(&pooled)); // [FEATURES]
        Answer { width: self.width.forward(&features)[0], features }
    }

    /// Log-odds of a favourable outcome from the width as a z-score of its level, the features, and
    /// the standardised covariates.
    pub(crate) fn outcome(&self, width_z: f64, seen: &Answer, covariates: &[f64]) -> f64 {
        let mut logit =
            self.outcome_width.forward(&[width_z])[0] + self.outcome.forward(&seen.features)[0];
        if let Some([hidden, outcome]) = &self.covariates {
            logit += outcome.forward(&positive(hidden.forward(covariates)))[0];
        }
        logit
    }
}

/// A matrix and a bias.
#[derive(Debug, Clone)]
struct Linear {
    /// `[to, from]`.
    matrix: Vec<f32>,
    /// `[to]`.
    bias: Vec<f32>,
    /// Number of trained numbers.
    trained: usize,
}

impl Linear {
    fn read(
        weights: &Weights<'_>,
        name: &str,
        from: usize,
        to: usize,
    ) -> Result<Self, FormatError> {
        let bias = weights.read(&format!("{name}.bias"), &[to])?;
        let without = Self::read_without_bias(weights, name, from, to)?;
        Ok(Self { trained: without.trained + to, bias, ..without })
    }

    fn read_without_bias(
        weights: &Weights<'_>,
        name: &str,
        from: usize,
        to: usize,
    ) -> Result<Self, FormatError> {
        let matrix = weights.read(&format!("{name}.weight"), &[to, from])?;
        Ok(Self { trained: matrix.len(), matrix, bias: vec![0.0; to] })
    }

    fn weights(&self) -> usize {
        self.trained
    }

    /// The product with a vector `[from]`, plus the bias, `[to]`.
    fn forward(&self, vector: &[f64]) -> Vec<f64> {
        let rows = self.matrix.chunks_exact(vector.len());
        let products = rows.zip(&self.bias).map(|(row, bias)| {
            let terms = row.iter().zip(vector).map(|(weight, value)| f64::from(*weight) * value);
            f64::from(*bias) + terms.sum::<f64>()
        });
        products.collect()
    }
}

/// `ReLU`.
fn positive(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.iter_mut().for_each(|number| *number = number.max(0.0));
    numbers
}
