use std::collections::{BTreeMap, BTreeSet};

use foramen_image::SliceSource;
use foramen_study::files::{read_patches, write_patches};
use foramen_study::review::{
    Correction, REVIEWED, ReaderRow, Reviewed, read_reviewed, recut_patches, write_readings,
    write_reviewed,
};
use foramen_study::{StudyError, files};
use foramen_types::Side;
use serde::Serialize;

use crate::ReviewError;
use crate::entry::Row;
use crate::placed::DiscRow;
use crate::reading::{Problem, Reading, Seen};
use crate::standing::{Final, Standing};
use crate::study::Study;

/// Counts of an export.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Exported {
    /// Rows of the database that were exported.
    pub entries: usize,
    /// Rows of `readings.csv`.
    pub readings: usize,
    /// Cases with a valid answer.
    pub reviewed: usize,
    /// All cases.
    pub cases: usize,
    /// Number of corrections of each kind.
    pub corrections: BTreeMap<&'static str, usize>,
    /// Patches that were cut anew, or whose width changed.
    pub patches: usize,
    /// Patches of foramina for which no slice had been chosen.
    pub added: usize,
    /// Foramina that were left out.
    pub left_out: usize,
    /// Cases with reader disagreement that is not settled yet.
    pub disagreements: usize,
    /// Persons in `levels.csv` whose discs a reader placed.
    pub spines: usize,
    /// Corrections that could not be applied, each as a sentence.
    pub problems: Vec<String>,
}

