use std::collections::BTreeMap;

use crate::Manifest;

/// How many rows were left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionCount {
    /// The reason.
    pub reason: String,
    /// Number of rows.
    pub rows: usize,
}

/// The cohort flow: `included + excluded = rows`, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortFlow {
    /// Data rows of the outcome table.
    pub rows: usize,
    /// Rows that led to a prediction.
    pub included: usize,
    /// Of those, rows with a favourable outcome.
    pub favourable: usize,
    /// Rows left out, most frequent reason first.
    pub excluded: Vec<ExclusionCount>,
    /// Subjects with images and no row.
    pub studies_without_row: usize,
}

impl CohortFlow {
    /// Counts the rows of a manifest.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for excluded in &manifest.excluded {
            *reasons.entry(&excluded.reason).or_default() += 1;
        }
        let mut excluded: Vec<ExclusionCount> = reasons
            .into_iter()
            .map(|(reason, rows)| ExclusionCount { reason: reason.to_owned(), rows })
            .collect();
        excluded.sort_by_key(|count| std::cmp::Reverse(count.rows));
        Self {
            rows: manifest.rows,
            included: manifest.kept.len(),
            favourable: manifest
                .kept
                .iter()
                .filter(|kept| kept.outcome.is_some_and(|outcome| outcome.is_favourable()))
                .count(),
            excluded,
            studies_without_row: manifest.studies_without_row.len(),
        }
    }
}
