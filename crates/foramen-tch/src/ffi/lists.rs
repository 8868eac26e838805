//! What optimisers and averages do with lists of tensors.

use tch::Tensor;

use super::{
    AdamWStep, SgdStep, check, ftch_adamw_step, ftch_clear_gradients, ftch_lerp, ftch_sgd_step,
    pointers,
};
use crate::TorchError;

pub(crate) fn clear_gradients<'a>(
    parameters: impl IntoIterator<Item = &'a Tensor>,
) -> Result<(), TorchError> {
    let parameters = pointers(parameters);
    // SAFETY: the list has the length given; gradients belong to tensors, which share
    // them by design of tch.
    check("clear gradients", unsafe { ftch_clear_gradients(parameters.len(), parameters.as_ptr()) })
}

/// The tensors of one parameter during a step.
pub(crate) struct AdamWSlot<'a> {
    pub(crate) parameter: &'a Tensor,
    pub(crate) gradient: Tensor,
    pub(crate) first: &'a Tensor,
    pub(crate) second: &'a Tensor,
    pub(crate) steps: &'a Tensor,
}

pub(crate) fn adamw_step(options: &AdamWStep, slots: &[AdamWSlot<'_>]) -> Result<(), TorchError> {
    let parameters = pointers(slots.iter().map(|slot| slot.parameter));
    let gradients = pointers(slots.iter().map(|slot| &slot.gradient));
    let first = pointers(slots.iter().map(|slot| slot.first));
    let second = pointers(slots.iter().map(|slot| slot.second));
    let steps = pointers(slots.iter().map(|slot| slot.steps));
    // SAFETY: the five lists have the length given and live through the call;
    // the shim writes through tensors, which share storage by design of tch.
    check("take an AdamW step", unsafe {
        ftch_adamw_step(
            options,
            slots.len(),
            parameters.as_ptr(),
            gradients.as_ptr(),
            first.as_ptr(),
            second.as_ptr(),
            steps.as_ptr(),
        )
    })
}

/// The tensors of one parameter during a step of gradient descent.
pub(crate) struct SgdSlot<'a> {
    pub(crate) parameter: &'a Tensor,
    pub(crate) gradient: Tensor,
    pub(crate) buffer: &'a Tensor,
}

pub(crate) fn sgd_step(options: &SgdStep, slots: &[SgdSlot<'_>]) -> Result<(), TorchError> {
    let parameters = pointers(slots.iter().map(|slot| slot.parameter));
    let gradients = pointers(slots.iter().map(|slot| &slot.gradient));
    let buffers = pointers(slots.iter().map(|slot| slot.buffer));
    // SAFETY: as for `adamw_step`, with three lists.
    check("take an SGD step", unsafe {
        ftch_sgd_step(
            options,
            slots.len(),
            parameters.as_ptr(),
            gradients.as_ptr(),
            buffers.as_ptr(),
        )
    })
}

pub(crate) fn lerp(targets: &[Tensor], sources: &[Tensor], weight: f64) -> Result<(), TorchError> {
    if targets.len() != sources.len() {
        return Err(TorchError::State {
            name: "average".to_owned(),
            problem: "has another number of tensors than its source",
        });
    }
    let (to, from) = (pointers(targets), pointers(sources));
    // SAFETY: both lists have the length given and live through the call.
    check("average tensors", unsafe { ftch_lerp(to.len(), to.as_ptr(), from.as_ptr(), weight) })
}
