use std::fmt;

use foramen_types::{KeyError, Nrs, SubjectId, TypeError};
use thiserror::Error;

use crate::{DateError, Event, FollowupWindow};

/// A row without a label, and the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// Line number, the header is 1.
    pub row: u64,
    /// The subject of the row, if it could be read.
    pub subject: Option<SubjectId>,
    /// The faulty column, if one column is at fault.
    pub column: Option<String>,
    /// The value of that column, if there is one.
    pub value: Option<String>,
    /// The reason.
    pub reason: RejectionReason,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        match (&self.column, &self.value) {
            (Some(column), Some(value)) => write!(f, ", {column} = {value:?}")?,
            (Some(column), None) => write!(f, ", {column}")?,
            (None, _) => {}
        }
        write!(f, ": {}", self.reason)
    }
}

/// Why a row gave no label.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum RejectionReason {
    /// All cells are blank.
    #[error("the row is blank")]
    Blank,
    /// The row has another number of cells than the header.
    #[error(
        "the row has {found} cells and the header {expected}; quote cells that hold the separator"
    )]
    Ragged {
        /// Cells in the header.
        expected: usize,
        /// Cells in the row.
        found: usize,
    },
    /// The id is not valid.
    #[error("the subject id cannot be used")]
    Subject(#[source] Box<KeyError>),
    /// The id is a long number that a spreadsheet has shortened.
    #[error(
        "a spreadsheet has shortened this id, and its last digits are lost; format the column as \
         text, enter the ids again and save"
    )]
    ShortenedId,
    /// A level, side or score is not valid.
    #[error("{}{}", .0, remedy(.0))]
    Value(Box<TypeError>),
    /// A score is outside the scale stated by the mapping.
    #[error(
        "the pain score {value} is outside 0 to {scale}; correct it, or list it as a missing code"
    )]
    OffScale {
        /// The score as in the table.
        value: String,
        /// The greatest possible score.
        scale: u16,
    },
    /// A word in a column of scores may mean 0 or "nothing was entered".
    #[error(
        "the word may mean no pain (0) or that nothing was entered; say which in the mapping: \
         [values.{column}] with the word = \"0\", or missing = [the word]"
    )]
    NoPainOrMissing {
        /// The field.
        column: &'static str,
    },
    /// A cell that identifies the episode is empty.
    #[error("the {} is missing, so the row belongs to no episode; enter it", column.replace('_', " "))]
    NoKey {
        /// The column that is empty.
        column: &'static str,
    },
    /// The side names both foramina.
    #[error("both sides were injected; write one row for each, with its own level and side")]
    BothSides,
    /// The level names several discs.
    #[error("several levels were injected; write one row for each")]
    SeveralLevels,
    /// The time of the visit is not known.
    #[error(
        "the visit is neither a baseline nor a follow-up at a known time; say under [nominal] in \
         the mapping when it is, in days after the injection or as \"baseline\""
    )]
    UnknownVisit,
    /// The follow-up date is a number.
    #[error(
        "the follow-up has a number in place of a date; if it is the time since the injection, \
         say followup_unit = \"days\", \"weeks\" or \"months\" in the mapping"
    )]
    TimeWithoutUnit,
    /// A text is not a date, or is an ambiguous one.
    #[error(transparent)]
    Date(#[from] DateError),
    /// The data dictionary does not list this choice.
    #[error("no choice of this field in the data dictionary; correct it, or give a newer one")]
    NotAChoice,
    /// The procedure is not a cervical transforaminal injection.
    #[error(
        "no cervical transforaminal injection, which is CPT 64479, or 64480 for a further level"
    )]
    Procedure,
    /// The modifier of the procedure code and the side disagree.
    #[error("the modifier {modifier} of the procedure code contradicts the side; correct one")]
    Modifier {
        /// `LT` or `RT`.
        modifier: &'static str,
    },
    /// The score is on another scale.
    #[error("no numeric rating of pain from 0 to 10, which is LOINC 72514-3 or 38208-5")]
    Scale,
    /// There is no baseline score.
    #[error("no baseline score, so no fall can be computed")]
    MissingBaseline,
    /// The rows of one episode disagree on the baseline.
    #[error("rows {first} and {second} give one injection different values of {column}; keep one")]
    Contradiction {
        /// The column that differs.
        column: String,
        /// A row with the first value.
        first: u64,
        /// A row with another value.
        second: u64,
    },
    /// The only baseline of the record belongs to an earlier injection.
    #[error(
        "the baseline of row {row} is that of the earlier injection on {injection}; an injection \
         needs one of its own"
    )]
    BaselineOfEarlierInjection {
        /// The row of the baseline.
        row: u64,
        /// The injection that it belongs to.
        injection: jiff::civil::Date,
    },
    /// The baseline was scored after the injection.
    #[error(
        "the baseline was scored {days} days after the injection, so it is none; check both dates"
    )]
    BaselineAfterInjection {
        /// Days after the injection.
        days: i64,
    },
    /// The baseline was scored too long before the injection.
    #[error("the baseline was scored {days} days before the injection, more than {most}")]
    BaselineTooOld {
        /// Days before the injection.
        days: i64,
        /// The greatest number of days allowed.
        most: u16,
    },
    /// The baseline is 0: no fall is possible.
    #[error("the baseline is 0, from which no score can fall: not evaluable")]
    BaselineZero,
    /// The baseline is low and the options exclude such episodes.
    #[error("the baseline {baseline} is below {least}")]
    BaselineLow {
        /// The baseline.
        baseline: Nrs,
        /// The lowest baseline that is included.
        least: Nrs,
    },
    /// There is no follow-up score.
    #[error("no follow-up score: the visit was missed or not entered")]
    MissingFollowup,
    /// A required visit of the record is not in the export: REDCap leaves out events without data.
    #[error("no row of a follow-up{}: the visit was missed", of_events(events))]
    MissedVisit {
        /// The follow-up events, if the mapping names them.
        events: Vec<String>,
    },
    /// A visit that the mapping counts neither as baseline nor as follow-up.
    #[error("the visit is neither a baseline nor a follow-up by the mapping's redcap events")]
    OtherVisit,
    /// A row of a record without an injection.
    #[error("the record has no injection with a date, so the row belongs to no episode")]
    NoInjection,
    /// A row that would complete an episode, but its record has none.
    #[error("no episode of the record could use the row; its other rows say why")]
    NoEpisode,
    /// The scan is after the injection and the options exclude it.
    #[error("the scan is {days} days after the injection, so it is no baseline imaging")]
    ScanAfterInjection {
        /// Days after the injection.
        days: i64,
    },
    /// There is a follow-up score without a date.
    #[error("the follow-up has no date, so its window cannot be checked; enter followup_date")]
    MissingFollowupDate,
    /// The follow-up is before the injection.
    #[error("the follow-up is {days} days before the injection; check both dates")]
    FollowupBeforeInjection {
        /// Days before the injection.
        days: i64,
    },
    /// The follow-up is too early or too late.
    #[error(
        "the follow-up is on day {days}, outside days {} to {}", window.first, window.last
    )]
    FollowupOutsideWindow {
        /// Days after the injection.
        days: i64,
        /// The follow-up window.
        window: FollowupWindow,
    },
    /// Another follow-up of the same episode was used.
    #[error("the follow-up of row {chosen} (day {day}) is nearer to the target")]
    OtherFollowupChosen {
        /// The row that was used.
        chosen: u64,
        /// Its day after the injection.
        day: i64,
    },
    /// The row repeats another row.
    #[error("the row repeats row {of}")]
    Duplicate {
        /// The row that is kept.
        of: u64,
    },
    /// An event before the follow-up, which the options exclude.
    #[error("{} on {} came before the follow-up", event.kind, event.date)]
    EventBeforeFollowup {
        /// The event and its date.
        event: Event,
    },
    /// An event has no date that can be read.
    #[error(
        "the event{} has no date that can be read and may have come before the follow-up; enter \
         event_date, or say in the mapping what the word means: [values.event] with the word = \
         \"none\"",
        of_word(event)
    )]
    EventUndated {
        /// The text of the table; empty if there is only a date.
        event: String,
    },
}

