//! What optimisers have in common: named parameters, each with its state.

use tch::Tensor;

use crate::{TorchError, ffi};

/// One parameter with its state.
#[derive(Debug)]
pub(crate) struct Slot {
    name: String,
    pub(crate) parameter: Tensor,
    decays: bool,
    pub(crate) state: Vec<Tensor>,
}

/// The parameters of an optimiser.
#[derive(Debug)]
pub(crate) struct Parameters {
    /// What each tensor of a state is called.
    labels: &'static [&'static str],
    slots: Vec<Slot>,
}

impl Parameters {
    pub(crate) fn new(labels: &'static [&'static str]) -> Self {
        Self { labels, slots: Vec::new() }
    }

    /// # Panics
    /// When a parameter of that name is there: its state could not be told apart.
    pub(crate) fn add(&mut self, name: &str, parameter: &Tensor, decays: bool, state: Vec<Tensor>) {
        assert!(
            self.slots.iter().all(|slot| slot.name != name),
            "the optimiser has a parameter {name:?} already; names must differ"
        );
        let (name, parameter) = (name.to_owned(), parameter.shallow_clone());
        self.slots.push(Slot { name, parameter, decays, state });
    }

    pub(crate) fn zero_grad(&mut self) {
        ffi::clear_gradients(self.slots.iter().map(|slot| &slot.parameter))
            .expect("to forget a gradient cannot fail");
    }

    pub(crate) fn gradients(&self) -> Vec<Tensor> {
        self.slots.iter().map(|slot| slot.parameter.grad()).filter(Tensor::defined).collect()
    }

    /// The parameters with a gradient, those that decay or those that do not.
    pub(crate) fn stepping(&self, decays: bool) -> impl Iterator<Item = (&Slot, Tensor)> {
        let slots = self.slots.iter().filter(move |slot| slot.decays == decays);
        slots.map(|slot| (slot, slot.parameter.grad())).filter(|(_, gradient)| gradient.defined())
    }

    /// Bounds the joint norm of the gradients, and tells what it was.
    pub(crate) fn clip_gradients(&mut self, limit: f64) -> f64 {
        tch::no_grad(|| {
            let gradients = self.gradients();
            if gradients.is_empty() {
                return 0.0;
            }
            let norms: Vec<Tensor> = gradients.iter().map(Tensor::norm).collect();
            let norm = Tensor::stack(&norms, 0).norm();
            // As `clip_grad_norm_`: a factor in f32, kept finite for gradients of zero.
            let factor = ((&norm + 1e-6).reciprocal() * limit).clamp_max(1.0);
            for mut gradient in gradients {
                let _ = gradient.g_mul_(&factor);
            }
            norm.double_value(&[])
        })
    }

    /// The state as `NAME.LABEL`, sharing storage.
    pub(crate) fn state(&self) -> Vec<(String, Tensor)> {
        let of_slot = |slot: &Slot| -> Vec<(String, Tensor)> {
            let named = self.labels.iter().zip(&slot.state);
            named.map(|(label, t)| (format!("{}.{label}", slot.name), t.shallow_clone())).collect()
        };
        self.slots.iter().flat_map(of_slot).collect()
    }

    /// Puts a state back, or leaves all as it was.
    pub(crate) fn load_state(&mut self, state: &[(String, Tensor)]) -> Result<(), TorchError> {
        fill(self.state(), state)
    }
}

/// Fills tensors with those of the same names, all or none.
pub(crate) fn fill(
    own: Vec<(String, Tensor)>,
    state: &[(String, Tensor)],
) -> Result<(), TorchError> {
    let wrong = |name: &str, problem| TorchError::State { name: name.to_owned(), problem };
    for (index, (name, _)) in state.iter().enumerate() {
        if !own.iter().any(|(own, _)| own == name) {
            return Err(wrong(name, "belongs to no parameter"));
        }
        if state[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(wrong(name, "is there twice"));
        }
    }
    let mut pairs = Vec::with_capacity(own.len());
    for (name, tensor) in own {
        let Some((_, saved)) = state.iter().find(|(other, _)| *other == name) else {
            return Err(wrong(&name, "is missing"));
        };
        if saved.size() != tensor.size() {
            return Err(wrong(&name, "has another shape"));
        }
        pairs.push((tensor, saved));
    }
    for (mut tensor, saved) in pairs {
        tch::no_grad(|| tensor.f_copy_(saved))?;
    }
    Ok(())
}

/// What every optimiser does with its `parameters`.
macro_rules! over_parameters {
    ($optimiser:ty) => {
        impl $optimiser {
            /// Forgets the gradients.
            pub fn zero_grad(&mut self) {
                self.parameters.zero_grad();
            }

            /// The gradients there are, sharing storage with them.
            #[must_use]
            pub fn gradients(&self) -> Vec<Tensor> {
                self.parameters.gradients()
            }

            /// Scales the gradients down so that their joint L2 norm is at most
            /// `limit`, as `torch.nn.utils.clip_grad_norm_` does; returns the norm as
            /// it was, which is not finite when a gradient is not.
            #[must_use]
            pub fn clip_gradients(&mut self, limit: f64) -> f64 {
                self.parameters.clip_gradients(limit)
            }

            /// Puts a state back that [`Self::state`] gave for the same parameters.
            ///
            /// # Errors
            /// [`TorchError::State`] when a tensor is missing, left over or of another
            /// shape; the optimiser is then as it was.
            pub fn load_state(&mut self, state: &[(String, Tensor)]) -> Result<(), TorchError> {
                self.parameters.load_state(state)
            }
        }
    };
}

pub(crate) use over_parameters;
