use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foramen_types::SubjectId;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::columns::{Columns, RedcapColumns};
use crate::covariates::{TextId, Texts};
use crate::episode::days_between;
use crate::field::Field;
use crate::mapping::RedcapEvents;
use crate::reader::Reader;
use crate::row::{Anchor, Cell, Foramen, Key, Row, Told};
use crate::visit::Visit;
use crate::{OutcomeError, Rejection, RejectionReason};

/// The rows of a REDCap export, before the rows of each record complete each other.
#[derive(Default)]
pub(crate) struct Assembly {
    rows: Vec<Loose>,
    /// Whether a visit can have a row of its own.
    visits: bool,
    followup_columns: Option<Arc<[String; 2]>>,
    /// The nominal visits for which rows were found, by place.
    nominal: BTreeSet<usize>,
    events: BTreeSet<String>,
}

/// The results for all records.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) rows: Vec<Row>,
    pub(crate) injections: Vec<(u32, Date)>,
    pub(crate) rejected: Vec<Rejection>,
    pub(crate) lines: Vec<(u64, u32)>,
    pub(crate) missed: Vec<(u32, String)>,
}

/// A row of one event, or of one instance of a repeating instrument.
struct Loose {
    line: u64,
    subject: u32,
    event: String,
    injection: Option<Date>,
    foramen: Foramen,
    told: Told,
    fault: Option<Box<Rejection>>,
    /// The time of its event's visit, if the mapping gives it.
    nominal: Option<Visit>,
    /// Whether it has a score from a visit that is neither baseline nor follow-up.
    unasked: bool,
    /// The table's names for the score and the date of a follow-up.
    followup_columns: Arc<[String; 2]>,
    /// The rejections of a row of an injection without a level, or a side.
    no_level: Box<Rejection>,
    no_side: Box<Rejection>,
}

impl Assembly {
    pub(crate) fn add(
        &mut self,
        reader: &Reader<'_>,
        subject: u32,
        id: &SubjectId,
        texts: &mut Texts,
    ) {
        let injection = reader.injection(id, texts);
        let date = injection.as_ref().ok().copied().flatten();
        let (told, mut fault) = reader.told(id, texts, date);
        let mut first = |rejection| fault = Some(rejection);
        let nowhere = Foramen { level: None, side: None };
        let foramen = reader.foramen(id).map_err(&mut first).unwrap_or(nowhere);
        let injection = injection.map_err(first).unwrap_or(None);
        let columns = self.followup_columns.get_or_insert_with(|| {
            let of = [Field::NrsFollowup, Field::FollowupDate];
            Arc::new(of.map(|field| reader.columns.name(field).to_owned()))
        });
        let redcap = reader.columns.redcap.as_ref();
        let event = redcap.map_or("", |redcap| redcap.event(reader.record));
        let (place, nominal) = reader.columns.event_day(event).unzip();
        self.nominal.extend(place);
        if !event.is_empty() && !self.events.contains(event) {
            self.events.insert(event.to_owned());
        }
        self.visits |= redcap.is_some_and(RedcapColumns::have_visits);
        self.rows.push(Loose {
            line: reader.line,
            subject,
            event: event.to_owned(),
            injection,
            foramen,
            told,
            fault,
            nominal,
            unasked: false,
            followup_columns: Arc::clone(columns),
            no_level: reader.no_key(Field::Level, Some(id)),
            no_side: reader.no_key(Field::Side, Some(id)),
        });
    }

    /// Checks that rows were found for every event whose day the mapping gives.
    pub(crate) fn check_nominal(&self, columns: &Columns) -> Result<(), OutcomeError> {
        match columns.nominal_events().find(|(place, _)| !self.nominal.contains(place)) {
            Some((_, event)) => Err(OutcomeError::NominalEvent {
                event: event.to_owned(),
                found: self.events.iter().cloned().collect(),
            }),
            None => Ok(()),
        }
    }

    /// Completes the rows of each record from each other.
    pub(crate) fn finish(mut self, subjects: &[SubjectId], events: &RedcapEvents) -> Records {
        self.rows.sort_by_key(|row| (row.subject, row.line));
        let mut records = Records::default();
        for rows in self.rows.chunk_by_mut(|a, b| a.subject == b.subject) {
            for row in rows.iter_mut() {
                row.sort_scores(events);
            }
            let subject = &subjects[rows[0].subject as usize];
            records.add(rows, subject, events, self.visits);
        }
        records
    }
}

