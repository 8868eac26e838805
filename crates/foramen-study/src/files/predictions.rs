use std::path::Path;

use super::table::write_csv;
use crate::StudyError;
use foramen_learn::Prediction;

const HEADER: [&str; 7] = ["subject_id", "level", "side", "repeat", "fold", "label", "probability"];

/// Writes `predictions.csv` or `predictions-<model>.csv`: one row per foramen,
/// with repeat 0, the label empty when the outcome is not known, and the
/// probability with the fewest digits that read back as itself.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_predictions(path: &Path, predictions: &[Prediction]) -> Result<(), StudyError> {
    let row = |p: &Prediction| {
        vec![
            p.subject.to_string(),
            p.level.to_string(),
            p.side.to_string(),
            "0".to_owned(),
            p.fold.to_string(),
            p.outcome.map(|outcome| outcome.label().to_string()).unwrap_or_default(),
            p.probability.get().to_string(),
        ]
    };
    write_csv(path, &HEADER, predictions.iter().map(row))
}
