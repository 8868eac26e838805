use std::collections::BTreeMap;

use crate::exclusion::Exclusion;
use crate::manifest::Manifest;

/// How many rows were left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionCount {
    /// The reason.
    pub reason: Exclusion,
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
    /// Subjects with images but without a row.
    pub studies_without_row: usize,
}

impl CohortFlow {
    /// Counts the rows of a manifest.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let mut reasons: BTreeMap<String, (&Exclusion, usize)> = BTreeMap::new();
        for excluded in &manifest.excluded {
            let words = excluded.reason.to_string();
            reasons.entry(words).or_insert((&excluded.reason, 0)).1 += 1;
        }
        let mut excluded: Vec<ExclusionCount> = reasons
            .into_values()
            .map(|(reason, rows)| ExclusionCount { reason: reason.clone(), rows })
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
