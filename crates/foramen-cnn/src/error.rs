use std::path::PathBuf;

use foramen_learn::LearnError;
use foramen_tch::TorchError;
use foramen_types::{SubjectId, TypeError};
use thiserror::Error;

/// Why a network could not be trained, applied, saved or loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CnnError {
    /// A text names no device.
    #[error("{value:?} is no device; write \"auto\", \"cpu\", \"cuda\" or \"cuda:N\"")]
    UnknownDevice {
        /// The text as given.
        value: String,
    },
    /// CUDA was asked for and is not to be had.
    #[error("the device {device} cannot be used: {reason}; {remedy}")]
    NoCuda {
        /// The device as asked for.
        device: String,
        /// Why not.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A value of the configuration cannot be used.
    #[error("the setting {setting} = {value} cannot be used; it must be {rule}")]
    Config {
        /// Name of the field.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        rule: &'static str,
    },
    /// A patch is smaller than the network's field of view, or of another size
    /// than those it was trained on.
    #[error(
        "the patch of {subject} is {rows} × {columns} pixels; the network takes {expected} × \
         {expected}"
    )]
    PatchShape {
        /// Whose patch.
        subject: SubjectId,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Rows and columns expected.
        expected: usize,
    },
    /// A picture has not as many channels as the network takes.
    #[error("the picture of {subject} has {found} channel(s); the network takes {expected}")]
    Channels {
        /// Whose picture.
        subject: SubjectId,
        /// Its channels.
        found: usize,
        /// Channels expected.
        expected: usize,
    },
    /// A patch holds NaN or infinite values.
    #[error("the patch of {subject} holds values that are not finite")]
    PatchNotFinite {
        /// Whose patch.
        subject: SubjectId,
    },
    /// A measured width is NaN or infinite.
    #[error("the width of {subject} is not finite; leave a width out that is not known")]
    WidthNotFinite {
        /// Whose foramen.
        subject: SubjectId,
    },
    /// A sample does not name the covariates that the model asks for.
    #[error(
        "the sample of {subject} {}; a sample names each covariate of the model, without a value \
         where it is missing",
        unlike(missing, extra)
    )]
    Covariates {
        /// Whose sample.
        subject: SubjectId,
        /// What the model asks for and the sample does not name.
        missing: Vec<String>,
        /// What the sample names and the model does not ask for.
        extra: Vec<String>,
    },
    /// A covariate is NaN or infinite.
    #[error("the covariate {name} of {subject} is not finite")]
    CovariateNotFinite {
        /// Whose sample.
        subject: SubjectId,
        /// Which covariate.
        name: String,
    },
    /// A covariate is beyond 10¹², which no measurement of a patient is.
    #[error("the covariate {name} of {subject} is {value:e}; correct it, or leave it out")]
    CovariateTooLarge {
        /// Whose sample.
        subject: SubjectId,
        /// Which covariate.
        name: String,
        /// Its value.
        value: f64,
    },
    /// A covariate has no value that could be learned from.
    #[error("no sample of the train set has a value of {name}; leave this covariate out")]
    UnknownCovariate {
        /// Which covariate.
        name: String,
    },
    /// Models cannot answer together.
    #[error("the models cannot be exported together: {problem}")]
    Together {
        /// Why not.
        problem: String,
    },
    /// Images and labels do not belong together.
    #[error("there are {images} images and {labels} labels; each image needs one")]
    Labels {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// Images cannot be named like this.
    #[error("{name:?} cannot begin the names of images")]
    Name {
        /// As given.
        name: String,
        /// Why not.
        #[source]
        source: TypeError,
    },
    /// Training ran away.
    #[error("the loss is not finite in epoch {epoch}; lower the learning rate, or use f32")]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// The training was asked to stop, and has.
    #[error("the training was stopped in epoch {epoch}; its last checkpoint, if any, stands")]
    Stopped {
        /// The epoch that was not finished, from 1.
        epoch: usize,
    },
    /// A checkpoint is damaged or of another training.
    #[error(
        "the training cannot go on from the checkpoint {}: {problem}; take away the difference, \
         or train anew",
        path.display()
    )]
    Checkpoint {
        /// The folder of the checkpoint.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The train set cannot be learned from.
    #[error("the network could not be trained on this train set")]
    Train(#[from] LearnError),
    /// A prediction is no probability.
    #[error("the network gave no probability for {subject}")]
    Prediction {
        /// Whose sample.
        subject: SubjectId,
        /// Why.
        #[source]
        source: TypeError,
    },
    /// libtorch could not do its part.
    #[error("libtorch could not do its part")]
    Torch(#[from] TorchError),
    /// A model file could not be read or written.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried: `read`, `write`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A model file holds something else than it should.
    #[error("{} cannot be used: {problem}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// What a sample lacks and has too much, in words.
fn unlike(missing: &[String], extra: &[String]) -> String {
    let lacks = (!missing.is_empty()).then(|| format!("lacks {}", missing.join(", ")));
    let has = (!extra.is_empty()).then(|| format!("has {} besides", extra.join(", ")));
    lacks.into_iter().chain(has).collect::<Vec<_>>().join(" and ")
}

impl From<foramen_tch::tch::TchError> for CnnError {
    fn from(error: foramen_tch::tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}
