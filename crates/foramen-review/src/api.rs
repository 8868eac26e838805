use std::sync::Mutex;

use axum::http::StatusCode;
use foramen_image::Patch;
use foramen_types::Side;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::agreement::agreement;
use crate::answers::{Answer, Undo, is_request};
use crate::case::{Case, CaseImage};
use crate::doubt::doubt;
use crate::export::export;
use crate::images::{Images, packed};
use crate::item::{Item, Session};
use crate::serve::{Failure, locked};
use crate::standing::Standing;
use crate::store::{Entry, Kind, Row, Store};
use crate::study::Study;
use crate::view::View;

/// A longer pause between two answers is no work on a case, seconds.
const LONGEST_PAUSE: f64 = 600.0;
/// Of so many answers the pace is taken.
const PACE: usize = 50;

/// What the page can ask.
pub(crate) struct Api {
    pub(crate) study: Study,
    pub(crate) session: Session,
    items: Vec<Item>,
    pub(crate) images: Images,
    /// The database, and the rows that were read from it.
    pub(crate) store: Mutex<(Store, Vec<Row>)>,
}

impl Api {
    pub(crate) fn new(
        study: Study,
        session: Session,
        items: Vec<Item>,
        store: Mutex<(Store, Vec<Row>)>,
    ) -> Self {
        Self { study, session, items, images: Images::default(), store }
    }

    /// The list of cases. A blinded reader learns levels, sides and what they have answered.
    pub(crate) fn study(&self) -> Result<Value, Failure> {
        let rows = self.rows()?;
        let standing = Standing::of(&self.study, &rows);
        let mut items = Vec::new();
        for (number, item) in self.items.iter().enumerate() {
            let disagree = standing.disagree(item.case);
            if self.session.adjudicate && !disagree {
                continue;
            }
            let case = &self.study.cases[item.case];
            let own = self.own(&standing, item).last().and_then(|row| row.entry.kind.reading());
            let answer = own.map(|reading| {
                json!({ "seen": reading.seen, "width_mm": reading.width_mm,
                        "note": !reading.note.is_empty() || !reading.problems.is_empty() })
            });
            let mut shown = json!({
                "id": item.id, "title": self.title(number, case), "level": case.level.name(),
                "side": case.side.name(), "answer": answer, "images": case.images.len(),
            });
            if !self.session.blind {
                let mut doubt = doubt(&self.study, case);
                if disagree {
                    doubt.score += 1.5;
                    doubt.reasons.push("readers disagree".to_owned());
                }
                shown["doubt"] = json!(doubt);
                shown["width_mm"] = json!(case.row.width);
                shown["status"] = json!(case.row.status);
            }
            items.push(shown);
        }
        // Counting lost answers tells nothing of a case.
        Ok(json!({
            "reader": self.session.reader, "blind": self.session.blind,
            "adjudicate": self.session.adjudicate, "items": items,
            "seconds_per_case": self.pace(&rows), "lost": standing.lost.len(),
            "missing": if self.session.blind { &[] } else { self.study.missing() },
        }))
    }

    /// All of one case. Before a blinded reader has answered it, nothing of the automatic
    /// choice or of other readers is in it.
    pub(crate) fn case(&self, id: &str) -> Result<Value, Failure> {
        let (number, item) = self.item(id)?;
        let case = &self.study.cases[item.case];
        let standing = Standing::of(&self.study, &self.rows()?);
        let own = self.own(&standing, item);
        let is_shown = !self.session.blind || !own.is_empty();
        let sagittal = case.sagittal.map(|stack| self.sagittal_of(case, stack));
        let middle = sagittal.as_ref().map(|(middle, _)| *middle);
        let slices: Vec<Value> =
            case.images.iter().map(|image| self.slice(case, *image, middle, is_shown)).collect();
        let chosen = case.images.iter().position(|one| case.chose(self.study.image(*one).1));
        let nearest = || {
            let offset =
                |at: &usize| self.study.offset(case, case.images[*at]).map_or(f64::MAX, f64::abs);
            let all = 0..case.images.len();
            let known = all.clone().min_by(|a, b| offset(a).total_cmp(&offset(b)));
            known.filter(|at| offset(at) < f64::MAX).unwrap_or(all.len() / 2)
        };
        let answers: Vec<Value> = own.iter().map(|row| self.answer_of(case, row)).collect();
        let mut shown = json!({
            "id": item.id, "title": self.title(number, case), "level": case.level.name(),
            "side": case.side.name(), "slices": slices,
            "sagittal": sagittal.map(|(_, shown)| shown),
            "start": chosen.filter(|_| is_shown).unwrap_or_else(nearest), "answers": answers,
        });
        if is_shown {
            let row = &case.row;
            shown["automatic"] = json!({
                "slice": chosen, "width_mm": row.width, "confidence": row.confidence,
                "status": row.status, "reason": row.reason,
                "contralateral_mm": row.contralateral,
                "doubts": doubt(&self.study, case).reasons,
            });
        }
        if !self.session.blind {
            let others = standing
                .last(item.case)
                .into_iter()
                .chain(standing.settled.get(&item.case).into_iter().flatten());
            let others = others.filter(|row| {
                row.entry.reader != self.session.reader
                    || self.session.adjudicate && matches!(row.entry.kind, Kind::Reading(_))
            });
            shown["others"] = others.map(|row| self.answer_of(case, row)).collect();
        }
        Ok(shown)
    }

