use std::fmt;
use std::sync::Arc;

use foramen_learn::{Learner, TrainSet, TuneSet};

use crate::environment::Environment;
use crate::images::{Images, numbers};
use crate::member::Scale;
use crate::training::{Material, train};
use crate::{CnnConfig, CnnError, CnnModel, EpochReport, temperature};

/// What is called after each epoch.
type Progress = Arc<dyn Fn(&EpochReport) + Send + Sync>;

/// A learner that trains a [`CnnModel`].
///
/// The network learns to see the width of a foramen from every patch of the
/// train subjects, treated or not, and from there the outcome from those with
/// one. The epoch and the temperature are chosen on the tune set.
#[derive(Clone, Default)]
pub struct Cnn {
    config: CnnConfig,
    progress: Option<Progress>,
}

impl Cnn {
    /// A learner with this configuration.
    #[must_use]
    pub fn new(config: CnnConfig) -> Self {
        Self { config, progress: None }
    }

    /// Calls `progress` after each epoch.
    #[must_use]
    pub fn with_progress(
        mut self,
        progress: impl Fn(&EpochReport) + Send + Sync + 'static,
    ) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &CnnConfig {
        &self.config
    }
}

impl fmt::Debug for Cnn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cnn").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Learner for Cnn {
    type Fitted = CnnModel;
    type Error = CnnError;

    fn name(&self) -> &'static str {
        "cnn"
    }

    fn fit(&self, train_set: &TrainSet<'_>, tune: &TuneSet<'_>) -> Result<CnnModel, CnnError> {
        let config = &self.config;
        config.check()?;
        train_set.require_both_outcomes()?;
        let environment = Environment::resolve(config)?;
        environment.enter();
        let _deterministic = Deterministic::enter(environment.deterministic)?;
        let labelled = train_set.samples().len();
        let seen = train_set.auxiliary().iter().filter(|sample| sample.width.is_some());
        let all: Vec<_> = train_set.samples().iter().chain(seen).copied().collect();
        let train_images = Images::new(&all, None, config.crop, environment.place())?;
        let edge = usize::try_from(train_images.edge()).unwrap_or(config.crop);
        let tune_images =
            Images::new(tune.samples(), Some(edge), config.crop, environment.place())?;
        let material = Material {
            train: &train_images,
            labelled,
            tune: &tune_images,
            scale: Scale::of(&train_images)?,
        };
        let silent = |_: &EpochReport| ();
        let progress: &dyn Fn(&EpochReport) = match &self.progress {
            Some(progress) => progress.as_ref(),
            None => &silent,
        };
        let members = (0..config.members)
            .map(|number| train(config, &environment, &material, number, progress))
            .collect::<Result<Vec<_>, _>>()?;
        let mut model =
            CnnModel { config: config.clone(), environment, members, temperature: 1.0, edge };
        let (logits, _) = model.average(&tune_images)?;
        let labels: Vec<bool> =
            numbers(&tune_images.label)?.into_iter().map(|label| label > 0.5).collect();
        model.temperature = temperature::fit(&labels, &logits);
        Ok(model)
    }
}

/// Deterministic algorithms, or not, for as long as it lives; then as before.
struct Deterministic {
    before: bool,
}

impl Deterministic {
    fn enter(wanted: bool) -> Result<Self, CnnError> {
        let before = foramen_tch::is_deterministic()?;
        foramen_tch::set_deterministic(wanted)?;
        Ok(Self { before })
    }
}

impl Drop for Deterministic {
    fn drop(&mut self) {
        // The switch was set once without an error; there is nobody to tell.
        let _ = foramen_tch::set_deterministic(self.before);
    }
}
