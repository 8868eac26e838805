use std::collections::{BTreeMap, BTreeSet};

use foramen_types::{Nrs, SubjectId};
use jiff::civil::Date;

use crate::episode::days_between;
use crate::row::{Key, Row, Told};
use crate::{
    Episode, Event, EventKind, EventPolicy, LowBaseline, OutcomeOptions, Rejection, RejectionReason,
};

/// All days on which each subject was injected, at any level and side.
pub(crate) type Injections = BTreeMap<SubjectId, BTreeSet<Date>>;

/// Turns the rows of one episode into that episode, or rejects them. Rows that
/// are not used for the episode are rejected one by one.
pub(crate) fn resolve(
    key: Key,
    rows: Vec<Row>,
    injections: &Injections,
    options: &OutcomeOptions,
    rejected: &mut Vec<Rejection>,
) -> Option<Episode> {
    Group { key, options, rejected }.resolve(rows, injections)
}

struct Group<'a> {
    key: Key,
    options: &'a OutcomeOptions,
    rejected: &'a mut Vec<Rejection>,
}

/// A follow-up that has a score on a day within the window.
struct Usable {
    row: Row,
    date: Date,
    score: Nrs,
    day: i64,
}

impl Group<'_> {
    fn resolve(mut self, mut rows: Vec<Row>, injections: &Injections) -> Option<Episode> {
        rows.sort_by(|a, b| (&a.told, a.line).cmp(&(&b.told, b.line)));
        let rows = self.without_duplicates(rows);
        let baseline = match self.baseline(&rows) {
            Ok(baseline) => baseline,
            Err(fault) => return self.reject_all(rows, fault),
        };
        let events: Vec<_> = rows.iter().filter_map(|row| row.told.event.clone()).collect();
        let undated = events.iter().find(|event| event.date.is_none());
        if let Some(event) = undated
            && self.options.events != EventPolicy::Keep
        {
            let text = event.date_text.clone();
            let fault = Fault::at("event_date", Some(text), RejectionReason::EventUndated);
            return self.reject_all(rows, fault);
        }
        let donor = donor(&rows).cloned();
        let chosen = self.choose(rows)?;
        let told = events.into_iter().filter_map(|e| Some(Event { date: e.date?, kind: e.kind }));
        let repeated = injections.get(&self.key.subject).into_iter().flatten();
        let repeated = repeated.map(|date| Event { date: *date, kind: EventKind::RepeatInjection });
        let event = told
            .chain(repeated)
            .filter(|event| self.key.injection < event.date && event.date < chosen.date)
            .min();
        if let Some(event) = event
            && self.options.events == EventPolicy::Exclude
        {
            let reason = RejectionReason::EventBeforeFollowup { event };
            return self.reject_all(vec![chosen.row], Fault::of_row(reason));
        }
        Some(self.episode(baseline, chosen, donor, event))
    }

    fn reject(&mut self, row: &Row, fault: Fault) {
        self.rejected.push(Rejection {
            row: row.line,
            subject: Some(row.key.subject.clone()),
            column: fault.column.map(str::to_owned),
            value: fault.value.filter(|value| !value.is_empty()),
            reason: fault.reason,
        });
    }

    fn reject_all(&mut self, rows: Vec<Row>, fault: Fault) -> Option<Episode> {
        for row in &rows {
            self.reject(row, fault.clone());
        }
        None
    }

    /// Keeps one of each set of equal rows; rows come sorted, so that equal ones
    /// are neighbours and the first line is kept.
    fn without_duplicates(&mut self, rows: Vec<Row>) -> Vec<Row> {
        let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows {
            match kept.last() {
                Some(last) if last.told == row.told => {
                    let of = last.line;
                    self.reject(&row, Fault::of_row(RejectionReason::Duplicate { of }));
                }
                _ => kept.push(row),
            }
        }
        kept
    }

    /// The one baseline of the episode, or why there is none to work with.
    fn baseline(&self, rows: &[Row]) -> Result<Nrs, Fault> {
        agree(rows, "nrs_baseline", |told| told.baseline.value)?;
        let date = agree(rows, "baseline_date", |told| told.baseline_date.value)?;
        let Some(baseline) = rows.iter().find_map(|row| row.told.baseline.value) else {
            let text = rows.first().map(|row| row.told.baseline.text.clone());
            return Err(Fault::at("nrs_baseline", text, RejectionReason::MissingBaseline));
        };
        if let Some(date) = date {
            let days = days_between(date, self.key.injection);
            let most = self.options.baseline_days;
            let fault = |reason| Fault::at("baseline_date", Some(date.to_string()), reason);
            if days < 0 {
                return Err(fault(RejectionReason::BaselineAfterInjection { days: -days }));
            }
            if days > i64::from(most) {
                return Err(fault(RejectionReason::BaselineTooOld { days, most }));
            }
        }
        let fault = |reason| Fault::at("nrs_baseline", Some(baseline.to_string()), reason);
        if baseline.hundredths() == 0 {
            return Err(fault(RejectionReason::BaselineZero));
        }
        let least = self.options.least_baseline;
        if baseline < least && self.options.low_baseline == LowBaseline::Exclude {
            return Err(fault(RejectionReason::BaselineLow { baseline, least }));
        }
        Ok(baseline)
    }

    /// The follow-up nearest to the target; all others are rejected.
    fn choose(&mut self, rows: Vec<Row>) -> Option<Usable> {
        let mut usable: Vec<Usable> = Vec::new();
        for row in rows {
            match self.day_and_score(&row.told) {
                Ok((date, day, score)) => usable.push(Usable { row, date, score, day }),
                Err(fault) => self.reject(&row, fault),
            }
        }
        let mut usable = self.without_contradictions(usable);
        let window = self.options.window;
        let best = usable
            .iter()
            .enumerate()
            .min_by_key(|(_, followup)| window.preference(followup.day))
            .map(|(index, _)| index)?;
        let chosen = usable.swap_remove(best);
        for other in usable {
            let reason =
                RejectionReason::OtherFollowupChosen { chosen: chosen.row.line, day: chosen.day };
            self.reject(
                &other.row,
                Fault::at("followup_date", Some(other.date.to_string()), reason),
            );
        }
        Some(chosen)
    }

    /// Date, day after the injection and score of a follow-up that counts.
    fn day_and_score(&self, told: &Told) -> Result<(Date, i64, Nrs), Fault> {
        let Some(score) = told.followup.value else {
            let text = Some(told.followup.text.clone());
            return Err(Fault::at("nrs_followup", text, RejectionReason::MissingFollowup));
        };
        let Some(date) = told.followup_date.value else {
            let text = Some(told.followup_date.text.clone());
            return Err(Fault::at("followup_date", text, RejectionReason::MissingFollowupDate));
        };
        let day = days_between(self.key.injection, date);
        let window = self.options.window;
        if window.contains(day) {
            return Ok((date, day, score));
        }
        let reason = if day < 0 {
            RejectionReason::FollowupBeforeInjection { days: -day }
        } else {
            RejectionReason::FollowupOutsideWindow { days: day, window }
        };
        Err(Fault::at("followup_date", Some(date.to_string()), reason))
    }

    /// Rejects follow-ups of one day that say different things.
    fn without_contradictions(&mut self, usable: Vec<Usable>) -> Vec<Usable> {
        let mut days: BTreeMap<i64, Vec<Usable>> = BTreeMap::new();
        for followup in usable {
            days.entry(followup.day).or_default().push(followup);
        }
        let mut kept = Vec::new();
        for (_, same_day) in days {
            if let [first, second, ..] = same_day.as_slice() {
                let column = difference(&first.row.told, &second.row.told);
                let (a, b) = (first.row.line, second.row.line);
                let reason =
                    RejectionReason::Contradiction { column, first: a.min(b), second: a.max(b) };
                for followup in &same_day {
                    self.reject(&followup.row, Fault::of_row(reason.clone()));
                }
            } else {
                kept.extend(same_day);
            }
        }
        kept
    }

    fn episode(
        self,
        baseline: Nrs,
        chosen: Usable,
        donor: Option<Row>,
        event: Option<Event>,
    ) -> Episode {
        let Usable { row: Row { line, told, .. }, date, score, .. } = chosen;
        let mut rows = vec![line];
        let (mut slice_hint, mut covariates) = (told.slice_hint, told.covariates);
        // A longitudinal table says who the patient is, and the baseline, once.
        if told.baseline.value.is_none()
            && let Some(donor) = donor
        {
            // The donor was rejected as a follow-up; it is used after all.
            let before = self.rejected.len();
            self.rejected.retain(|rejection| rejection.row != donor.line);
            debug_assert_eq!(self.rejected.len() + 1, before, "each unused row is rejected once");
            rows.push(donor.line);
            rows.sort_unstable();
            slice_hint = slice_hint.or(donor.told.slice_hint);
            for (name, value) in donor.told.covariates {
                covariates.entry(name).or_insert(value);
            }
        }
        let decided = self.options.rule.decide(baseline, score);
        let decided = decided.expect("a baseline of 0 was rejected before");
        let failed = event.is_some() && self.options.events == EventPolicy::CountAsFailure;
        let outcome = if failed { foramen_types::Outcome::Poor } else { decided };
        Episode {
            rows,
            subject: self.key.subject,
            level: self.key.level,
            side: self.key.side,
            injection_date: self.key.injection,
            followup_date: date,
            nrs_baseline: baseline,
            nrs_followup: score,
            outcome,
            slice_hint,
            covariates,
            low_baseline: baseline < self.options.least_baseline,
            event,
        }
    }
}