impl Loose {
    /// Keeps baselines only at baseline events, and follow-ups only at follow-up events.
    fn sort_scores(&mut self, events: &RedcapEvents) {
        // A day after the injection is no baseline, and the other way round.
        match self.nominal {
            Some(Visit::Baseline) => {
                (self.told.followup, self.told.followup_date) = Default::default();
            }
            Some(Visit::Day(_)) => {
                (self.told.baseline, self.told.baseline_date) = Default::default();
            }
            None => {}
        }
        let is_in = |list: &[String]| list.iter().any(|name| is_event(name, &self.event));
        let (before, after) = (&events.baseline_events, &events.followup_events);
        let at_baseline = is_in(before);
        let no_baseline = !before.is_empty() && !at_baseline;
        let no_followup = at_baseline || !after.is_empty() && !is_in(after);
        self.unasked = !at_baseline && no_followup && !self.told.followup.is_blank();
        if no_baseline {
            (self.told.baseline, self.told.baseline_date) = Default::default();
        }
        if no_followup {
            (self.told.followup, self.told.followup_date) = Default::default();
        }
    }

    /// The date of the follow-up; if none was entered, the nominal day after the only injection.
    fn date_after(&self, injection: Date, alone: bool) -> Cell<Date> {
        let told = self.told.followup_date.clone();
        match self.nominal {
            Some(Visit::Day(day)) if alone && told.value.is_none() => {
                Cell { value: injection.checked_add(i64::from(day).days()).ok(), ..told }
            }
            _ => told,
        }
    }

    /// Whether the row is of a completed visit after the injection; a fault in its score or date
    /// also shows this.
    fn is_visit(&self, events: &RedcapEvents) -> bool {
        let fault = self.fault.as_ref().and_then(|fault| fault.column.as_deref());
        self.is_followup(events)
            || !self.unasked
                && fault.is_some_and(|column| self.followup_columns.contains(&column.to_owned()))
    }

    /// Whether the row is of a visit after the injection, filled in or not.
    fn is_followup(&self, events: &RedcapEvents) -> bool {
        !self.told.followup.is_blank()
            || !self.told.followup_date.is_blank()
            || events.followup_events.iter().any(|name| is_event(name, &self.event))
    }
}

/// Whether a row's event has a given name: the unique name, or the label with or without its arm.
fn is_event(name: &str, event: &str) -> bool {
    let plain = |text: &str| text.split(" (Arm").next().unwrap_or_default().trim().to_lowercase();
    plain(name) == plain(event)
}

impl Records {
    fn add(&mut self, rows: &[Loose], subject: &SubjectId, events: &RedcapEvents, visits: bool) {
        let reject = |row: &Loose, reason| Rejection {
            row: row.line,
            subject: Some(subject.clone()),
            column: None,
            value: None,
            reason,
        };
        self.lines.extend(rows.iter().map(|row| (row.line, row.subject)));
        let dates = rows.iter().filter_map(|row| Some((row.subject, row.injection?)));
        self.injections.extend(dates);
        if rows.iter().all(|row| row.injection.is_none()) {
            self.rejected.extend(rows.iter().map(|row| match &row.fault {
                Some(fault) => Rejection::clone(fault),
                None => reject(row, RejectionReason::NoInjection),
            }));
            return;
        }
        let unasked = rows.iter().filter(|row| row.unasked);
        self.rejected.extend(unasked.map(|row| reject(row, RejectionReason::OtherVisit)));
        let missed = missed(rows, events);
        self.missed.extend(missed.iter().map(|event| (rows[0].subject, event.clone())));
        let level = only(rows.iter().map(|row| row.foramen.level));
        let side = only(rows.iter().map(|row| row.foramen.side));
        // Of which of several injections a visit without a date is, nobody can say.
        let first = rows.iter().find_map(|row| row.injection);
        let alone = rows.iter().all(|row| row.injection.is_none() || row.injection == first);
        for row in rows {
            let Some(injection) = row.injection else {
                self.rejected.extend(row.fault.as_deref().cloned());
                continue;
            };
            let (level, side) = (row.foramen.level.or(level), row.foramen.side.or(side));
            let (Some(level), Some(side)) = (level, side) else {
                let missing = if level.is_none() { &row.no_level } else { &row.no_side };
                let fault = row.fault.as_ref().unwrap_or(missing);
                self.rejected.push(Rejection::clone(fault));
                continue;
            };
            let key = Key { subject: row.subject, level, side, injection };
            let missed = visits.then(|| missed.clone());
            self.rows.push(anchor(row, key, rows, events, missed));
            let followups =
                rows.iter().filter(|other| other.injection.is_none() && other.is_visit(events));
            self.rows.extend(followups.map(|followup| Row {
                line: followup.line,
                key,
                // The events are told once, by the row of the injection.
                told: Told {
                    events: Box::default(),
                    followup_date: followup.date_after(injection, alone),
                    ..followup.told.clone()
                },
                // A visit with a fault is a visit all the same.
                fault: followup.fault.clone(),
                anchor: None,
            }));
        }
    }
}

