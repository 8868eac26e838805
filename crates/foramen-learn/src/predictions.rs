use std::io;

use foramen_types::{Level, Outcome, Probability, Side, SubjectId};

use foramen_table::{Table, inert, is_missing};

use crate::LearnError;

/// A model's prediction for one foramen that it was not trained on, and the outcome.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Prediction {
    /// The subject.
    pub subject: SubjectId,
    /// Level of the foramen.
    pub level: Level,
    /// Side of the foramen.
    pub side: Side,
    /// The repeat of the cross-validation, from 0.
    pub repeat: usize,
    /// The fold in which it was tested, from 0.
    pub fold: usize,
    /// The outcome; `None` where it is not known.
    pub outcome: Option<Outcome>,
    /// The predicted probability of a favourable outcome.
    pub probability: Probability,
}

/// The rows of a `predictions.csv`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PredictionTable {
    /// Rows with a label, in order.
    pub predictions: Vec<Prediction>,
    /// Rows without a label, which are left out: foramina that were predicted but not followed up.
    pub without_label: usize,
}

/// Reads a table of predictions with the columns `subject_id`, `level`, `side`,
/// `label` (0, 1 or empty) and `probability`; `repeat` and `fold` are 0 where
/// their column is missing.
///
/// # Errors
/// [`LearnError`] for a file that is no table, lacks a column, has a cell that
/// cannot be read (with its line number), or has no label at all.
pub fn read_predictions(table: impl io::Read) -> Result<PredictionTable, LearnError> {
    let mut table = Table::read(table, &HEADER)?;
    if let Some(column) = table.find("subject_id") {
        table.tidy_ids(column)?;
    }
    let titles = table.header().join(", ");
    let find = |column: &str| table.find(column);
    let required = |column: &'static str| {
        find(column).ok_or_else(|| LearnError::MissingColumn { column, found: titles.clone() })
    };
    let [subject, level, side] = [required("subject_id")?, required("level")?, required("side")?];
    let [label, probability] = [required("label")?, required("probability")?];
    let [repeat, fold] = [find("repeat"), find("fold")];

    let mut read = PredictionTable { predictions: Vec::new(), without_label: 0 };
    for row_of_table in table.rows() {
        let row = row_of_table.line;
        let text = |place: usize| row_of_table.cell(place);
        let cell = |column, place, remedy| LearnError::Cell {
            row,
            column,
            value: text(place).to_owned(),
            remedy,
        };
        let whole = |column, place: Option<usize>| match place {
            None => Ok(0),
            Some(place) => text(place)
                .parse::<usize>()
                .map_err(|_| cell(column, place, "a whole number from 0")),
        };
        let value = |source| LearnError::Value { row, source };
        let favourable = match text(label) {
            "1" => Some(true),
            "0" => Some(false),
            missing if is_missing(missing) => None,
            _ => return Err(cell("label", label, "0, 1 or nothing")),
        };
        let number = table
            .number(text(probability))
            .ok()
            .flatten()
            .filter(|number| (0.0..=1.0).contains(number))
            .ok_or_else(|| cell("probability", probability, "a number from 0 to 1"))?;
        let prediction = Prediction {
            subject: SubjectId::new(text(subject)).map_err(value)?,
            level: text(level).parse::<Level>().map_err(value)?,
            side: text(side).parse::<Side>().map_err(value)?,
            repeat: whole("repeat", repeat)?,
            fold: whole("fold", fold)?,
            outcome: favourable.map(Outcome::from_favourable),
            probability: Probability::new(number).map_err(value)?,
        };
        if favourable.is_some() {
            read.predictions.push(prediction);
        } else {
            read.without_label += 1;
        }
    }
    if read.predictions.is_empty() {
        return Err(LearnError::NoLabels { without_label: read.without_label });
    }
    Ok(read)
}

const HEADER: [&str; 7] = ["subject_id", "level", "side", "repeat", "fold", "label", "probability"];

/// Writes a table that [`read_predictions`] reads: one row per foramen and repeat, the
/// label empty where the outcome is not known, and the probability with the fewest digits
/// that read back as itself.
///
/// # Errors
/// [`LearnError::Csv`] when `table` cannot be written.
pub fn write_predictions(
    table: impl io::Write,
    predictions: &[Prediction],
) -> Result<(), LearnError> {
    write_predictions_with(table, predictions, &[])
}

