use std::path::Path;

use foramen_learn::Prediction;
use foramen_types::{Level, Outcome, Probability, Side, SubjectId};

use super::run_json::read_stage_file;
use super::table::write_csv;
use super::{Row, Table};
use crate::StudyError;

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

/// Reads what [`write_predictions`] wrote.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::MissingColumn`],
/// [`StudyError::Cell`] and [`StudyError::Value`].
pub fn read_predictions(path: &Path) -> Result<Vec<Prediction>, StudyError> {
    let bytes = read_stage_file(path, "train")?;
    let table = Table::read("table of predictions", bytes.as_slice())?;
    let mut at = [0; 7];
    for (place, column) in at.iter_mut().zip(HEADER) {
        *place = table.column(column)?;
    }
    let [subject, level, side, _, fold, label, probability] = at;
    let read = |row: &Row| {
        let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
        let cell = |column: &'static str, at: usize, remedy: &'static str| StudyError::Cell {
            table: table.name(),
            row: row.line,
            column,
            value: row.cell(at).to_owned(),
            remedy,
        };
        let outcome = match row.cell(label) {
            "" => None,
            "0" => Some(Outcome::Poor),
            "1" => Some(Outcome::Favourable),
            _ => return Err(cell("label", label, "write 0, 1 or nothing")),
        };
        let number: f64 = row
            .cell(probability)
            .parse()
            .map_err(|_| cell("probability", probability, "write a number from 0 to 1"))?;
        Ok(Prediction {
            subject: SubjectId::new(row.cell(subject)).map_err(value)?,
            level: row.cell(level).parse::<Level>().map_err(value)?,
            side: row.cell(side).parse::<Side>().map_err(value)?,
            fold: row
                .cell(fold)
                .parse()
                .map_err(|_| cell("fold", fold, "write a whole number from 0"))?,
            outcome,
            probability: Probability::new(number).map_err(value)?,
        })
    };
    table.rows().iter().map(read).collect()
}
