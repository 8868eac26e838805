use std::collections::BTreeMap;
use std::sync::Arc;

use foramen_types::Outcome;
use jiff::civil::Date;

use crate::covariates::{Covariates, TextId};
use crate::episode::days_between;
use crate::fault::{Fault, agree, difference};
use crate::field::Field;
use crate::row::{Key, Row, ToldEvent};
use crate::score::Score;
use crate::{
    Episode, Event, EventKind, EventPolicy, Excluded, FollowupWindow, LateScan, LowBaseline,
    OutcomeOptions, PainTable, Rejection, RejectionReason,
};

/// Turns the rows of one episode into that episode, or returns the reason why it has no label. Rows
/// that are not used are rejected one by one.
pub(crate) fn resolve(
    table: &PainTable,
    options: &OutcomeOptions,
    rows: &[Row],
    rejected: &mut Vec<Rejection>,
) -> Result<Episode, Box<Excluded>> {
    Group { key: rows[0].key, table, options, rejected }.resolve(rows)
}

struct Group<'a> {
    key: Key,
    table: &'a PainTable,
    options: &'a OutcomeOptions,
    rejected: &'a mut Vec<Rejection>,
}

/// A follow-up with a score on a day within the window.
struct Usable<'a> {
    row: &'a Row,
    date: Date,
    score: Score,
    day: i64,
}

/// The values on which all rows of an episode agree.
#[derive(Clone, Copy)]
struct Agreed {
    baseline: Score,
    scan: Option<Date>,
}

impl<'a> Group<'a> {
    fn resolve(mut self, all: &'a [Row]) -> Result<Episode, Box<Excluded>> {
        let rows = self.without_faults(all);
        let rows = self.without_duplicates(rows);
        let excluded = |group: &Self, baseline, reason| {
            Box::new(Excluded {
                rows: sorted(all.iter().map(|row| row.line).collect()),
                subject: group.table.subjects[group.key.subject as usize].clone(),
                level: group.key.level,
                side: group.key.side,
                injection_date: group.key.injection,
                nrs_baseline: baseline,
                reason,
            })
        };
        if all.iter().any(|row| row.anchor.is_some() && row.fault.is_some()) || rows.is_empty() {
            // The injection itself cannot be read.
            self.reject_all(&rows, &Fault::of_row(RejectionReason::NoEpisode));
            let baseline = self.agreed(&all.iter().collect::<Vec<_>>()).ok();
            let fault = all.iter().find_map(|row| row.fault.as_deref());
            let reason = fault.map_or(RejectionReason::NoEpisode, |fault| fault.reason.clone());
            return Err(excluded(&self, baseline.map(|agreed| agreed.baseline.nrs), reason));
        }
        let agreed = match self.agreed(&rows) {
            Ok(agreed) => agreed,
            Err(fault) => {
                self.reject_all(&rows, &fault);
                return Err(excluded(&self, None, fault.reason));
            }
        };
        let events: Vec<&ToldEvent> = all.iter().flat_map(|row| &row.told.events).collect();
        if let Some(fault) = self.untimely(&events, agreed) {
            self.reject_all(&rows, &fault);
            return Err(excluded(&self, Some(agreed.baseline.nrs), fault.reason));
        }
        let faulty = all.iter().find_map(|row| Some(&row.fault.as_deref()?.reason));
        let chosen = match self.choose(&rows, faulty) {
            Ok(chosen) => chosen,
            Err(reason) => return Err(excluded(&self, Some(agreed.baseline.nrs), reason)),
        };
        let event = self.event(&events, chosen.date);
        if let Some(event) = event
            && self.options.events == EventPolicy::Exclude
        {
            let reason = RejectionReason::EventBeforeFollowup { event };
            let took_part = |row: &Row| row.line == chosen.row.line || donates(row, &chosen, &rows);
            let fault = Fault::of_row(reason.clone());
            for row in rows.iter().filter(|row| took_part(row)) {
                self.reject(row, fault.clone());
            }
            return Err(excluded(&self, Some(agreed.baseline.nrs), reason));
        }
        Ok(self.episode(agreed, &chosen, &rows, event))
    }

