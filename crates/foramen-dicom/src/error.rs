use std::path::PathBuf;

use foramen_image::ImageError;
use thiserror::Error;

use crate::{Problem, RejectReason};

/// Why a folder, a stack or a picture as a whole could not be read.
///
/// Single files that cannot be used are not errors: they are returned as
/// [`crate::Rejected`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DicomError {
    /// The folder cannot be listed.
    #[error("could not list the folder {}; check that it exists and may be read", path.display())]
    Folder {
        /// The folder as given.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: std::io::Error,
    },
    /// No slice of a stack could be decoded.
    #[error("could not decode any of the {slices} slices of series {series_uid}, first {}", first.display())]
    NoSlice {
        /// Series Instance UID.
        series_uid: String,
        /// Slices of the stack.
        slices: usize,
        /// The first file.
        first: PathBuf,
        /// Why the first file was refused.
        #[source]
        source: Box<RejectReason>,
    },
    /// The slices do not form a stack.
    #[error("could not stack the slices of series {series_uid}")]
    Stack {
        /// Series Instance UID.
        series_uid: String,
        /// What is wrong.
        #[source]
        source: ImageError,
    },
    /// The slices do not form an even grid.
    #[error(
        "stack {stack} of series {series_uid} is no even volume: {}; \
         `load` gives its slices as they lie, `Policy::Lenient` an average grid",
        words(problems)
    )]
    Uneven {
        /// Series Instance UID.
        series_uid: String,
        /// Index of the stack within its series.
        stack: usize,
        /// The measured irregularities.
        problems: Vec<Problem>,
    },
    /// A slice of a volume could not be decoded.
    #[error("the volume of series {series_uid} lacks the slice of {}", path.display())]
    Incomplete {
        /// Series Instance UID.
        series_uid: String,
        /// The file.
        path: PathBuf,
        /// Why it was refused.
        #[source]
        source: Box<RejectReason>,
    },
    /// An image could not be read.
    #[error("could not read the picture of {}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<RejectReason>,
    },
}

impl DicomError {
    /// The message with all its causes, for logs with one line per error.
    #[must_use]
    pub fn with_causes(&self) -> String {
        crate::compressed::causes(self)
    }
}

fn words(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
