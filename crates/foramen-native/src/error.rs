use std::io;
use std::path::PathBuf;

use foramen_types::{SubjectId, TypeError};
use thiserror::Error;

use crate::contract::{FormatError, InputError};

/// Why a model could not be loaded or applied.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NativeError {
    /// A file of the model could not be read.
    #[error("could not read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of the model does not have the expected content.
    #[error("{} cannot be used: {problem}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FormatError,
    },
    /// The model is another network than the compact one.
    #[error(
        "{} holds the network {architecture}, and without libtorch only the compact one predicts; \
         use a build with the feature `torch` (`--engine libtorch`, in Rust \
         `foramen_cnn::CnnModel`), or train a compact network",
        path.display()
    )]
    Architecture {
        /// The file that names it.
        path: PathBuf,
        /// Its name.
        architecture: String,
    },
    /// A sample does not fit the model's input.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A predicted value is not a probability.
    #[error("the network gave no probability for {subject}")]
    Prediction {
        /// The subject of the sample.
        subject: SubjectId,
        /// Why.
        #[source]
        source: TypeError,
    },
}
