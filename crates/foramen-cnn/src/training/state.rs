//! The state of a training between two epochs, as a checkpoint keeps it.

use foramen_tch::{AdamW, AdamWConfig, GradientScaler, HalfPrecision, ScalerConfig, TorchError};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::environment::Environment;
use crate::input::augment::keyed;
use crate::network::Network;
use crate::network::member::Member;
use crate::training::material::Material;
use crate::training::schedule::purpose;
use crate::{CnnConfig, CnnError, tensors};

/// The position in a training. Augmentation, order and dropout are drawn from keys of seed, epoch
/// and position, so that their generators need no further state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Number of finished epochs.
    pub epoch: usize,
    /// Number of finished steps, which determines the learning rate.
    pub step: usize,
    /// The epoch of the best tune loss; 0 if there is none yet.
    pub best_epoch: usize,
    /// The best tune loss.
    pub best_loss: Option<f64>,
    /// Whether the training has ended.
    pub finished: bool,
}

impl Position {
    /// The position as numbers for transfer between processes, NaN for no loss.
    pub(crate) fn numbers(&self) -> [f64; 5] {
        let Self { epoch, step, best_epoch, best_loss, finished } = self;
        let [epoch, step, best_epoch] = [epoch, step, best_epoch].map(|count| *count as f64);
        let finished = f64::from(u8::from(*finished));
        [epoch, step, best_epoch, best_loss.unwrap_or(f64::NAN), finished]
    }

    /// Sets the position from such numbers.
    pub(crate) fn fill(&mut self, [epoch, step, best_epoch, best_loss, finished]: [f64; 5]) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "they were counts"
        )]
        let [epoch, step, best_epoch] = [epoch, step, best_epoch].map(|count| count as usize);
        let best_loss = Some(best_loss).filter(|loss| !loss.is_nan());
        *self = Self { epoch, step, best_epoch, best_loss, finished: finished > 0.0 };
    }
}

/// A training between two epochs.
#[derive(Debug)]
pub(crate) struct State {
    pub network: Network,
    /// The moving average of the network's weights, used for prediction.
    pub average: Member,
    /// The average after the best epoch.
    pub best: Member,
    pub optimiser: AdamW,
    /// Scales losses, where gradients are computed in fp16.
    pub scaler: Option<GradientScaler>,
    pub position: Position,
}

impl State {
    /// The state before the first step; weights are drawn from the seed.
    pub(crate) fn new(
        config: &CnnConfig,
        environment: &Environment,
        material: &Material<'_>,
        seed: u64,
    ) -> Result<Self, CnnError> {
        let fresh = || {
            let mut network = Network::new(config, material.input, environment.place())?;
            network.draw(&mut keyed(seed, [purpose::WEIGHTS, 0, 0]));
            if let Some(weights) = &config.weights {
                network.load_trunk(weights)?;
            }
            network.set_kind(environment.kind());
            Ok::<_, CnnError>(network)
        };
        let network = fresh()?;
        Ok(Self {
            average: Member { network: fresh()?, scale: material.scale.clone() },
            best: Member { network: fresh()?, scale: material.scale.clone() },
            optimiser: optimiser(config, &network),
            scaler: (environment.half == Some(HalfPrecision::Float16))
                .then(|| GradientScaler::new(ScalerConfig::default(), environment.place())),
            network,
            position: Position::default(),
        })
    }

    /// Makes a step with the clipped gradients. Returns `false` if they are not finite. An
    /// occasional overflow of fp16 gradients does not count: the step is skipped, and the scale
    /// is lowered.
    pub(crate) fn step(&mut self, clip: f64) -> Result<bool, TorchError> {
        let mut finite = true;
        if let Some(scaler) = &mut self.scaler {
            finite = scaler.unscale(&self.optimiser.gradients())?;
            scaler.update()?;
            if !finite {
                return Ok(scaler.factor() > LEAST_SCALE);
            }
        }
        finite &= self.optimiser.clip_gradients(clip).is_finite();
        if finite {
            self.optimiser.step()?;
        }
        Ok(finite)
    }

    /// Every tensor by name, sharing storage, and a copy of the state of libtorch's own generator.
    /// Nothing here uses that generator, but a layer that did would continue with the right
    /// numbers.
    pub(crate) fn tensors(
        &self,
        environment: &Environment,
    ) -> Result<Vec<(String, Tensor)>, CnnError> {
        let mut named = self.named();
        named.push((GENERATOR.to_owned(), foramen_tch::generator_state(environment.place())?));
        Ok(named)
    }

