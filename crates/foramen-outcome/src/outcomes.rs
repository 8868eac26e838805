use std::collections::BTreeMap;
use std::io;

use foramen_types::SubjectId;

use crate::grouping::{self, Injections};
use crate::row::{Key, Reader, Row};
use crate::table::Table;
use crate::{Episode, Flow, OutcomeError, OutcomeOptions, Rejection, RejectionReason};

/// What became of a whole table.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    /// Every episode with a label, by subject, level, side and injection date.
    pub episodes: Vec<Episode>,
    /// Every row that no episode uses, by row.
    pub rejected: Vec<Rejection>,
    /// Data rows of the table, the header not counted. Each is either in one
    /// episode's [`Episode::rows`] or one rejection.
    pub rows: usize,
    /// Ids that may be one person typed in two ways. They are never joined.
    pub near_misses: Vec<NearMiss>,
}

impl Outcomes {
    /// Where the rows went, in numbers.
    #[must_use]
    pub fn flow(&self) -> Flow {
        Flow::of(self)
    }
}

/// Two ids that differ only in case or leading zeros, such as `00123` and `123`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// One subject, and the first row with it.
    pub first: (SubjectId, u64),
    /// The other, and its first row.
    pub second: (SubjectId, u64),
}

/// Reads an outcome table and labels its episodes.
///
/// The table is CSV in UTF-8, with or without a byte order mark, separated by
/// comma, semicolon or tab; after a semicolon or tab `4,5` is the score 4.5. Its
/// header names `subject_id`, `level`, `side`, `injection_date`, `nrs_baseline`,
/// `followup_date` and `nrs_followup`, and may name `baseline_date`, `event`,
/// `event_date`, `slice_hint`; any other column is kept as a covariate. Names
/// match in any case and order. Dates are `2024-03-31`. Rows with one subject,
/// level, side and injection date are one episode.
///
/// # Errors
/// [`OutcomeError`] when the table as a whole cannot be read. What is wrong with
/// a row is never an error but a [`Rejection`].
pub fn read(table: impl io::Read, options: &OutcomeOptions) -> Result<Outcomes, OutcomeError> {
    let table = Table::read(table, options.delimiter)?;
    let mut rejected = Vec::new();
    let mut injections = Injections::new();
    let mut groups: BTreeMap<Key, Vec<Row>> = BTreeMap::new();
    let mut first_rows: BTreeMap<&str, (SubjectId, u64)> = BTreeMap::new();
    for (line, record) in &table.rows {
        let reader = Reader { table: &table, options, line: *line, record };
        if let Some(reason) = misshapen(record, table.width) {
            let row = *line;
            rejected.push(Rejection { row, subject: None, column: None, value: None, reason });
            continue;
        }
        let row = reader.subject().and_then(|subject| {
            let id = table.cell(record, "subject_id");
            first_rows.entry(id).or_insert_with(|| (subject.clone(), *line));
            let injection = reader.injection(&subject)?;
            // A row that fails later on still tells that there was an injection.
            injections.entry(subject.clone()).or_default().insert(injection);
            reader.row(subject, injection)
        });
        match row {
            Ok(row) => groups.entry(row.key.clone()).or_default().push(row),
            Err(rejection) => rejected.push(*rejection),
        }
    }
    let mut episodes = Vec::with_capacity(groups.len());
    for (key, rows) in groups {
        let mut unused = Vec::new();
        episodes.extend(grouping::resolve(key, rows, &injections, options, &mut unused));
        rejected.append(&mut unused);
    }
    rejected.sort_by_key(|rejection| rejection.row);
    Ok(Outcomes {
        episodes,
        rejected,
        rows: table.rows.len(),
        near_misses: near_misses(&first_rows),
    })
}

/// Why a record is no row of the table, when it is none.
fn misshapen(record: &csv::StringRecord, width: usize) -> Option<RejectionReason> {
    if record.iter().all(str::is_empty) {
        return Some(RejectionReason::Blank);
    }
    // Trailing separators are common and lose nothing.
    let filled =
        record.iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(|(i, _)| i + 1).last();
    let filled = filled.unwrap_or_default();
    let found = record.len();
    (found < width || filled > width).then_some(RejectionReason::Ragged { expected: width, found })
}

/// Pairs of ids as they stand in the table that look like one person, since
/// pseudonyms of near misses have nothing in common.
fn near_misses(first_rows: &BTreeMap<&str, (SubjectId, u64)>) -> Vec<NearMiss> {
    // Comparing every id with every other would take hours on a large table;
    // only ids that agree up to case and zeros can be near misses.
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for text in first_rows.keys() {
        alike.entry(text.trim_start_matches('0').to_lowercase()).or_default().push(text);
    }
    let near = |a: &str, b: &str| match (SubjectId::new(a), SubjectId::new(b)) {
        (Ok(a), Ok(b)) => a.is_near_miss(&b),
        _ => false,
    };
    let mut misses = Vec::new();
    for ids in alike.into_values() {
        for (n, first) in ids.iter().enumerate() {
            let others = ids[n + 1..].iter().filter(|second| near(first, second));
            misses.extend(others.map(|second| NearMiss {
                first: first_rows[first].clone(),
                second: first_rows[second].clone(),
            }));
        }
    }
    misses
}