    fn slice(&self, case: &Case, image: CaseImage, middle: Option<usize>, shown: bool) -> Value {
        let (header, source) = self.study.image(image);
        let view = View::axial(header, image.slice);
        let spacing = view.plane.spacing();
        let mut slice = json!({
            "rows": view.rows, "columns": view.columns,
            "spacing_mm": [spacing.row, spacing.column], "series": image.series,
            "offset_mm": self.study.offset(case, image),
            "disc": self.study.disc(header, case.level).map(|disc| view.pixel(disc.point)),
        });
        if let (Some(stack), Some(middle)) = (case.sagittal, middle) {
            let sagittal = &self.study.scan.stacks[stack];
            let view = View::sagittal(sagittal, middle);
            slice["line"] = json!(
                sagittal
                    .crossing(middle, header, image.slice)
                    .map(|(from, to)| [view.pixel(from), view.pixel(to)])
            );
        }
        if shown {
            for side in Side::BOTH {
                slice[side.name()] = json!(self.study.measured(source, side).map(|one| json!({
                    "state": one.state.name(), "width_mm": one.width,
                    "confidence": one.confidence,
                    "walls": one.walls.map(|walls| walls.map(|wall| view.pixel(wall))),
                    "in_level": one.level == Some(case.level),
                    "rank": one.rank.filter(|_| one.level == Some(case.level)).map(|rank| match rank {
                        foramen_study::Rank::Chosen => "chosen",
                        foramen_study::Rank::RunnerUp => "runner_up",
                    }),
                })));
            }
        }
        slice
    }

    /// The sagittal slice nearest the discs, and what is drawn on it.
    fn sagittal_of(&self, case: &Case, stack: usize) -> (usize, Value) {
        let header = &self.study.scan.stacks[stack];
        let discs: Vec<_> = self
            .study
            .levels
            .iter()
            .filter(|(subject, level, _)| {
                **subject == case.subject && self.study.disc(header, *level).is_some()
            })
            .collect();
        let away = |slice: &usize| -> f64 {
            let plane = &header.slices[*slice].plane;
            discs.iter().map(|(_, _, disc)| plane.distance(disc.point).abs()).sum()
        };
        let all = 0..header.slices.len();
        let middle = if discs.is_empty() {
            all.len() / 2
        } else {
            all.min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(0)
        };
        let view = View::sagittal(header, middle);
        let spacing = view.plane.spacing();
        let discs: Vec<Value> = discs
            .iter()
            .map(|(_, level, disc)| json!({ "level": level.name(), "at": view.pixel(disc.point) }))
            .collect();
        let shown = json!({
            "slices": header.slices.len(), "middle": middle, "rows": view.rows,
            "columns": view.columns, "spacing_mm": [spacing.row, spacing.column], "discs": discs,
        });
        (middle, shown)
    }

    fn answer_of(&self, case: &Case, row: &Row) -> Value {
        let image = row.entry.place.image();
        let slice = case.images.iter().position(|one| *self.study.image(*one).1 == image);
        let reading = row.entry.kind.reading();
        let walls = slice.zip(reading.and_then(|reading| reading.points())).map(|(at, walls)| {
            let of = case.images[at];
            let view = View::axial(self.study.image(of).0, of.slice);
            walls.map(|wall| view.pixel(wall))
        });
        let settled = matches!(row.entry.kind, Kind::Adjudication(_));
        let mut shown = json!({
            "row": row.id, "time": row.time, "reader": row.entry.reader, "slice": slice,
            "settled": settled, "walls": walls,
        });
        if let Some(reading) = reading {
            for (name, value) in [
                ("seen", json!(reading.seen)),
                ("reason", json!(reading.reason)),
                ("width_mm", json!(reading.width_mm)),
                ("problems", json!(reading.problems)),
                ("kim", json!(reading.kim)),
                ("note", json!(reading.note)),
                ("moved", json!(reading.moved)),
            ] {
                shown[name] = value;
            }
        }
        shown
    }