    fn reject(&mut self, row: &Row, fault: Fault) {
        self.rejected.push(Rejection {
            row: row.line,
            subject: Some(self.table.subjects[row.key.subject as usize].clone()),
            column: fault.field.map(|field| self.table.names[field as usize].clone()),
            value: fault.value.filter(|value| !value.is_empty()),
            reason: fault.reason,
        });
    }

    fn reject_all(&mut self, rows: &[&Row], fault: &Fault) {
        for row in rows {
            self.reject(row, fault.clone());
        }
    }

    fn without_faults(&mut self, rows: &'a [Row]) -> Vec<&'a Row> {
        let faults = rows.iter().filter_map(|row| row.fault.as_deref().cloned());
        self.rejected.extend(faults);
        rows.iter().filter(|row| row.fault.is_none()).collect()
    }

    /// Keeps one of each set of equal rows; rows come sorted, so that equal ones
    /// are neighbours and the first line is kept.
    fn without_duplicates(&mut self, rows: Vec<&'a Row>) -> Vec<&'a Row> {
        let mut kept: Vec<&Row> = Vec::with_capacity(rows.len());
        for row in rows {
            match kept.last() {
                Some(last)
                    if last.told == row.told && last.anchor.is_some() == row.anchor.is_some() =>
                {
                    let of = last.line;
                    // A visit is offered to both entries of one injection.
                    if of != row.line {
                        self.reject(row, Fault::of_row(RejectionReason::Duplicate { of }));
                    }
                }
                _ => kept.push(row),
            }
        }
        kept
    }

    /// The values on which the rows agree, or why there is no usable baseline.
    fn agreed(&self, rows: &[&Row]) -> Result<Agreed, Fault> {
        let baseline = agree(rows, "nrs_baseline", |told| told.baseline.value)?;
        let date = agree(rows, "baseline_date", |told| told.baseline_date.value)?;
        let scan = agree(rows, "scan_date", |told| told.scan_date)?;
        let Some(baseline) = baseline else {
            let text = rows.iter().find_map(|row| row.told.baseline.text.of(&self.table.words));
            return Err(Fault::at(Field::NrsBaseline, text, RejectionReason::MissingBaseline));
        };
        if let Some(date) = date {
            let days = days_between(date, self.key.injection);
            let most = self.options.baseline_days;
            let fault = |reason| Fault::at(Field::BaselineDate, Some(date.to_string()), reason);
            if days < 0 {
                return Err(fault(RejectionReason::BaselineAfterInjection { days: -days }));
            }
            if days > i64::from(most) {
                return Err(fault(RejectionReason::BaselineTooOld { days, most }));
            }
        }
        let anchor = rows.iter().find_map(|row| Some((row.line, row.anchor.as_deref()?.earlier?)));
        if let Some((row, injection)) = anchor {
            let reason = RejectionReason::BaselineOfEarlierInjection { row, injection };
            return Err(Fault::at(Field::BaselineDate, date.map(|date| date.to_string()), reason));
        }
        let fault = |reason| Fault::at(Field::NrsBaseline, Some(baseline.nrs.to_string()), reason);
        if baseline.parts() == 0 {
            return Err(fault(RejectionReason::BaselineZero));
        }
        let least = self.options.least_baseline;
        if baseline < Score::whole(least) && self.options.low_baseline == LowBaseline::Exclude {
            let baseline = baseline.nrs;
            return Err(fault(RejectionReason::BaselineLow { baseline, least }));
        }
        Ok(Agreed { baseline, scan })
    }

    /// A fault of an event without a date, or of a scan after the injection, unless the options
    /// allow it.
    fn untimely(&self, events: &[&ToldEvent], agreed: Agreed) -> Option<Fault> {
        let undated = events.iter().find(|event| event.date.is_none());
        if let (Some(event), false) = (undated, self.options.events == EventPolicy::Keep) {
            let text = event.date_text.of(&self.table.words);
            let event = event.what.of(&self.table.words).unwrap_or_default();
            return Some(Fault::at(
                Field::EventDate,
                text,
                RejectionReason::EventUndated { event },
            ));
        }
        let scan = agreed.scan.filter(|_| self.options.late_scan == LateScan::Exclude)?;
        let days = days_between(self.key.injection, scan);
        let reason = RejectionReason::ScanAfterInjection { days };
        (days > 0).then(|| Fault::at(Field::ScanDate, Some(scan.to_string()), reason))
    }

    /// The follow-up nearest to the target, or why there is none. Every other row is rejected,
    /// except the rows that give the chosen row its baseline.
    fn choose(
        &mut self,
        rows: &[&'a Row],
        faulty: Option<&RejectionReason>,
    ) -> Result<Usable<'a>, RejectionReason> {
        let mut usable: Vec<Usable> = Vec::new();
        let mut unused: Vec<(&Row, Fault)> = Vec::new();
        for row in rows.iter().copied() {
            match self.day_and_score(row) {
                Ok((date, day, score)) => usable.push(Usable { row, date, score, day }),
                Err(fault) => unused.push((row, fault)),
            }
        }
        let mut usable = without_contradictions(usable, &mut unused);
        let window = self.options.window;
        let best = usable
            .iter()
            .enumerate()
            .min_by_key(|(_, followup)| window.preference(followup.day))
            .map(|(index, _)| index);
        let Some(best) = best else {
            let reason = match (faulty, unused.as_slice()) {
                // A visit that was made, and cannot be read, was not missed.
                (
                    Some(fault),
                    [] | [(_, Fault { reason: RejectionReason::MissedVisit { .. }, .. })],
                ) => fault.clone(),
                _ => reason_of(&unused, &window),
            };
            for (row, fault) in unused {
                let of_episode = row.anchor.is_some() && fault.reason != reason;
                let fault = if of_episode { Fault::of_row(reason.clone()) } else { fault };
                self.reject(row, fault);
            }
            return Err(reason);
        };
        let chosen = usable.swap_remove(best);
        for other in usable {
            let reason =
                RejectionReason::OtherFollowupChosen { chosen: chosen.row.line, day: chosen.day };
            let fault = Fault::at(Field::FollowupDate, Some(other.date.to_string()), reason);
            unused.push((other.row, fault));
        }
        for (row, fault) in unused {
            if !donates(row, &chosen, rows) {
                let repeats = row.anchor.is_some();
                let of = chosen.row.line;
                let again = || Fault::of_row(RejectionReason::Duplicate { of });
                self.reject(row, if repeats { again() } else { fault });
            }
        }
        Ok(chosen)
    }

    /// Date, day after the injection and score of a follow-up that counts.
    fn day_and_score(&self, row: &Row) -> Result<(Date, i64, Score), Fault> {
        let told = &row.told;
        let text = |text: TextId| text.of(&self.table.words);
        let Some(score) = told.followup.value else {
            let nothing = told.followup.is_blank() && told.followup_date.is_blank();
            let missed = row.anchor.as_ref().and_then(|anchor| anchor.missed.clone());
            if let (Some(events), true) = (missed, nothing) {
                return Err(Fault::of_row(RejectionReason::MissedVisit { events }));
            }
            let text = text(told.followup.text);
            return Err(Fault::at(Field::NrsFollowup, text, RejectionReason::MissingFollowup));
        };
        let Some(date) = told.followup_date.value else {
            let text = text(told.followup_date.text);
            return Err(Fault::at(Field::FollowupDate, text, RejectionReason::MissingFollowupDate));
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
        Err(Fault::at(Field::FollowupDate, Some(date.to_string()), reason))
    }

    /// The first event after the injection and before a follow-up.
    fn event(&self, told: &[&ToldEvent], followup: Date) -> Option<Event> {
        let told = told.iter().filter_map(|e| Some(Event { date: e.date?, kind: e.kind }));
        let repeated = self.table.injections_of(self.key.subject).iter();
        let repeated =
            repeated.map(|(_, date)| Event { date: *date, kind: EventKind::RepeatInjection });
        told.chain(repeated)
            .filter(|event| self.key.injection < event.date && event.date < followup)
            .min()
    }

    fn episode(
        &self,
        agreed: Agreed,
        chosen: &Usable<'_>,
        rows: &[&Row],
        event: Option<Event>,
    ) -> Episode {
        let Agreed { baseline, scan } = agreed;
        let told = &chosen.row.told;
        // A longitudinal table says who the patient is, and the baseline, once.
        let donor = donor(rows).filter(|_| told.baseline.value.is_none());
        let giver = donor.unwrap_or(chosen.row);
        let mut lines = vec![chosen.row.line];
        lines.extend(donor.map(|donor| donor.line));
        lines.extend(giver.anchor.iter().flat_map(|anchor| &anchor.support));
        let words = &self.table.words;
        let hint = told.slice_hint.of(words).or_else(|| giver.told.slice_hint.of(words));
        let series = told.series_hint.of(words).or_else(|| giver.told.series_hint.of(words));
        let cells = match donor {
            Some(donor) => both(&told.covariates, &donor.told.covariates),
            None => Arc::clone(&told.covariates),
        };
        let decided = self.options.rule.decide_score(baseline, chosen.score);
        let decided = decided.expect("a baseline of 0 was rejected before");
        let failed = event.is_some() && self.options.events == EventPolicy::CountAsFailure;
        Episode {
            rows: sorted(lines),
            shared_rows: Vec::new(),
            subject: self.table.subjects[self.key.subject as usize].clone(),
            level: self.key.level,
            side: self.key.side,
            injection_date: self.key.injection,
            followup_date: chosen.date,
            nrs_baseline: baseline.nrs,
            nrs_followup: chosen.score.nrs,
            outcome: if failed { Outcome::Poor } else { decided },
            slice_hint: hint,
            series_hint: series,
            scan_date: scan,
            covariates: Covariates::new(words, cells),
            low_baseline: baseline < Score::whole(self.options.least_baseline),
            event,
        }
    }
}

/// Why none of several rows gives a follow-up: a missed visit after the existing ones, else the
/// fault of the row nearest to being usable.
fn reason_of(unused: &[(&Row, Fault)], window: &FollowupWindow) -> RejectionReason {
    let nearest = unused.iter().min_by_key(|(_, fault)| fault.distance(window.target));
    let is_early = |(_, fault): &(&Row, Fault)| match &fault.reason {
        RejectionReason::FollowupOutsideWindow { days, .. } => *days < i64::from(window.first),
        RejectionReason::FollowupBeforeInjection { .. } => true,
        RejectionReason::MissedVisit { events } => !events.is_empty(),
        _ => false,
    };
    let missed = unused.iter().find(|(_, fault)| {
        matches!(fault.reason, RejectionReason::MissedVisit { .. }) && unused.iter().all(is_early)
    });
    let speaks = missed.or(nearest);
    speaks.map_or(RejectionReason::MissingFollowup, |(_, fault)| fault.reason.clone())
}

/// The row that gives the baseline to follow-ups that lack it.
fn donor<'a>(rows: &[&'a Row]) -> Option<&'a Row> {
    rows.iter().copied().find(|row| row.told.baseline.value.is_some())
}

