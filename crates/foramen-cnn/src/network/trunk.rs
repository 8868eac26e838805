//! The trunks: from images to feature maps.

mod compact;
mod densenet;
mod efficientnet;
mod lite0;
mod resnet;

use std::fmt;

use foramen_tch::HalfPrecision;
use tch::{Device, Kind, Tensor, nn};

use crate::network::layer::Layer;
use crate::{Architecture, CnnError, Kernels};

use compact::Compact;
use densenet::DenseNet;
use efficientnet::EfficientNet;
use resnet::ResNet;

pub(crate) use lite0::Lite0;

/// The settings of a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub architecture: Architecture,
    /// Channels of the images.
    pub input: i64,
    /// Channels of the first stage of the compact network.
    pub channels: i64,
    /// Whether the first convolution keeps the size of small images.
    pub small_stem: bool,
}

/// Layers from images to feature maps.
pub(crate) trait Trunk: fmt::Debug + Send {
    /// Feature maps `[n, channels, …]` of images `[n, input, rows, columns]`.
    fn maps(&self, images: &Tensor, train: bool) -> Tensor;

    /// Channels of the feature maps.
    fn channels(&self) -> i64;

    /// Applies a function to each layer.
    fn each_layer(&mut self, each: Each<'_>) -> Result<(), CnnError>;
}

/// The function applied to each layer of a trunk.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&mut Layer) -> Result<(), CnnError>;

/// A trunk with its tensors below `path`, not initialised yet.
pub(crate) fn build(path: &nn::Path<'_>, plan: Plan) -> Box<dyn Trunk> {
    let Plan { architecture, input, channels, small_stem } = plan;
    match architecture {
        Architecture::Compact => Box::new(Compact::new(path, input, channels)),
        Architecture::ResNet18 => Box::new(ResNet::basic(path, input, small_stem, [2, 2, 2, 2])),
        Architecture::ResNet34 => Box::new(ResNet::basic(path, input, small_stem, [3, 4, 6, 3])),
        Architecture::ResNet50 => {
            Box::new(ResNet::bottleneck(path, input, small_stem, [3, 4, 6, 3]))
        }
        Architecture::DenseNet121 => Box::new(DenseNet::new(path, input, small_stem)),
        Architecture::EfficientNetB0 => Box::new(EfficientNet::new(path, input, small_stem)),
        Architecture::EfficientNetLite0 => Box::new(Lite0::new(path, input)),
    }
}

/// Says what trains a trunk that lies on a device.
pub(crate) fn train_by(
    trunk: &mut dyn Trunk,
    kernels: Kernels,
    device: Device,
) -> Result<(), CnnError> {
    let by_libtorch = !kernels.are_ours(device);
    trunk.each_layer(&mut |layer| {
        layer.by_libtorch = by_libtorch;
        Ok(())
    })
}

/// Makes the predictions of a trunk fast, in a 16-bit format or f32.
pub(crate) fn pack(trunk: &mut dyn Trunk, half: Option<HalfPrecision>) -> Result<(), CnnError> {
    let kind = match half {
        None => Kind::Float,
        Some(HalfPrecision::BFloat16) => Kind::BFloat16,
        Some(HalfPrecision::Float16) => Kind::Half,
    };
    trunk.each_layer(&mut |layer| layer.pack(kind))
}

/// Converts weights to the channels-last layout in place, which convolutions compute faster with.
pub(crate) fn make_channels_last(store: &nn::VarStore) -> Result<(), CnnError> {
    for mut tensor in store.variables().into_values() {
        if tensor.dim() == 4 {
            foramen_tch::make_channels_last(&mut tensor)?;
        }
    }
    Ok(())
}
