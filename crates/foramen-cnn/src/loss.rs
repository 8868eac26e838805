//! What a network is blamed for.

use rand::RngExt as _;
use tch::{Kind, Reduction, Tensor};

use crate::augment::{keyed, vary};
use crate::environment::Environment;
use crate::images::Images;
use crate::network::Network;
use crate::schedule::purpose;
use crate::training::Material;
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

/// The loss of a varied batch; `[epoch, place]` are the keys of its randomness.
pub(crate) fn loss(
    config: &CnnConfig,
    environment: &Environment,
    network: &Network,
    material: &Material<'_>,
    batch: &Images,
    seed: u64,
    [epoch, place]: [u64; 2],
) -> Result<Loss, CnnError> {
    let count = u64::try_from(batch.len()).unwrap_or(0);
    let mut generators: Vec<_> =
        (0..count).map(|i| keyed(seed, [purpose::AUGMENT, epoch, place * count + i])).collect();
    let varied = tch::no_grad(|| {
        let varied = vary(&batch.pixels, config.crop, &config.augmentation, &mut generators);
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
    let mut generator = keyed(seed, [purpose::DROPOUT, epoch, place]);
    let kept: Vec<f32> = (0..answer.features.numel())
        .map(|_| if generator.random_bool(config.dropout) { 0.0 } else { 1.0 })
        .collect();
    let kept = Tensor::from_slice(&kept).view_as(&answer.features).to_device(environment.place())
        / (1.0 - config.dropout);
    let z = batch.width_z(&material.scale.millimetres(&answer.width));
    let logits = network.outcome(&z, &(&answer.features * kept));
    let smoothed = &batch.label * (1.0 - config.label_smoothing) + config.label_smoothing / 2.0;
    let none: Option<&Tensor> = None;
    let entropy = logits.binary_cross_entropy_with_logits(&smoothed, none, none, Reduction::None);
    Ok(Loss { width, outcome: masked_mean(entropy, &batch.has_label) })
}
