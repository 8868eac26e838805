use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use foramen_dicom::{FatSignal, Scan, StackHeader};
use foramen_image::Contrast;
use foramen_types::{Level, Side, SubjectId};

use super::run_json::read_stage_file;
use crate::covariates::{Numbers, numbers_of};
use crate::table::{Table, number, write_csv};
use crate::{Selected, StudyError};

/// Numeric columns of a row.
const NUMBERS: [&str; 12] = [
    "t2_star",
    "fat_suppressed",
    "row_spacing_mm",
    "column_spacing_mm",
    "slice_spacing_mm",
    "rows",
    "columns",
    "slices",
    "echo_time_ms",
    "repetition_time_ms",
    "slice_thickness_mm",
    "field_strength_t",
];
/// Text columns that identify a scanner.
const WORDS: [&str; 2] = ["manufacturer", "model"];
const SCAN_AGE: &str = "scan_age_days";

/// Writes `acquisitions.csv`: how the images of each chosen slice were acquired, and how old they
/// were at the injection. The file holds nothing about the foramen, so a model that predicts from
/// it can only use differences between scanners or hospitals.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_acquisitions(path: &Path, selected: &Selected, scan: &Scan) -> Result<(), StudyError> {
    let mut stacks: BTreeMap<&str, &StackHeader> = BTreeMap::new();
    for stack in &scan.stacks {
        stacks.entry(&stack.series_uid).or_insert(stack);
    }
    let chosen = selected.selections.episodes.iter().filter_map(|episode| {
        let series = &episode.chosen.as_ref()?.series_uid;
        Some((episode, series, stacks.get(series.as_str()).copied()))
    });
    let rows = chosen.map(|(episode, series, stack)| {
        let kept = selected.manifest.kept().iter().find(|kept| kept.row == episode.row);
        let age = kept.and_then(|kept| kept.scan_age);
        let mut cells = vec![
            episode.subject.to_string(),
            episode.level.to_string(),
            episode.side.to_string(),
            series.clone(),
        ];
        let numbers = stack.map(numbers);
        cells.extend((0..NUMBERS.len()).map(|at| number(numbers.and_then(|all| all[at]))));
        let scanner = stack.map(|stack| &stack.scanner);
        cells.extend([
            scanner.and_then(|one| one.manufacturer.clone()).unwrap_or_default(),
            scanner.and_then(|one| one.model.clone()).unwrap_or_default(),
        ]);
        cells.push(age.map(|days| days.to_string()).unwrap_or_default());
        cells
    });
    let header: Vec<&str> = ["subject_id", "level", "side", "series_uid"]
        .into_iter()
        .chain(NUMBERS)
        .chain(WORDS)
        .chain([SCAN_AGE])
        .collect();
    write_csv(path, &header, rows)
}

/// The values of [`NUMBERS`].
fn numbers(stack: &StackHeader) -> [Option<f64>; NUMBERS.len()] {
    let yes = |is: bool| Some(f64::from(u8::from(is)));
    let count = |n: usize| Some(n as f64);
    [
        yes(stack.contrast == Contrast::T2Star),
        yes(!matches!(stack.fat, FatSignal::Plain | FatSignal::InPhase)),
        Some(stack.spacing.row),
        Some(stack.spacing.column),
        stack.slice_spacing(),
        count(stack.rows),
        count(stack.columns),
        count(stack.slices.len()),
        stack.echo_time,
        stack.repetition_time,
        stack.slices.first().and_then(|slice| slice.thickness),
        stack.scanner.field_strength,
    ]
}

