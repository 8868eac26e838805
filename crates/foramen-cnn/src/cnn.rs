use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use foramen_learn::{Learner, Sample, TrainSet, TuneSet};
use foramen_metrics::Scores;
use sha2::{Digest as _, Sha256};

use crate::environment::Environment;
use crate::input::images::{Images, numbers};
use crate::model::Learned;
use crate::network::member::Scale;
use crate::records::EnvironmentFile;
use crate::training::Training;
use crate::training::checkpoint::{Checkpoints, below, settings};
use crate::training::material::Material;
use crate::training::ranks::Ranks;
use crate::training::temperature::{self, cross_entropy};
use crate::{CnnConfig, CnnError, CnnModel, EpochReport};
use foramen_native::contract::Covariates;
use foramen_native::contract::Input;

/// The callback after each epoch.
type Progress = Arc<dyn Fn(&EpochReport) + Send + Sync>;

/// A learner that trains a [`CnnModel`].
///
/// The network learns to predict the width of a foramen from every patch of the train subjects,
/// treated or not. From the patches with an outcome it then learns to predict the outcome, also
/// using their covariates (every labelled sample must name the same ones). The epoch and the
/// temperature are chosen on the tune set.
#[derive(Clone, Default)]
pub struct Cnn {
    config: CnnConfig,
    progress: Option<Progress>,
    checkpoints: Option<PathBuf>,
    history: Option<PathBuf>,
    resume: bool,
    stop: Arc<AtomicBool>,
    ranks: Ranks,
}

