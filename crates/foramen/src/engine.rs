use std::path::Path;

use anyhow::{Result, ensure};
use clap::ValueEnum;
#[cfg(feature = "torch")]
use foramen_cnn::CnnModel;
use foramen_native::NativeModel;

use crate::fold_models::load_models;
use crate::predictor::Predictor;
use crate::training::resolve_device;

/// The software that computes predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Plain Rust on the CPU, in f32; compact networks only.
    Native,
    /// libtorch, in the number format that is fast on the device.
    Libtorch,
}

impl Default for Engine {
    fn default() -> Self {
        if cfg!(feature = "torch") { Self::Libtorch } else { Self::Native }
    }
}

impl Engine {
    /// Describes the device on which it computes.
    ///
    /// # Errors
    /// When the device is not available, the engine does not support it, or the engine is not part
    /// of the program.
    pub(crate) fn resolve(self, device: &str) -> Result<String> {
        match self {
            Self::Native => {
                ensure!(
                    matches!(device, "auto" | "cpu"),
                    "--device {device} needs libtorch; leave it out, or give --engine libtorch"
                );
                Ok("cpu (plain Rust, f32)".to_owned())
            }
            Self::Libtorch => {
                ensure!(
                    cfg!(feature = "torch"),
                    "--engine libtorch is not part of this program, which was built without it; \
                     leave it out to predict in plain Rust, or run `cargo xtask setup` once and \
                     build with `--features torch`"
                );
                resolve_device(device)
            }
        }
    }
}

/// The models of a study, loaded by an engine.
pub(crate) enum Models {
    Native(Vec<NativeModel>),
    #[cfg(feature = "torch")]
    Libtorch(Vec<CnnModel>),
}

impl Models {
    /// Loads the models below a folder, or the single model in it.
    ///
    /// # Errors
    /// Those of [`load_models`].
    pub(crate) fn load(folder: &Path, engine: Engine, device: &str) -> Result<Self> {
        match engine {
            #[cfg(feature = "torch")]
            Engine::Libtorch => {
                let device = device.parse()?;
                let load = |folder: &Path| Ok(CnnModel::load_on(folder, device)?);
                Ok(Self::Libtorch(load_models(folder, load)?))
            }
            _ => {
                engine.resolve(device)?;
                Ok(Self::Native(load_models(folder, |folder| Ok(NativeModel::load(folder)?))?))
            }
        }
    }

    /// Each of them; there is at least one.
    pub(crate) fn each(&self) -> Vec<&dyn Predictor> {
        match self {
            Self::Native(models) => models.iter().map(|model| model as _).collect(),
            #[cfg(feature = "torch")]
            Self::Libtorch(models) => models.iter().map(|model| model as _).collect(),
        }
    }
}
