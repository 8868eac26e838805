mod story;

pub use story::ExplainedCell;

use std::borrow::Cow;
use std::cell;

use csv::StringRecord;
use foramen_table::{MissingCodes, is_shortened};
use foramen_types::{Level, Nrs, Side, SubjectId};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::columns::Columns;
use crate::covariates::{TextId, Texts};
use crate::date::read_date;
use crate::field::{Field, Kind};
use crate::missing::{Missing, may_be_no_pain};
use crate::procedure::{Procedure, is_pain_score};
use crate::row::{Cell, Foramen, Told, ToldEvent};
use crate::score::{ScaleWatch, Score};
use crate::visit::Visit;
use crate::{EventKind, LevelNames, OutcomeOptions, Rejection, RejectionReason};

/// Checks the cells of one record in the order of the contract's columns.
pub(crate) struct Reader<'a> {
    pub(crate) columns: &'a Columns,
    pub(crate) options: &'a OutcomeOptions,
    pub(crate) missing: &'a Missing<'a>,
    pub(crate) decimal_comma: bool,
    pub(crate) scale: &'a ScaleWatch,
    /// Number of follow-up dates that were times since the injection.
    pub(crate) counted: &'a cell::Cell<usize>,
    pub(crate) line: u64,
    pub(crate) record: &'a StringRecord,
}

