//! How one network learns.

use std::time::Instant;

use foramen_metrics::Scores;
use foramen_tch::{AdamW, AdamWConfig};
use rand::RngExt as _;
use tch::{Kind, Reduction, Tensor};

use crate::augment::{keyed, vary};
use crate::environment::Environment;
use crate::images::{Images, numbers};
use crate::member::{Member, Scale};
use crate::network::Network;
use crate::schedule::{batches, learning_rate, purpose};
use crate::temperature::cross_entropy;
use crate::{CnnConfig, CnnError, EpochReport};

/// Widths of the train set beyond this many standard deviations count linearly.
const HUBER: f64 = 1.0;

/// What a network is trained and chosen on.
pub(crate) struct Material<'a> {
    /// Labelled images first, then auxiliary ones.
    pub train: &'a Images,
    /// How many are labelled.
    pub labelled: usize,
    /// What the best epoch is chosen on.
    pub tune: &'a Images,
    pub scale: Scale,
}

/// Trains the network `number` (from 0) of an ensemble.
pub(crate) fn train(
    config: &CnnConfig,
    environment: &Environment,
    material: &Material<'_>,
    number: usize,
    progress: &dyn Fn(&EpochReport),
) -> Result<Member, CnnError> {
    // Seeds of members must not meet those of a neighbouring seed.
    let seed = config.seed.wrapping_add((number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let fresh = || {
        let mut generator = keyed(seed, [purpose::WEIGHTS, 0, 0]);
        Network::new(config.channels, environment.place(), &mut generator)
    };
    let mut network = fresh();
    let mut average = Member { network: fresh(), scale: material.scale };
    let mut best = Member { network: fresh(), scale: material.scale };
    for network in [&mut network, &mut average.network, &mut best.network] {
        network.make_channels_last()?;
    }
    let mut optimiser = optimiser(config, &network);
    let auxiliary = usize::try_from(material.train.len()).unwrap_or(0) - material.labelled;
    let has_width = material.train.has_width.sum(Kind::Float).double_value(&[]) > 0.0;
    let width_first = if has_width { config.width_first } else { 0.0 };
    let (mut best_loss, mut best_epoch, mut step) = (f64::INFINITY, 0, 0usize);
    let steps = config.epochs * (config.images_per_epoch / config.batch).max(1);
    for epoch in 1..=config.epochs {
        let started = Instant::now();
        let outcome_weight = if (epoch as f64) <= width_first * config.epochs as f64 {
            0.0
        } else {
            config.outcome_weight
        };
        let batches = batches(config, seed, epoch, material.labelled, auxiliary);
        let mut losses = Vec::with_capacity(batches.len());
        let mut rate = 0.0;
        for (place, indices) in batches.iter().enumerate() {
            rate = learning_rate(config, step as f64 / steps as f64);
            optimiser.set_learning_rate(rate);
            let key = [epoch as u64, place as u64];
            let batch = material.train.select(indices);
            let loss = loss(config, environment, &network, material, &batch, seed, key)?;
            let total = &loss.width + &loss.outcome * outcome_weight;
            optimiser.zero_grad();
            total.f_backward()?;
            if !optimiser.clip_gradients(config.clip).is_finite() {
                return Err(CnnError::Diverged { epoch });
            }
            optimiser.step()?;
            step += 1;
            let keep = config.average_decay.min((1.0 + step as f64) / (10.0 + step as f64));
            follow(&average.network, &network, 1.0 - keep)?;
            losses.push(total.detach());
        }
        let train_loss = Tensor::stack(&losses, 0).mean(Kind::Float).double_value(&[]);
        if !train_loss.is_finite() {
            return Err(CnnError::Diverged { epoch });
        }
        let tuned = Tuned::new(&average, environment, config, material.tune)?;
        // While only widths are learned, the outcome cannot tell the best.
        let judged = if outcome_weight > 0.0 { tuned.loss } else { None };
        let is_best = judged.is_some_and(|loss| loss < best_loss);
        if is_best || best_epoch == 0 || tuned.loss.is_none() {
            best.network.copy_from(&average.network)?;
        }
        if is_best {
            (best_loss, best_epoch) = (judged.unwrap_or(best_loss), epoch);
        }
        progress(&EpochReport {
            member: number + 1,
            members: config.members,
            epoch,
            epochs: config.epochs,
            train_loss,
            tune_loss: tuned.loss,
            tune_auc: tuned.auc,
            tune_width_error: tuned.width_error,
            learning_rate: rate,
            images_per_second: (batches.len() * config.batch) as f64
                / started.elapsed().as_secs_f64(),
            best: is_best,
        });
        if best_epoch > 0 && epoch - best_epoch >= config.patience {
            break;
        }
    }
    Ok(best)
}

/// Weights decay, biases and norms do not.
fn optimiser(config: &CnnConfig, network: &Network) -> AdamW {
    let numbers = AdamWConfig::default()
        .with_learning_rate(config.learning_rate)
        .with_weight_decay(config.weight_decay);
    let mut optimiser = AdamW::new(numbers);
    for (name, tensor) in network.named() {
        if tensor.requires_grad() {
            let decays = tensor.dim() > 1 && name != "outcome_width.weight";
            optimiser.add(&name, &tensor, decays);
        }
    }
    optimiser
}

/// Moves the average towards the network, running statistics included.
fn follow(average: &Network, network: &Network, fraction: f64) -> Result<(), CnnError> {
    let tensors = |network: &Network| -> Vec<Tensor> {
        network.named().into_iter().map(|(_, tensor)| tensor).collect()
    };
    Ok(foramen_tch::move_towards(&tensors(average), &tensors(network), fraction)?)
}

struct Loss {
    width: Tensor,
    outcome: Tensor,
}

fn loss(
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

/// How a network does on the tune set.
struct Tuned {
    loss: Option<f64>,
    auc: Option<f64>,
    width_error: Option<f64>,
}

impl Tuned {
    fn new(
        member: &Member,
        environment: &Environment,
        config: &CnnConfig,
        tune: &Images,
    ) -> Result<Self, CnnError> {
        let view = crate::augment::centre(&tune.pixels, config.crop);
        let seen = member.see(environment, tune, &view)?;
        let labels: Vec<f64> = numbers(&tune.label)?;
        let labels: Vec<bool> = labels.into_iter().map(|label| label > 0.5).collect();
        let n = labels.len();
        let loss = (n > 0).then(|| {
            let pairs = labels.iter().zip(&seen.logits);
            pairs.map(|(label, logit)| cross_entropy(*label, *logit)).sum::<f64>() / n as f64
        });
        let (widths, known) = (numbers(&tune.width)?, numbers(&tune.has_width)?);
        let errors: Vec<f64> = (0..n)
            .filter(|i| known[*i] > 0.5)
            .map(|i| (seen.widths[i] - widths[i]).abs())
            .collect();
        let width_error =
            (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64);
        let scores = Scores::of_marker(&labels, &seen.logits).ok();
        let auc = scores.and_then(|scores| foramen_metrics::auc(&scores).ok());
        Ok(Self { loss, auc: auc.map(|auc| auc.estimate), width_error })
    }
}
