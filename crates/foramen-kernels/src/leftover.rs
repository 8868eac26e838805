//! What kernels leave to libtorch is said once for each reason.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tch::Tensor;

static SAID: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());

/// Says that `kernel` has left these maps to libtorch, unless it has said so for this reason.
pub(crate) fn say_once(kernel: &'static str, maps: &Tensor, reason: &'static str) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.insert((kernel, reason)) {
        log::info!(
            "libtorch computes {kernel} of {:?} {:?}: {reason} (this is said once)",
            maps.kind(),
            maps.size()
        );
    }
}
