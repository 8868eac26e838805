use axum::http::StatusCode;
use foramen_image::SliceSource;
use foramen_types::{Level, SubjectId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use crate::answers::is_request;
use crate::failure::{Failure, absent, locked, undecoded, unkept, unreadable};
use crate::placed::{DiscRow, PlacedDisc};
use crate::view::View;

/// Discs that a reader placed on the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discs {
    /// The person, from 0.
    person: usize,
    /// An identifier of this message, so that sending it again has no effect.
    request: String,
    /// The sagittal slice on which they were placed.
    slice: usize,
    discs: Vec<DiscOnPage>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscOnPage {
    level: String,
    at: [f64; 2],
    /// Distance of the disc in front of the slice, millimetres.
    #[serde(default)]
    away_mm: f64,
    #[serde(default)]
    was: Option<String>,
}

/// Greatest distance of a disc from the slice on which it was placed, millimetres.
const FARTHEST: f64 = 100.0;

impl Api {
    /// The persons whose discs can be reviewed. A blinded reader gets none, since the subject ids
    /// would reveal the cases.
    pub(crate) fn spines(&self) -> Result<Value, Failure> {
        let rows = self.disc_rows()?;
        let people = self.people();
        let people = people.iter().map(|(subject, _)| {
            let is_it = |row: &&DiscRow| self.study.subject_of(&row.image) == Some(subject);
            let by = rows.iter().rev().find(is_it).map(|row| row.reader.clone());
            let discs = self.study.discs_of(subject, &rows).len();
            json!({ "title": subject.as_str(), "discs": discs, "placed_by": by })
        });
        Ok(json!({ "people": people.collect::<Vec<_>>(),
                   "levels": Level::ALL.map(Level::name), "reader": self.session.reader }))
    }

    /// The discs of one person on one sagittal slice.
    pub(crate) fn spine(&self, person: usize, slice: Option<usize>) -> Result<Value, Failure> {
        let people = self.people();
        let (subject, stack) = *people.get(person).ok_or_else(absent)?;
        let header = &self.study.scan.stacks[stack];
        let discs = self.study.discs_of(subject, &self.disc_rows()?);
        let away = |slice: &usize| -> f64 {
            let plane = &header.slices[*slice].plane;
            discs.iter().map(|disc| plane.distance(disc.at()).abs()).sum()
        };
        let all = 0..header.slices.len();
        let middle = all.clone().min_by(|a, b| away(a).total_cmp(&away(b)));
        let middle = if discs.is_empty() { Some(all.len() / 2) } else { middle };
        let slice = slice.or(middle).filter(|at| all.contains(at)).ok_or_else(absent)?;
        let view = View::sagittal(header, slice);
        let normal = view.plane.normal();
        let shown = discs.iter().map(|disc| {
            let away = (disc.at() - view.plane.origin()).dot(normal);
            json!({ "level": disc.level.name(), "was": disc.was.map(Level::name),
                    "at": view.pixel(disc.at()), "away_mm": away })
        });
        let spacing = view.plane.spacing();
        Ok(json!({
            "person": person, "title": subject.as_str(), "slice": slice,
            "slices": header.slices.len(), "rows": view.rows, "columns": view.columns,
            "spacing_mm": [spacing.row, spacing.column], "discs": shown.collect::<Vec<_>>(),
        }))
    }

    /// The pixels of a sagittal slice of a person.
    pub(crate) fn spine_pixels(&self, person: usize, slice: usize) -> Result<Vec<u8>, Failure> {
        let (_, stack) = *self.people().get(person).ok_or_else(absent)?;
        let header = &self.study.scan.stacks[stack];
        let source = &header.slices.get(slice).ok_or_else(absent)?.source;
        let loaded = self.study.load_stack(stack).map_err(unreadable)?;
        let image = loaded.slice(source).ok_or_else(undecoded)?;
        Ok(loaded.pixels(image, &View::sagittal(header, slice)))
    }

    /// Keeps the discs of a person.
    pub(crate) fn place(&self, placed: Discs) -> Result<Value, Failure> {
        let people = self.people();
        let (subject, stack) = *people.get(placed.person).ok_or_else(absent)?;
        let header = &self.study.scan.stacks[stack];
        let slice = header.slices.get(placed.slice).ok_or_else(absent)?;
        let refused = |why: &str| (StatusCode::UNPROCESSABLE_ENTITY, why.to_owned());
        if !is_request(&placed.request) {
            return Err(refused("the message has no usable name; reload the page"));
        }
        let view = View::sagittal(header, placed.slice);
        let mut discs: Vec<PlacedDisc> = Vec::new();
        for disc in &placed.discs {
            let level = |name: &str| Level::ALL.into_iter().find(|level| level.name() == name);
            let of = level(&disc.level).ok_or_else(|| refused("there is no such level"))?;
            let is_on = disc.at.iter().all(|at| at.is_finite()) && view.holds(disc.at);
            if !is_on || disc.away_mm.is_nan() || disc.away_mm.abs() > FARTHEST {
                return Err(refused("a disc does not lie on the image"));
            }
            if discs.iter().any(|other| other.level == of) {
                return Err(refused("two discs have one level"));
            }
            let at = view.plane.point(disc.at[0], disc.at[1]) + view.plane.normal() * disc.away_mm;
            let was = disc.was.as_deref().and_then(level);
            discs.push(PlacedDisc { level: of, point: [at.x, at.y, at.z], was });
        }
        discs.sort_by_key(|disc| disc.level);
        // From the head down, levels follow each other.
        if discs.windows(2).any(|pair| pair[0].point[2] <= pair[1].point[2]) {
            return Err(refused("the discs do not follow each other from the head to the feet"));
        }
        let row = DiscRow {
            id: 0,
            request: placed.request,
            time: String::new(),
            reader: self.session.reader.clone(),
            subject: subject.to_string(),
            image: SliceSource::clone(&slice.source),
            discs,
        };
        let row = locked(&self.store).0.append_discs(&row).map_err(|error| unkept(&error))?;
        Ok(json!({ "row": row }))
    }

    fn people(&self) -> Vec<(&SubjectId, usize)> {
        if self.session.blind { Vec::new() } else { self.study.spines() }
    }

    pub(crate) fn disc_rows(&self) -> Result<Vec<DiscRow>, Failure> {
        locked(&self.store).0.discs().map_err(|error| unkept(&error))
    }
}
