use std::path::Path;

use foramen_learn::Prediction;

use crate::StudyError;
use crate::atomic_file::write_atomically;

/// Writes `predictions.csv` or `predictions-<model>.csv` in the form that
/// [`foramen_learn::read_predictions`] reads.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_predictions(path: &Path, predictions: &[Prediction]) -> Result<(), StudyError> {
    write_atomically(path, |file| {
        foramen_learn::write_predictions(file, predictions).map_err(std::io::Error::other)
    })
}