/// Whether a row gives the chosen row its baseline.
fn donates(row: &Row, chosen: &Usable<'_>, rows: &[&Row]) -> bool {
    chosen.row.told.baseline.value.is_none()
        && donor(rows).is_some_and(|donor| donor.line == row.line)
}

/// Leaves out follow-ups of one day that contradict each other.
fn without_contradictions<'a>(
    usable: Vec<Usable<'a>>,
    unused: &mut Vec<(&'a Row, Fault)>,
) -> Vec<Usable<'a>> {
    // Nearly every episode has one follow-up.
    if usable.len() < 2 {
        return usable;
    }
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
            let fault = Fault::of_row(reason);
            unused.extend(same_day.iter().map(|followup| (followup.row, fault.clone())));
        } else {
            kept.extend(same_day);
        }
    }
    kept
}

/// The covariates of a row, completed by those of another row.
fn both(own: &[(u16, TextId)], other: &[(u16, TextId)]) -> Arc<[(u16, TextId)]> {
    let mut cells: BTreeMap<u16, TextId> = other.iter().copied().collect();
    cells.extend(own.iter().copied());
    cells.into_iter().collect()
}

fn sorted(mut lines: Vec<u64>) -> Vec<u64> {
    lines.sort_unstable();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Told;

    #[test]
    fn a_row_is_small_enough_for_a_million() {
        assert!(size_of::<Row>() <= 144, "{}", size_of::<Row>());
        assert!(size_of::<Told>() <= 104, "{}", size_of::<Told>());
    }
}
