use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Outcomes;

/// The flow of all rows of a table, as in a STARD or CONSORT diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Data rows of the table.
    pub rows: usize,
    /// Rows that no episode uses, by reason, the most frequent first.
    pub rejected: Vec<FlowStep>,
    /// Rows that an episode uses.
    pub used: usize,
    /// Injected foramina in the rows.
    pub identified: usize,
    /// Injected foramina without a label, by reason, the most frequent first.
    pub excluded: Vec<FlowStep>,
    /// Episodes with a label.
    pub episodes: usize,
    /// Subjects with at least one episode.
    pub subjects: usize,
    /// Episodes with a favourable outcome.
    pub favourable: usize,
    /// Episodes with a poor outcome.
    pub poor: usize,
    /// Episodes kept although their baseline is low.
    pub low_baseline: usize,
    /// Episodes kept despite an event before their follow-up.
    pub with_event: usize,
    /// Episodes kept although their scan came after the injection.
    pub late_scan: usize,
}

/// The number of rows, or episodes, excluded for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowStep {
    /// [`RejectionReason::name`](crate::RejectionReason::name).
    pub reason: &'static str,
    /// The number.
    pub n: usize,
}

impl Outcomes {
    /// The flow of the rows, as counts.
    #[must_use]
    pub fn flow(&self) -> Flow {
        let episodes = &self.episodes;
        let favourable = episodes.iter().filter(|e| e.outcome.is_favourable()).count();
        Flow {
            rows: self.rows,
            rejected: steps(self.rejected.iter().map(|rejection| rejection.reason.name())),
            used: episodes.iter().map(|episode| episode.rows.len()).sum(),
            identified: episodes.len() + self.excluded.len(),
            excluded: steps(self.excluded.iter().map(|excluded| excluded.reason.name())),
            episodes: episodes.len(),
            subjects: episodes.iter().map(|e| &e.subject).collect::<BTreeSet<_>>().len(),
            favourable,
            poor: episodes.len() - favourable,
            low_baseline: episodes.iter().filter(|episode| episode.low_baseline).count(),
            with_event: episodes.iter().filter(|episode| episode.event.is_some()).count(),
            late_scan: episodes.iter().filter(|episode| episode.scan_is_late()).count(),
        }
    }
}

impl Flow {
    /// Whether every row is either used or rejected, every episode either labelled or excluded, and
    /// every label either favourable or poor. This always holds; a caller can assert it.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let sum = |steps: &[FlowStep]| steps.iter().map(|step| step.n).sum::<usize>();
        sum(&self.rejected) + self.used == self.rows
            && sum(&self.excluded) + self.episodes == self.identified
            && self.favourable + self.poor == self.episodes
    }
}

/// Counts by reason, the most frequent first, ties by name.
fn steps(reasons: impl Iterator<Item = &'static str>) -> Vec<FlowStep> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let mut steps: Vec<FlowStep> =
        counts.into_iter().map(|(reason, n)| FlowStep { reason, n }).collect();
    steps.sort_by_key(|step| std::cmp::Reverse(step.n));
    steps
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>6} rows", self.rows)?;
        for step in &self.rejected {
            writeln!(f, "{:>6} rejected: {}", step.n, step.reason.replace('_', " "))?;
        }
        writeln!(f, "{:>6} used", self.used)?;
        writeln!(f, "{:>6} injected foramina", self.identified)?;
        for step in &self.excluded {
            writeln!(f, "{:>6} without a label: {}", step.n, step.reason.replace('_', " "))?;
        }
        writeln!(f, "{:>6} episodes of {} subjects", self.episodes, self.subjects)?;
        write!(f, "{:>6} favourable, {} poor", self.favourable, self.poor)?;
        if self.low_baseline > 0 {
            write!(f, "\n{:>6} with a low baseline", self.low_baseline)?;
        }
        if self.with_event > 0 {
            write!(f, "\n{:>6} with an event before the follow-up", self.with_event)?;
        }
        if self.late_scan > 0 {
            write!(f, "\n{:>6} with a scan after the injection", self.late_scan)?;
        }
        Ok(())
    }
}
