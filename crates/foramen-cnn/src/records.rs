//! Configuration and environment in the form of files: separate types, so that renaming a field
//! does not break files.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::{
    Architecture, Augmentation, ClassWeights, CnnConfig, DeviceChoice, Kernels, Precision,
};

/// How the model was computed: for the reader, and to verify byte-identical results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EnvironmentFile {
    crate_version: String,
    libtorch: String,
    device: String,
    threads: usize,
    #[serde(default)]
    number_format: String,
    cpu_capability: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    kernels: String,
    deterministic: bool,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    processes: usize,
}

impl EnvironmentFile {
    pub(crate) fn of(environment: &Environment) -> Self {
        Self {
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            libtorch: environment.libtorch.clone(),
            device: environment.device.to_string(),
            threads: environment.threads,
            number_format: environment.number_format().to_owned(),
            cpu_capability: environment.cpu_capability.clone(),
            kernels: environment.kernels.clone(),
            deterministic: environment.deterministic,
            processes: environment.processes,
        }
    }
}

impl fmt::Display for EnvironmentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { crate_version, libtorch, device, threads, cpu_capability, processes, .. } = self;
        write!(
            f,
            "foramen-cnn {crate_version}, libtorch {libtorch}, {device}, {threads} thread(s)"
        )?;
        // Files of before there was a choice do not say it.
        if !self.number_format.is_empty() {
            write!(f, ", {}", self.number_format)?;
        }
        write!(f, ", {cpu_capability}")?;
        if !self.kernels.is_empty() {
            write!(f, ", kernels {}", self.kernels)?;
        }
        if *processes > 1 {
            write!(f, ", {processes} processes")?;
        }
        Ok(())
    }
}

/// A configuration in a file. Fields that older files lack get the value that those versions used.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ConfigFile(#[serde(with = "ConfigFields")] pub CnnConfig);

#[derive(Serialize, Deserialize)]
#[serde(remote = "CnnConfig")]
struct ConfigFields {
    #[serde(with = "text")]
    device: DeviceChoice,
    #[serde(with = "PrecisionNames")]
    precision: Precision,
    #[serde(default, with = "text")]
    kernels: Kernels,
    threads: Option<usize>,
    #[serde(default = "one")]
    data_threads: usize,
    seed: u64,
    members: usize,
    crop: usize,
    #[serde(rename = "pixel_mm", default = "half_a_millimetre")]
    pixel: f64,
    #[serde(default, with = "text")]
    architecture: Architecture,
    channels: usize,
    #[serde(default)]
    small_stem: bool,
    #[serde(default)]
    weights: Option<PathBuf>,
    epochs: usize,
    images_per_epoch: usize,
    batch: usize,
    #[serde(default = "one")]
    accumulation: usize,
    labelled_share: f64,
    learning_rate: f64,
    weight_decay: f64,
    warm_up: f64,
    clip: f64,
    outcome_weight: f64,
    width_first: f64,
    #[serde(default)]
    measured_width: bool,
    dropout: f64,
    #[serde(default, with = "ClassWeightsNames")]
    class_weights: ClassWeights,
    label_smoothing: f64,
    average_decay: f64,
    #[serde(default)]
    swa_from: Option<f64>,
    patience: usize,
    views: usize,
    #[serde(with = "AugmentationFields")]
    augmentation: Augmentation,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Augmentation")]
struct AugmentationFields {
    rotation: f64,
    shift: f64,
    scale: f64,
    gamma: f64,
    bias: f64,
    offset: f64,
    noise: f64,
    #[serde(default)]
    elastic: f64,
    #[serde(default)]
    cutout: f64,
    #[serde(default)]
    blur: f64,
    #[serde(default)]
    flip: f64,
    #[serde(default)]
    mixup: f64,
    #[serde(default)]
    cutmix: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Precision", rename_all = "snake_case")]
enum PrecisionNames {
    Auto,
    F32,
    F64,
    #[serde(rename = "bf16")]
    BFloat16,
    #[serde(rename = "fp16")]
    Float16,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ClassWeights", rename_all = "snake_case")]
enum ClassWeightsNames {
    Equal,
    Balanced,
    Given([f64; 2]),
}

/// Default for files written before this field existed.
fn one() -> usize {
    1
}

/// Whether a number has its default, which is not written, as in older files.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_one(number: &usize) -> bool {
    *number == 1
}

/// Default for files written before this field existed.
fn half_a_millimetre() -> f64 {
    0.5
}

/// Serialises values by their names.
mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &impl Display,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
