//! `folds.csv`: the part of each subject in each fold, so that other programs can be compared on
//! the same folds.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use foramen_table::{Table, inert};
use foramen_types::SubjectId;

use crate::split::deal;
use crate::{Dataset, LearnError, Part, Split};

const HEADER: [&str; 4] = ["subject_id", "repeat", "fold", "part"];

/// Writes a table that [`read_folds`] reads: for each repeat and fold the part of each
/// subject, `train`, `tune` or `test`. Repeats and folds count from 0.
///
/// # Errors
/// [`LearnError::Csv`] when `table` cannot be written.
pub fn write_folds(table: impl io::Write, repeats: &[Split]) -> Result<(), LearnError> {
    let mut writer = csv::Writer::from_writer(table);
    writer.write_record(HEADER)?;
    for (repeat, split) in repeats.iter().enumerate() {
        for fold in 0..split.folds() {
            for (subject, part) in split.parts(fold) {
                let cells = [repeat.to_string(), fold.to_string()];
                let [repeat, fold] = &cells;
                let subject = inert(subject.as_str());
                writer.write_record([subject.as_ref(), repeat, fold, part.name()])?;
            }
        }
    }
    Ok(writer.flush().map_err(csv::Error::from)?)
}

/// Reads folds for a dataset, one [`Split`] for each repeat.
///
/// The table has one of two forms:
///
/// - `subject_id,repeat,fold,part`, as [`write_folds`] writes it: a row for each subject,
///   repeat and fold, whose part is `train`, `tune` or `test`;
/// - `subject_id,fold`, the form of most other programs: a row for each subject with the fold in
///   which it is tested. In each fold, one in five of the other subjects is in the tune set,
///   assigned by the seed as in [`Split::by_subject`].
///
/// The column `repeat` may be missing; all rows then belong to one repeat.
///
/// # Errors
/// [`LearnError`] for a file that is no table, lacks a column or has a cell that cannot be read;
/// for a subject in two folds, in none or unknown to the dataset; for a fold without test subjects.
/// Each error names the row or the subject.
pub fn read_folds(
    table: impl io::Read,
    dataset: &Dataset,
    seed: u64,
) -> Result<Vec<Split>, LearnError> {
    let mut table = Table::read(table, &HEADER)?;
    if let Some(column) = table.find("subject_id") {
        table.tidy_ids(column)?;
    }
    let titles = table.header().join(", ");
    let required = |column: &'static str| {
        let found = titles.clone();
        table.find(column).ok_or(LearnError::MissingFoldColumn { column, found })
    };
    let [subject, fold] = [required("subject_id")?, required("fold")?];
    let [repeat, part] = [table.find("repeat"), table.find("part")];
    let mut rows = Vec::new();
    for row in table.rows() {
        let cell = |column, place, remedy| LearnError::FoldCell {
            row: row.line,
            column,
            value: row.cell(place).to_owned(),
            remedy,
        };
        let whole = |column, place: usize| {
            let remedy = "a whole number from 0";
            row.cell(place).parse::<usize>().map_err(|_| cell(column, place, remedy))
        };
        let value = |source| LearnError::FoldValue { row: row.line, source };
        rows.push(FoldRow {
            line: row.line,
            subject: SubjectId::new(row.cell(subject)).map_err(value)?,
            repeat: repeat.map_or(Ok(0), |place| whole("repeat", place))?,
            fold: whole("fold", fold)?,
            part: match part {
                None => None,
                Some(place) => Some(
                    Part::from_name(row.cell(place))
                        .ok_or_else(|| cell("part", place, "train, tune or test"))?,
                ),
            },
        });
    }
    let known: BTreeSet<&SubjectId> = labelled(dataset).collect();
    if let Some(stranger) = rows.iter().find(|row| !known.contains(&row.subject)) {
        let (row, subject) = (stranger.line, stranger.subject.clone());
        return Err(LearnError::UnknownFoldSubject { row, subject });
    }
    let repeats = rows.iter().map(|row| row.repeat + 1).max().unwrap_or(0);
    let of = |repeat: usize| rows.iter().filter(move |row| row.repeat == repeat);
    let read = |repeat: usize| {
        let tested = tested_once(of(repeat), repeat)?;
        if let Some(missing) = known.iter().find(|subject| !tested.contains_key(**subject)) {
            return Err(LearnError::MissingFoldSubject { subject: (*missing).clone(), repeat });
        }
        let folds = tested.values().map(|row| row.fold + 1).max().unwrap_or(0);
        let is_tested = |fold: &usize| tested.values().any(|row| row.fold == *fold);
        if let Some(fold) = (0..folds).find(|fold| !is_tested(fold)) {
            return Err(LearnError::EmptyFold { repeat, fold });
        }
        if folds < 2 {
            return Err(LearnError::TooFewFolds { folds });
        }
        if part.is_none() {
            let fold_of = |subject: &SubjectId| tested.get(subject).map(|row| row.fold);
            return Ok(deal(dataset, folds, seed, &fold_of));
        }
        let parts = (0..folds).map(|fold| parts_of_fold(of(repeat), &known, (repeat, fold)));
        Ok(Split::of_folds(parts.collect::<Result<_, _>>()?))
    };
    if repeats == 0 {
        return Err(LearnError::NoFolds);
    }
    (0..repeats).map(read).collect()
}