/// Writes the answers of persons into the folder `reviewed` of the study: `readings.csv`,
/// `selections.csv`, `levels.csv` if discs were placed, and the patches if the study has some. Each
/// file appears only when it is complete; the files of `select` are not changed.
///
/// # Errors
/// [`ReviewError::Study`] with the file.
pub fn export(study: &Study, rows: &[Row], discs: &[DiscRow]) -> Result<Exported, ReviewError> {
    let standing = Standing::of(study, rows);
    let folder = study.folder.join(REVIEWED);
    let mut exported =
        Exported { entries: rows.len(), cases: study.cases.len(), ..Exported::default() };
    let readings = readings(study, &standing, &mut exported.problems);
    exported.readings = readings.len();
    write_readings(&folder.join("readings.csv"), &readings)?;

    let reviewed = reviewed(study, &standing, &mut exported);
    let table = folder.join("selections.csv");
    write_reviewed(&table, &study.table, &reviewed)?;
    match read_patches(&study.folder) {
        Ok(patches) => {
            let manifest = files::read_manifest(&study.folder.join("manifest.json"))?;
            let rows = read_reviewed(&table)?;
            let recut = recut_patches(patches, &manifest, &rows, study.images());
            write_patches(&folder, &recut.patches)?;
            exported.patches = recut.changed;
            (exported.added, exported.left_out) = (recut.added, recut.left_out);
            exported.problems.extend(recut.problems);
        }
        // A selection without an outcome table has none.
        Err(StudyError::MissingStage { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    for row in &standing.lost {
        let (place, reader) = (&row.entry.place, &row.entry.reader);
        exported.problems.push(format!(
            "the answer of {reader} of {} to {} {} {} is kept, but its image {} is not in the \
             study any more",
            row.time, place.subject, place.level, place.side, place.sop_instance_uid
        ));
    }
    if !discs.is_empty() {
        files::write_levels(&folder.join("levels.csv"), &study.corrected_levels(discs))?;
        let mut people: Vec<&str> = discs.iter().map(|row| row.subject.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        exported.spines = people.len();
    }
    files::write_run(&folder, &serde_json::json!({ "review": exported }))?;
    Ok(exported)
}

/// One row per reader, case and occasion.
fn readings(study: &Study, standing: &Standing, problems: &mut Vec<String>) -> Vec<ReaderRow> {
    let mut seen: BTreeSet<(String, SliceSource, Side)> = BTreeSet::new();
    let mut readings = Vec::new();
    for ((case, reader, occasion), rows) in &standing.answers {
        let case = &study.cases[*case];
        // What was said before the automatic choice was shown counts.
        let is_blind = |row: &&Row| row.entry.kind.reading().is_some_and(|reading| reading.blind);
        let Some(row) = rows.iter().rev().find(is_blind).or(rows.last()) else { continue };
        let Some(reading) = row.entry.kind.reading() else { continue };
        let reader = if *occasion == 0 { reader.clone() } else { format!("{reader}-again") };
        let image = row.entry.place.image();
        if !seen.insert((reader.clone(), image.clone(), case.side)) {
            problems.push(format!(
                "{} {} {}: {reader} has read another level of this person on the same image; \
                 readings.csv holds the first",
                case.subject, case.level, case.side
            ));
            continue;
        }
        readings.push(ReaderRow {
            reader,
            subject: case.subject.clone(),
            level: case.level,
            side: case.side,
            image,
            state: reading.seen.name(),
            width: reading.width_mm,
            kim: reading.kim,
            walls: reading.points(),
            time: row.time.clone(),
            blind: reading.blind,
            note: note(reading),
        });
    }
    readings
}

/// The valid answers, by row of the table.
fn reviewed(
    study: &Study,
    standing: &Standing,
    exported: &mut Exported,
) -> BTreeMap<usize, Reviewed> {
    let mut all = BTreeMap::new();
    for (number, case) in study.cases.iter().enumerate() {
        let (row, reader) = match standing.of_case(number) {
            Final::Open => continue,
            Final::Disagreement => {
                exported.disagreements += 1;
                exported.problems.push(format!(
                    "{} {} {}: readers disagree; the automatic choice stands until it is settled \
                     (`review --adjudicate`)",
                    case.subject, case.level, case.side
                ));
                continue;
            }
            Final::Answer(row, reader) => (row, reader),
        };
        let Some(reading) = row.entry.kind.reading() else { continue };
        let image = row.entry.place.image();
        let on = case.images.iter().find(|one| *study.image(**one).1 == image);
        let other = study.measured(&image, case.side.opposite());
        let correction = correction(study, number, reading, &image);
        *exported.corrections.entry(correction.name()).or_default() += 1;
        exported.reviewed += 1;
        let said = Reviewed {
            reader,
            time: row.time.clone(),
            correction,
            series_uid: on.map_or_else(String::new, |one| study.image(*one).0.series_uid.clone()),
            offset: on.and_then(|one| study.offset(case, *one)),
            image,
            width: reading.width_mm,
            contralateral: other.and_then(|side| side.width),
            kim: reading.kim,
            walls: reading.points(),
            reason: reason(reading),
            note: note(reading),
        };
        all.extend(case.rows.iter().map(|row| (*row, said.clone())));
    }
    all
}

/// How an answer differs from the current choice.
pub(crate) fn correction(
    study: &Study,
    case: usize,
    reading: &Reading,
    image: &SliceSource,
) -> Correction {
    let case = &study.cases[case];
    // A foramen without a width is of no use to a model, whether it was seen to be shut by a
    // pedicle or cannot be evaluated.
    if matches!(reading.seen, Seen::Pedicle | Seen::Unclear) {
        return Correction::Excluded;
    }
    if !case.chose(image) {
        return Correction::Slice;
    }
    let state = study.measured(image, case.side).and_then(|side| Seen::of(side.state));
    if state != Some(reading.seen) {
        return Correction::State;
    }
    let is_same = match (case.row.width, reading.width_mm) {
        (Some(was), Some(is)) => (was - is).abs() < 0.0005,
        (was, is) => was.is_none() && is.is_none(),
    };
    if reading.moved || !is_same { Correction::Walls } else { Correction::None }
}

fn reason(reading: &Reading) -> String {
    match reading.seen {
        Seen::Pedicle => "a person sees a pedicle here".to_owned(),
        _ if reading.reason.is_empty() => "a person cannot evaluate it".to_owned(),
        _ => format!("a person cannot evaluate it: {}", reading.reason),
    }
}

/// The note of a reader, with the other problems of the case.
fn note(reading: &Reading) -> String {
    let mut parts: Vec<&str> =
        reading.problems.iter().map(|one: &Problem| one.describe()).collect();
    if !reading.reason.is_empty() {
        parts.push(&reading.reason);
    }
    if !reading.note.is_empty() {
        parts.push(&reading.note);
    }
    parts.join("; ")
}
