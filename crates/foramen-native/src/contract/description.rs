//! The content of `config.json` about a model, and the link to its weights.

use std::fmt;

use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::covariate::Covariates;
use super::input::Input;

/// The file in a model's folder that describes it.
pub const CONFIG: &str = "config.json";
/// The file in a model's folder that holds its weights.
pub const WEIGHTS: &str = "weights.safetensors";
/// The entry of the weights' metadata with their fold.
pub const FOLD: &str = "fold";

/// The value of `format` in `config.json`.
const FORMAT: &str = "foramen-cnn";
/// The version that is written. Models of version 1, which had no covariates, are read unless they
/// use the measured width. Up to version 2 every model returned widths, even if it had learned
/// none.
const VERSION: u32 = 3;

/// The content of `config.json` besides the configuration of the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    format: String,
    version: u32,
    /// Rows and columns of the patches.
    pub patch_pixels: usize,
    /// Channels of the patches. Default 1, for files written before this field existed.
    #[serde(default = "one")]
    pub channels: usize,
    /// Covariates beside the image.
    #[serde(default)]
    pub covariates: Covariates,
    /// The number by which log-odds are divided.
    pub temperature: f64,
    /// The scales of intensities and widths.
    pub scale: ScaleFile,
    /// SHA-256 of the train and tune sets; `None` in files written before this field existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// SHA-256 of the file of weights; `None` in files written before this field existed.
    #[serde(default, rename = "weights", skip_serializing_if = "Option::is_none")]
    pub weights_sha256: Option<String>,
}

/// The scales of intensities and widths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleFile {
    /// Mean of each channel.
    pub intensity_mean: PerChannel,
    /// Standard deviation of each channel.
    pub intensity_deviation: PerChannel,
    /// Mean width, millimetres; `None` for a model that learned no widths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_mean_mm: Option<f64>,
    /// Standard deviation of widths, millimetres; `None` for a model that learned no widths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_deviation_mm: Option<f64>,
}

impl ScaleFile {
    /// Mean and standard deviation of widths, millimetres; `None` for a model that learned no
    /// widths, whose predictions do not depend on the level either.
    #[must_use]
    pub fn width(&self) -> Option<[f64; 2]> {
        Some([self.width_mean_mm?, self.width_deviation_mm?])
    }
}

/// A number for each channel; version 1 had one number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PerChannel {
    /// The only channel.
    Grey(f64),
    /// Each channel.
    Channels(Vec<f64>),
}

/// Why a file is not a model, or not the right one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It is not JSON in the expected form.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is not a safetensors file.
    #[error(transparent)]
    Safetensors(#[from] safetensors::SafeTensorError),
    /// It is a file of another program.
    #[error("its format is {format:?}")]
    Format {
        /// The format that it names.
        format: String,
    },
    /// It was written by a later version.
    #[error("its version is {version}, and this program reads up to {VERSION}")]
    Version {
        /// Its version.
        version: u32,
    },
    /// It is of version 1 and uses the measured width.
    #[error("models of version 1 read the measured width otherwise; train it again")]
    FormerWidth,
    /// A number is NaN, infinite or outside its range.
    #[error("its {name} is {value}; train it again, or put the saved file back")]
    Number {
        /// Name of the number.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// The field of view is larger than the patches.
    #[error("its patches are smaller than its field of view")]
    SmallPatches,
    /// Only one of mean and deviation of widths is present.
    #[error("its scale of widths is not whole; train it again, or put the saved file back")]
    WidthScale,
    /// The numbers of means and deviations differ from the number of channels.
    #[error("it has not one scale for each channel")]
    Scales,
    /// The weights are of another fold than the configuration.
    #[error(
        "it holds weights of {}, and {CONFIG} beside it is of {}; put the weights back with which \
         the model was saved",
        Fold(found.as_deref()),
        Fold(expected.as_deref())
    )]
    OtherFold {
        /// The fold of the weights.
        found: Option<String>,
        /// The fold of the configuration.
        expected: Option<String>,
    },
    /// The weights are of another training than the configuration, or damaged.
    #[error(
        "it is not the file that {CONFIG} was saved with: it is of another training of the same \
         fold, or damaged; put the saved weights back"
    )]
    OtherWeights,
    /// A tensor has the wrong type.
    #[error("{name} is of type {found}")]
    Type {
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
    },
    /// A tensor has the wrong shape.
    #[error("{name} has the shape {found:?} and not {expected:?}")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape according to the configuration.
        expected: Vec<usize>,
    },
    /// A setting is outside the supported range.
    #[error("its setting {name} is {value}; {rule} can be used")]
    Setting {
        /// Name of the field.
        name: &'static str,
        /// Its value.
        value: usize,
        /// The allowed values.
        rule: &'static str,
    },
}

