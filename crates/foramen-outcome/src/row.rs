use std::borrow::Cow;
use std::sync::Arc;

use csv::StringRecord;
use foramen_types::{Level, Nrs, Side, SubjectId};
use jiff::civil::Date;

use crate::columns::Columns;
use crate::covariates::{TextId, Texts};
use crate::date::read_date;
use crate::field::{Field, Kind};
use crate::missing::{Missing, MissingCodes, may_be_no_pain};
use crate::procedure::{Procedure, is_pain_score};
use crate::score::{ScaleWatch, Score};
use crate::spelling::is_shortened;
use crate::{EventKind, LevelNames, OutcomeOptions, Rejection, RejectionReason};

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

/// Checks the cells of one record in the order of the contract's columns.
pub(crate) struct Reader<'a> {
    pub(crate) columns: &'a Columns,
    pub(crate) options: &'a OutcomeOptions,
    pub(crate) missing: &'a Missing<'a>,
    pub(crate) decimal_comma: bool,
    pub(crate) scale: &'a ScaleWatch,
    pub(crate) line: u64,
    pub(crate) record: &'a StringRecord,
}

impl Reader<'_> {
    /// The id as it stands in the table.
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

    /// When the foramen was injected.
    pub(crate) fn injection(
        &self,
        subject: &SubjectId,
        texts: &mut Texts,
    ) -> Result<Option<Date>, Box<Rejection>> {
        Ok(self.date(Field::InjectionDate, subject, texts)?.value)
    }

    /// Which foramen was injected.
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

    /// Everything else, and what is wrong with it first.
    pub(crate) fn told(
        &self,
        subject: &SubjectId,
        texts: &mut Texts,
    ) -> (Told, Option<Box<Rejection>>) {
        let mut fault = None;
        let score = is_pain_score(&self.cell(Field::ScoreCode));
        if !score {
            fault = Some(self.reject(Field::ScoreCode, subject, RejectionReason::Scale));
        }
        let baseline = keep(self.nrs(Field::NrsBaseline, subject, texts), &mut fault);
        let baseline_date = keep(self.date(Field::BaselineDate, subject, texts), &mut fault);
        let followup_date = keep(self.date(Field::FollowupDate, subject, texts), &mut fault);
        let followup = keep(self.nrs(Field::NrsFollowup, subject, texts), &mut fault);
        let scan_date = keep(self.date(Field::ScanDate, subject, texts), &mut fault).value;
        let told = Told {
            followup_date,
            followup,
            baseline,
            baseline_date,
            scan_date,
            events: self.event(texts).into_iter().collect(),
            slice_hint: texts.keep(&self.cell(Field::SliceHint)),
            covariates: self.columns.covariates_of(self.record, &self.missing.covariates, texts),
        };
        (told, fault)
    }

    /// The rejection of a row in which a cell that it cannot do without is empty.
    pub(crate) fn no_key(&self, field: Field, subject: Option<&SubjectId>) -> Box<Rejection> {
        let column = field.name();
        let mut rejection = self.rejection(field, RejectionReason::NoKey { column });
        rejection.subject = subject.cloned();
        rejection
    }

    /// The rejection of a row for its id. The id is not repeated: it may be a
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

    /// What a cell means, `None` when that is "missing".
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

    /// What means "not entered" in the column of a field.
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

    /// The event a row tells of. A date that cannot be read leaves the event
    /// undated rather than losing it with its row: it bears on every row of the
    /// episode.
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

/// The value, or nothing where there is a fault; the first fault is kept.
fn keep<T: Default>(read: Result<T, Box<Rejection>>, fault: &mut Option<Box<Rejection>>) -> T {
    read.unwrap_or_else(|rejection| {
        fault.get_or_insert(rejection);
        T::default()
    })
}
