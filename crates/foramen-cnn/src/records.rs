//! Configuration and environment as files hold them: types of their own, so that
//! a renamed field breaks no file.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::{
    Architecture, Augmentation, ClassWeights, CnnConfig, CnnError, DeviceChoice, Precision,
};

/// How the model was computed: for the reader, and for claims of equal bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EnvironmentFile {
    crate_version: String,
    libtorch: String,
    device: String,
    threads: usize,
    #[serde(default)]
    number_format: String,
    cpu_capability: String,
    deterministic: bool,
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
            deterministic: environment.deterministic,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PrecisionFile {
    Auto,
    F32,
    Bf16,
    Fp16,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClassWeightsFile {
    #[default]
    Equal,
    Balanced,
    Given([f64; 2]),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConfigFile {
    device: String,
    precision: PrecisionFile,
    threads: Option<usize>,
    #[serde(default = "one")]
    data_threads: usize,
    seed: u64,
    members: usize,
    pub(crate) crop: usize,
    #[serde(default = "half_a_millimetre")]
    pixel_mm: f64,
    #[serde(default = "compact")]
    architecture: String,
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
    pub(crate) measured_width: bool,
    dropout: f64,
    #[serde(default)]
    class_weights: ClassWeightsFile,
    label_smoothing: f64,
    average_decay: f64,
    patience: usize,
    views: usize,
    augmentation: AugmentationFile,
}

#[derive(Debug, Serialize, Deserialize)]
struct AugmentationFile {
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
    mixup: f64,
    #[serde(default)]
    cutmix: f64,
}

impl ConfigFile {
    pub(crate) fn of(config: &CnnConfig) -> Self {
        let CnnConfig { device, precision, threads, seed, members, crop, channels, .. } = *config;
        let CnnConfig { epochs, images_per_epoch, batch, accumulation, labelled_share, .. } =
            *config;
        let CnnConfig { learning_rate, weight_decay, warm_up, clip, outcome_weight, .. } = *config;
        let CnnConfig { width_first, dropout, label_smoothing, average_decay, .. } = *config;
        let CnnConfig { patience, views, .. } = *config;
        let Augmentation {
            rotation,
            shift,
            scale,
            gamma,
            bias,
            offset,
            noise,
            elastic,
            cutout,
            mixup,
            cutmix,
        } = config.augmentation;
        Self {
            device: device.to_string(),
            precision: match precision {
                Precision::Auto => PrecisionFile::Auto,
                Precision::F32 => PrecisionFile::F32,
                Precision::BFloat16 => PrecisionFile::Bf16,
                Precision::Float16 => PrecisionFile::Fp16,
            },
            threads,
            data_threads: config.data_threads,
            seed,
            members,
            crop,
            pixel_mm: config.pixel,
            architecture: config.architecture.to_string(),
            channels,
            small_stem: config.small_stem,
            weights: config.weights.clone(),
            epochs,
            images_per_epoch,
            batch,
            accumulation,
            labelled_share,
            learning_rate,
            weight_decay,
            warm_up,
            clip,
            outcome_weight,
            width_first,
            measured_width: config.measured_width,
            dropout,
            class_weights: match config.class_weights {
                ClassWeights::Equal => ClassWeightsFile::Equal,
                ClassWeights::Balanced => ClassWeightsFile::Balanced,
                ClassWeights::Given(weights) => ClassWeightsFile::Given(weights),
            },
            label_smoothing,
            average_decay,
            patience,
            views,
            augmentation: AugmentationFile {
                rotation,
                shift,
                scale,
                gamma,
                bias,
                offset,
                noise,
                elastic,
                cutout,
                mixup,
                cutmix,
            },
        }
    }

    pub(crate) fn into_config(self) -> Result<CnnConfig, CnnError> {
        let AugmentationFile {
            rotation,
            shift,
            scale,
            gamma,
            bias,
            offset,
            noise,
            elastic,
            cutout,
            mixup,
            cutmix,
        } = self.augmentation;
        let config = CnnConfig {
            device: self.device.parse::<DeviceChoice>()?,
            precision: match self.precision {
                PrecisionFile::Auto => Precision::Auto,
                PrecisionFile::F32 => Precision::F32,
                PrecisionFile::Bf16 => Precision::BFloat16,
                PrecisionFile::Fp16 => Precision::Float16,
            },
            threads: self.threads,
            data_threads: self.data_threads,
            seed: self.seed,
            members: self.members,
            crop: self.crop,
            pixel: self.pixel_mm,
            architecture: self.architecture.parse()?,
            channels: self.channels,
            small_stem: self.small_stem,
            weights: self.weights,
            epochs: self.epochs,
            images_per_epoch: self.images_per_epoch,
            batch: self.batch,
            accumulation: self.accumulation,
            labelled_share: self.labelled_share,
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            warm_up: self.warm_up,
            clip: self.clip,
            outcome_weight: self.outcome_weight,
            width_first: self.width_first,
            measured_width: self.measured_width,
            dropout: self.dropout,
            class_weights: match self.class_weights {
                ClassWeightsFile::Equal => ClassWeights::Equal,
                ClassWeightsFile::Balanced => ClassWeights::Balanced,
                ClassWeightsFile::Given(weights) => ClassWeights::Given(weights),
            },
            label_smoothing: self.label_smoothing,
            average_decay: self.average_decay,
            patience: self.patience,
            views: self.views,
            augmentation: Augmentation {
                rotation,
                shift,
                scale,
                gamma,
                bias,
                offset,
                noise,
                elastic,
                cutout,
                mixup,
                cutmix,
            },
        };
        config.check()?;
        Ok(config)
    }
}

/// What files from before there was a choice mean.
fn compact() -> String {
    Architecture::Compact.to_string()
}

/// The same.
fn one() -> usize {
    1
}

/// The same.
fn half_a_millimetre() -> f64 {
    0.5
}
