use std::path::Path;

use foramen_learn::{Classifier, Sample};
use foramen_types::Probability;

use crate::augment::{Augmentation, centre, keyed, vary};
use crate::environment::Environment;
use crate::images::Images;
use crate::member::Member;
use crate::schedule::purpose;
use crate::{CnnConfig, CnnError, saved};

/// Images looked at together in prediction.
const BATCH: usize = 64;

/// A trained ensemble: tells how likely a favourable outcome is.
#[derive(Debug)]
pub struct CnnModel {
    pub(crate) config: CnnConfig,
    pub(crate) environment: Environment,
    pub(crate) members: Vec<Member>,
    pub(crate) temperature: f64,
    /// Rows and columns of the patches it was trained on.
    pub(crate) edge: usize,
}

/// What a model says of one foramen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CnnAnswer {
    /// Log-odds of a favourable outcome, temperature included.
    pub logit: f64,
    /// The width that the network sees, millimetres.
    pub width: f64,
}

impl CnnModel {
    /// The configuration it was trained with.
    #[must_use]
    pub fn config(&self) -> &CnnConfig {
        &self.config
    }

    /// Where and how it computes.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The number by which log-odds are divided, fitted on the tune set.
    #[must_use]
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Log-odds and widths for each sample, in order: the mean over networks and
    /// views. What is said of a sample does not depend on its neighbours, nor on
    /// its measured width.
    ///
    /// # Errors
    /// [`CnnError::PatchShape`] and [`CnnError::PatchNotFinite`].
    pub fn answer(&self, samples: &[&Sample]) -> Result<Vec<CnnAnswer>, CnnError> {
        self.environment.enter();
        let mut answers = Vec::with_capacity(samples.len());
        for samples in samples.chunks(BATCH) {
            let images =
                Images::new(samples, Some(self.edge), self.config.crop, self.environment.place())?;
            let (logits, widths) = self.average(&images)?;
            answers.extend(
                logits
                    .into_iter()
                    .zip(widths)
                    .map(|(logit, width)| CnnAnswer { logit: logit / self.temperature, width }),
            );
        }
        Ok(answers)
    }

    /// Mean log-odds, before the temperature, and widths.
    pub(crate) fn average(&self, images: &Images) -> Result<(Vec<f64>, Vec<f64>), CnnError> {
        let n = usize::try_from(images.len()).unwrap_or(0);
        let (mut logits, mut widths) = (vec![0.0; n], vec![0.0; n]);
        let share = 1.0 / (self.members.len() * self.config.views) as f64;
        for view in 0..self.config.views {
            let seen = if view == 0 {
                centre(&images.pixels, self.config.crop)
            } else {
                // Every sample is seen in the same few ways.
                let augmentation =
                    Augmentation { rotation: 5.0, shift: 1.5, ..Augmentation::none() };
                let key = |_| keyed(self.config.seed, [purpose::VIEW, view as u64, 0]);
                let mut generators: Vec<_> = (0..n).map(key).collect();
                tch::no_grad(|| {
                    vary(&images.pixels, self.config.crop, &augmentation, &mut generators)
                })
            };
            for member in &self.members {
                let seen = member.see(&self.environment, images, &seen)?;
                for i in 0..n {
                    logits[i] += share * seen.logits[i];
                    widths[i] += share * seen.widths[i];
                }
            }
        }
        Ok((logits, widths))
    }

    /// Writes the model into a folder: `config.json` and `weights.safetensors`.
    ///
    /// The folder appears whole or not at all; an earlier model in its place is
    /// replaced.
    ///
    /// # Errors
    /// [`CnnError::Io`] when a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), CnnError> {
        saved::save(self, folder)
    }

    /// Reads a model that [`CnnModel::save`] wrote, onto the device that the
    /// configuration names.
    ///
    /// # Errors
    /// [`CnnError::Io`] when a file cannot be read, [`CnnError::Foreign`] when it
    /// is not of this program, damaged or of a later version, and
    /// [`CnnError::NoCuda`] when it was trained for a device that is not there.
    pub fn load(folder: &Path) -> Result<Self, CnnError> {
        saved::load(folder, None)
    }

    /// Reads a model onto another device than its configuration names.
    ///
    /// # Errors
    /// Those of [`CnnModel::load`].
    pub fn load_on(folder: &Path, device: crate::DeviceChoice) -> Result<Self, CnnError> {
        saved::load(folder, Some(device))
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