impl RejectionReason {
    /// A short name for counting and for files; it does not change between
    /// versions.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Blank => "blank_row",
            Self::Ragged { .. } => "ragged_row",
            Self::Subject(_) => "bad_subject_id",
            Self::ShortenedId => "shortened_subject_id",
            Self::Value(_) | Self::OffScale { .. } => "bad_value",
            Self::NoPainOrMissing { .. } => "no_pain_or_missing",
            Self::NoKey { .. } => "missing_key",
            Self::BothSides => "both_sides",
            Self::SeveralLevels => "several_levels",
            Self::UnknownVisit => "unknown_visit",
            Self::TimeWithoutUnit => "time_without_unit",
            Self::Date(DateError::Ambiguous { .. }) => "ambiguous_date",
            Self::Date(_) => "bad_date",
            Self::NotAChoice => "not_a_choice",
            Self::Procedure => "other_procedure",
            Self::Modifier { .. } => "modifier_contradicts_side",
            Self::Scale => "other_scale",
            Self::MissingBaseline => "missing_baseline",
            Self::Contradiction { .. } => "contradiction",
            Self::BaselineOfEarlierInjection { .. } => "baseline_of_earlier_injection",
            Self::BaselineAfterInjection { .. } => "baseline_after_injection",
            Self::BaselineTooOld { .. } => "baseline_too_old",
            Self::BaselineZero => "baseline_zero",
            Self::BaselineLow { .. } => "baseline_low",
            Self::MissingFollowup => "missing_followup",
            Self::MissedVisit { .. } => "missed_visit",
            Self::OtherVisit => "other_visit",
            Self::NoInjection => "no_injection",
            Self::NoEpisode => "no_episode",
            Self::ScanAfterInjection { .. } => "scan_after_injection",
            Self::MissingFollowupDate => "missing_followup_date",
            Self::FollowupBeforeInjection { .. } => "followup_before_injection",
            Self::FollowupOutsideWindow { .. } => "followup_outside_window",
            Self::OtherFollowupChosen { .. } => "other_followup_chosen",
            Self::Duplicate { .. } => "duplicate_row",
            Self::EventBeforeFollowup { event } => match event.kind {
                crate::EventKind::RepeatInjection => "repeat_injection_before_followup",
                crate::EventKind::Surgery => "surgery_before_followup",
                crate::EventKind::Other => "event_before_followup",
            },
            Self::EventUndated { .. } => "event_undated",
        }
    }
}

/// A remedy for an invalid value, if its message does not give one.
fn remedy(error: &TypeError) -> &'static str {
    match error {
        TypeError::NrsOutOfRange { .. } => "; correct it, or list it as a missing code",
        TypeError::NrsTooFine { .. } => {
            "; round it as it was asked, or, where scores are means, say rounding = \"none\" in the mapping"
        }
        _ => "",
    }
}

fn of_word(word: &str) -> String {
    if word.is_empty() { String::new() } else { format!(" {word:?}") }
}

fn of_events(events: &[String]) -> String {
    if events.is_empty() { String::new() } else { format!(" ({})", events.join(" or ")) }
}
