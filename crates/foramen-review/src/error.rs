use std::path::PathBuf;

use foramen_dicom::DicomError;
use foramen_study::StudyError;
use thiserror::Error;

/// Why a review failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// A file of the study cannot be used.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// The images cannot be read.
    #[error("could not read the images of the study")]
    Dicom(#[from] DicomError),
    /// The database reported an error.
    #[error("could not use {}; is the folder writable, and on a local disk?", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The database was written by a later version.
    #[error(
        "{} has version {found} and this program knows {known} at most; use the newer foramen",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The latest version that this program can read.
        known: u32,
    },
    /// A row of the database cannot be read.
    #[error("row {row} of {} cannot be read", path.display())]
    Row {
        /// The database.
        path: PathBuf,
        /// The row.
        row: i64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// None of the study's images was found.
    #[error(
        "none of the images of {} lies in {}; give the folder it was made from as --dicom DIR, \
         and --link or --subject-from as for `select`",
        study.display(),
        dicom.display()
    )]
    NoImages {
        /// The folder of the study.
        study: PathBuf,
        /// The folder of images.
        dicom: PathBuf,
    },
    /// All foramina were measured on slices made from volumes, and the study does not hold the
    /// positions of these slices.
    #[error(
        "the slices of {} were made of volumes by a version that does not say where they lie; run \
         `select` again, or look at decisions.html there",
        study.display()
    )]
    Reformatted {
        /// The folder of the study.
        study: PathBuf,
    },
    /// The system has no random numbers for the secret in the address.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The page cannot be served.
    #[error("could not serve the page on {address}; choose another --port")]
    Serve {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The id of a reader contains characters that are not allowed.
    #[error(
        "{0:?} is no id of a reader; use 1 to 64 letters, digits, dots, hyphens or underscores"
    )]
    Reader(String),
}