    /// Every trained tensor by name, sharing storage.
    pub(crate) fn named(&self) -> Vec<(String, Tensor)> {
        let networks = [
            ("network", &self.network),
            ("average", &self.average.network),
            ("best", &self.best.network),
        ];
        let mut named: Vec<(String, Tensor)> = networks
            .into_iter()
            .flat_map(|(part, network)| {
                network.named().into_iter().map(move |(name, t)| (format!("{part}.{name}"), t))
            })
            .collect();
        let moments = self.optimiser.state().into_iter();
        named.extend(moments.map(|(name, tensor)| (format!("optimiser.{name}"), tensor)));
        let scales = self.scaler.iter().flat_map(GradientScaler::state);
        named.extend(scales.map(|(name, tensor)| (format!("scaler.{name}"), tensor)));
        named
    }

    /// Sets the tensors from a checkpoint; the error names what does not fit.
    pub(crate) fn fill(
        &mut self,
        file: &SafeTensors<'_>,
        environment: &Environment,
        position: Position,
    ) -> Result<(), String> {
        let own = self.tensors(environment).map_err(|error| error.to_string())?;
        if let Some(name) = file.names().iter().find(|name| !own.iter().any(|own| own.0 == **name))
        {
            return Err(format!("{name} belongs to nothing"));
        }
        for (name, mut tensor) in own {
            tensors::fill(file, &name, &mut tensor)?;
            if name == GENERATOR {
                foramen_tch::set_generator_state(environment.place(), &tensor)
                    .map_err(|error| error.to_string())?;
            }
        }
        self.position = position;
        Ok(())
    }
}

/// A scale below this does not help: then gradients are not finite for another reason.
const LEAST_SCALE: f64 = 1e-3;

const GENERATOR: &str = "generator";

/// Weights decay; biases and norms do not.
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

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use crate::input::images::Images;
    use crate::network::member::Scale;
    use crate::{DeviceChoice, Precision};
    use foramen_native::contract::Covariates;
    use foramen_native::contract::Input;

    #[test]
    fn a_step_that_overflows_is_left_out_and_lowers_the_scale() {
        let config = CnnConfig::default().with_device(DeviceChoice::Cpu);
        let config = config.with_precision(Precision::Float16);
        let environment = Environment::resolve(&config).unwrap();
        let input = Input { edge: 64, channels: 1, covariates: Covariates::default() };
        let none = Images::new(&[], &input, Device::Cpu).unwrap();
        let material = Material {
            input: &input,
            train: &none,
            labelled: 0,
            tune: &none,
            scale: Scale { intensity: vec![[0.5, 0.2]], width: None },
            class_weights: [1.0, 1.0],
        };
        let mut state = State::new(&config, &environment, &material, 1).unwrap();
        let weight = |state: &State| {
            let mut named = state.network.named().into_iter();
            named.find(|(name, _)| name == "width.weight").unwrap().1
        };
        let before = weight(&state).detach().copy();
        let factor = |state: &State| state.scaler.as_ref().unwrap().factor();
        let slope = |state: &mut State, gradient: f64| {
            state.optimiser.zero_grad();
            let loss = (weight(state) * gradient).sum(Kind::Float);
            state.scaler.as_ref().unwrap().scale(&loss).backward();
        };
        slope(&mut state, 1e36);
        assert!(state.step(5.0).unwrap());
        assert_eq!(factor(&state), 32768.0);
        assert!(weight(&state).equal(&before));
        slope(&mut state, 1.0);
        assert!(state.step(5.0).unwrap());
        assert!(!weight(&state).equal(&before));

        // A checkpoint keeps the scale.
        let bytes = tensors::to_bytes(state.tensors(&environment).unwrap()).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut other = State::new(&config, &environment, &material, 1).unwrap();
        other.fill(&file, &environment, Position::default()).unwrap();
        assert_eq!(factor(&other), 32768.0);
        assert!(weight(&other).equal(&weight(&state)));

        // What is never finite ends the training.
        let mut steps = 0;
        while {
            slope(&mut state, f64::NAN);
            state.step(5.0).unwrap()
        } {
            steps += 1;
        }
        assert_eq!(steps, 24);
    }
}
