use std::path::Path;

use foramen_tch::HalfPrecision;
use tch::{Device, Kind, Tensor, nn};

use crate::input::augment::keyed;
use crate::network::trunk::{self, Plan, Trunk, make_channels_last};
use crate::network::weights::{draw_convolution, load};
use crate::training::schedule::purpose;
use crate::{Architecture, CnnError, Kernels, Precision};

/// A network from images to features, for training your own model with tch; [`Cnn`](crate::Cnn)
/// builds its own.
///
/// ```
/// use foramen_cnn::{Architecture, Backbone};
/// use tch::{Device, Kind, Tensor};
///
/// let network = Backbone::new(Architecture::ResNet18, 3, 1, Device::Cpu)?;
/// let images = Tensor::zeros([2, 3, 64, 64], (Kind::Float, Device::Cpu));
/// assert_eq!(network.features(&images, false).size(), [2, 512]);
/// # Ok::<(), foramen_cnn::CnnError>(())
/// ```
#[derive(Debug)]
pub struct Backbone {
    store: nn::VarStore,
    trunk: Box<dyn Trunk>,
    /// The number format of predictions after packing.
    half: Option<HalfPrecision>,
}

impl Backbone {
    /// A network for images of `input` channels, with weights drawn from `seed`,
    /// channels-last in memory. The compact one has 16 channels in its first stage.
    ///
    /// # Errors
    /// [`CnnError::Torch`] if libtorch fails.
    pub fn new(
        architecture: Architecture,
        input: i64,
        seed: u64,
        device: Device,
    ) -> Result<Self, CnnError> {
        let network = Self::empty(architecture, input, device)?;
        let mut generator = keyed(seed, [purpose::WEIGHTS, 0, 0]);
        for (_, mut tensor) in network.named() {
            if tensor.dim() == 4 {
                draw_convolution(&mut tensor, &mut generator);
            }
        }
        make_channels_last(&network.store)?;
        Ok(network)
    }

    /// A network with the weights of a safetensors file with torchvision's names. Its
    /// last layer is not read; for images of one channel, the first layer's kernels
    /// are summed over colours.
    ///
    /// # Errors
    /// [`CnnError::Io`] when the file cannot be read, [`CnnError::Foreign`] when a
    /// tensor is missing or of another shape.
    pub fn load(
        architecture: Architecture,
        input: i64,
        path: &Path,
        device: Device,
    ) -> Result<Self, CnnError> {
        let network = Self::empty(architecture, input, device)?;
        load(path, network.named().into_iter())?;
        make_channels_last(&network.store)?;
        Ok(network)
    }

    /// The same network trained by other kernels than [`Kernels::Auto`].
    ///
    /// # Errors
    /// [`CnnError::Torch`] should libtorch refuse.
    pub fn with_kernels(mut self, kernels: Kernels) -> Result<Self, CnnError> {
        trunk::train_by(&mut *self.trunk, kernels, self.store.device())?;
        Ok(self)
    }

    fn empty(architecture: Architecture, input: i64, device: Device) -> Result<Self, CnnError> {
        let store = nn::VarStore::new(device);
        let plan = Plan { architecture, input, channels: 16, small_stem: false };
        let mut trunk = trunk::build(&store.root(), plan);
        trunk::train_by(&mut *trunk, Kernels::Auto, device)?;
        Ok(Self { store, trunk, half: None })
    }

    /// Features `[n, channels]` of images `[n, input, rows, columns]`: the means of the last
    /// feature maps.
    ///
    /// # Panics
    /// As operations of tch do, if the images have another number of channels than the network, or
    /// are on another device than its weights.
    #[must_use = "the features are all that it gives"]
    pub fn features(&self, images: &Tensor, train: bool) -> Tensor {
        let look = || self.trunk.maps(images, train).mean_dim(&[2i64, 3][..], false, Kind::Float);
        match self.half {
            // Layers that cannot be packed compute in the format of those that are.
            Some(half) if !train => foramen_tch::autocast(self.store.device(), half, look)
                .expect("the device is one that weights lie on"),
            _ => look(),
        }
    }

    /// Number of features.
    #[must_use]
    pub fn channels(&self) -> i64 {
        self.trunk.channels()
    }

    /// Prepares fast prediction: batch norms are folded into convolutions, and weights are
    /// converted to the number format and layout of the processor. Later changes of the weights do
    /// not affect predictions. For a single image, packing takes longer than it saves.
    ///
    /// # Errors
    /// [`CnnError::Torch`] if libtorch fails.
    pub fn pack(&mut self, precision: Precision) -> Result<(), CnnError> {
        self.half = precision.half(self.store.device())?;
        trunk::pack(&mut *self.trunk, self.half)
    }