impl Reader<'_> {
    /// The id as in the table.
    pub(crate) fn id(&self) -> Result<Cow<'_, str>, Box<Rejection>> {
        let id = self.cell(Field::SubjectId);
        if id.is_empty() {
            Err(self.no_key(Field::SubjectId, None))
        } else if is_shortened(&id) {
            Err(self.rejection(Field::SubjectId, RejectionReason::ShortenedId))
        } else {
            Ok(id)
        }
    }

    /// Date of the injection.
    pub(crate) fn injection(
        &self,
        subject: &SubjectId,
        texts: &mut Texts,
    ) -> Result<Option<Date>, Box<Rejection>> {
        Ok(self.date(Field::InjectionDate, subject, texts)?.value)
    }

    /// The injected foramen.
    pub(crate) fn foramen(&self, subject: &SubjectId) -> Result<Foramen, Box<Rejection>> {
        let level = self.level(subject)?;
        let side = self.side(subject)?;
        let code = self.cell(Field::ProcedureCode);
        if self.missing.others.hold(&code) {
            return Ok(Foramen { level, side });
        }
        let reject = |reason| self.reject(Field::ProcedureCode, subject, reason);
        let Some(procedure) = Procedure::of_text(&code) else {
            return Err(reject(RejectionReason::Procedure));
        };
        match (side, procedure.side) {
            (None, None) if procedure.both_sides => Err(reject(RejectionReason::BothSides)),
            (Some(side), Some(other)) if side != other => {
                let modifier = if other == Side::Left { "LT" } else { "RT" };
                Err(reject(RejectionReason::Modifier { modifier }))
            }
            (side, by_code) => Ok(Foramen { level, side: side.or(by_code) }),
        }
    }

    /// The remaining cells, and their first fault. A visit without a date gets one if the row gives
    /// the injection date.
    pub(crate) fn told(
        &self,
        subject: &SubjectId,
        texts: &mut Texts,
        injection: Option<Date>,
    ) -> (Told, Option<Box<Rejection>>) {
        let mut fault = None;
        let score = is_pain_score(&self.cell(Field::ScoreCode));
        if !score {
            fault = Some(self.reject(Field::ScoreCode, subject, RejectionReason::Scale));
        }
        let visit = keep(self.visit(subject), &mut fault);
        let shared = |one, other| self.columns.share(one, other);
        let (mut baseline, mut baseline_date) = (Cell::default(), Cell::default());
        let scores = shared(Field::NrsBaseline, Field::NrsFollowup);
        if visit.is_none_or(|visit| visit == Visit::Baseline || !scores) {
            baseline = keep(self.nrs(Field::NrsBaseline, subject, texts), &mut fault);
        }
        let dates = shared(Field::BaselineDate, Field::FollowupDate);
        if visit.is_none_or(|visit| visit == Visit::Baseline || !dates) {
            baseline_date = keep(self.date(Field::BaselineDate, subject, texts), &mut fault);
        }
        let (mut followup, mut followup_date) = (Cell::default(), Cell::default());
        if visit == Some(Visit::Baseline) {
            // The day of the visit is in one column for all visits.
            if baseline_date.is_blank() && self.time_since().is_none() {
                baseline_date = keep(self.date(Field::FollowupDate, subject, texts), &mut fault);
            }
        } else {
            let day = match visit {
                Some(Visit::Day(day)) => Some(day),
                _ => self.columns.nominal_day(self.record),
            };
            let date = self.followup_date(subject, texts, injection, day);
            followup_date = keep(date, &mut fault);
            followup = keep(self.nrs(Field::NrsFollowup, subject, texts), &mut fault);
        }
        let scan_date = keep(self.date(Field::ScanDate, subject, texts), &mut fault).value;
        let told = Told {
            followup_date,
            followup,
            baseline,
            baseline_date,
            scan_date,
            events: self.event(texts).into_iter().collect(),
            slice_hint: texts.keep(&self.cell(Field::SliceHint)),
            series_hint: texts.keep(&self.cell(Field::SeriesHint)),
            covariates: self.columns.covariates_of(self.record, &self.missing.covariates, texts),
        };
        (told, fault)
    }

    /// The rejection of a row with an empty required cell.
    pub(crate) fn no_key(&self, field: Field, subject: Option<&SubjectId>) -> Box<Rejection> {
        let column = field.name();
        let mut rejection = self.rejection(field, RejectionReason::NoKey { column });
        rejection.subject = subject.cloned();
        rejection
    }

    /// The rejection of a row because of its id. The message does not repeat the id, which may be a
    /// hospital number.
    pub(crate) fn no_subject(&self, error: foramen_types::KeyError) -> Box<Rejection> {
        let mut rejection =
            self.rejection(Field::SubjectId, RejectionReason::Subject(Box::new(error)));
        rejection.value = None;
        rejection
    }

    fn cell(&self, field: Field) -> Cow<'_, str> {
        self.columns.cell(self.record, field)
    }

    fn rejection(&self, field: Field, reason: RejectionReason) -> Box<Rejection> {
        let value = self.cell(field).into_owned();
        Box::new(Rejection {
            row: self.line,
            subject: None,
            column: Some(self.columns.name(field).to_owned()),
            value: (!value.is_empty()).then_some(value),
            reason,
        })
    }

    fn reject(&self, field: Field, subject: &SubjectId, reason: RejectionReason) -> Box<Rejection> {
        let mut rejection = self.rejection(field, reason);
        rejection.subject = Some(subject.clone());
        rejection
    }

    /// The meaning of a cell, `None` for "missing".
    fn meaning<'a>(
        &self,
        field: Field,
        cell: &'a str,
        subject: &SubjectId,
    ) -> Result<Option<Cow<'a, str>>, Box<Rejection>> {
        let missing = self.missing_in(field);
        if let Some(meaning) = self.columns.declared(field, cell) {
            // What a person says of a word is not asked of any list of codes,
            // unless the person says "missing".
            let missing = meaning.is_empty() || self.missing.others.hold(meaning);
            let number = meaning.parse::<f64>().is_ok();
            return Ok((number || !missing).then(|| Cow::Owned(meaning.to_owned())));
        }
        if missing.hold(cell) {
            return Ok(None);
        }
        let meaning = self.columns.meaning(field, cell);
        let meaning =
            meaning.ok_or_else(|| self.reject(field, subject, RejectionReason::NotAChoice))?;
        Ok((!missing.hold(&meaning)).then_some(meaning))
    }

    /// The texts that mean "not entered" in the column of a field.
    fn missing_in(&self, field: Field) -> &MissingCodes<'_> {
        if field.kind() == Kind::Score { &self.missing.scores } else { &self.missing.others }
    }

    fn level(&self, subject: &SubjectId) -> Result<Option<Level>, Box<Rejection>> {
        let cell = self.cell(Field::Level);
        let Some(text) = self.meaning(Field::Level, &cell, subject)? else { return Ok(None) };
        let read = |text: &str| match self.options.level_names {
            LevelNames::Root => Level::from_root(text).or_else(|_| text.parse()),
            LevelNames::Disc => text.parse(),
        };
        read(&text).map(Some).map_err(|error| {
            let parts = text.split([',', ';', '+', '&']).flat_map(|part| part.split(" and "));
            let several = parts.filter(|part| read(part).is_ok()).count() > 1;
            let reason = if several {
                RejectionReason::SeveralLevels
            } else {
                RejectionReason::Value(Box::new(error))
            };
            self.reject(Field::Level, subject, reason)
        })
    }

    fn side(&self, subject: &SubjectId) -> Result<Option<Side>, Box<Rejection>> {
        let cell = self.cell(Field::Side);
        let Some(text) = self.meaning(Field::Side, &cell, subject)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error| {
            let word = text.to_lowercase().replace([' ', '.', '-'], "");
            let both = ["both", "bothsides", "bilateral", "bilat", "b/l", "bl", "l/r", "r/l"];
            let both = both.contains(&word.as_str())
                || ["l+r", "r+l", "l&r", "r&l", "leftandright", "rightandleft", "50"]
                    .contains(&word.as_str());
            let reason = if both {
                RejectionReason::BothSides
            } else {
                RejectionReason::Value(Box::new(error))
            };
            self.reject(Field::Side, subject, reason)
        })
    }

    fn nrs(
        &self,
        field: Field,
        subject: &SubjectId,
        texts: &mut Texts,
    ) -> Result<Cell<Score>, Box<Rejection>> {
        let cell = self.cell(field);
        let Some(text) = self.meaning(field, &cell, subject)? else {
            return Ok(Cell { value: None, text: texts.keep(&cell) });
        };
        let mapping = &self.options.mapping;
        let scale = mapping.scale.unwrap_or(10);
        if let ([digit @ b'0'..=b'9'], 10) = (text.as_bytes(), scale) {
            // Nearly every score is one digit.
            let value = Nrs::from_hundredths(100 * u16::from(digit - b'0')).ok().map(Score::whole);
            self.scale.saw(field, &text);
            return Ok(Cell { value, text: TextId::default() });
        }
        let comma = self.decimal_comma && text.matches(',').count() == 1 && !text.contains('.');
        let plain = if comma { Cow::Owned(text.replace(',', ".")) } else { text };
        self.scale.saw(field, &plain);
        match Score::read(&plain, scale, mapping.rounding.unwrap_or_default()) {
            Ok(score) => Ok(Cell { value: Some(score), text: TextId::default() }),
            Err(_) if may_be_no_pain(&plain) => {
                let column = field.name();
                Err(self.reject(field, subject, RejectionReason::NoPainOrMissing { column }))
            }
            Err(reason) => Err(self.reject(field, subject, reason)),
        }
    }

    fn date(
        &self,
        field: Field,
        subject: &SubjectId,
        texts: &mut Texts,
    ) -> Result<Cell<Date>, Box<Rejection>> {
        let cell = self.cell(field);
        let text = match self.columns.declared(field, &cell) {
            Some(meaning) => Cow::Owned(meaning.to_owned()),
            None => Cow::Borrowed(&*cell),
        };
        if self.missing.others.hold(&text) {
            return Ok(Cell { value: None, text: texts.keep(&cell) });
        }
        match read_date(&text, self.options.date_order) {
            Ok(date) => Ok(Cell { value: Some(date), text: TextId::default() }),
            Err(error) => Err(self.reject(field, subject, RejectionReason::Date(error))),
        }
    }

    /// The visit of a row, if a column holds it.
    fn visit(&self, subject: &SubjectId) -> Result<Option<Visit>, Box<Rejection>> {
        if !self.columns.have_visits() {
            return Ok(None);
        }
        let cell = self.cell(Field::Visit);
        let word = self.columns.declared(Field::Visit, &cell).unwrap_or(&cell);
        let visit = self.columns.visit(word);
        let reject = || self.reject(Field::Visit, subject, RejectionReason::UnknownVisit);
        visit.map(Some).ok_or_else(reject)
    }

    /// The number in the cell of the follow-up date, if it is too short for a date.
    fn time_since(&self) -> Option<f64> {
        let cell = self.cell(Field::FollowupDate);
        let (whole, decimals) = cell.split_once(['.', ',']).unwrap_or((&cell, "0"));
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let short = number(whole) && number(decimals) && whole.len() <= 3;
        short.then(|| cell.replace(',', ".").parse().ok())?
    }

    /// The date of a follow-up: as in the table, or counted from the injection.
    fn followup_date(
        &self,
        subject: &SubjectId,
        texts: &mut Texts,
        injection: Option<Date>,
        nominal: Option<u16>,
    ) -> Result<Cell<Date>, Box<Rejection>> {
        let cell = self.cell(Field::FollowupDate);
        let missing = self.missing.others.hold(&cell);
        let after = |days: u16| injection?.checked_add(i64::from(days).days()).ok();
        let dated = |value| Ok(Cell { value, text: TextId::default() });
        match (self.time_since().filter(|_| !missing), nominal) {
            (Some(number), _) => {
                let reject = |reason| self.reject(Field::FollowupDate, subject, reason);
                let Some(unit) = self.columns.unit else {
                    return Err(reject(RejectionReason::TimeWithoutUnit));
                };
                let days = unit.days(number);
                let days = days.ok_or_else(|| reject(RejectionReason::TimeWithoutUnit))?;
                self.counted.set(self.counted.get() + 1);
                dated(after(days))
            }
            (None, Some(day)) if missing && injection.is_some() => dated(after(day)),
            _ => self.date(Field::FollowupDate, subject, texts).or_else(|refused| {
                // `8 weeks` says its unit itself.
                match Visit::of_text(&cell) {
                    Some(Visit::Day(day)) if injection.is_some() => dated(after(day)),
                    _ => Err(refused),
                }
            }),
        }
    }

    /// The event in a row. If its date cannot be read, the event is kept without a date, since it
    /// concerns every row of the episode.
    fn event(&self, texts: &mut Texts) -> Option<ToldEvent> {
        let (what, when) = (self.cell(Field::Event), self.cell(Field::EventDate));
        let missing = &self.missing.others;
        let date_missing = missing.hold(&when);
        let declared = self.columns.declared(Field::Event, &what);
        let kind = if missing.hold(declared.unwrap_or(&what)) {
            // A date alone says that something happened, unless the word denies it.
            let denied = EventKind::of_text(&what).is_none() && !what.is_empty();
            (!date_missing && !denied).then_some(EventKind::Other)?
        } else {
            let words = self.columns.meaning(Field::Event, &what);
            EventKind::of_text(&words.unwrap_or(Cow::Borrowed(&what)))?
        };
        let date = if date_missing { None } else { read_date(&when, self.options.date_order).ok() };
        Some(ToldEvent { kind, date, what: texts.keep(&what), date_text: texts.keep(&when) })
    }
}

/// The value, or the default if there is a fault; the first fault is kept.
fn keep<T: Default>(read: Result<T, Box<Rejection>>, fault: &mut Option<Box<Rejection>>) -> T {
    read.unwrap_or_else(|rejection| {
        fault.get_or_insert(rejection);
        T::default()
    })
}
