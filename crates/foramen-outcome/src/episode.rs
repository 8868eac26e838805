use std::fmt;

use foramen_types::{Level, Nrs, Outcome, Side, SubjectId};
use jiff::civil::Date;

use crate::{Covariates, Event, RejectionReason};

/// One injected foramen with its label.
///
/// A bilateral or two-level injection is two episodes of one subject. When data are split, a
/// subject's episodes must stay together.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Episode {
    /// The line numbers of the rows with its values, ascending; the header is line 1. No two
    /// episodes list the same row here.
    pub rows: Vec<u64>,
    /// Further rows of the REDCap record that it uses, and that another episode of the same record
    /// lists in [`Episode::rows`]: one visit may describe two foramina.
    pub shared_rows: Vec<u64>,
    /// The subject.
    pub subject: SubjectId,
    /// The disc level that was injected.
    pub level: Level,
    /// The side that was injected.
    pub side: Side,
    /// Date of the injection.
    pub injection_date: Date,
    /// Date of the follow-up score.
    pub followup_date: Date,
    /// Pain before the injection.
    pub nrs_baseline: Nrs,
    /// Pain at the follow-up.
    pub nrs_followup: Nrs,
    /// The outcome.
    pub outcome: Outcome,
    /// SOP Instance UID of the slice that the clinic measured, if given.
    pub slice_hint: Option<String>,
    /// Series Instance UID of the series that should be measured, if given.
    pub series_hint: Option<String>,
    /// Date of the scan, if the table has a `scan_date`.
    pub scan_date: Option<Date>,
    /// Every other column that is filled (`age`, `sex`, `duration_weeks`, `site`, …), unchanged, by
    /// its name in the header.
    pub covariates: Covariates,
    /// Whether the baseline is so low that the label may be a floor effect
    /// ([`OutcomeOptions::least_baseline`](crate::OutcomeOptions::least_baseline)).
    pub low_baseline: bool,
    /// An event before the follow-up, if the options keep such episodes.
    pub event: Option<Event>,
}

impl Episode {
    /// Days from the injection to the follow-up that was used.
    #[must_use]
    pub fn days(&self) -> i64 {
        days_between(self.injection_date, self.followup_date)
    }

    /// Days from the scan to the injection; negative when the scan came later.
    #[must_use]
    pub fn scan_age(&self) -> Option<i64> {
        self.scan_date.map(|scan| days_between(scan, self.injection_date))
    }

    /// Whether the scan came after the injection, so that it does not show the state before the
    /// injection. A scan on the same day counts as before it.
    #[must_use]
    pub fn scan_is_late(&self) -> bool {
        self.scan_age().is_some_and(|days| days < 0)
    }
}

impl fmt::Display for Episode {
    /// Subject, level, side, day, scores and outcome in columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scores = format!("{} → {}", self.nrs_baseline, self.nrs_followup);
        let flag = if self.low_baseline { " (low baseline)" } else { "" };
        let (subject, level, side, day) =
            (self.subject.as_str(), self.level, self.side, self.days());
        write!(f, "{subject:<16} {level:<5} {side:<5} {day:>4} {scores:>8}  {}{flag}", self.outcome)
    }
}

/// An injected foramen without a label, and the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Excluded {
    /// The line numbers of all its rows, ascending.
    pub rows: Vec<u64>,
    /// The subject.
    pub subject: SubjectId,
    /// The disc level that was injected.
    pub level: Level,
    /// The side that was injected.
    pub side: Side,
    /// Date of the injection.
    pub injection_date: Date,
    /// Pain before the injection, if it is a usable baseline.
    pub nrs_baseline: Option<Nrs>,
    /// Why it has no label. If there are several follow-ups, the reason is that of the follow-up
    /// nearest to being usable.
    pub reason: RejectionReason,
}

impl Excluded {
    /// Whether only the outcome is missing: there is a usable baseline, but no usable follow-up.
    #[must_use]
    pub fn lacks_followup(&self) -> bool {
        let decided_otherwise = matches!(
            self.reason,
            RejectionReason::EventBeforeFollowup { .. }
                | RejectionReason::EventUndated { .. }
                | RejectionReason::ScanAfterInjection { .. }
        );
        self.nrs_baseline.is_some() && !decided_otherwise
    }
}

/// Days from one date to a later one; negative when it is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}