    /// The pixels of an axial image of a case.
    pub(crate) fn axial(&self, id: &str, slice: usize) -> Result<Vec<u8>, Failure> {
        let case = &self.study.cases[self.item(id)?.1.case];
        let image = *case.images.get(slice).ok_or_else(absent)?;
        let (header, source) = self.study.image(image);
        let loaded = self.images.load(&self.study.scan, image.stack).map_err(unreadable)?;
        let slice = loaded.slice(source).ok_or_else(undecoded)?;
        Ok(loaded.pixels(slice, &View::axial(header, image.slice)))
    }

    /// The pixels of a sagittal image of a case.
    pub(crate) fn sagittal(&self, id: &str, slice: usize) -> Result<Vec<u8>, Failure> {
        let case = &self.study.cases[self.item(id)?.1.case];
        let stack = case.sagittal.ok_or_else(absent)?;
        let header = &self.study.scan.stacks[stack];
        let source = &header.slices.get(slice).ok_or_else(absent)?.source;
        let loaded = self.images.load(&self.study.scan, stack).map_err(unreadable)?;
        let image = loaded.slice(source).ok_or_else(undecoded)?;
        Ok(loaded.pixels(image, &View::sagittal(header, slice)))
    }

    /// What a model would see around a place of an image.
    pub(crate) fn patch(&self, id: &str, slice: usize, at: [f64; 2]) -> Result<Vec<u8>, Failure> {
        let case = &self.study.cases[self.item(id)?.1.case];
        let image = *case.images.get(slice).ok_or_else(absent)?;
        let (header, source) = self.study.image(image);
        let view = View::axial(header, image.slice);
        if !at.iter().all(|at| at.is_finite()) || !view.holds(at) {
            return Err(absent());
        }
        let loaded = self.images.load(&self.study.scan, image.stack).map_err(unreadable)?;
        let slice = loaded.slice(source).ok_or_else(undecoded)?;
        let centre = view.plane.point(at[0], at[1]);
        let frame = self.study.frame;
        let patch = Patch::cut(slice, centre, case.side, frame, loaded.window)
            .map_err(|error| unreadable(error.to_string()))?;
        let values: Vec<f32> = patch.pixels().iter().copied().collect();
        Ok(packed(frame.pixels, frame.pixels, [0.0, 1.0], &values))
    }

    /// Keeps an answer; the reply is sent when it is safe.
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

    /// Takes back the last answer to an item.
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

    /// How far readers agree so far. A blinded reader is not told of the automatic choice.
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

    /// All rows, those of other readers and windows too.
    fn rows(&self) -> Result<Vec<Row>, Failure> {
        let mut held = locked(&self.store);
        let (store, rows) = &mut *held;
        let after = rows.last().map_or(0, |row| row.id);
        rows.extend(store.rows(after).map_err(|error| unkept(&error))?);
        Ok(rows.clone())
    }

    /// The answers of this reader to an item that stand.
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

    /// The median of the seconds between two answers of this reader.
    fn pace(&self, rows: &[Row]) -> Option<f64> {
        let own = rows.iter().filter(|row| row.entry.reader == self.session.reader);
        let times: Vec<Timestamp> = own.filter_map(|row| row.time.parse().ok()).collect();
        let mut pauses: Vec<f64> = times
            .windows(2)
            .map(|pair| pair[1].duration_since(pair[0]).as_secs_f64())
            .filter(|seconds| (0.2..LONGEST_PAUSE).contains(seconds))
            .collect();
        let recent = pauses.len().saturating_sub(PACE);
        let mut recent = pauses.split_off(recent);
        recent.sort_by(f64::total_cmp);
        recent.get(recent.len() / 2).copied()
    }
}

pub(crate) fn absent() -> Failure {
    (StatusCode::NOT_FOUND, "there is no such case or image".to_owned())
}

pub(crate) fn undecoded() -> Failure {
    (StatusCode::NOT_FOUND, "this image could not be decoded".to_owned())
}

pub(crate) fn unreadable(why: String) -> Failure {
    (StatusCode::NOT_FOUND, format!("the image cannot be shown: {why}"))
}

pub(crate) fn unkept(error: &crate::ReviewError) -> Failure {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    (StatusCode::INTERNAL_SERVER_ERROR, text)
}
