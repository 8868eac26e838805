use std::collections::BTreeMap;

use csv::StringRecord;
use foramen_types::{Level, Nrs, Side, SubjectId};
use jiff::civil::Date;

use crate::table::Table;
use crate::{EventKind, LevelNames, OutcomeOptions, Rejection, RejectionReason};

/// A score or a date: there, missing, or missing under a code worth showing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell<T> {
    pub(crate) value: Option<T>,
    /// What stands there when it means "missing"; empty for a blank cell.
    pub(crate) text: String,
}

/// An event as a row tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ToldEvent {
    pub(crate) kind: EventKind,
    /// `None` when there is no date, or none that can be read.
    pub(crate) date: Option<Date>,
    pub(crate) date_text: String,
}

/// What one row says, checked cell by cell.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) key: Key,
    pub(crate) told: Told,
}

/// Which episode a row belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) subject: SubjectId,
    pub(crate) level: Level,
    pub(crate) side: Side,
    pub(crate) injection: Date,
}

/// What a row says about its episode. The order of the fields is the order in
/// which rows of one episode are compared, so that line numbers decide nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) followup_date: Cell<Date>,
    pub(crate) followup: Cell<Nrs>,
    pub(crate) baseline: Cell<Nrs>,
    pub(crate) baseline_date: Cell<Date>,
    pub(crate) event: Option<ToldEvent>,
    pub(crate) slice_hint: Option<String>,
    pub(crate) covariates: BTreeMap<String, String>,
}

/// Checks the cells of one record in the order of the contract's columns.
pub(crate) struct Reader<'a> {
    pub(crate) table: &'a Table,
    pub(crate) options: &'a OutcomeOptions,
    pub(crate) line: u64,
    pub(crate) record: &'a StringRecord,
}

impl Reader<'_> {
    /// The subject, from the id in the table.
    pub(crate) fn subject(&self) -> Result<SubjectId, Box<Rejection>> {
        let id = self.cell("subject_id");
        if id.is_empty() {
            return Err(self.no_key("subject_id", None));
        }
        self.options.key.of_table(id).map_err(|error| {
            Box::new(Rejection {
                row: self.line,
                subject: None,
                column: Some("subject_id".to_owned()),
                // The id is not repeated: it may be a hospital number.
                value: None,
                reason: RejectionReason::Subject(error),
            })
        })
    }

    /// When the foramen was injected.
    pub(crate) fn injection(&self, subject: &SubjectId) -> Result<Date, Box<Rejection>> {
        let date = self.date("injection_date", subject)?;
        date.value.ok_or_else(|| self.no_key("injection_date", Some(subject)))
    }

    /// The whole row.
    pub(crate) fn row(&self, subject: SubjectId, injection: Date) -> Result<Row, Box<Rejection>> {
        let level = self.level(&subject)?;
        let side = self.side(&subject)?;
        let told = Told {
            baseline: self.nrs("nrs_baseline", &subject)?,
            baseline_date: self.date("baseline_date", &subject)?,
            followup_date: self.date("followup_date", &subject)?,
            followup: self.nrs("nrs_followup", &subject)?,
            event: self.event(),
            slice_hint: self.filled("slice_hint"),
            covariates: self.covariates(),
        };
        Ok(Row { line: self.line, key: Key { subject, level, side, injection }, told })
    }

    fn cell(&self, column: &str) -> &str {
        self.table.cell(self.record, column)
    }

    fn filled(&self, column: &str) -> Option<String> {
        let cell = self.cell(column);
        (!cell.is_empty()).then(|| cell.to_owned())
    }

    fn reject(&self, column: &str, subject: &SubjectId, reason: RejectionReason) -> Box<Rejection> {
        Box::new(Rejection {
            row: self.line,
            subject: Some(subject.clone()),
            column: Some(column.to_owned()),
            value: self.filled(column),
            reason,
        })
    }

    fn no_key(&self, column: &'static str, subject: Option<&SubjectId>) -> Box<Rejection> {
        Box::new(Rejection {
            row: self.line,
            subject: subject.cloned(),
            column: Some(column.to_owned()),
            value: self.filled(column),
            reason: RejectionReason::NoKey { column },
        })
    }

    fn level(&self, subject: &SubjectId) -> Result<Level, Box<Rejection>> {
        let text = self.cell("level");
        if self.options.is_missing(text) {
            return Err(self.no_key("level", Some(subject)));
        }
        let as_root = (self.options.level_names == LevelNames::Root)
            .then(|| Level::from_root(text).ok())
            .flatten();
        match as_root {
            Some(level) => Ok(level),
            None => text
                .parse()
                .map_err(|error| self.reject("level", subject, RejectionReason::Value(error))),
        }
    }

    fn side(&self, subject: &SubjectId) -> Result<Side, Box<Rejection>> {
        let text = self.cell("side");
        if self.options.is_missing(text) {
            return Err(self.no_key("side", Some(subject)));
        }
        text.parse().map_err(|error| self.reject("side", subject, RejectionReason::Value(error)))
    }

    fn nrs(&self, column: &str, subject: &SubjectId) -> Result<Cell<Nrs>, Box<Rejection>> {
        let text = self.cell(column);
        if self.options.is_missing(text) {
            return Ok(Cell { value: None, text: text.to_owned() });
        }
        let plain = if self.table.decimal_comma && text.matches(',').count() == 1 {
            text.replace(',', ".")
        } else {
            text.to_owned()
        };
        match plain.parse() {
            Ok(nrs) => Ok(Cell { value: Some(nrs), text: String::new() }),
            Err(error) => Err(self.reject(column, subject, RejectionReason::Value(error))),
        }
    }

    fn date(&self, column: &str, subject: &SubjectId) -> Result<Cell<Date>, Box<Rejection>> {
        let text = self.cell(column);
        if self.options.is_missing(text) {
            return Ok(Cell { value: None, text: text.to_owned() });
        }
        match read_date(text) {
            Some(date) => Ok(Cell { value: Some(date), text: String::new() }),
            None => Err(self.reject(column, subject, RejectionReason::Date)),
        }
    }

    /// The event a row tells of. A date that cannot be read leaves the event
    /// undated rather than losing it with its row: it bears on every row of the
    /// episode.
    fn event(&self) -> Option<ToldEvent> {
        let (what, when) = (self.cell("event"), self.cell("event_date"));
        let date_missing = self.options.is_missing(when);
        let kind = if self.options.is_missing(what) {
            // A date alone says that something happened.
            (!date_missing).then_some(EventKind::Other)?
        } else {
            EventKind::of_text(what)?
        };
        let date = if date_missing { None } else { read_date(when) };
        Some(ToldEvent { kind, date, date_text: when.to_owned() })
    }

    fn covariates(&self) -> BTreeMap<String, String> {
        let filled = |(name, place): &(String, usize)| {
            let cell = self.record.get(*place).filter(|cell| !cell.is_empty())?;
            Some((name.clone(), cell.to_owned()))
        };
        self.table.others.iter().filter_map(filled).collect()
    }
}

/// An ISO date, `2024-03-31`, in full and nothing else: every other form has
/// readers who take the day for the month.
fn read_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_iso_dates_are_read() {
        assert_eq!(read_date("2024-02-29"), Some(Date::constant(2024, 2, 29)));
        for text in
            ["2023-02-29", "2024-13-01", "20240229", "29.02.2024", "2024-2-9", "2024-02-29T10:00"]
        {
            assert_eq!(read_date(text), None, "{text}");
        }
    }
}
