use tch::{Kind, Tensor};

use crate::parameters::{Parameters, over_parameters};
use crate::{TorchError, ffi};

/// What PyTorch calls the tensors of a parameter's state.
const LABELS: &[&str] = &["exp_avg", "exp_avg_sq", "step"];

/// The numbers of AdamW (Loshchilov and Hutter, arXiv 1711.05101).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AdamWConfig {
    /// Step length. Default 1e-3, PyTorch's.
    pub learning_rate: f64,
    /// Decay of the mean of gradients. Default 0.9, PyTorch's.
    pub beta1: f64,
    /// Decay of the mean of squared gradients. Default 0.999, PyTorch's.
    pub beta2: f64,
    /// Weight decay, times the learning rate at each step, for the parameters
    /// that decay. Default 1e-2, PyTorch's.
    pub weight_decay: f64,
    /// Keeps the division finite. Default 1e-8, PyTorch's.
    pub epsilon: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, weight_decay: 1e-2, epsilon: 1e-8 }
    }
}

impl AdamWConfig {
    /// The same numbers with another learning rate.
    #[must_use]
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// The same numbers with another weight decay.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }
}

/// AdamW with a state that can be read, saved and put back, by libtorch's
/// fused kernels.
///
/// ```
/// use foramen_tch::{AdamW, AdamWConfig};
/// use tch::{Device, Kind, Tensor};
///
/// let weight = Tensor::ones([1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
/// let mut optimiser = AdamW::new(AdamWConfig::default());
/// optimiser.add("weight", &weight, true);
/// (&weight * &weight).sum(Kind::Float).backward();
/// optimiser.step()?;
/// assert!(weight.double_value(&[0]) < 1.0);
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
#[derive(Debug)]
pub struct AdamW {
    config: AdamWConfig,
    parameters: Parameters,
}

impl AdamW {
    /// An optimiser without parameters yet.
    #[must_use]
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, parameters: Parameters::new(LABELS) }
    }

    /// Adds a parameter under a name; `decays` says whether weight decay
    /// applies to it (usual for weights, not for biases and norms).
    ///
    /// # Panics
    /// When a parameter of that name was added before.
    pub fn add(&mut self, name: &str, parameter: &Tensor, decays: bool) {
        let zeros = || tch::no_grad(|| parameter.zeros_like());
        let steps = Tensor::zeros([], (Kind::Float, parameter.device()));
        self.parameters.add(name, parameter, decays, vec![zeros(), zeros(), steps]);
    }

    /// Sets the learning rate of the next steps.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }

    /// The numbers in use.
    #[must_use]
    pub fn config(&self) -> AdamWConfig {
        self.config
    }

    /// Takes one step along the gradients; parameters without one are left.
    ///
    /// # Errors
    /// [`TorchError::Exception`] should libtorch refuse.
    pub fn step(&mut self) -> Result<(), TorchError> {
        for decays in [true, false] {
            let slots: Vec<ffi::AdamWSlot<'_>> = self
                .parameters
                .stepping(decays)
                .map(|(slot, gradient)| ffi::AdamWSlot {
                    parameter: &slot.parameter,
                    gradient,
                    first: &slot.state[0],
                    second: &slot.state[1],
                    steps: &slot.state[2],
                })
                .collect();
            if slots.is_empty() {
                continue;
            }
            let AdamWConfig { learning_rate, beta1, beta2, weight_decay, epsilon } = self.config;
            let weight_decay = if decays { weight_decay } else { 0.0 };
            let numbers = ffi::AdamWStep { learning_rate, beta1, beta2, weight_decay, epsilon };
            ffi::adamw_step(&numbers, &slots)?;
        }
        Ok(())
    }

    /// The state as named tensors that share storage with the optimiser:
    /// `NAME.exp_avg`, `NAME.exp_avg_sq` and `NAME.step`, as PyTorch calls
    /// them, in the order in which the parameters were added.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        self.parameters.state()
    }
}