/// The subjects that can be assigned to folds: those with an outcome.
fn labelled(dataset: &Dataset) -> impl Iterator<Item = &SubjectId> {
    dataset.samples().iter().filter(|s| s.outcome.is_some()).map(|sample| &sample.subject)
}

struct FoldRow {
    line: u64,
    subject: SubjectId,
    repeat: usize,
    fold: usize,
    part: Option<Part>,
}

/// The row that tests each subject of a repeat.
fn tested_once<'a>(
    rows: impl Iterator<Item = &'a FoldRow>,
    repeat: usize,
) -> Result<BTreeMap<&'a SubjectId, &'a FoldRow>, LearnError> {
    let mut tested: BTreeMap<&SubjectId, &FoldRow> = BTreeMap::new();
    for row in rows.filter(|row| row.part.is_none_or(|part| part == Part::Test)) {
        if let Some(before) = tested.insert(&row.subject, row) {
            return Err(LearnError::SubjectInTwoFolds {
                subject: row.subject.clone(),
                repeat,
                folds: [before.fold, row.fold],
                rows: [before.line, row.line],
            });
        }
    }
    Ok(tested)
}

/// The parts of one fold, in which every subject has one.
fn parts_of_fold<'a>(
    rows: impl Iterator<Item = &'a FoldRow>,
    known: &BTreeSet<&SubjectId>,
    (repeat, fold): (usize, usize),
) -> Result<BTreeMap<SubjectId, Part>, LearnError> {
    let mut parts: BTreeMap<SubjectId, (Part, u64)> = BTreeMap::new();
    for row in rows.filter(|row| row.fold == fold) {
        let Some(part) = row.part else { continue };
        if let Some((before, line)) = parts.insert(row.subject.clone(), (part, row.line)) {
            return Err(LearnError::SubjectInTwoParts {
                subject: row.subject.clone(),
                repeat,
                fold,
                parts: [before.name(), part.name()],
                rows: [line, row.line],
            });
        }
    }
    if let Some(missing) = known.iter().find(|subject| !parts.contains_key(**subject)) {
        return Err(LearnError::SubjectInNoPart { subject: (*missing).clone(), repeat, fold });
    }
    Ok(parts.into_iter().map(|(subject, (part, _))| (subject, part)).collect())
}

#[cfg(test)]
mod tests {
    use foramen_types::{Level, Outcome, Side};

    use super::*;
    use crate::Sample;

