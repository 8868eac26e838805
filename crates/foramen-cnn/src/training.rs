//! The training of one network.

pub(crate) mod ahead;
pub(crate) mod checkpoint;
pub(crate) mod history;
pub(crate) mod loss;
pub(crate) mod material;
#[cfg(not(feature = "distributed"))]
pub(crate) mod no_group;
pub(crate) mod progress;
pub(crate) mod ranks;
pub(crate) mod schedule;
pub(crate) mod state;
pub(crate) mod temperature;
pub(crate) mod tensorboard;
pub(crate) mod tuned;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tch::{Kind, Tensor};

use crate::environment::Environment;
use crate::network::Network;
use crate::network::member::Member;
use crate::training::ahead::{Ahead, Shape};
use crate::training::checkpoint::Checkpoints;
use crate::training::history::History;
use crate::training::loss::loss;
use crate::training::material::Material;
use crate::training::ranks::{GradientReducer, Ranks};
use crate::training::schedule::{batches, learning_rate};
use crate::training::state::State;
use crate::training::tuned::Tuned;
use crate::{CnnConfig, CnnError, EpochReport};

/// All inputs of a training.
pub(crate) struct Training<'a> {
    pub config: &'a CnnConfig,
    pub environment: &'a Environment,
    pub material: &'a Material<'a>,
    /// The folder for the state after each epoch.
    pub checkpoints: Option<&'a Checkpoints>,
    /// The folder for the results of each epoch.
    pub history: Option<&'a Path>,
    /// The processes that train together.
    pub ranks: &'a Ranks,
    /// Ends the training when set.
    pub stop: &'a AtomicBool,
    pub progress: &'a dyn Fn(&EpochReport),
}

/// The training results of an epoch.
struct Epoch {
    train_loss: f64,
    learning_rate: f64,
    images: usize,
}

