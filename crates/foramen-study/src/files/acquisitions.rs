use std::collections::BTreeMap;
use std::path::Path;

use foramen_dicom::{FatSignal, Scan, StackHeader};
use foramen_image::Contrast;
use foramen_types::{Level, Side, SubjectId};

use super::run_json::read_stage_file;
use crate::covariates::{Numbers, numbers_of};
use crate::table::{Table, number, write_csv};
use crate::{Selected, StudyError};

/// The numbers of a row, as their columns are called.
const NUMBERS: [&str; 9] = [
    "t2_star",
    "fat_suppressed",
    "row_spacing_mm",
    "column_spacing_mm",
    "slice_spacing_mm",
    "rows",
    "columns",
    "slices",
    "echo_time_ms",
];
const SCAN_AGE: &str = "scan_age_days";

/// Writes `acquisitions.csv`: how the images of each chosen slice were acquired, and how old
/// they were at the injection. It says nothing of the foramen, so that a model which predicts
/// from it follows the scanner or the habits of a hospital.
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
        cells.push(age.map(|days| days.to_string()).unwrap_or_default());
        cells
    });
    let header: Vec<&str> = ["subject_id", "level", "side", "series_uid"]
        .into_iter()
        .chain(NUMBERS)
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
    ]
}

/// Reads the numbers of `acquisitions.csv`; none where a study has no such file, as those made
/// before there was one.
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
    let places = NUMBERS.into_iter().chain([SCAN_AGE]);
    let places = places.map(|name| Ok((name, table.column(name)?)));
    let places = places.collect::<Result<Vec<_>, StudyError>>()?;
    places.iter().for_each(|(_, at)| table.plain_numbers(*at));
    let mut read = BTreeMap::new();
    for row in table.rows() {
        let value = |source| StudyError::Value { table: table.name(), row: row.line, source };
        let key = (
            SubjectId::new(row.cell(subject)).map_err(value)?,
            row.cell(level).parse().map_err(value)?,
            row.cell(side).parse().map_err(value)?,
        );
        read.insert(key, numbers_of(&table, row, &places)?);
    }
    Ok(read)
}
