use tch::{Device, Kind, Tensor};

use crate::TorchError;
use crate::parameters::fill;

/// How a [`GradientScaler`] finds its scale; the defaults are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ScalerConfig {
    /// The first scale. Default 65536.
    pub initial_scale: f64,
    /// The scale is multiplied by this after `growth_interval` good steps.
    /// Default 2.
    pub growth: f64,
    /// The scale is multiplied by this after a step that overflowed. Default 0.5.
    pub backoff: f64,
    /// Good steps before the scale grows. Default 2000.
    pub growth_interval: i64,
}

impl Default for ScalerConfig {
    fn default() -> Self {
        Self { initial_scale: 65536.0, growth: 2.0, backoff: 0.5, growth_interval: 2000 }
    }
}

/// Scales a loss up, so that small fp16 gradients do not vanish, and finds the
/// scale that just does not overflow.
///
/// ```
/// use foramen_tch::{AdamW, AdamWConfig, GradientScaler, ScalerConfig};
/// use tch::{Device, Kind, Tensor};
///
/// let weight = Tensor::ones([1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
/// let mut optimiser = AdamW::new(AdamWConfig::default());
/// optimiser.add("weight", &weight, true);
/// let mut scaler = GradientScaler::new(ScalerConfig::default(), Device::Cpu);
/// let loss = (&weight * &weight).sum(Kind::Float);
/// scaler.scale(&loss).backward();
/// if scaler.unscale(&optimiser.gradients())? {
///     optimiser.step()?; // Clipping, if any, comes before.
/// }
/// scaler.update()?;
/// # Ok::<(), foramen_tch::TorchError>(())
/// ```
#[derive(Debug)]
pub struct GradientScaler {
    config: ScalerConfig,
    scale: Tensor,
    growth_tracker: Tensor,
    found_inf: Tensor,
}

impl GradientScaler {
    /// A scaler for gradients on a device.
    #[must_use]
    pub fn new(config: ScalerConfig, device: Device) -> Self {
        let zero = |kind| Tensor::zeros([1], (kind, device));
        Self {
            config,
            scale: Tensor::full([1], config.initial_scale, (Kind::Float, device)),
            growth_tracker: zero(Kind::Int),
            found_inf: zero(Kind::Float),
        }
    }

    /// The loss to call `backward` on.
    pub fn scale(&self, loss: &Tensor) -> Tensor {
        loss * &self.scale
    }

    /// Takes the scale out of gradients, in place, and says whether all are
    /// finite: only then may the optimiser step.
    ///
    /// # Errors
    /// [`TorchError::Tch`] should libtorch refuse.
    pub fn unscale(&mut self, gradients: &[Tensor]) -> Result<bool, TorchError> {
        let inverse = self.scale.reciprocal();
        tch::no_grad(|| -> Result<(), TorchError> {
            for gradient in gradients {
                let mut gradient = gradient.shallow_clone();
                gradient
                    .f_internal_amp_non_finite_check_and_unscale(&mut self.found_inf, &inverse)?;
            }
            Ok(())
        })?;
        Ok(self.found_inf.double_value(&[0]) < 0.5)
    }

    /// Finds the scale of the next step from what [`GradientScaler::unscale`] saw.
    ///
    /// # Errors
    /// [`TorchError::Tch`] should libtorch refuse.
    pub fn update(&mut self) -> Result<(), TorchError> {
        let ScalerConfig { growth, backoff, growth_interval, .. } = self.config;
        tch::no_grad(|| -> Result<(), TorchError> {
            let _ = self.scale.f_internal_amp_update_scale_(
                &self.growth_tracker,
                &self.found_inf,
                growth,
                backoff,
                growth_interval,
            )?;
            let _ = self.found_inf.f_zero_()?;
            Ok(())
        })
    }

    /// The scale in use. Each step that overflows lowers it: gradients that are never
    /// finite bring it to zero.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.scale.double_value(&[0])
    }

    /// The state as named tensors that share storage with the scaler: `scale` and
    /// `growth_tracker`.
    #[must_use]
    pub fn state(&self) -> Vec<(String, Tensor)> {
        [("scale", &self.scale), ("growth_tracker", &self.growth_tracker)]
            .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
            .into()
    }

    /// Puts a state back that [`GradientScaler::state`] gave.
    ///
    /// # Errors
    /// [`TorchError::State`] when a tensor is missing, left over or of another
    /// shape; the scaler is then as it was.
    pub fn load_state(&mut self, state: &[(String, Tensor)]) -> Result<(), TorchError> {
        fill(self.state(), state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AdamW, AdamWConfig, HalfPrecision, autocast};

    #[test]
    fn the_scale_follows_the_documented_rule() {
        // torch.amp.GradScaler("cpu", init_scale=8, growth_interval=2), with the
        // gradients 1, 1, inf, 1, 1, nan: get_scale() after each update is
        // 8, 16, 8, 8, 16, 8.
        let config =
            ScalerConfig { initial_scale: 8.0, growth_interval: 2, ..ScalerConfig::default() };
        let mut scaler = GradientScaler::new(config, Device::Cpu);
        let gradients = [1.0, 1.0, f32::INFINITY, 1.0, 1.0, f32::NAN];
        for (gradient, expected) in gradients.into_iter().zip([8.0, 16.0, 8.0, 8.0, 16.0, 8.0]) {
            let tensor = Tensor::from_slice(&[8.0, 8.0 * gradient]);
            let before = scaler.factor();
            assert_eq!(scaler.unscale(&[tensor.shallow_clone()]).unwrap(), gradient.is_finite());
            assert_eq!(tensor.double_value(&[0]), 8.0 / before);
            scaler.update().unwrap();
            assert_eq!(scaler.factor(), expected);
        }
    }

    #[test]
    fn a_gradient_that_fp16_loses_is_kept() {
        // Half precision ends at 6e-8: 1e-9 is zero in it, 65536 times that is not.
        let gradient = |scaled: bool| {
            let weight = Tensor::ones([1, 1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
            let input = Tensor::ones([1, 1], (Kind::Float, Device::Cpu));
            let mut optimiser = AdamW::new(AdamWConfig::default());
            optimiser.add("weight", &weight, false);
            let mut scaler = GradientScaler::new(ScalerConfig::default(), Device::Cpu);
            let product =
                autocast(Device::Cpu, HalfPrecision::Float16, || input.matmul(&weight)).unwrap();
            let loss = product.to_kind(Kind::Float).sum(Kind::Float) * 1e-9;
            if scaled {
                scaler.scale(&loss).backward();
                assert!(scaler.unscale(&optimiser.gradients()).unwrap());
            } else {
                loss.backward();
            }
            weight.grad().double_value(&[0, 0])
        };
        assert_eq!(gradient(false), 0.0);
        assert!((gradient(true) / 1e-9 - 1.0).abs() < 1e-3, "{}", gradient(true));
    }

    #[test]
    fn a_restored_state_goes_on() {
        let config =
            ScalerConfig { initial_scale: 8.0, growth_interval: 2, ..ScalerConfig::default() };
        let mut scaler = GradientScaler::new(config, Device::Cpu);
        scaler.update().unwrap();
        let mut other = GradientScaler::new(config, Device::Cpu);
        other.load_state(&scaler.state()).unwrap();
        other.update().unwrap();
        assert_eq!(other.factor(), 16.0);
        assert!(other.load_state(&[]).is_err());
    }
}
