use std::fs;
use std::path::Path;

use foramen_learn::{Classifier, Sample};
use foramen_types::Probability;
use rayon::prelude::*;
use serde::Deserialize;

use crate::NativeError;
use crate::contract::{CONFIG, Covariate, Description, FormatError, Input, WEIGHTS, parse};
use crate::network::Network;
use crate::views::Views;
use crate::weights::Weights;

/// The only network that this crate supports.
const COMPACT: &str = "compact";
/// Larger settings are errors, and would need more memory than available.
const MOST: usize = 4096;

/// A trained ensemble of compact networks, which predicts the probability of a favourable outcome
/// in f32 on the CPU.
#[derive(Debug, Clone)]
pub struct NativeModel {
    input: Input,
    /// Edge of a pixel of the patches, millimetres.
    pixel: f64,
    members: Vec<Network>,
    views: Views,
    /// Mean and deviation of each channel.
    intensity: Vec<[f32; 2]>,
    /// Mean and deviation of widths, millimetres; `None` if none were learned.
    width: Option<[f64; 2]>,
    temperature: f64,
    fold: Option<String>,
}

/// A model's prediction for one foramen.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct NativeAnswer {
    /// Log-odds of a favourable outcome, temperature included.
    pub logit: f64,
    /// The width predicted by the networks, millimetres; `None` for a model that learned no widths.
    pub width: Option<f64>,
}

/// The part of `config.json` that affects a prediction.
#[derive(Deserialize)]
struct ModelFile {
    #[serde(flatten)]
    description: Description,
    config: ConfigFile,
}

/// The part of the training configuration that affects a prediction.
#[derive(Deserialize)]
struct ConfigFile {
    seed: u64,
    members: usize,
    crop: usize,
    #[serde(rename = "pixel_mm", default = "half_a_millimetre")]
    pixel: f64,
    #[serde(default = "compact")]
    architecture: String,
    channels: usize,
    #[serde(default)]
    measured_width: bool,
    views: usize,
}

