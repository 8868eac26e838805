use std::path::Path;

use foramen_learn::Split;

use crate::StudyError;
use crate::atomic_file::write_atomically;

/// Writes `folds.csv`, one split for each repeat.
///
/// # Errors
/// [`StudyError::Write`] and [`StudyError::Learn`].
pub fn write_folds(path: &Path, repeats: &[Split]) -> Result<(), StudyError> {
    let mut table = Vec::new();
    foramen_learn::write_folds(&mut table, repeats)?;
    write_atomically(path, |writer| writer.write_all(&table))
}