/// What is wrong, and where.
#[derive(Debug, Clone)]
struct Fault {
    column: Option<&'static str>,
    value: Option<String>,
    reason: RejectionReason,
}

impl Fault {
    fn at(column: &'static str, value: Option<String>, reason: RejectionReason) -> Self {
        Self { column: Some(column), value, reason }
    }

    fn of_row(reason: RejectionReason) -> Self {
        Self { column: None, value: None, reason }
    }
}

/// The row that gives the baseline to follow-ups that lack it.
fn donor(rows: &[Row]) -> Option<&Row> {
    rows.iter().find(|row| row.told.baseline.value.is_some())
}

/// The one value that all rows that have any agree on.
fn agree<T: PartialEq>(
    rows: &[Row],
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
fn difference(a: &Told, b: &Told) -> String {
    if a.followup != b.followup {
        "nrs_followup".to_owned()
    } else if a.baseline != b.baseline {
        "nrs_baseline".to_owned()
    } else if a.baseline_date != b.baseline_date {
        "baseline_date".to_owned()
    } else if a.event != b.event {
        "event".to_owned()
    } else if a.slice_hint != b.slice_hint {
        "slice_hint".to_owned()
    } else {
        let names = a.covariates.keys().chain(b.covariates.keys());
        names
            .into_iter()
            .find(|name| a.covariates.get(*name) != b.covariates.get(*name))
            .cloned()
            .unwrap_or_default()
    }
}
