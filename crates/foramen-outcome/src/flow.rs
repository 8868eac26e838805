use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Outcomes;

/// Where all rows of a table went, in the manner of a STARD or CONSORT diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Data rows of the table.
    pub rows: usize,
    /// Rows that no episode uses, by reason, the most frequent first.
    pub rejected: Vec<FlowStep>,
    /// Rows that an episode uses.
    pub used: usize,
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
    /// Episodes kept although something happened before their follow-up.
    pub with_event: usize,
}

/// How many rows one reason took out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowStep {
    /// [`RejectionReason::name`](crate::RejectionReason::name).
    pub reason: &'static str,
    /// Rows.
    pub n: usize,
}

impl Flow {
    pub(crate) fn of(outcomes: &Outcomes) -> Self {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for rejection in &outcomes.rejected {
            *counts.entry(rejection.reason.name()).or_default() += 1;
        }
        let mut rejected: Vec<FlowStep> =
            counts.into_iter().map(|(reason, n)| FlowStep { reason, n }).collect();
        rejected.sort_by_key(|step| std::cmp::Reverse(step.n));
        let episodes = &outcomes.episodes;
        let favourable = episodes.iter().filter(|e| e.outcome.is_favourable()).count();
        Self {
            rows: outcomes.rows,
            rejected,
            used: episodes.iter().map(|episode| episode.rows.len()).sum(),
            episodes: episodes.len(),
            subjects: episodes.iter().map(|e| &e.subject).collect::<BTreeSet<_>>().len(),
            favourable,
            poor: episodes.len() - favourable,
            low_baseline: episodes.iter().filter(|episode| episode.low_baseline).count(),
            with_event: episodes.iter().filter(|episode| episode.event.is_some()).count(),
        }
    }

    /// Whether every row is either used or rejected. It always is; a caller can
    /// assert it.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let rejected: usize = self.rejected.iter().map(|step| step.n).sum();
        rejected + self.used == self.rows && self.favourable + self.poor == self.episodes
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>6} rows", self.rows)?;
        for step in &self.rejected {
            writeln!(f, "{:>6} rejected: {}", step.n, step.reason.replace('_', " "))?;
        }
        writeln!(f, "{:>6} used", self.used)?;
        writeln!(f, "{:>6} episodes of {} subjects", self.episodes, self.subjects)?;
        write!(f, "{:>6} favourable, {} poor", self.favourable, self.poor)?;
        if self.low_baseline > 0 {
            write!(f, "\n{:>6} with a low baseline", self.low_baseline)?;
        }
        if self.with_event > 0 {
            write!(f, "\n{:>6} with an event before the follow-up", self.with_event)?;
        }
        Ok(())
    }
}