    /// Every trained tensor and running statistic by torchvision's name, in alphabetical order,
    /// sharing storage.
    #[must_use]
    pub fn named(&self) -> Vec<(String, Tensor)> {
        let mut named: Vec<_> = self.store.variables().into_iter().collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern, in f64 as NumPy would count them.
    fn wave(shape: &[i64], step: f64, phase: f64) -> Tensor {
        let count = shape.iter().product::<i64>();
        let counted = Tensor::arange(count, (Kind::Double, Device::Cpu));
        (counted * step + phase).sin().reshape(shape)
    }

    fn filled(architecture: Architecture) -> Backbone {
        let network = Backbone::new(architecture, 3, 1, Device::Cpu).unwrap();
        for (place, (name, mut tensor)) in network.named().into_iter().enumerate() {
            let size = tensor.size();
            let wave = wave(&size, 0.37, place as f64);
            let values = if size.len() == 4 {
                wave * (2.0 / size[1..].iter().product::<i64>() as f64).sqrt()
            } else if name.ends_with("running_var") {
                wave * 0.5 + 1.0
            } else if name.ends_with("weight") {
                wave * 0.1 + 1.0
            } else {
                wave * 0.1
            };
            tch::no_grad(|| tensor.copy_(&values.to_kind(Kind::Float)));
        }
        network
    }

    #[test]
    fn networks_are_those_of_torchvision() {
        // torchvision 0.28.0, networks without their last layer and without
        // num_batches_tracked; for the i-th name in order, every number k of a tensor
        //   w = sin(0.37 * k + i), in float64
        //   w * sqrt(2 / t[0].numel()) of 4 dimensions, 1 + w / 2 in running_var,
        //   1 + w / 10 in other weights, w / 10 elsewhere
        // x = sin(0.01 * arange(2 * 3 * 64 * 64)).reshape(2, 3, 64, 64); f = m.eval()(x)
        // sum(p.numel() for p in m.parameters()), f.shape[1], f[1, :3], f.abs().mean()
        let expected = [
            (Architecture::ResNet18, 11_176_512, 512, [1.722365, 1.249658, 0.839852], 0.555778),
            (Architecture::ResNet34, 21_284_672, 512, [0.020723, 0.0, 0.0], 0.518499),
            (Architecture::ResNet50, 23_508_032, 2048, [2.438106, 4.283019, 6.161454], 2.561702),
            (Architecture::DenseNet121, 6_953_856, 1024, [3.542028, 0.0, 0.0], 1.230590),
            (
                Architecture::EfficientNetB0,
                4_007_548,
                1280,
                [0.778800, -0.231183, -0.269296],
                0.491260,
            ),
        ];
        let images = wave(&[2, 3, 64, 64], 0.01, 0.0).to_kind(Kind::Float);
        for (architecture, weights, channels, first, mean) in expected {
            let mut network = filled(architecture);
            let trained = network.store.trainable_variables();
            assert_eq!(trained.iter().map(Tensor::numel).sum::<usize>(), weights);
            let check = |network: &Backbone, bound: f64| {
                let features = tch::no_grad(|| network.features(&images, false));
                assert_eq!(features.size(), [2, channels]);
                let worst = |found: f64, expected: f64| {
                    let relative = (found - expected).abs() / (1.0 + expected.abs());
                    assert!(relative < bound, "{architecture}: {found}, not {expected}");
                };
                for (place, expected) in (0..).zip(first) {
                    worst(features.double_value(&[1, place]), expected);
                }
                worst(features.abs().mean(Kind::Double).double_value(&[]), mean);
            };
            check(&network, 1e-5);
            network.pack(Precision::F32).unwrap();
            check(&network, 1e-4);
            network.pack(Precision::BFloat16).unwrap();
            check(&network, 0.05);
        }
    }

    #[test]
    fn a_file_of_torchvision_loads_and_colours_are_summed_for_grey() {
        let colours = filled(Architecture::ResNet18);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resnet18.safetensors");
        let last = ("fc.bias".to_owned(), Tensor::zeros([1000], (Kind::Float, Device::Cpu)));
        let named = colours.named().into_iter().chain([last]);
        std::fs::write(&path, crate::tensors::to_bytes(named).unwrap()).unwrap();

        let grey = wave(&[1, 1, 64, 64], 0.01, 0.0).to_kind(Kind::Float);
        let load = |architecture| Backbone::load(architecture, 1, &path, Device::Cpu);
        let of_grey = load(Architecture::ResNet18).unwrap();
        let expected = tch::no_grad(|| colours.features(&grey.repeat([1, 3, 1, 1]), false));
        let found = tch::no_grad(|| of_grey.features(&grey, false));
        assert!((found - expected).abs().max().double_value(&[]) < 1e-4);

        let error = load(Architecture::ResNet34).unwrap_err().to_string();
        assert!(error.contains("layer1.2"), "{error}");
    }
}
