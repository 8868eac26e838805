//! Replaces process groups in builds without the feature `distributed`: there is no group, so
//! nothing is done.

use foramen_tch::TorchError;
use tch::Tensor;

/// A group that cannot exist.
#[derive(Debug)]
pub(crate) enum Group {}

/// A reducer that cannot exist.
#[derive(Debug)]
pub(crate) enum GradientReducer {}

/// A sum that cannot exist.
pub(crate) enum PendingSum {}

impl Group {
    pub(crate) fn size(&self) -> usize {
        match *self {}
    }

    pub(crate) fn has_nccl() -> bool {
        false
    }

    pub(crate) fn local_rank(&self) -> usize {
        match *self {}
    }

    pub(crate) fn local_size(&self) -> usize {
        match *self {}
    }

    pub(crate) fn rank(&self) -> usize {
        match *self {}
    }

    pub(crate) fn share_norms<T>(&self, _: impl FnOnce() -> T) -> Result<T, TorchError> {
        match *self {}
    }

    pub(crate) fn sum(&self, _: &[Tensor]) -> Result<PendingSum, TorchError> {
        match *self {}
    }

    pub(crate) fn broadcast(&self, _: &[Tensor], _: usize) -> Result<(), TorchError> {
        match *self {}
    }

    pub(crate) fn explain(&self, _: TorchError) -> TorchError {
        match *self {}
    }
}

impl GradientReducer {
    pub(crate) const BUCKET: usize = 0;

    pub(crate) fn new(group: &Group, _: &[Tensor], _: usize) -> Result<Self, TorchError> {
        match *group {}
    }

    pub(crate) fn prepare(&mut self) -> Result<(), TorchError> {
        match *self {}
    }
}

impl PendingSum {
    pub(crate) fn wait(self) -> Result<(), TorchError> {
        match self {}
    }
}
