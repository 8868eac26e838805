//! What a network is blamed for.

use tch::{Kind, Reduction, Tensor};

use crate::ahead::Draws;
use crate::environment::Environment;
use crate::images::Images;
use crate::material::Material;
use crate::network::Network;
use crate::{CnnConfig, CnnError};

/// Widths of the train set beyond this many standard deviations count linearly.
const HUBER: f64 = 1.0;

/// What is made small, of one batch.
pub(crate) struct Loss {
    /// Of widths, in units of their deviation.
    pub width: Tensor,
    /// Cross-entropy of outcomes.
    pub outcome: Tensor,
}

/// The loss of a batch, varied as was drawn.
pub(crate) fn loss(
    config: &CnnConfig,
    environment: &Environment,
    network: &Network,
    material: &Material<'_>,
    batch: &Images,
    draws: &Draws,
) -> Result<Loss, CnnError> {
    let varied = tch::no_grad(|| {
        let varied = draws.variation.apply(&batch.pixels);
        foramen_tch::channels_last(&material.scale.intensity(&varied))
    })?;
    let pooled = environment.compute(|| network.look(&varied, true))?;
    let answer = network.answer(&pooled);
    let masked_mean = |values: Tensor, mask: &Tensor| {
        (values * mask).sum(Kind::Float) / mask.sum(Kind::Float).clamp_min(1.0)
    };
    let target = (&batch.width - material.scale.width_mean) / material.scale.width_deviation;
    let width = answer.width.huber_loss(&target, Reduction::None, HUBER);
    let width = masked_mean(width, &batch.has_width);
    let kept = Tensor::from_slice(&draws.kept).view_as(&answer.features);
    let kept = kept.to_device(environment.place()) / (1.0 - config.dropout);
    let z = batch.width_z(&material.scale.millimetres(&answer.width));
    let logits = network.outcome(&z, &(&answer.features * kept), &batch.covariates);
    let smoothed = &batch.label * (1.0 - config.label_smoothing) + config.label_smoothing / 2.0;
    let none: Option<&Tensor> = None;
    let entropy = logits.binary_cross_entropy_with_logits(&smoothed, none, none, Reduction::None);
    Ok(Loss { width, outcome: masked_mean(entropy, &batch.has_label) })
}