/// Writes predictions as [`write_predictions`] does, with further columns: the title of each and
/// its cells, one for each prediction. [`read_predictions`] ignores them.
///
/// # Errors
/// [`LearnError::Csv`] when the table cannot be written.
///
/// # Panics
/// When the number of a column's cells is not the number of predictions.
pub fn write_predictions_with(
    table: impl io::Write,
    predictions: &[Prediction],
    further: &[(&str, Vec<String>)],
) -> Result<(), LearnError> {
    let complete = further.iter().all(|(_, cells)| cells.len() == predictions.len());
    assert!(complete, "a further column has a cell for each prediction");
    let mut writer = csv::Writer::from_writer(table);
    writer.write_record(HEADER.into_iter().chain(further.iter().map(|(title, _)| *title)))?;
    for (place, p) in predictions.iter().enumerate() {
        let cells = [
            inert(p.subject.as_str()).into_owned(),
            p.level.to_string(),
            p.side.to_string(),
            p.repeat.to_string(),
            p.fold.to_string(),
            p.outcome.map(|outcome| outcome.label().to_string()).unwrap_or_default(),
            p.probability.get().to_string(),
        ];
        let more = further.iter().map(|(_, cells)| inert(&cells[place]).into_owned());
        writer.write_record(cells.into_iter().chain(more))?;
    }
    Ok(writer.flush().map_err(csv::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLES: &str = "subject_id,level,side,repeat,fold,label,probability\n";

    fn message(table: &str) -> String {
        let error = read_predictions(table.as_bytes()).unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    }

    #[test]
    fn rows_without_a_label_are_counted_and_left_out() {
        let table = format!("{TITLES}S1,C5/6,left,0,3,1,0.25\nS2,C5-C6,R,1,0,,0.5\n");
        let read = read_predictions(table.as_bytes()).unwrap();
        assert_eq!((read.predictions.len(), read.without_label), (1, 1));
        let only = &read.predictions[0];
        assert_eq!((only.fold, only.outcome), (3, Some(Outcome::Favourable)));
        assert!((only.probability.get() - 0.25).abs() < 1e-15);
    }

    #[test]
    fn what_was_written_reads_back() {
        let table =
            format!("{TITLES}S1,C5/6,left,2,3,1,0.1\nS2,C6/7,right,0,1,0,0.30000000000000004\n");
        let read = read_predictions(table.as_bytes()).unwrap();
        let mut written = Vec::new();
        write_predictions(&mut written, &read.predictions).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), table);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn predictions_are_written_by_serde_and_read_back() {
        let read =
            read_predictions(format!("{TITLES}S1,C5/6,left,0,0,1,0.1\n").as_bytes()).unwrap();
        let text = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<PredictionTable>(&text).unwrap(), read);
        assert!(text.contains(r#""outcome":"favourable","probability":0.1"#), "{text}");
    }

    #[test]
    fn ids_that_a_spreadsheet_would_run_are_written_inert_and_read_back() {
        let mut read =
            read_predictions(format!("{TITLES}S1,C5/6,left,0,0,1,0.5\n").as_bytes()).unwrap();
        read.predictions[0].subject = SubjectId::new("=1+1").unwrap();
        let mut written = Vec::new();
        write_predictions(&mut written, &read.predictions).unwrap();
        assert!(String::from_utf8_lossy(&written).contains("'=1+1,"));
        assert_eq!(read_predictions(written.as_slice()).unwrap(), read);
    }

    #[test]
    fn a_table_that_a_german_spreadsheet_saved_is_read() {
        let table = "sep=;\r\nSubject_ID;Level;Side;Label;Probability\r\n\
                     M\u{fc}ller;C5/6;left;1;0,25\r\n7.0;C5/6;R;NA;0,5\r\n";
        let latin: Vec<u8> = table.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let read = read_predictions(latin.as_slice()).unwrap();
        assert_eq!((read.predictions[0].subject.as_str(), read.without_label), ("Müller", 1));
        assert!((read.predictions[0].probability.get() - 0.25).abs() < 1e-15);
    }

    #[test]
    fn repeat_and_fold_may_be_missing_and_columns_in_any_order() {
        let table = "\u{feff}probability,label,side,level,subject_id\n0.5,0,left,C6/7,S1\n";
        assert_eq!(read_predictions(table.as_bytes()).unwrap().predictions[0].repeat, 0);
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        insta::assert_snapshot!(
            [
                message("subject_id,level,side,fold,label\n"),
                message(TITLES),
                message(&format!("{TITLES}S1,C5/6,left,0,0,1,1.5\n")),
                message(&format!("{TITLES}S1,C5/6,left,0,0,1,0.5\nS1,C5/6,left,0,0,yes,0.5\n")),
                message(&format!("{TITLES}S1,C6,left,0,0,1,0.5\n")),
                message(&format!("{TITLES}S1,C5/6,left,x,0,1,0.5\n")),
                message(&format!("{TITLES}S1,C5/6,left,0,0,1\n")),
            ]
            .join("\n"),
            @r#"
        the predictions have no column "probability"; the columns found are subject_id, level, side, fold, label
        the predictions have no row with a label; 0 rows have none
        row 2 of the predictions has "1.5" as probability; write a number from 0 to 1
        row 3 of the predictions has "yes" as label; write 0, 1 or nothing
        row 2 of the predictions cannot be used: "C6" has two readings: the root C6 leaves at C5/6, the disc below the vertebra C6 is C6/7; write the disc, or say that level names are roots
        row 2 of the predictions has "x" as repeat; write a whole number from 0
        row 2 of the predictions has "" as probability; write a number from 0 to 1
        "#
        );
    }
}
