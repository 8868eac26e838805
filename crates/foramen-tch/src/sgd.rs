use tch::Tensor;

use crate::parameters::{Parameters, over_parameters};
use crate::{TorchError, ffi};

/// What PyTorch calls the tensor of a parameter's state.
const LABELS: &[&str] = &["momentum_buffer"];

/// The numbers of stochastic gradient descent with momentum, as PyTorch has it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SgdConfig {
    /// Step length. Default 1e-3, PyTorch's.
    pub learning_rate: f64,
    /// How much of the last direction is kept. Default 0.9, of common recipes.
    pub momentum: f64,
    /// Looks ahead along the momentum (Nesterov). Default no.
    pub nesterov: bool,
    /// Added to the gradient, times the weight, for the parameters that decay.
    /// Default 0, PyTorch's.
    pub weight_decay: f64,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self { learning_rate: 1e-3, momentum: 0.9, nesterov: false, weight_decay: 0.0 }
    }
}

impl SgdConfig {
    /// The same numbers with another learning rate.
    #[must_use]
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// The same numbers with another momentum.
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// The same numbers with another weight decay.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// The same numbers with or without looking ahead.
    #[must_use]
    pub fn with_nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
    }
}

/// Stochastic gradient descent with a state that can be read, saved and put
/// back, by libtorch's fused kernels. It is used as [`AdamW`](crate::AdamW) is.
#[derive(Debug)]
pub struct Sgd {
    config: SgdConfig,
    parameters: Parameters,
}

impl Sgd {
    /// An optimiser without parameters yet.
    #[must_use]
    pub fn new(config: SgdConfig) -> Self {
        Self { config, parameters: Parameters::new(LABELS) }
    }

    /// Adds a parameter under a name; `decays` says whether weight decay
    /// applies to it.
    ///
    /// # Panics
    /// When a parameter of that name was added before.
    pub fn add(&mut self, name: &str, parameter: &Tensor, decays: bool) {
        // From zeros, the first step is PyTorch's, which copies the gradient:
        // there is no dampening here.
        let buffer = tch::no_grad(|| parameter.zeros_like());
        self.parameters.add(name, parameter, decays, vec![buffer]);
    }

    /// Sets the learning rate of the next steps.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }

    /// The numbers in use.
    #[must_use]
    pub fn config(&self) -> SgdConfig {
        self.config
    }

    /// Takes one step along the gradients; parameters without one are left.
    ///
    /// # Errors
    /// [`TorchError::Exception`] should libtorch refuse.
    pub fn step(&mut self) -> Result<(), TorchError> {
        let SgdConfig { learning_rate, momentum, nesterov, weight_decay } = self.config;
        for decays in [true, false] {
            let slots: Vec<ffi::SgdSlot<'_>> = self
                .parameters
                .stepping(decays)
                .map(|(slot, gradient)| ffi::SgdSlot {
                    parameter: &slot.parameter,
                    gradient,
                    buffer: &slot.state[0],
                })
                .collect();
            if slots.is_empty() {
                continue;
            }
            let weight_decay = if decays { weight_decay } else { 0.0 };
            let nesterov = nesterov.into();
            let numbers = ffi::SgdStep { learning_rate, momentum, weight_decay, nesterov };
            ffi::sgd_step(&numbers, &slots)?;
        }
        Ok(())
    }

    /// The state as named tensors that share storage with the optimiser:
    /// `NAME.momentum_buffer`, in the order in which the parameters were added.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        self.parameters.state()
    }
}

over_parameters!(Sgd);

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    fn start(nesterov: bool) -> (Tensor, Sgd) {
        let weight = Tensor::from_slice(&[1f32, 1.0, 1.0]).set_requires_grad(true);
        let config = SgdConfig::default().with_learning_rate(0.1).with_weight_decay(0.1);
        let mut optimiser = Sgd::new(config.with_nesterov(nesterov));
        optimiser.add("weight", &weight, true);
        (weight, optimiser)
    }

    fn fit(steps: usize, optimiser: &mut Sgd, weight: &Tensor) {
        let target = Tensor::from_slice(&[0.5f32, -1.0, 2.0]);
        for _ in 0..steps {
            optimiser.zero_grad();
            (weight - &target).square().sum(Kind::Float).backward();
            optimiser.step().unwrap();
        }
    }

    #[test]
    fn three_steps_are_those_of_the_documented_update() {
        // The algorithm of the documentation of torch.optim.SGD, in double
        // precision:
        //   for nesterov in (False, True):
        //     for w, t in ((1, .5), (1, -1), (1, 2)):
        //       b = None
        //       for k in range(3):
        //         g = 2 * (w - t) + .1 * w
        //         b = g if b is None else .9 * b + g
        //         w -= .1 * (g + .9 * b if nesterov else b)
        //       print(round(w, 6))
        for (nesterov, expected) in
            [(false, [0.488929, -0.904901, 1.882759]), (true, [0.402612, -1.226629, 2.031852])]
        {
            let (weight, mut optimiser) = start(nesterov);
            fit(3, &mut optimiser, &weight);
            let values = Vec::<f32>::try_from(weight.detach()).unwrap();
            for (value, expected) in values.iter().zip(expected) {
                assert!((f64::from(*value) - expected).abs() < 1e-5, "{nesterov}: {values:?}");
            }
        }
    }

    #[test]
    fn a_restored_state_goes_on_exactly() {
        let (weight, mut optimiser) = start(false);
        fit(3, &mut optimiser, &weight);
        let saved: Vec<_> = optimiser.state().into_iter().map(|(n, t)| (n, t.copy())).collect();
        let at = weight.detach().copy();
        fit(4, &mut optimiser, &weight);

        let (mut other, mut again) = start(false);
        tch::no_grad(|| other.copy_(&at));
        again.load_state(&saved).unwrap();
        fit(4, &mut again, &other);
        assert!(other.equal(&weight));
    }

    #[test]
    fn gradients_of_parts_of_a_batch_add_up_to_one_step() {
        // Backward adds to what is there: two halves, each over 2, are the mean.
        let data = Tensor::from_slice(&[0.5f32, -1.0, 2.0, 4.0]);
        let step = |parts: i64| {
            let weight = Tensor::from_slice(&[1f32]).set_requires_grad(true);
            let mut optimiser = Sgd::new(SgdConfig::default().with_learning_rate(0.1));
            optimiser.add("weight", &weight, false);
            for part in data.chunk(parts, 0) {
                let loss = (&weight - part).square().mean(Kind::Float);
                (loss / parts as f64).backward();
            }
            optimiser.step().unwrap();
            weight.double_value(&[0])
        };
        // 1 - 0.1 * 2 * (1 - 1.375)
        assert!((step(1) - 1.075).abs() < 1e-6);
        assert!((step(2) - step(1)).abs() < 1e-6 && (step(4) - step(1)).abs() < 1e-6);
    }
}
