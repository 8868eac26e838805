//! The losses of a network.

use tch::{Reduction, Tensor};

use crate::environment::Environment;
use crate::input::images::Images;
use crate::network::Network;
use crate::network::member::WidthScale;
use crate::training::ahead::Draws;
use crate::training::material::Material;
use crate::training::ranks::Ranks;
use crate::{CnnConfig, CnnError};

/// Widths of the train set beyond this many standard deviations count linearly.
const HUBER: f64 = 1.0;

/// The losses of one batch, to be minimised.
pub(crate) struct Loss {
    /// Loss of widths, in units of their deviation.
    pub width: Tensor,
    /// Cross-entropy of outcomes.
    pub outcome: Tensor,
}

/// The loss of this process's part of a batch, augmented with the random numbers drawn for it; the
/// losses of all processes add up to the loss of the batch.
pub(crate) fn loss(
    config: &CnnConfig,
    environment: &Environment,
    network: &Network,
    material: &Material<'_>,
    batch: &Images,
    draws: &Draws,
    ranks: &Ranks,
) -> Result<Loss, CnnError> {
    let kind = network.kind();
    let varied = tch::no_grad(|| {
        let mut varied = draws.variation.apply(&batch.pixels);
        if let Some(mixing) = &draws.mixing {
            varied = mixing.images(&varied);
        }
        if varied.size()[0] > as_i64(draws.learned.len()) {
            varied = varied.narrow(0, as_i64(draws.learned.start), as_i64(draws.learned.len()));
        }
        // Here, not in the data set: libtorch selects and samples into the plain layout.
        foramen_tch::channels_last(&material.scale.intensity(&varied).to_kind(kind))
    })?;
    let mixed = draws.mixing.as_ref().map(|mixing| mixing.known(batch));
    let batch = &mixed.as_ref().unwrap_or(batch).known(&draws.learned, kind);
    let pooled = ranks.share_norms(|| environment.compute(|| network.look(&varied, true)))??;
    let answer = network.answer(&pooled);
    let width = match material.scale.width {
        Some(WidthScale { mean: middle, deviation }) => {
            let target = (&batch.width - middle) / deviation;
            let loss = answer.width.huber_loss(&target, Reduction::None, HUBER);
            mean(loss, &batch.has_width, ranks)?
        }
        None => Tensor::zeros([1], (kind, environment.place())).squeeze(),
    };
    let kept = Tensor::from_slice(&draws.kept).view_as(&answer.features);
    let kept = kept.to_device(environment.place()).to_kind(kind) / (1.0 - config.dropout);
    let z = material.scale.z(batch, &answer.width);
    let logits = network.outcome(&z, &(&answer.features * kept), &batch.covariates);
    let outcome = outcome_loss(config, material.class_weights, &logits, batch, ranks)?;
    Ok(Loss { width, outcome })
}

/// Cross-entropy with smoothed labels: the mean over the images with an outcome, weighted by their
/// classes.
fn outcome_loss(
    config: &CnnConfig,
    [poor, favourable]: [f64; 2],
    logits: &Tensor,
    batch: &Images,
    ranks: &Ranks,
) -> Result<Tensor, CnnError> {
    let smoothed = &batch.label * (1.0 - config.label_smoothing) + config.label_smoothing / 2.0;
    let none: Option<&Tensor> = None;
    let entropy = logits.binary_cross_entropy_with_logits(&smoothed, none, none, Reduction::None);
    let weights = (&batch.label * (favourable - poor) + poor) * &batch.has_label;
    mean(entropy, &weights, ranks)
}

/// This process's part of the weighted mean over the images of all processes; zero if all weights
/// are zero.
fn mean(values: Tensor, weights: &Tensor, ranks: &Ranks) -> Result<Tensor, CnnError> {
    let (kind, of_all) = (values.kind(), ranks.sum(weights.sum(values.kind()))?);
    Ok((values * weights).sum(kind) / of_all.clamp_min(1e-6))
}

fn as_i64(number: usize) -> i64 {
    i64::try_from(number).expect("a batch is counted in memory")
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use foramen_native::contract::Covariates;
    use foramen_native::contract::Input;

    #[test]
    fn classes_weigh_and_soft_labels_count_in_part() {
        // PyTorch 2.13:
        //   x, y = tensor([.5, -1, 2, 0]), tensor([1, 0, .3, 1]); m = tensor([1, 1, 1, 0])
        //   e = binary_cross_entropy_with_logits(x, y * .9 + .05, reduction="none")
        //   w = (y * 2 + (1 - y) * .5) * m; (e * w).sum() / w.sum()   # 0.75141
        //   (e * m).sum() / m.sum()                                   # 0.78309
        let input = Input { edge: 8, channels: 1, covariates: Covariates::default() };
        let mut batch = Images::new(&[], &input, Device::Cpu).unwrap();
        batch.label = Tensor::from_slice(&[1f32, 0.0, 0.3, 1.0]);
        batch.has_label = Tensor::from_slice(&[1f32, 1.0, 1.0, 0.0]);
        let config = CnnConfig { label_smoothing: 0.1, ..CnnConfig::default() };
        let logits = Tensor::from_slice(&[0.5f32, -1.0, 2.0, 0.0]);
        for (weights, expected) in [([0.5, 2.0], 0.75141), ([1.0, 1.0], 0.78309)] {
            let found = outcome_loss(&config, weights, &logits, &batch, &Ranks::default());
            let found = found.unwrap().double_value(&[]);
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        batch.has_label = Tensor::zeros([4], (Kind::Float, Device::Cpu));
        let none = outcome_loss(&config, [1.0, 1.0], &logits, &batch, &Ranks::default());
        assert_eq!(none.unwrap().double_value(&[]), 0.0);
    }
}