impl Cnn {
    /// A learner with this configuration.
    #[must_use]
    pub fn new(config: CnnConfig) -> Self {
        Self { config, ..Self::default() }
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

    /// Keeps a checkpoint after each epoch below `folder`, which trainings on
    /// other data, such as the folds of one study, may share.
    ///
    /// An earlier checkpoint of the same data is replaced, unless [`Cnn::with_resume`] is set. The
    /// checkpoints stay when the training is done: a resumed study skips finished folds.
    #[must_use]
    pub fn with_checkpoints(mut self, folder: impl Into<PathBuf>) -> Self {
        self.checkpoints = Some(folder.into());
        self
    }

    /// Writes the results of each epoch below `folder`, for each training set and network:
    /// `history.csv`, and a file that `tensorboard --logdir` shows.
    ///
    /// A resumed training continues the earlier table.
    #[must_use]
    pub fn with_history(mut self, folder: impl Into<PathBuf>) -> Self {
        self.history = Some(folder.into());
        self
    }

    /// Resumes from the last checkpoint of the same data, if there is one.
    ///
    /// On the CPU the weights are then, byte for byte, those of a training that
    /// was never interrupted. A checkpoint that is damaged, or was made with
    /// another configuration, number of threads, number format, processor, kernels or
    /// libtorch, is an error.
    #[must_use]
    pub fn with_resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Ends the training with [`CnnError::Stopped`] before its next step once
    /// `stop` is set, for example by Ctrl-C.
    #[must_use]
    pub fn with_stop(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    /// Trains together with the other processes of a group. All must fit the same learner to the
    /// same data.
    ///
    /// Each process handles a part of every batch. Batch norms, losses and gradients are computed
    /// over the whole batch, so that the weights equal those of a single process except for
    /// rounding. All end with the same model; only rank 0 calls `progress` and reads and writes
    /// checkpoints and history. Where [`CnnConfig::threads`] is `None`, each process uses as many
    /// threads as rank 0 has cores, divided by the processes on its machine.
    #[cfg(feature = "distributed")]
    #[must_use]
    pub fn with_group(mut self, group: Arc<foramen_tch::Group>) -> Self {
        self.ranks = Ranks::of(group);
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
        let ranks = &self.ranks;
        let environment = ranks.environment(config)?;
        environment.enter();
        let _deterministic = Deterministic::enter(environment.deterministic)?;
        let labelled = train_set.samples().len();
        let is_favourable =
            |sample: &&&Sample| sample.outcome.is_some_and(|outcome| outcome.is_favourable());
        let favourable = train_set.samples().iter().filter(is_favourable).count();
        let seen = train_set.auxiliary().iter().filter(|sample| sample.width.is_some());
        let all: Vec<_> = train_set.samples().iter().chain(seen).copied().collect();
        let covariates = Covariates::of(train_set.samples(), config.measured_width)?;
        covariates.check(tune.samples())?;
        covariates.check_finite(train_set.auxiliary())?;
        let input = Input::of(&all, config.crop, covariates);
        let train_images = Images::new(&all, &input, environment.place())?;
        let tune_images = Images::new(tune.samples(), &input, environment.place())?;
        let material = Material {
            input: &input,
            train: &train_images,
            labelled,
            tune: &tune_images,
            class_weights: config.class_weights.of(favourable, labelled),
            scale: Scale::of(&train_images, config)?,
        };
        let silent = |_: &EpochReport| ();
        let progress: &dyn Fn(&EpochReport) = match &self.progress {
            Some(progress) if ranks.is_first() => progress.as_ref(),
            _ => &silent,
        };
        let data = material.fingerprint()?;
        ranks.check_same(&config_and_data(config, &environment, &data))?;
        let checkpoints = self.checkpoints.as_ref().filter(|_| ranks.is_first());
        let checkpoints = checkpoints.map(|folder| Checkpoints::new(folder, self.resume, &data));
        let history = self.history.as_ref().filter(|_| ranks.is_first());
        let history = history.map(|folder| below(folder, &data));
        let training = Training {
            config,
            environment: &environment,
            material: &material,
            checkpoints: checkpoints.as_ref(),
            history: history.as_deref(),
            ranks,
            stop: &self.stop,
            progress,
        };
        let members = (0..config.members)
            .map(|number| training.run(number))
            .collect::<Result<Vec<_>, _>>()?;
        let mut model = CnnModel {
            config: config.clone(),
            trained: EnvironmentFile::of(&environment),
            environment,
            members,
            temperature: 1.0,
            input,
            learned: None,
            fold: Some(data),
        };
        let (logits, _) = model.average(&tune_images)?;
        let labels: Vec<bool> =
            numbers(&tune_images.label)?.into_iter().map(|label| label > 0.5).collect();
        model.temperature = temperature::fit(&labels, &logits);
        let losses = labels.iter().zip(&logits);
        let losses = losses.map(|(label, logit)| cross_entropy(*label, logit / model.temperature));
        let scores = Scores::of_marker(&labels, &logits).ok();
        model.learned = Some(Learned {
            train: labelled,
            favourable,
            auxiliary: all.len() - labelled,
            tune: labels.len(),
            tune_loss: (!labels.is_empty()).then(|| losses.sum::<f64>() / labels.len() as f64),
            tune_auc: scores
                .and_then(|s| foramen_metrics::discrimination::auc(&s).ok())
                .map(|auc| auc.estimate),
        });
        Ok(model)
    }
}

/// What must be equal in all processes that train together.
fn config_and_data(config: &CnnConfig, environment: &Environment, data: &str) -> [u8; 32] {
    let (format, kernels) = (environment.number_format(), config.kernels);
    let text = format!("{} {format} {kernels} {data}", settings(config));
    Sha256::new_with_prefix(env!("CARGO_PKG_VERSION")).chain_update(text).finalize().into()
}

/// Sets deterministic algorithms on or off for its lifetime; then restores the earlier setting.
struct Deterministic {
    before: bool,
    /// Whether cuDNN benchmarked its algorithms before; determinism turns this off.
    benchmark: bool,
}

impl Deterministic {
    fn enter(wanted: bool) -> Result<Self, CnnError> {
        let (before, benchmark) =
            (foramen_tch::is_deterministic()?, foramen_tch::is_cudnn_benchmark()?);
        foramen_tch::set_deterministic(wanted)?;
        Ok(Self { before, benchmark })
    }
}

impl Drop for Deterministic {
    fn drop(&mut self) {
        // The switches were set once without an error; there is nobody to tell.
        let _ = foramen_tch::set_deterministic(self.before);
        let _ = foramen_tch::set_cudnn_benchmark(self.benchmark);
    }
}
