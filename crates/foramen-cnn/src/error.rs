use std::path::PathBuf;

use foramen_learn::LearnError;
use foramen_native::contract::InputError;
use foramen_tch::TorchError;
use foramen_types::{SubjectId, TypeError};
use thiserror::Error;

/// Why a network could not be trained, applied, saved or loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CnnError {
    /// A text is not the name of a device.
    #[error("{value:?} is no device; write \"auto\", \"cpu\", \"cuda\" or \"cuda:N\"")]
    UnknownDevice {
        /// The text as given.
        value: String,
    },
    /// CUDA was requested and is not available.
    #[error("the device {device} cannot be used: {reason}; {remedy}")]
    NoCuda {
        /// The requested device.
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
    /// A sample does not fit the model's input.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Models cannot predict together.
    #[error("the models cannot be exported together: {problem}")]
    Together {
        /// Why not.
        problem: String,
    },
    /// The numbers of images and labels differ.
    #[error("there are {images} images and {labels} labels; each image needs one")]
    Labels {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A model of foramina was used on plain images.
    #[error(
        "the model has learned widths, which differ by level, so plain images are not enough; \
         give samples with their level to `predict`"
    )]
    NotOfImages,
    /// A name cannot be used for images.
    #[error("{name:?} cannot begin the names of images")]
    Name {
        /// The name as given.
        name: String,
        /// Why not.
        #[source]
        source: TypeError,
    },
    /// Training diverged.
    #[error("the loss is not finite in epoch {epoch}; lower the learning rate, or use f32")]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// The training was stopped on request.
    #[error("the training was stopped in epoch {epoch}; its last checkpoint, if any, stands")]
    Stopped {
        /// The unfinished epoch, from 1.
        epoch: usize,
    },
    /// A checkpoint is damaged or belongs to another training.
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
    /// A predicted value is not a probability.
    #[error("the network gave no probability for {subject}")]
    Prediction {
        /// The subject of the sample.
        subject: SubjectId,
        /// Why.
        #[source]
        source: TypeError,
    },
    /// Processes that should train together have different data or settings.
    #[error(
        "rank {rank} was given other data, settings or another version than rank 0; start all \
         ranks with the same program, study and options"
    )]
    Ranks {
        /// The first rank that differs.
        rank: usize,
    },
    /// An operation of libtorch failed.
    #[error("libtorch could not do its part")]
    Torch(#[from] TorchError),
    /// A model file could not be read or written.
    #[error("could not {action} {}", path.display())]
    Io {
        /// The attempted action: `read`, `write`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A model file does not have the expected content.
    #[error("{} cannot be used: {problem}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl From<foramen_tch::tch::TchError> for CnnError {
    fn from(error: foramen_tch::tch::TchError) -> Self {
        Self::Torch(error.into())
    }
}