/// The follow-up events for which a record has no row: REDCap exports no row without data.
fn missed(rows: &[Loose], events: &RedcapEvents) -> Vec<String> {
    let has = |name: &&String| rows.iter().any(|row| is_event(name, &row.event));
    events.followup_events.iter().filter(|name| !has(name)).cloned().collect()
}

/// The only value present, if there is exactly one.
fn only<T: PartialEq>(values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let mut values = values.flatten();
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// The row of an injection, completed by the rows of its record that belong to no injection.
fn anchor(
    row: &Loose,
    key: Key,
    record: &[Loose],
    events: &RedcapEvents,
    missed: Option<Vec<String>>,
) -> Row {
    let mut told = row.told.clone();
    let mut support = Vec::new();
    let others = || record.iter().filter(|other| other.injection.is_none());
    let mut fault = row.fault.clone();
    let dates: Vec<Date> = record.iter().filter_map(|row| row.injection).collect();
    let mut earlier = None;
    if told.baseline.is_blank()
        && let Some(before) = baseline(others(), key.injection)
    {
        told.baseline = before.told.baseline.clone();
        told.baseline_date = before.told.baseline_date.clone();
        support.push(before.line);
        // A score from before another injection is that injection's.
        let date = told.baseline_date.value;
        let first = dates.iter().filter(|other| date.is_none_or(|date| date <= **other)).min();
        earlier = first.copied().filter(|first| *first < key.injection);
        if let (Some(injection), None) = (earlier, date) {
            let reason =
                RejectionReason::BaselineOfEarlierInjection { row: before.line, injection };
            fault.get_or_insert_with(|| {
                Box::new(Rejection { reason, column: None, value: None, ..*row.no_level.clone() })
            });
        }
    }
    told.events = record.iter().flat_map(|row| row.told.events.iter().cloned()).collect();
    let mut given: BTreeMap<u16, Option<TextId>> = BTreeMap::new();
    for other in others().filter(|other| !other.unasked && !other.is_followup(events)) {
        let news = |told: &(u16, TextId)| !row.told.covariates.contains(told);
        let told_more = other.told.covariates.iter().any(news)
            || !other.told.events.is_empty()
            || other.told.scan_date.is_some()
            || other.foramen.level.is_some()
            || other.foramen.side.is_some();
        if told_more && other.fault.is_none() {
            support.push(other.line);
        }
        told.scan_date = told.scan_date.or(other.told.scan_date);
        if told.slice_hint.is_empty() {
            told.slice_hint = other.told.slice_hint;
        }
        if told.series_hint.is_empty() {
            told.series_hint = other.told.series_hint;
        }
        for (place, value) in other.told.covariates.iter() {
            let known = given.entry(*place).or_insert(Some(*value));
            if known.as_ref() != Some(value) {
                // What changes from visit to visit does not describe the patient.
                *known = None;
            }
        }
    }
    let mut covariates: BTreeMap<u16, TextId> =
        given.into_iter().filter_map(|(place, value)| Some((place, value?))).collect();
    covariates.extend(row.told.covariates.iter().copied());
    told.covariates = covariates.into_iter().collect();
    support.sort_unstable();
    support.dedup();
    let anchor = Some(Box::new(Anchor { support, missed, earlier }));
    Row { line: row.line, key, told, fault, anchor }
}

/// The baseline of an injection: the latest one dated at or before it, else the
/// first dated after it, else one without a date.
fn baseline<'a>(rows: impl Iterator<Item = &'a Loose>, injection: Date) -> Option<&'a Loose> {
    let rows = rows.filter(|row| !row.told.baseline.is_blank() && row.fault.is_none());
    rows.min_by_key(|row| {
        let Cell { value: date, .. } = row.told.baseline_date;
        let days = date.map(|date| days_between(date, injection));
        match days {
            Some(days @ 0..) => (0, days),
            Some(days) => (1, -days),
            None => (2, 0),
        }
    })
}