/// Reads the numbers of `acquisitions.csv`; empty where a study has no such file, as in older
/// studies. Each value of a text column, such as a manufacturer, becomes an indicator: 1 in rows
/// that have this value, else 0 (`manufacturer: Siemens`). Columns that an older file lacks are
/// left out.
///
/// # Errors
/// [`StudyError::Read`], [`StudyError::Table`], [`StudyError::MissingColumn`],
/// [`StudyError::Value`] and [`StudyError::Cell`].
pub fn read_acquisitions(
    path: &Path,
) -> Result<BTreeMap<(SubjectId, Level, Side), Numbers>, StudyError> {
    let text = match read_stage_file(path, "select") {
        Err(StudyError::MissingStage { .. }) => return Ok(BTreeMap::new()),
        read => read?,
    };
    let wanted = ["subject_id", "level", "side"];
    let mut table = Table::read("table of acquisitions", text.as_slice(), &wanted)?;
    let [subject, level, side] =
        [table.column("subject_id")?, table.column("level")?, table.column("side")?];
    let there = |name: &'static str| Some((name, table.column(name).ok()?));
    let places: Vec<_> = NUMBERS.into_iter().chain([SCAN_AGE]).filter_map(there).collect();
    let of_words: Vec<_> = WORDS.into_iter().filter_map(there).collect();
    places.iter().for_each(|(_, at)| table.plain_numbers(*at));
    let words: BTreeSet<(&str, usize, String)> = of_words
        .iter()
        .flat_map(|(name, at)| table.rows().iter().map(|row| (*name, *at, word(row.cell(*at)))))
        .filter(|(_, _, word)| !word.is_empty())
        .collect();
    let mut read = BTreeMap::new();
    for row in table.rows() {
        let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
        let key = (
            SubjectId::new(row.cell(subject)).map_err(value)?,
            row.cell(level).parse().map_err(value)?,
            row.cell(side).parse().map_err(value)?,
        );
        let mut numbers = numbers_of(&table, row, &places)?;
        numbers.extend(words.iter().map(|(name, at, known)| {
            let is = f64::from(u8::from(word(row.cell(*at)) == *known));
            (format!("{name}: {known}"), Some(is))
        }));
        read.insert(key, numbers);
    }
    Ok(read)
}

/// The scanner of each subject of `acquisitions.csv`, in words: manufacturer, model and field
/// strength as far as they are known, `siemens aera 1.5 T`. Subjects whose scanner is unknown are
/// left out. If a subject has several scanners, the first is used.
///
/// # Errors
/// Those of [`read_acquisitions`].
pub fn read_scanners(path: &Path) -> Result<BTreeMap<SubjectId, String>, StudyError> {
    let mut scanners = BTreeMap::new();
    for ((subject, _, _), numbers) in read_acquisitions(path)? {
        let mut parts: Vec<String> = WORDS
            .iter()
            .filter_map(|name| {
                let told = numbers.iter().filter(|(_, is)| **is == Some(1.0));
                let mut words = told.filter_map(|(title, _)| title.strip_prefix(name));
                words.find_map(|rest| rest.strip_prefix(": ")).map(str::to_owned)
            })
            .collect();
        let field = numbers.get("field_strength_t").copied().flatten();
        parts.extend(field.map(|tesla| format!("{tesla} T")));
        if !parts.is_empty() {
            scanners.entry(subject).or_insert_with(|| parts.join(" "));
        }
    }
    Ok(scanners)
}

/// A scanner name in the form in which names are compared: hospitals write `SIEMENS` and `Siemens`.
fn word(cell: &str) -> String {
    cell.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_numbers_and_missing_columns_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acquisitions.csv");
        let table = "subject_id,level,side,series_uid,t2_star,field_strength_t,manufacturer\n\
                     A,C5/6,left,1.2,1,3,SIEMENS\nB,C5/6,left,1.3,0,1.5,Siemens\n\
                     C,C5/6,left,1.4,0,,\n";
        std::fs::write(&path, table).unwrap();
        let read = read_acquisitions(&path).unwrap();
        let of = |id: &str| &read[&(SubjectId::new(id).unwrap(), Level::C5C6, Side::Left)];
        assert_eq!(of("A")["manufacturer: siemens"], Some(1.0));
        assert_eq!(of("B")["manufacturer: siemens"], Some(1.0));
        assert_eq!(
            (of("C")["manufacturer: siemens"], of("C")["field_strength_t"]),
            (Some(0.0), None)
        );
        assert_eq!((of("A")["t2_star"], of("A").len()), (Some(1.0), 3));
        let scanners = read_scanners(&path).unwrap();
        assert_eq!(scanners.values().collect::<Vec<_>>(), ["siemens 3 T", "siemens 1.5 T"]);
    }
}
