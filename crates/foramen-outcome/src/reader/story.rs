//! How each cell of a row was read.

use std::fmt::Display;

use foramen_types::SubjectId;

use super::Reader;
use crate::covariates::Texts;
use crate::field::{Field, Kind};
use crate::row::Cell;
use crate::score::Score;
use crate::visit::Visit;
use crate::{EventKind, Rejection};

/// A cell and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedCell {
    /// Foramen's name of the column.
    pub field: &'static str,
    /// The table's name of the column.
    pub column: String,
    /// The text of the cell.
    pub cell: String,
    /// How it was read, or why it could not be.
    pub reading: String,
}

impl Reader<'_> {
    /// Every cell that belongs to a field.
    pub(crate) fn story(&self) -> Vec<ExplainedCell> {
        let fields = Field::ALL.into_iter();
        let filled = fields.filter_map(|field| {
            let cell = self.cell(field).into_owned();
            (!cell.is_empty() || Field::required().contains(&field)).then_some((field, cell))
        });
        filled
            .map(|(field, cell)| ExplainedCell {
                field: field.name(),
                column: self.columns.name(field).to_owned(),
                reading: self.reading(field, &cell),
                cell,
            })
            .collect()
    }

    fn reading(&self, field: Field, cell: &str) -> String {
        let nobody = SubjectId::new("?").expect("a sign is an id");
        let mut texts = Texts::new();
        match (field, field.kind()) {
            (Field::SubjectId, _) => match self.id() {
                Ok(id) => format!("{:?}", &*id),
                Err(rejection) => nothing(&rejection),
            },
            (Field::Level, _) => of(self.level(&nobody)),
            (Field::Side, _) => of(self.side(&nobody)),
            (Field::Event, _) => match self.event(&mut texts).map(|event| event.kind) {
                None => "no event".to_owned(),
                Some(EventKind::Other) => format!("an event of an unknown kind, {cell:?}"),
                Some(kind) => kind.to_string(),
            },
            (Field::Visit, _) => match self.visit(&nobody) {
                Ok(Some(Visit::Baseline)) => "the baseline".to_owned(),
                Ok(Some(Visit::Day(day))) => format!("day {day} after the injection"),
                Ok(None) => "nothing".to_owned(),
                Err(rejection) => nothing(&rejection),
            },
            (Field::FollowupDate, _) => {
                let injection = self.injection(&nobody, &mut texts).ok().flatten();
                let day = self.columns.nominal_day(self.record);
                of_cell(self.followup_date(&nobody, &mut texts, injection, day))
            }
            (_, Kind::Date) => of_cell(self.date(field, &nobody, &mut texts)),
            (_, Kind::Score) => {
                let score = self.nrs(field, &nobody, &mut texts);
                of_cell(score.map(|Cell { value, text }| Cell {
                    value: value.map(|score: Score| score.nrs),
                    text,
                }))
            }
            _ => format!("{cell:?}"),
        }
    }
}

/// The text in place of a missing reading.
fn nothing(rejection: &Rejection) -> String {
    format!("nothing: {}", rejection.reason)
}

fn of<T: Display>(read: Result<Option<T>, Box<Rejection>>) -> String {
    match read {
        Ok(Some(value)) => value.to_string(),
        Ok(None) => "missing".to_owned(),
        Err(rejection) => nothing(&rejection),
    }
}

fn of_cell<T: Display>(read: Result<Cell<T>, Box<Rejection>>) -> String {
    of(read.map(|cell| cell.value))
}
