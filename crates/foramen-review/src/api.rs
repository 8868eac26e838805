use std::sync::Mutex;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::agreement::agreement;
use crate::answers::{Answer, Undo, is_request};
use crate::case::Case;
use crate::entry::{Entry, Kind, Row};
use crate::export::export;
use crate::failure::{Failure, absent, locked, unkept};
use crate::item::{Item, Session};
use crate::standing::Standing;
use crate::store::Store;
use crate::study::Study;

mod listing;
mod pictures;
mod showing;
mod spines;

/// The requests that the page can make.
pub(crate) struct Api {
    study: Study,
    session: Session,
    items: Vec<Item>,
    /// The database, and the rows that were read from it.
    store: Mutex<(Store, Vec<Row>)>,
}

impl Api {
    pub(crate) fn new(
        study: Study,
        session: Session,
        items: Vec<Item>,
        store: Mutex<(Store, Vec<Row>)>,
    ) -> Self {
        Self { study, session, items, store }
    }

    /// Keeps an answer; the reply is sent once the answer is safely stored.
    pub(crate) fn answer(&self, answer: Answer) -> Result<Value, Failure> {
        let (_, item) = self.item(&answer.item)?;
        let (item, request) = (item.clone(), answer.request.clone());
        let case = &self.study.cases[item.case];
        let standing = Standing::of(&self.study, &self.rows()?);
        let before = self.own(&standing, &item).len();
        let (place, reading) = answer
            .reading(&self.study, case, &self.session, before > 0)
            .map_err(|why| (StatusCode::UNPROCESSABLE_ENTITY, why))?;
        let width = reading.width_mm;
        let kind = if self.session.adjudicate {
            Kind::Adjudication(reading)
        } else {
            Kind::Reading(reading)
        };
        let mut entry = Entry::new(&request, &self.session.reader, place, kind);
        entry.occasion = item.occasion;
        let row = locked(&self.store).0.append(&entry).map_err(|error| unkept(&error))?;
        Ok(json!({ "row": row, "width_mm": width, "before": before }))
    }

    /// Undoes the last answer given to an item.
    pub(crate) fn undo(&self, undo: Undo) -> Result<Value, Failure> {
        let (_, item) = self.item(&undo.item)?;
        if !is_request(&undo.request) {
            return Err((StatusCode::BAD_REQUEST, "the request has no usable name".to_owned()));
        }
        let standing = Standing::of(&self.study, &self.rows()?);
        let own = self.own(&standing, item);
        let Some(last) = own.last() else {
            return Err((StatusCode::CONFLICT, "there is no answer to take back".to_owned()));
        };
        let kind = Kind::Undo { row: last.id };
        let place = last.entry.place.clone();
        let mut entry = Entry::new(&undo.request, &self.session.reader, place, kind);
        entry.occasion = item.occasion;
        let row = locked(&self.store).0.append(&entry).map_err(|error| unkept(&error))?;
        Ok(json!({ "row": row, "undone": last.id }))
    }

    /// The agreement of readers so far. A blinded reader does not see the automatic choice.
    pub(crate) fn agreement(&self) -> Result<Value, Failure> {
        let standing = Standing::of(&self.study, &self.rows()?);
        Ok(json!(agreement(&self.study, &standing, !self.session.blind)))
    }

    /// Writes the tables and patches.
    pub(crate) fn export(&self) -> Result<Value, Failure> {
        let (rows, discs) = (self.rows()?, self.disc_rows()?);
        let exported = export(&self.study, &rows, &discs).map_err(|error| unkept(&error))?;
        // What the tables hold would tell a blinded reader how far they are off.
        Ok(if self.session.blind {
            json!({ "readings": exported.readings })
        } else {
            json!(exported)
        })
    }

    /// All rows, including those of other readers and other windows.
    fn rows(&self) -> Result<Vec<Row>, Failure> {
        let mut held = locked(&self.store);
        let (store, rows) = &mut *held;
        let after = rows.last().map_or(0, |row| row.id);
        rows.extend(store.rows(after).map_err(|error| unkept(&error))?);
        Ok(rows.clone())
    }

    /// The valid answers of this reader to an item.
    fn own<'a>(&self, standing: &'a Standing, item: &Item) -> Vec<&'a Row> {
        if self.session.adjudicate {
            let settled = standing.settled.get(&item.case).map_or(&[][..], Vec::as_slice);
            return settled.iter().filter(|row| row.entry.reader == self.session.reader).collect();
        }
        standing.by(item.case, &self.session.reader, item.occasion).iter().collect()
    }

    fn item(&self, id: &str) -> Result<(usize, &Item), Failure> {
        let found = self.items.iter().enumerate().find(|(_, item)| item.id == id);
        found.ok_or_else(absent)
    }

    fn title(&self, number: usize, case: &Case) -> String {
        match self.session.blind {
            true => format!("Case {}", number + 1),
            false => case.subject.to_string(),
        }
    }
}