impl Training<'_> {
    /// Trains the network `number` (from 0) of an ensemble.
    pub(crate) fn run(&self, number: usize) -> Result<Member, CnnError> {
        let Self { config, environment, material, .. } = *self;
        // Seeds of members must not meet those of a neighbouring seed.
        let seed = config.seed.wrapping_add((number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut state = State::new(config, environment, material, seed)?;
        if let Some(checkpoints) = self.checkpoints {
            checkpoints.resume(number, &mut state, config, environment)?;
        }
        self.ranks.share_state(&mut state)?;
        let mut reducer = self.ranks.reducer(&state.network)?;
        let mut history = match self.history {
            Some(folder) => Some(History::open(folder, number, state.position.epoch)?),
            None => None,
        };
        while !state.position.finished {
            let epoch = state.position.epoch + 1;
            let left = config.members - number;
            let started = Instant::now();
            let learned = self.learn(&mut state, reducer.as_mut(), seed, epoch)?;
            // On unlike machines processes round differently: they go on as one.
            self.ranks.share_state(&mut state)?;
            let seconds = started.elapsed().as_secs_f64();
            let tune = || Tuned::new(&state.average, environment, config, material.tune);
            let tuned = self.ranks.tuned(tune)?;
            let is_best = self.judge(&mut state, &tuned, epoch)?;
            let report = EpochReport {
                member: number + 1,
                members: config.members,
                epoch,
                epochs: config.epochs,
                train_loss: learned.train_loss,
                tune_loss: tuned.loss,
                tune_auc: tuned.auc,
                tune_width_error: tuned.width_error,
                learning_rate: learned.learning_rate,
                images_per_second: learned.images as f64 / seconds,
                remaining: started.elapsed().mul_f64((config.epochs * left - epoch) as f64),
                best: is_best,
            };
            if let Some(history) = &mut history {
                history.write(&report)?;
            }
            (self.progress)(&report);
            if let Some(checkpoints) = self.checkpoints {
                checkpoints.write(number, &state, config, environment)?;
            }
        }
        // Predictions are made in f32, or in half of it.
        state.best.network.set_kind(Kind::Float);
        state.best.network.pack(environment.half)?;
        Ok(state.best)
    }

    /// Trains on the batches of one epoch; other threads draw the random numbers of a batch while
    /// the previous batch runs.
    fn learn(
        &self,
        state: &mut State,
        reducer: Option<&mut GradientReducer>,
        seed: u64,
        epoch: usize,
    ) -> Result<Epoch, CnnError> {
        let Self { config, material, .. } = *self;
        let auxiliary = usize::try_from(material.train.len()).unwrap_or(0) - material.labelled;
        let batches = batches(config, seed, epoch, material.labelled, auxiliary);
        let share = self.ranks.share(config.batch);
        std::thread::scope(|scope| {
            let last = i64::try_from(material.labelled).unwrap_or(i64::MAX);
            let shape = Shape {
                config,
                image: material.train.shape(),
                labelled: batches[0].iter().filter(|index| **index < last).count(),
                share: &share,
            };
            let ahead = Ahead::start(scope, shape, seed, epoch, batches.len());
            self.learn_batches(state, reducer, epoch, &batches, ahead)
        })
    }

    fn learn_batches(
        &self,
        state: &mut State,
        mut reducer: Option<&mut GradientReducer>,
        epoch: usize,
        batches: &[Vec<i64>],
        mut ahead: Ahead,
    ) -> Result<Epoch, CnnError> {
        let Self { config, environment, material, ranks, .. } = *self;
        // Gradients are averaged over processes, of which each has a part of the loss.
        let processes = ranks.size() as f64;
        let steps = config.epochs * batches.len().div_ceil(config.accumulation);
        let outcome_weight = self.outcome_weight(epoch);
        let mut losses = Vec::with_capacity(batches.len());
        let mut rate = 0.0;
        for together in batches.chunks(config.accumulation) {
            if ranks.any(self.stop.load(Ordering::Relaxed))? {
                return Err(CnnError::Stopped { epoch });
            }
            rate = learning_rate(config, state.position.step as f64 / steps as f64);
            state.optimiser.set_learning_rate(rate);
            state.optimiser.zero_grad();
            for (pass, indices) in together.iter().enumerate() {
                let draws = ahead.next();
                let batch = material.train.select(&indices[draws.seen.clone()]);
                let network = &state.network;
                let loss = loss(config, environment, network, material, &batch, &draws, ranks)?;
                let total = &loss.width + &loss.outcome * outcome_weight;
                losses.push(total.detach());
                let mut share = if ranks.size() > 1 { total * processes } else { total };
                if together.len() > 1 {
                    share /= together.len() as f64;
                }
                if let Some(scaler) = &state.scaler {
                    share = scaler.scale(&share);
                }
                if let (Some(reducer), true) = (&mut reducer, pass + 1 == together.len()) {
                    reducer.prepare()?;
                }
                share.f_backward().map_err(|error| ranks.explain(error))?;
            }
            if !state.step(config.clip)? {
                return Err(CnnError::Diverged { epoch });
            }
            state.position.step += 1;
            if swa_epoch(config, epoch).is_none() {
                let step = state.position.step as f64;
                let keep = config.average_decay.min((1.0 + step) / (10.0 + step));
                follow(&state.average.network, &state.network, 1.0 - keep)?;
            }
        }
        if let Some(count) = swa_epoch(config, epoch) {
            follow(&state.average.network, &state.network, 1.0 / count)?;
        }
        let losses = ranks.sum(Tensor::stack(&losses, 0))?;
        let train_loss = losses.mean(losses.kind()).double_value(&[]);
        if !train_loss.is_finite() {
            return Err(CnnError::Diverged { epoch });
        }
        let images = batches.len() * config.batch;
        Ok(Epoch { train_loss, learning_rate: rate, images })
    }

    /// Keeps the weights if they are the best so far, and returns whether they are.
    fn judge(&self, state: &mut State, tuned: &Tuned, epoch: usize) -> Result<bool, CnnError> {
        if tuned.loss.is_some_and(|loss| !loss.is_finite()) {
            return Err(CnnError::Diverged { epoch });
        }
        let position = &mut state.position;
        // While only widths are learned, the outcome cannot tell the best.
        let judged = if self.outcome_weight(epoch) > 0.0 { tuned.loss } else { None };
        let is_best = judged.is_some_and(|loss| position.best_loss.is_none_or(|best| loss < best));
        if is_best || position.best_epoch == 0 || tuned.loss.is_none() {
            state.best.network.copy_from(&state.average.network)?;
        }
        if is_best {
            (position.best_loss, position.best_epoch) = (judged, epoch);
        }
        position.epoch = epoch;
        let patient =
            position.best_epoch == 0 || epoch - position.best_epoch < self.config.patience;
        position.finished = epoch >= self.config.epochs || !patient;
        Ok(is_best)
    }

    /// Weight of the outcome loss in an epoch: 0 while only widths are learned.
    fn outcome_weight(&self, epoch: usize) -> f64 {
        let has_width = self.material.train.has_width.sum(Kind::Float).double_value(&[]) > 0.0;
        let width_first = if has_width { self.config.width_first } else { 0.0 };
        if (epoch as f64) <= width_first * self.config.epochs as f64 {
            0.0
        } else {
            self.config.outcome_weight
        }
    }
}

/// The position (from 1) of an epoch (from 1) in the stochastic weight average, if it is part of
/// it.
fn swa_epoch(config: &CnnConfig, epoch: usize) -> Option<f64> {
    let count = epoch as f64 - (config.swa_from? * config.epochs as f64).floor();
    (count > 0.0).then_some(count)
}

/// Moves the average towards the network, running statistics included.
fn follow(average: &Network, network: &Network, fraction: f64) -> Result<(), CnnError> {
    let tensors = |network: &Network| -> Vec<Tensor> {
        network.named().into_iter().map(|(_, tensor)| tensor).collect()
    };
    Ok(foramen_tch::move_towards(&tensors(average), &tensors(network), fraction)?)
}
