use std::fmt;

use foramen_types::{Level, Nrs, Outcome, Side, SubjectId};
use jiff::civil::Date;

use crate::{Covariates, Event, RejectionReason};

/// One injected foramen with its label.
///
/// A bilateral or two-level injection is two episodes of one subject; what
/// splits data must keep a subject's episodes together.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Episode {
    /// The line numbers its values come from, ascending; the header is 1. No two
    /// episodes name the same row here.
    pub rows: Vec<u64>,
    /// Rows of a REDCap record that it uses as well, and that another episode of
    /// the same record names under [`Episode::rows`]: one visit may tell of two
    /// foramina.
    pub shared_rows: Vec<u64>,
    /// Whose foramen.
    pub subject: SubjectId,
    /// The disc level that was injected.
    pub level: Level,
    /// The side that was injected.
    pub side: Side,
    /// When it was injected.
    pub injection_date: Date,
    /// When the follow-up score was taken.
    pub followup_date: Date,
    /// Pain before the injection.
    pub nrs_baseline: Nrs,
    /// Pain at the follow-up.
    pub nrs_followup: Nrs,
    /// What became of it.
    pub outcome: Outcome,
    /// SOP Instance UID of the slice that the clinic measured, where given.
    pub slice_hint: Option<String>,
    /// Series Instance UID of the series that is to be measured, where given.
    pub series_hint: Option<String>,
    /// When the scan was made, where the table has a `scan_date`.
    pub scan_date: Option<Date>,
    /// Every other column that is filled (`age`, `sex`, `duration_weeks`,
    /// `site`, …), by its name in the header, as it stands in the table.
    pub covariates: Covariates,
    /// Whether the baseline is so low that the label may be a floor effect
    /// ([`OutcomeOptions::least_baseline`](crate::OutcomeOptions::least_baseline)).
    pub low_baseline: bool,
    /// What happened before the follow-up, where the options keep such episodes.
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

    /// Whether the scan came after the injection, so that it is no baseline
    /// imaging. A scan on the same day counts as before it.
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

/// One injected foramen that has no label, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Excluded {
    /// The line numbers of all rows that tell of it, ascending.
    pub rows: Vec<u64>,
    /// Whose foramen.
    pub subject: SubjectId,
    /// The disc level that was injected.
    pub level: Level,
    /// The side that was injected.
    pub side: Side,
    /// When it was injected.
    pub injection_date: Date,
    /// Pain before the injection, where it could have been labelled from.
    pub nrs_baseline: Option<Nrs>,
    /// Why it has no label: of several follow-ups, what is wrong with the one
    /// that came nearest to being used.
    pub reason: RejectionReason,
}

impl Excluded {
    /// Whether only the outcome is missing: there is a baseline to work with,
    /// and no follow-up that can be used.
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
