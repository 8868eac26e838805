use std::sync::Arc;

use foramen_types::{Level, Side};
use jiff::civil::Date;

use crate::covariates::TextId;
use crate::score::Score;
use crate::{EventKind, Rejection};

/// A score or a date: there, missing, or missing under a code worth showing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell<T> {
    pub(crate) value: Option<T>,
    /// What stands there when it means "missing"; empty for a blank cell.
    pub(crate) text: TextId,
}

impl<T> Default for Cell<T> {
    fn default() -> Self {
        Self { value: None, text: TextId::default() }
    }
}

impl<T> Cell<T> {
    /// Whether nothing at all stands there.
    pub(crate) fn is_blank(&self) -> bool {
        self.value.is_none() && self.text.is_empty()
    }
}

/// An event as a row tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ToldEvent {
    pub(crate) kind: EventKind,
    /// `None` when there is no date, or none that can be read.
    pub(crate) date: Option<Date>,
    /// The word or words of the table.
    pub(crate) what: TextId,
    pub(crate) date_text: TextId,
}

/// What one row says of one episode, checked cell by cell.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) key: Key,
    pub(crate) told: Told,
    /// What is wrong with a row that cannot be used for more than its events.
    pub(crate) fault: Option<Box<Rejection>>,
    /// For the row of the injection itself in a record of several rows.
    pub(crate) anchor: Option<Box<Anchor>>,
}

/// What a record adds to the row of an injection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// The lines of the other rows that complete it.
    pub(crate) support: Vec<u64>,
    /// The follow-up visits that the export has no row of; none where visits
    /// have no rows of their own.
    pub(crate) missed: Option<Vec<String>>,
    /// The earlier injection that the baseline of another row was scored before.
    pub(crate) earlier: Option<Date>,
}

/// Which episode a row belongs to. The subject is its place in the table's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) subject: u32,
    pub(crate) level: Level,
    pub(crate) side: Side,
    pub(crate) injection: Date,
}

/// What a row says about its episode. The order of the fields is the order in
/// which rows of one episode are compared, so that line numbers decide nothing.
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
    /// By place in [`Columns::covariates`].
    pub(crate) covariates: Arc<[(u16, TextId)]>,
}

impl Told {
    /// Replaces texts by their places in order.
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

/// Which foramen a row names, as far as it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Foramen {
    pub(crate) level: Option<Level>,
    pub(crate) side: Option<Side>,
}