    fn dataset(n: usize) -> Dataset {
        let samples = (0..n).map(|i| {
            Sample::new(SubjectId::new(&format!("S{i:02}")).unwrap(), Level::C5C6, Side::Left)
                .with_outcome(Outcome::from_favourable(i % 2 == 0))
        });
        Dataset::new(samples.collect()).unwrap()
    }

    fn message(table: &str) -> String {
        let error = read_folds(table.as_bytes(), &dataset(4), 1).unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    }

    #[test]
    fn what_was_written_reads_back() {
        let data = dataset(40);
        let repeats = Split::repeated(&data, 5, 3, 2).unwrap();
        let mut written = Vec::new();
        write_folds(&mut written, &repeats).unwrap();
        assert_eq!(read_folds(written.as_slice(), &data, 99).unwrap(), repeats);
        let text = String::from_utf8(written).unwrap();
        assert!(text.starts_with("subject_id,repeat,fold,part\nS00,0,0,"), "{text:.80}");
        assert_eq!(text.lines().count(), 1 + 2 * 5 * 40);
    }

    #[test]
    fn a_fold_for_each_subject_is_enough() {
        let data = dataset(40);
        let ours = Split::by_subject(&data, 5, 3).unwrap();
        let mut table = String::from("fold,subject_id\n");
        for sample in data.samples() {
            let tested = |fold: &usize| ours.part(*fold, &sample.subject) == Some(Part::Test);
            let fold = (0..5).find(tested).unwrap();
            table += &format!("{fold},{}\n", sample.subject);
        }
        // The tune sets are dealt as they were.
        assert_eq!(read_folds(table.as_bytes(), &data, 3).unwrap(), [ours]);
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        insta::assert_snapshot!(
            [
                message("subject_id,part\nS00,test\n"),
                message("subject_id,fold\n"),
                message("subject_id,fold\nS00,0\nS01,first\n"),
                message("subject_id,fold\nS00,0\nS01,0\nS02,1\nS03,1\nS04,1\n"),
                message("subject_id,fold\nS00,0\nS01,0\nS02,1\nS03,1\nS00,1\n"),
                message("subject_id,fold\nS00,0\nS01,0\nS02,1\n"),
                message("subject_id,fold\nS00,0\nS01,0\nS02,2\nS03,2\n"),
                message("subject_id,fold\nS00,0\nS01,0\nS02,0\nS03,0\n"),
                message("subject_id,fold,part\nS00,0,test\nS01,0,validation\n"),
                message("subject_id,fold,part\nS00,0,test\nS00,0,train\nS01,0,test\nS02,1,test\nS03,1,test\n"),
                message("subject_id,fold,part\nS00,0,test\nS01,0,test\nS02,1,test\nS03,1,test\nS00,1,test\n"),
                message("subject_id,fold,part\nS00,0,test\nS01,0,test\nS02,1,test\nS03,1,test\nS02,0,train\n"),
            ]
            .join("\n"),
            @r#"
        the folds have no column "fold"; the columns found are subject_id, part
        the folds have no rows; write one for each subject, with its fold
        row 3 of the folds has "first" as fold; write a whole number from 0
        row 6 of the folds is of subject S04, who is not in the study or has no outcome; take the row away, or correct the id
        subject S00 is tested in fold 0 (row 2) and in fold 1 (row 6) of repeat 0; keep one of the two rows
        the folds test subject S03 in no fold of repeat 0; add a row for it
        fold 1 of repeat 0 tests nobody; number the folds from 0 without gaps
        1 folds cannot be trained and tested; use at least 2
        row 3 of the folds has "validation" as part; write train, tune or test
        subject S00 is in test (row 2) and in train (row 3) of fold 0 of repeat 0; keep one of the two rows
        subject S00 is tested in fold 0 (row 2) and in fold 1 (row 6) of repeat 0; keep one of the two rows
        subject S03 is in no part of fold 0 of repeat 0; add a row with train, tune or test
        "#
        );
    }
}
