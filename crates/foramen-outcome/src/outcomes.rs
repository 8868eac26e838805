use std::collections::{BTreeMap, BTreeSet};
use std::io;

use foramen_types::SubjectId;

use crate::fault::distance;
use crate::grouping;
use crate::{
    Episode, Excluded, LineCount, NearMiss, OutcomeError, OutcomeOptions, PainTable, Rejection,
    RejectionReason, Remark,
};

/// The result of reading a whole table.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    /// Every episode with a label, by subject, level, side and injection date.
    pub episodes: Vec<Episode>,
    /// Every row that no episode uses, by row.
    pub rejected: Vec<Rejection>,
    /// Every episode without a label, in the same order: a foramen with an injection in the table,
    /// and the reason. Its rows are among the rejected rows.
    pub excluded: Vec<Excluded>,
    /// Data rows of the table, the header not counted. Each is either in one
    /// episode's [`Episode::rows`] or one rejection.
    pub rows: usize,
    /// Ids that may be one person typed in two ways. They are never merged.
    pub near_misses: Vec<NearMiss>,
    /// Missed visits: follow-up events named by the mapping for which a REDCap record with an
    /// injection has no row.
    pub missed_visits: Vec<MissedVisit>,
    /// Remarks on how columns and values were interpreted.
    pub remarks: Vec<Remark>,
    /// Counts of the file's lines.
    pub lines: LineCount,
    /// The encoding of the table: `UTF-8`, `windows-1252`, ….
    pub encoding: &'static str,
}

impl Outcomes {
    /// Notes on how the table was read, one sentence each: near misses of ids, then remarks.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let near = self.near_misses.iter().map(ToString::to_string);
        near.chain(self.remarks.iter().map(ToString::to_string)).collect()
    }
}

/// A missed visit: REDCap exports no row for an event without data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedVisit {
    /// The subject.
    pub subject: SubjectId,
    /// The event, as the mapping names it.
    pub event: String,
}

/// Reads an outcome table and labels its episodes: [`PainTable::read`] and
/// [`PainTable::label`] in one.
///
/// The table is CSV; its encoding and separator are detected. Its header names `subject_id`,
/// `level`, `side`, `injection_date`, `nrs_baseline`, `followup_date` and `nrs_followup`, and may
/// name `baseline_date`, `event`, `event_date`, `slice_hint`, `series_hint`, `scan_date`,
/// `procedure_code`, `score_code`; any other column is kept as a covariate. Names match in any case
/// and order, and a [`Mapping`](crate::Mapping) can define others. Rows with the same subject,
/// level, side and injection date form one episode.
///
/// In a REDCap export, recognised by its columns or by a [`Dictionary`](crate::Dictionary), the
/// rows of one record complete each other instead. A record without a row for a visit has missed
/// this visit.
///
/// # Errors
/// [`OutcomeError`] when the table as a whole cannot be read. A fault in a row is never an error
/// but a [`Rejection`].
pub fn read(table: impl io::Read, options: &OutcomeOptions) -> Result<Outcomes, OutcomeError> {
    Ok(PainTable::read(table, options)?.label(options))
}

impl PainTable {
    /// Labels every episode. Only the options that affect labels are used: rule, window, baselines,
    /// events, late scans.
    #[must_use]
    pub fn label(&self, options: &OutcomeOptions) -> Outcomes {
        let mut rejected = self.rejected.clone();
        let (mut episodes, mut excluded) = (Vec::new(), Vec::new());
        for rows in self.rows.chunk_by(|a, b| a.key == b.key) {
            match grouping::resolve(self, options, rows, &mut rejected) {
                Ok(episode) => episodes.push(episode),
                Err(group) => excluded.push(*group),
            }
        }
        if let Some(rows) = &self.record_rows {
            let target = options.window.target;
            rejected = self.settle_shared_rows(rows, &mut episodes, rejected, target);
        }
        rejected.sort_by_key(|rejection| rejection.row);
        Outcomes {
            episodes,
            rejected,
            excluded,
            rows: self.data_rows,
            near_misses: self.near_misses.clone(),
            remarks: self.remarks.clone(),
            lines: self.lines,
            missed_visits: self.missed_visits(),
            encoding: self.encoding,
        }
    }

    fn missed_visits(&self) -> Vec<MissedVisit> {
        let visit = |(subject, event): &(u32, String)| MissedVisit {
            subject: self.subjects[*subject as usize].clone(),
            event: event.clone(),
        };
        self.missed.iter().map(visit).collect()
    }

    /// Assigns each row of a record once: to the first episode that uses it, else to the rejection
    /// nearest to using it.
    fn settle_shared_rows(
        &self,
        rows: &[(u64, u32)],
        episodes: &mut [Episode],
        rejected: Vec<Rejection>,
        target: u16,
    ) -> Vec<Rejection> {
        let mut used = BTreeSet::new();
        for episode in episodes {
            let (own, shared) = episode.rows.iter().partition(|row| used.insert(**row));
            (episode.rows, episode.shared_rows) = (own, shared);
        }
        let mut nearest: BTreeMap<u64, Rejection> = BTreeMap::new();
        let no_episode = rows.iter().map(|(row, subject)| Rejection {
            row: *row,
            subject: Some(self.subjects[*subject as usize].clone()),
            column: None,
            value: None,
            reason: RejectionReason::NoEpisode,
        });
        for rejection in rejected.into_iter().chain(no_episode) {
            let near = |rejection: &Rejection| distance(&rejection.reason, target);
            match nearest.get_mut(&rejection.row) {
                _ if used.contains(&rejection.row) => {}
                Some(other) if near(&rejection) < near(other) => *other = rejection,
                Some(_) => {}
                None => {
                    nearest.insert(rejection.row, rejection);
                }
            }
        }
        nearest.into_values().collect()
    }
}