impl NativeModel {
    /// Reads the folder of a model that `foramen-cnn` (or `foramen train`) saved.
    ///
    /// # Errors
    /// [`NativeError::Io`] when a file cannot be read, [`NativeError::Foreign`] when it was written
    /// by another program or a later version, is damaged, or has the weights of another model, and
    /// [`NativeError::Architecture`] for another network than the compact one.
    pub fn load(folder: &Path) -> Result<Self, NativeError> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(|source| NativeError::Io { path, source })
        };
        Self::read(folder, &read(CONFIG)?, &read(WEIGHTS)?)
    }

    /// Makes a model from the bytes of its two files, for programs without a file system. Messages
    /// name the files as if they were in `folder`.
    ///
    /// # Errors
    /// Those of [`NativeModel::load`] but [`NativeError::Io`].
    pub fn read(folder: &Path, config: &[u8], weights: &[u8]) -> Result<Self, NativeError> {
        let in_file = |name: &str| {
            let path = folder.join(name);
            move |problem| NativeError::Foreign { path, problem }
        };
        let ModelFile { description, config } = parse(config).map_err(in_file(CONFIG))?;
        if config.architecture != COMPACT {
            let (path, architecture) = (folder.join(CONFIG), config.architecture);
            return Err(NativeError::Architecture { path, architecture });
        }
        config.check(&description).map_err(in_file(CONFIG))?;
        let members = description.open_weights(weights).and_then(|tensors| {
            let sizes = [description.channels, config.channels, description.covariates.len()];
            let members = 0..config.members;
            members.map(|member| Network::read(&Weights::of(&tensors, member), sizes)).collect()
        });
        let narrow = |[mean, deviation]: [f64; 2]| {
            #[expect(clippy::cast_possible_truncation, reason = "intensities are in f32")]
            [mean as f32, deviation as f32]
        };
        Ok(Self {
            members: members.map_err(in_file(WEIGHTS))?,
            views: Views::new(description.patch_pixels, config.crop, config.views, config.seed),
            intensity: description.intensity().into_iter().map(narrow).collect(),
            width: description.scale.width(),
            temperature: description.temperature,
            input: description.input(),
            fold: description.fold,
            pixel: config.pixel,
        })
    }

    /// Rows and columns of the patches that it takes, each of
    /// [`pixel`](NativeModel::pixel) millimetres.
    #[must_use]
    pub fn patch_pixels(&self) -> usize {
        self.input.edge
    }

    /// Edge of a pixel of the patches, millimetres.
    #[must_use]
    pub fn pixel(&self) -> f64 {
        self.pixel
    }

    /// The covariates that it reads beside the image, a measured width last.
    #[must_use]
    pub fn covariates(&self) -> &[Covariate] {
        &self.input.covariates.0
    }

    /// The covariates that each sample must have for a prediction.
    #[must_use]
    pub fn covariate_names(&self) -> Vec<&str> {
        self.input.covariates.names().collect()
    }

    /// The covariates of a sample whose values are far outside the range of the training data
    /// ([`Covariate::is_far`]), each with its value; a measured width as the z-score of its level.
    #[must_use]
    pub fn far_covariates(&self, sample: &Sample) -> Vec<(&Covariate, f64)> {
        self.input.covariates.far(sample)
    }

    /// SHA-256, in hexadecimal, of the train and tune sets of its training, which distinguishes the
    /// models of a cross-validation. `None` for a model saved by a version without this field.
    #[must_use]
    pub fn fold(&self) -> Option<&str> {
        self.fold.as_deref()
    }

    /// Number of trained weights of all networks.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.members.iter().map(Network::weights).sum()
    }

    /// Log-odds and widths for each sample, in order: the mean over networks and views. Samples are
    /// processed in parallel; the results do not depend on the number of threads, nor on the other
    /// samples.
    ///
    /// # Errors
    /// [`NativeError::Input`] for the first sample that does not fit the model's input.
    pub fn answer(&self, samples: &[&Sample]) -> Result<Vec<NativeAnswer>, NativeError> {
        self.input.covariates.check(samples)?;
        let answers = samples.par_iter().map_init(Vec::new, |memory, sample| {
            let pixels = self.input.pixels(&[sample])?;
            Ok(self.answer_one(sample, &pixels, memory))
        });
        answers.collect()
    }

    fn answer_one(&self, sample: &Sample, pixels: &[f32], memory: &mut Vec<f32>) -> NativeAnswer {
        let covariates = self.input.covariates.standardised(&[sample]);
        let (mut logit, mut width) = (0.0, 0.0);
        for view in 0..self.views.len() {
            let view = self.views.cut(view, pixels, &self.intensity);
            for network in &self.members {
                let seen = network.look(&view, memory);
                let scaled = self.width.map(|[mean, deviation]| seen.width * deviation + mean);
                // Without widths it is a number like the other features, and no level is read.
                let z = scaled.map_or(seen.width, |millimetres| sample.level.width_z(millimetres));
                logit += network.outcome(z, &seen, &covariates);
                width += scaled.unwrap_or(0.0);
            }
        }
        let looks = (self.views.len() * self.members.len()) as f64;
        let width = self.width.is_some().then_some(width / looks);
        NativeAnswer { logit: logit / looks / self.temperature, width }
    }
}

impl Classifier for NativeModel {
    type Error = NativeError;

    fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, NativeError> {
        let answers = self.answer(samples)?.into_iter().zip(samples);
        let probabilities = answers.map(|(answer, sample)| {
            Probability::from_logit(answer.logit).map_err(|source| NativeError::Prediction {
                subject: sample.subject.clone(),
                source,
            })
        });
        probabilities.collect()
    }
}

impl ConfigFile {
    /// Checks the settings that determine the sizes of views and networks.
    fn check(&self, description: &Description) -> Result<(), FormatError> {
        let settings = [
            ("members", self.members, 1, "from 1 to 4096"),
            ("views", self.views, 1, "from 1 to 4096"),
            ("channels", self.channels, 1, "from 1 to 4096"),
            ("crop", self.crop, 16, "from 16 to 4096"),
        ];
        for (name, value, least, rule) in settings {
            if !(least..=MOST).contains(&value) {
                return Err(FormatError::Setting { name, value, rule });
            }
        }
        if !(self.pixel.is_finite() && self.pixel > 0.0) {
            return Err(FormatError::Number { name: "pixel_mm", value: self.pixel });
        }
        description.check(self.crop, self.measured_width)
    }
}

/// Default for files written when every model was compact.
fn compact() -> String {
    COMPACT.to_owned()
}

/// Default for files written when every pixel had this edge.
fn half_a_millimetre() -> f64 {
    0.5
}
