use std::sync::Arc;

use foramen_types::{Level, Side};
use jiff::civil::Date;

use crate::covariates::TextId;
use crate::score::Score;
use crate::{EventKind, Rejection};

/// A score or a date: present, missing, or missing with a code that is worth showing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell<T> {
    pub(crate) value: Option<T>,
    /// The text of the cell if it means "missing"; empty for a blank cell.
    pub(crate) text: TextId,
}

impl<T> Default for Cell<T> {
    fn default() -> Self {
        Self { value: None, text: TextId::default() }
    }
}

impl<T> Cell<T> {
    /// Whether the cell is blank.
    pub(crate) fn is_blank(&self) -> bool {
        self.value.is_none() && self.text.is_empty()
    }
}

/// An event as given in a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ToldEvent {
    pub(crate) kind: EventKind,
    /// `None` if the date is missing or cannot be read.
    pub(crate) date: Option<Date>,
    /// The text of the table.
    pub(crate) what: TextId,
    pub(crate) date_text: TextId,
}

/// The checked cells of one row about one episode.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) key: Key,
    pub(crate) told: Told,
    /// The fault of a row that can be used only for its events.
    pub(crate) fault: Option<Box<Rejection>>,
    /// Set for the row of the injection itself in a record of several rows.
    pub(crate) anchor: Option<Box<Anchor>>,
}

/// What the other rows of a record add to the row of an injection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// The lines of the other rows that complete it.
    pub(crate) support: Vec<u64>,
    /// The follow-up visits without a row in the export; `None` if visits have no rows of their
    /// own.
    pub(crate) missed: Option<Vec<String>>,
    /// The earlier injection to which the baseline of another row belongs.
    pub(crate) earlier: Option<Date>,
}

/// The episode of a row. The subject is its index in the table's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) subject: u32,
    pub(crate) level: Level,
    pub(crate) side: Side,
    pub(crate) injection: Date,
}

/// The contents of a row about its episode. Rows of one episode are compared in the order of these
/// fields, so that line numbers do not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) followup_date: Cell<Date>,
    pub(crate) followup: Cell<Score>,
    pub(crate) baseline: Cell<Score>,
    pub(crate) baseline_date: Cell<Date>,
    pub(crate) scan_date: Option<Date>,
    pub(crate) events: Box<[ToldEvent]>,
    pub(crate) slice_hint: TextId,
    pub(crate) series_hint: TextId,
    /// By index in [`Columns::covariates`].
    pub(crate) covariates: Arc<[(u16, TextId)]>,
}

impl Told {
    /// Replaces text indices by their ranks.
    pub(crate) fn rank_texts(&mut self, ranks: &[u32]) {
        for text in [
            &mut self.followup_date.text,
            &mut self.followup.text,
            &mut self.baseline.text,
            &mut self.baseline_date.text,
            &mut self.slice_hint,
            &mut self.series_hint,
        ] {
            text.ranked(ranks);
        }
        self.events.iter_mut().for_each(|event| {
            event.what.ranked(ranks);
            event.date_text.ranked(ranks);
        });
        if !self.covariates.is_empty() {
            let cells = Arc::make_mut(&mut self.covariates);
            cells.iter_mut().for_each(|(_, text)| text.ranked(ranks));
        }
    }
}

/// The foramen that a row names, which may be incomplete.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foramen {
    pub(crate) level: Option<Level>,
    pub(crate) side: Option<Side>,
}