over_parameters!(AdamW);

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::{is_channels_last, make_channels_last};

    fn fitted(steps: usize, optimiser: &mut AdamW, weight: &Tensor) {
        let target = Tensor::from_slice(&[0.5f32, -1.0, 2.0]);
        for _ in 0..steps {
            optimiser.zero_grad();
            (weight - &target).square().sum(Kind::Float).backward();
            optimiser.step().unwrap();
        }
    }

    fn start() -> (Tensor, AdamW) {
        let weight = Tensor::from_slice(&[1f32, 1.0, 1.0]).set_requires_grad(true);
        let config = AdamWConfig::default().with_learning_rate(0.1).with_weight_decay(0.1);
        let mut optimiser = AdamW::new(config);
        optimiser.add("weight", &weight, true);
        (weight, optimiser)
    }

    /// A weight and its gradient, row by row.
    fn weight_in_rows() -> Tensor {
        let numbers = Tensor::arange(2 * 3 * 4 * 5, (Kind::Float, Device::Cpu));
        let weight = numbers.sin().reshape([2, 3, 4, 5]).set_requires_grad(true);
        weight.square().square().sum(Kind::Float).backward();
        weight
    }

    #[test]
    fn a_parameter_takes_its_step_however_it_lies() {
        let step = |weight: &Tensor| {
            let mut optimiser = AdamW::new(AdamWConfig::default());
            optimiser.add("weight", weight, true);
            optimiser.step().unwrap();
        };
        let (in_rows, mut last) = (weight_in_rows(), weight_in_rows());
        make_channels_last(&mut last).unwrap();
        step(&in_rows);
        step(&last);
        assert!(is_channels_last(&last).unwrap());
        assert!(in_rows.equal(&last) && !in_rows.equal(&weight_in_rows()));
    }

    #[test]
    fn a_parameter_that_is_laid_out_anew_is_refused() {
        let mut weight = weight_in_rows();
        let mut optimiser = AdamW::new(AdamWConfig::default());
        optimiser.add("weight", &weight, true);
        make_channels_last(&mut weight).unwrap();
        let error = optimiser.step().unwrap_err();
        assert!(error.to_string().contains("before the optimiser is given them"), "{error}");
    }

    #[test]
    fn a_gradient_that_is_forgotten_is_none() {
        let (weight, mut optimiser) = start();
        for _ in 0..2 {
            optimiser.zero_grad();
            assert!(!weight.grad().defined());
            (&weight * 3).sum(Kind::Float).backward();
            assert_eq!(Vec::<f32>::try_from(weight.grad()).unwrap(), [3.0; 3]);
        }
        optimiser.zero_grad();
        assert!(optimiser.gradients().is_empty());
        optimiser.step().unwrap();
        assert_eq!(Vec::<f32>::try_from(weight).unwrap(), [1.0; 3]);
    }

    #[test]
    fn three_steps_are_those_of_the_published_update() {
        // Worked with Algorithm 2 of arXiv 1711.05101 in double precision:
        //   import math
        //   for w, t in ((1, .5), (1, -1), (1, 2)):
        //     m = v = 0
        //     for k in (1, 2, 3):
        //       g = 2 * (w - t); w -= .1 * .1 * w
        //       m = .9 * m + .1 * g; v = .999 * v + .001 * g * g
        //       w -= .1 * m / (1 - .9**k) / (math.sqrt(v / (1 - .999**k)) + 1e-8)
        //     print(round(w, 6))
        let (weight, mut optimiser) = start();
        fitted(3, &mut optimiser, &weight);
        let values = Vec::<f32>::try_from(weight.detach()).unwrap();
        for (value, expected) in values.iter().zip([0.67904, 0.673987, 1.265957]) {
            assert!((f64::from(*value) - expected).abs() < 1e-5, "{values:?}");
        }
    }

    #[test]
    fn a_restored_state_goes_on_exactly() {
        let (weight, mut optimiser) = start();
        fitted(3, &mut optimiser, &weight);
        let saved: Vec<_> = optimiser.state().into_iter().map(|(n, t)| (n, t.copy())).collect();
        let at = weight.detach().copy();
        fitted(4, &mut optimiser, &weight);

        let (mut other, mut again) = start();
        tch::no_grad(|| other.copy_(&at));
        again.load_state(&saved).unwrap();
        fitted(4, &mut again, &other);
        assert!(other.equal(&weight));
    }

    #[test]
    fn a_foreign_state_is_refused() {
        let (_, mut optimiser) = start();
        let mut state = optimiser.state();
        state.push(("other.step".to_owned(), Tensor::from(0f32)));
        assert!(matches!(optimiser.load_state(&state), Err(TorchError::State { .. })));
        let error = optimiser.load_state(&state[..2]).unwrap_err();
        assert!(error.to_string().contains("\"weight.step\" is missing"), "{error}");
        let mut state = optimiser.state();
        state.push(("weight.step".to_owned(), Tensor::from(7f32)));
        let error = optimiser.load_state(&state).unwrap_err();
        assert!(error.to_string().contains("\"weight.step\" is there twice"), "{error}");
    }

    #[test]
    fn clipping_bounds_the_joint_norm_and_tells_the_old_one() {
        let a = Tensor::from_slice(&[3f32]).set_requires_grad(true);
        let b = Tensor::from_slice(&[4f32]).set_requires_grad(true);
        let mut optimiser = AdamW::new(AdamWConfig::default());
        optimiser.add("a", &a, true);
        optimiser.add("b", &b, false);
        (a.square() / 2.0 + b.square() / 2.0).sum(Kind::Float).backward();
        assert!((optimiser.clip_gradients(1.0) - 5.0).abs() < 1e-6);
        assert!((a.grad().double_value(&[0]) - 0.6).abs() < 1e-6);
        assert!((optimiser.clip_gradients(1.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn parameters_that_do_not_decay_stay_without_gradient() {
        let idle = Tensor::ones([1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let mut optimiser = AdamW::new(AdamWConfig::default());
        optimiser.add("idle", &idle, true);
        optimiser.step().unwrap();
        assert_eq!(idle.double_value(&[0]), 1.0);
    }

    #[test]
    #[should_panic(expected = "a parameter \"weight\" already")]
    fn a_second_parameter_of_one_name_is_not_taken() {
        let (weight, mut optimiser) = start();
        optimiser.add("weight", &weight, true);
    }
}
