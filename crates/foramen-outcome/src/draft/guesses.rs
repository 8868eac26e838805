//! Finds columns by their contents if names do not identify them.

use std::collections::BTreeSet;

use super::names::{BORN, SCALES};
use super::{Draft, date, score};
use crate::DateOrder;
use crate::date::read_date;
use crate::field::Field;

/// The share of filled cells that must be dates, be scores, or differ from each other.
const MOST: f64 = 0.6;

impl Draft {
    /// Fills required fields for which no name was found, and marks them.
    pub(super) fn guess(
        &self,
        found: &mut [(Field, Option<usize>)],
        taken: &mut BTreeSet<usize>,
    ) -> Vec<Field> {
        let before: Vec<_> = found.to_vec();
        let at = |field: Field| before.iter().find(|(of, _)| *of == field).and_then(|(_, at)| *at);
        let (injection, followup) =
            self.dates(at(Field::InjectionDate), at(Field::FollowupDate), taken);
        let (baseline, later) = self.scores(at(Field::NrsBaseline), at(Field::NrsFollowup), taken);
        let subject = at(Field::SubjectId).is_none().then(|| self.subject(taken)).flatten();
        let mut guessed = Vec::new();
        for (field, column) in [
            (Field::InjectionDate, injection),
            (Field::FollowupDate, followup),
            (Field::NrsBaseline, baseline),
            (Field::NrsFollowup, later),
            (Field::SubjectId, subject),
        ] {
            let of = found.iter_mut().find(|(of, at)| *of == field && at.is_none());
            if let (Some((_, at)), Some(column)) = (of, column) {
                *at = Some(column);
                taken.insert(column);
                guessed.push(field);
            }
        }
        guessed
    }

    fn free(&self, taken: &BTreeSet<usize>) -> impl Iterator<Item = usize> {
        (0..self.names.len()).filter(|at| !taken.contains(at))
    }

    fn named(&self, at: usize, parts: &[&str]) -> bool {
        let name = self.names[at].to_lowercase();
        parts.iter().any(|part| name.contains(part))
    }

    /// Guesses the dates: the injection comes before the follow-up in most rows.
    fn dates(
        &self,
        injection: Option<usize>,
        followup: Option<usize>,
        taken: &BTreeSet<usize>,
    ) -> (Option<usize>, Option<usize>) {
        let is_date = |at: &usize| {
            !self.named(*at, BORN) && !self.columns[*at].is_empty() && self.share(*at, date) > MOST
        };
        let free: Vec<usize> = self.free(taken).filter(is_date).collect();
        match (injection, followup, &free[..]) {
            (None, None, [a, b]) if self.comes_before(*a, *b) => (Some(*a), Some(*b)),
            (None, None, [a, b]) if self.comes_before(*b, *a) => (Some(*b), Some(*a)),
            (None, Some(later), [only]) if self.comes_before(*only, later) => (Some(*only), None),
            (Some(first), None, [only]) if self.comes_before(first, *only) => (None, Some(*only)),
            _ => (None, None),
        }
    }

    /// Whether the dates of one column come before those of another, in most rows.
    fn comes_before(&self, one: usize, other: usize) -> bool {
        let read = |cell: &String| read_date(cell, DateOrder::DayFirst).ok();
        let median = |at: usize| {
            let mut dates: Vec<_> = self.columns[at].iter().filter_map(read).collect();
            dates.sort_unstable();
            dates.get(dates.len() / 2).copied()
        };
        median(one).zip(median(other)).is_some_and(|(one, other)| one < other)
    }

    /// Guesses the scores among columns named after a pain scale: the only remaining one, or the
    /// first and the second.
    fn scores(
        &self,
        baseline: Option<usize>,
        followup: Option<usize>,
        taken: &BTreeSet<usize>,
    ) -> (Option<usize>, Option<usize>) {
        let is_score = |at: &usize| {
            self.named(*at, SCALES) && self.share(*at, |cell| score(cell).is_some()) > MOST
        };
        let free: Vec<usize> = self.free(taken).filter(is_score).collect();
        match (baseline, followup, &free[..]) {
            (None, None, [first, second]) => (Some(*first), Some(*second)),
            (Some(_), None, [only]) => (None, Some(*only)),
            (None, Some(_), [only]) => (Some(*only), None),
            _ => (None, None),
        }
    }

    /// Guesses the subject: the first column, if it does not hold dates and most values differ.
    fn subject(&self, taken: &BTreeSet<usize>) -> Option<usize> {
        let at = self.free(taken).next().filter(|at| *at == 0)?;
        let different: BTreeSet<&String> = self.columns[at].iter().collect();
        let share = different.len() as f64 / self.columns[at].len().max(1) as f64;
        (share > MOST && self.share(at, date) < MOST).then_some(at)
    }
}
