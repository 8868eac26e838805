use std::path::PathBuf;

use thiserror::Error;

/// Why a cohort could not be written, or its truth not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PhantomError {
    /// A text is not the name of a design.
    #[error("{text:?} is no cohort that can be drawn; give width, picture or confounded")]
    Design {
        /// The text as given.
        text: String,
    },
    /// The folder exists already and is not empty.
    #[error("{} exists already; remove it or name another folder", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder could not be written or read.
    #[error("could not {action} {}", path.display())]
    Io {
        /// The attempted action, a verb: `write`, `read`, `rename`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: std::io::Error,
    },
    /// A DICOM object could not be encoded or written.
    #[error("could not write the DICOM file {}", path.display())]
    Dicom {
        /// The file.
        path: PathBuf,
        /// The encoder's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A JSON file does not have the expected content.
    #[error("could not parse {}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The parser's error.
        #[source]
        source: serde_json::Error,
    },
    /// Surfaces of vertebrae cannot be used for a phantom.
    #[error("{} {fault}", path.display())]
    Surface {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
}
