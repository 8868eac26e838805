use std::path::PathBuf;

use thiserror::Error;

/// Why a cohort could not be written, or its truth not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PhantomError {
    /// A name of a design that there is not.
    #[error("{text:?} is no cohort that can be drawn; give width, picture or confounded")]
    Design {
        /// What was given.
        text: String,
    },
    /// The folder is there already and holds something else.
    #[error("{} exists already; remove it or name another folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder could not be written or read.
    #[error("could not {action} {}", path.display())]
    Io {
        /// What was tried, a verb: `write`, `read`, `rename`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A DICOM object could not be encoded or written.
    #[error("could not write the DICOM file {}", path.display())]
    Dicom {
        /// The file.
        path: PathBuf,
        /// What the encoder says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A JSON file is not what it should be.
    #[error("could not parse {}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// Surfaces of vertebrae are not what a phantom can be drawn from.
    #[error("{} {fault}", path.display())]
    Surface {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
}
