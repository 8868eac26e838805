//! What a training holds between two epochs, and what a checkpoint keeps.

use foramen_tch::{AdamW, AdamWConfig};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::augment::keyed;
use crate::environment::Environment;
use crate::material::Material;
use crate::member::Member;
use crate::network::Network;
use crate::schedule::purpose;
use crate::{CnnConfig, CnnError, tensors};

/// How far a training is. Augmentation, order and dropout are drawn from keys of
/// seed, epoch and place, so that this is all their generators need.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Epochs done.
    pub epoch: usize,
    /// Steps done, which is where the learning rate stands.
    pub step: usize,
    /// The epoch of the best tune loss; 0 for none yet.
    pub best_epoch: usize,
    /// That loss.
    pub best_loss: Option<f64>,
    /// Whether the training has come to its end.
    pub finished: bool,
}

/// A training between two epochs.
#[derive(Debug)]
pub(crate) struct State {
    pub network: Network,
    /// The moving average of the network's weights, which is what predicts.
    pub average: Member,
    /// The average as it was in the best epoch.
    pub best: Member,
    pub optimiser: AdamW,
    pub position: Position,
}

impl State {
    /// Before the first step; weights are drawn from the seed.
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
            Ok::<_, CnnError>(network)
        };
        let network = fresh()?;
        Ok(Self {
            average: Member { network: fresh()?, scale: material.scale.clone() },
            best: Member { network: fresh()?, scale: material.scale.clone() },
            optimiser: optimiser(config, &network),
            network,
            position: Position::default(),
        })
    }

    /// Every tensor by name, sharing storage. libtorch's own generator is among
    /// them although nothing here draws from it: a layer that does would go on
    /// with the numbers it would have had.
    pub(crate) fn tensors(
        &self,
        environment: &Environment,
    ) -> Result<Vec<(String, Tensor)>, CnnError> {
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
        named.push((GENERATOR.to_owned(), foramen_tch::generator_state(environment.place())?));
        Ok(named)
    }

    /// Takes the tensors of a checkpoint; the error says what does not fit.
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

const GENERATOR: &str = "generator";

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
