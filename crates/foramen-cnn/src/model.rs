use foramen_learn::{Classifier, Sample};
use foramen_native::contract::{self, Input};
use foramen_types::Probability;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::input::augment::{centre, vary};
use crate::input::images::Images;
use crate::network::member::Member;
use crate::records::EnvironmentFile;
use crate::{Augmentation, CnnConfig, CnnError, Covariate};

/// Images processed at once in prediction.
const BATCH: usize = 64;

/// How views of one patch differ from the patch itself.
pub(crate) const VIEWS: Augmentation = Augmentation {
    rotation: contract::VIEWS.rotation,
    shift: contract::VIEWS.shift,
    scale: contract::VIEWS.scale,
    ..Augmentation::none()
};

/// A trained ensemble, which predicts the probability of a favourable outcome.
#[derive(Debug)]
pub struct CnnModel {
    pub(crate) config: CnnConfig,
    pub(crate) environment: Environment,
    /// The environment of the training, which may have been another machine.
    pub(crate) trained: EnvironmentFile,
    pub(crate) members: Vec<Member>,
    pub(crate) temperature: f64,
    pub(crate) input: Input,
    /// `None` for a model saved by a version without this field.
    pub(crate) learned: Option<Learned>,
    /// SHA-256 of the train and tune sets; `None` for a model saved by a version without this
    /// field.
    pub(crate) fold: Option<String>,
}

/// The training data of a model, and its performance on the tune set. That performance is
/// optimistic, since the model's choices were made on the tune set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Learned {
    /// Samples with an outcome in the train set.
    pub train: usize,
    /// Number of those samples with a favourable outcome.
    pub favourable: usize,
    /// Further train samples, used only to learn the width.
    pub auxiliary: usize,
    /// Samples of the tune set.
    pub tune: usize,
    /// Cross-entropy on the tune set, natural logarithm, with the temperature.
    pub tune_loss: Option<f64>,
    /// AUC on the tune set; `None` when it has one outcome only.
    pub tune_auc: Option<f64>,
}

/// A model's prediction for one foramen or image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CnnAnswer {
    /// Log-odds of a favourable outcome, temperature included.
    pub logit: f64,
    /// The width predicted by the network, millimetres; `None` for a model that learned no widths.
    pub width: Option<f64>,
}

impl CnnModel {
    /// The configuration it was trained with.
    #[must_use]
    pub fn config(&self) -> &CnnConfig {
        &self.config
    }

    /// The environment in which it computes.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The number by which log-odds are divided, fitted on the tune set.
    #[must_use]
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Its training data; `None` for a model saved by a version without this field.
    #[must_use]
    pub fn learned(&self) -> Option<&Learned> {
        self.learned.as_ref()
    }

    /// SHA-256, in hexadecimal, of the train and tune sets of its training: images, widths,
    /// outcomes and covariates in order. The digest distinguishes the models of a cross-validation.
    /// `None` for a model saved by a version without this field.
    #[must_use]
    pub fn fold(&self) -> Option<&str> {
        self.fold.as_deref()
    }

    /// Rows and columns of the patches that it takes, each of
    /// [`pixel`](CnnConfig::pixel) millimetres.
    #[must_use]
    pub fn patch_pixels(&self) -> usize {
        self.input.edge
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

    /// Number of trained weights of all networks.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.members.iter().map(|member| member.network.weights()).sum()
    }

    /// Whether it has learned widths. If so, it needs the level of each foramen, since widths
    /// differ by level. If not, its predictions do not depend on level or side, and it accepts
    /// plain images ([`CnnModel::predict_images`]).
    #[must_use]
    pub fn has_widths(&self) -> bool {
        self.members.iter().all(|member| member.scale.width.is_some())
    }

    /// Log-odds and widths for each sample, in order: the mean over networks and views. The
    /// prediction for a sample does not depend on other samples, nor on its measured width unless
    /// [`CnnConfig::measured_width`] is set.
    ///
    /// # Errors
    /// [`CnnError::Input`] for a sample that does not fit the model's input.
    pub fn answer(&self, samples: &[&Sample]) -> Result<Vec<CnnAnswer>, CnnError> {
        self.environment.enter();
        let mut answers = Vec::with_capacity(samples.len());
        for samples in samples.chunks(BATCH) {
            let images = self.images(samples)?;
            let (logits, widths) = self.average(&images)?;
            answers.extend(logits.into_iter().enumerate().map(|(place, logit)| CnnAnswer {
                logit: logit / self.temperature,
                width: widths.as_ref().map(|widths| widths[place]),
            }));
        }
        Ok(answers)
    }

    /// Converts samples to the input of the networks.
    pub(crate) fn images(&self, samples: &[&Sample]) -> Result<Images, CnnError> {
        self.input.covariates.check(samples)?;
        Images::new(samples, &self.input, self.environment.place())
    }

    /// Mean log-odds, before the temperature, and widths if they were learned.
    pub(crate) fn average(
        &self,
        images: &Images,
    ) -> Result<(Vec<f64>, Option<Vec<f64>>), CnnError> {
        let n = usize::try_from(images.len()).unwrap_or(0);
        let mut logits = vec![0.0; n];
        let mut widths = self.has_widths().then(|| vec![0.0; n]);
        let share = 1.0 / (self.members.len() * self.config.views) as f64;
        for view in 0..self.config.views {
            let seen = if view == 0 {
                centre(&images.pixels, self.config.crop)
            } else {
                let mut generators: Vec<_> = (0..n).map(|_| self.view_key(view)).collect();
                tch::no_grad(|| vary(&images.pixels, self.config.crop, &VIEWS, &mut generators))
            };
            for member in &self.members {
                let seen = member.see(&self.environment, images, &seen)?;
                for (sum, logit) in logits.iter_mut().zip(&seen.logits) {
                    *sum += share * logit;
                }
                for (sum, width) in widths.iter_mut().flatten().zip(seen.widths.iter().flatten()) {
                    *sum += share * width;
                }
            }
        }
        Ok((logits, widths))
    }

    /// The random key of a view: all samples use the same few views.
    pub(crate) fn view_key(&self, view: usize) -> ChaCha8Rng {
        contract::view_key(self.config.seed, view)
    }
}

impl Classifier for CnnModel {
    type Error = CnnError;

    fn predict(&self, samples: &[&Sample]) -> Result<Vec<Probability>, CnnError> {
        let answers = self.answer(samples)?;
        samples
            .iter()
            .zip(answers)
            .map(|(sample, answer)| {
                Probability::from_logit(answer.logit).map_err(|source| CnnError::Prediction {
                    subject: sample.subject.clone(),
                    source,
                })
            })
            .collect()
    }
}
