use crate::RejectionReason;
use crate::field::Field;
use crate::row::{Row, Told};

/// A fault of a row, and its place.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) field: Option<Field>,
    pub(crate) value: Option<String>,
    pub(crate) reason: RejectionReason,
}

impl Fault {
    pub(crate) fn at(field: Field, value: Option<String>, reason: RejectionReason) -> Self {
        Self { field: Some(field), value, reason }
    }

    pub(crate) fn of_row(reason: RejectionReason) -> Self {
        Self { field: None, value: None, reason }
    }

    /// How far a row was from being usable as follow-up. Of several rows, the nearest gives the
    /// episode's reason.
    pub(crate) fn distance(&self, target: u16) -> (u8, u64) {
        distance(&self.reason, target)
    }
}

/// How far a reason is from being usable. If a row or an episode has several reasons, the least is
/// reported.
pub(crate) fn distance(reason: &RejectionReason, target: u16) -> (u8, u64) {
    let apart = |days: i64| (days - i64::from(target)).unsigned_abs();
    match reason {
        RejectionReason::EventBeforeFollowup { .. } | RejectionReason::EventUndated { .. } => {
            (0, 0)
        }
        RejectionReason::Contradiction { .. } => (1, 0),
        RejectionReason::Duplicate { .. } => (2, 0),
        RejectionReason::OtherFollowupChosen { .. } => (3, 0),
        RejectionReason::FollowupOutsideWindow { days, .. } => (4, apart(*days)),
        RejectionReason::FollowupBeforeInjection { days } => (5, days.unsigned_abs()),
        RejectionReason::MissingFollowupDate => (6, 0),
        RejectionReason::MissingFollowup => (7, 0),
        RejectionReason::MissedVisit { .. } => (8, 0),
        RejectionReason::NoEpisode => (10, 0),
        _ => (9, 0),
    }
}

/// The one value that all rows that have any agree on.
pub(crate) fn agree<T: PartialEq>(
    rows: &[&Row],
    column: &'static str,
    value: impl Fn(&Told) -> Option<T>,
) -> Result<Option<T>, Fault> {
    let mut known: Option<(T, u64)> = None;
    for row in rows {
        match (&known, value(&row.told)) {
            (None, Some(found)) => known = Some((found, row.line)),
            (Some((value, line)), Some(found)) if *value != found => {
                let (first, second) = (row.line.min(*line), row.line.max(*line));
                let column = column.to_owned();
                let reason = RejectionReason::Contradiction { column, first, second };
                return Err(Fault::of_row(reason));
            }
            _ => {}
        }
    }
    Ok(known.map(|(value, _)| value))
}

/// The first column in which two rows of one follow-up day differ.
pub(crate) fn difference(a: &Told, b: &Told) -> String {
    let column = if a.followup != b.followup {
        "nrs_followup"
    } else if a.baseline != b.baseline {
        "nrs_baseline"
    } else if a.baseline_date != b.baseline_date {
        "baseline_date"
    } else if a.scan_date != b.scan_date {
        "scan_date"
    } else if a.events != b.events {
        "event"
    } else if a.slice_hint != b.slice_hint {
        "slice_hint"
    } else if a.series_hint != b.series_hint {
        "series_hint"
    } else {
        "a covariate"
    };
    column.to_owned()
}
