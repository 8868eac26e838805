use std::collections::BTreeMap;

use foramen_types::{Level, Nrs, Outcome, Side, SubjectId};
use jiff::civil::Date;

use crate::Event;

/// One injected foramen with its label.
///
/// A bilateral or two-level injection is two episodes of one subject; what
/// splits data must keep a subject's episodes together.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The line numbers its values come from, ascending; the header is 1.
    pub rows: Vec<u64>,
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
    /// Every other column that is filled (`age`, `sex`, `duration_weeks`,
    /// `site`, …), by its name in the header, as it stands in the table.
    pub covariates: BTreeMap<String, String>,
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
}

/// Days from one date to a later one; negative when it is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}