/// Reads `config.json` in a form that holds a flattened [`Description`], with specific errors for
/// files of another program or a later version.
///
/// # Errors
/// [`FormatError::Json`], [`FormatError::Format`] and [`FormatError::Version`].
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormatError> {
    #[derive(Deserialize)]
    struct Front {
        format: String,
        version: u32,
    }
    let Front { format, version } = serde_json::from_slice(bytes)?;
    if format != FORMAT {
        return Err(FormatError::Format { format });
    }
    if !(1..=VERSION).contains(&version) {
        return Err(FormatError::Version { version });
    }
    Ok(serde_json::from_slice(bytes)?)
}

impl Description {
    /// Describes a model in the version that is written, without a fold and a hash.
    #[must_use]
    pub fn new(input: &Input, temperature: f64, scale: ScaleFile) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            patch_pixels: input.edge,
            channels: input.channels,
            covariates: input.covariates.clone(),
            temperature,
            scale,
            fold: None,
            weights_sha256: None,
        }
    }

    /// The input that the model takes.
    #[must_use]
    pub fn input(&self) -> Input {
        let (edge, channels) = (self.patch_pixels, self.channels);
        Input { edge, channels, covariates: self.covariates.clone() }
    }

    /// Mean and standard deviation of each channel's intensities.
    #[must_use]
    pub fn intensity(&self) -> Vec<[f64; 2]> {
        let ScaleFile { intensity_mean, intensity_deviation, .. } = &self.scale;
        let pairs = intensity_mean.numbers().iter().zip(intensity_deviation.numbers());
        pairs.map(|(mean, deviation)| [*mean, *deviation]).collect()
    }

    /// Checks that a training with this field of view and choice of covariates can have written
    /// this description.
    ///
    /// # Errors
    /// [`FormatError::FormerWidth`], [`FormatError::Number`], [`FormatError::SmallPatches`],
    /// [`FormatError::WidthScale`] and [`FormatError::Scales`].
    pub fn check(&self, crop: usize, measured_width: bool) -> Result<(), FormatError> {
        if self.version == 1 && measured_width {
            return Err(FormatError::FormerWidth);
        }
        let value = self.temperature;
        if !(value.is_finite() && value > 0.0) {
            return Err(FormatError::Number { name: "temperature", value });
        }
        if self.patch_pixels < crop {
            return Err(FormatError::SmallPatches);
        }
        let ScaleFile { intensity_mean, intensity_deviation, width_mean_mm, width_deviation_mm } =
            &self.scale;
        let has_none = width_mean_mm.is_none() && width_deviation_mm.is_none();
        if self.scale.width().is_none() && !(has_none && self.version >= 3 && !measured_width) {
            return Err(FormatError::WidthScale);
        }
        let scales = [intensity_mean, intensity_deviation].map(|scale| scale.numbers().len());
        if scales != [self.channels; 2] {
            return Err(FormatError::Scales);
        }
        Ok(())
    }

    /// Opens the file of weights, and checks that it belongs to the saved model.
    ///
    /// # Errors
    /// [`FormatError::Safetensors`], [`FormatError::OtherFold`] and
    /// [`FormatError::OtherWeights`].
    pub fn open_weights<'a>(&self, bytes: &'a [u8]) -> Result<SafeTensors<'a>, FormatError> {
        let tensors = SafeTensors::deserialize(bytes)?;
        let Some(expected) = &self.weights_sha256 else { return Ok(tensors) };
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        let found = metadata.metadata().as_ref().and_then(|entries| entries.get(FOLD));
        if found != self.fold.as_ref() {
            let (found, expected) = (found.cloned(), self.fold.clone());
            return Err(FormatError::OtherFold { found, expected });
        }
        if hash(bytes) != *expected {
            return Err(FormatError::OtherWeights);
        }
        Ok(tensors)
    }

    /// Records the file of weights with which the model is saved.
    #[must_use]
    pub fn with_weights(mut self, bytes: &[u8]) -> Self {
        self.weights_sha256 = Some(hash(bytes));
        self
    }
}

impl PerChannel {
    /// The numbers, one for each channel.
    #[must_use]
    pub fn numbers(&self) -> &[f64] {
        match self {
            Self::Grey(number) => std::slice::from_ref(number),
            Self::Channels(numbers) => numbers,
        }
    }
}

/// SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// A fold for a message: the beginning of its hash.
struct Fold<'a>(Option<&'a str>);

impl fmt::Display for Fold<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(fold) => write!(f, "the fold {}", fold.get(..12).unwrap_or(fold)),
            None => f.write_str("no known fold"),
        }
    }
}

/// Default for files written before there were channels.
fn one() -> usize {
    1
}
