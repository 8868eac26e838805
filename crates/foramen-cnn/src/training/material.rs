//! The data for training a network.

use sha2::{Digest as _, Sha256};
use tch::Device;

use crate::CnnError;
use crate::input::images::Images;
use crate::network::member::Scale;
use crate::tensors::hex;
use foramen_native::contract::Input;

/// The data on which a network is trained and its best epoch chosen.
pub(crate) struct Material<'a> {
    pub input: &'a Input,
    /// Labelled images first, then auxiliary ones.
    pub train: &'a Images,
    /// Number of labelled images.
    pub labelled: usize,
    /// The images on which the best epoch is chosen.
    pub tune: &'a Images,
    pub scale: Scale,
    /// Weights of a poor and of a favourable outcome.
    pub class_weights: [f64; 2],
}

impl Material<'_> {
    /// A digest that identifies a training set: images, widths, outcomes and covariates, in order.
    pub(crate) fn fingerprint(&self) -> Result<String, CnnError> {
        let mut digest = Sha256::new();
        digest.update((self.labelled as u64).to_le_bytes());
        for covariate in &self.input.covariates.0 {
            digest.update(covariate.name.as_bytes());
            digest.update([0]);
        }
        for images in [self.train, self.tune] {
            for tensor in images.tensors() {
                for size in tensor.size() {
                    digest.update(size.to_le_bytes());
                }
                let flat = tensor.to_device(Device::Cpu).contiguous().flatten(0, -1);
                for number in Vec::<f32>::try_from(flat)? {
                    digest.update(number.to_le_bytes());
                }
            }
        }
        Ok(hex(&digest.finalize()))
    }
}
