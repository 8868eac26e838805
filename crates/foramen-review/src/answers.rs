use serde::Deserialize;

use crate::case::Case;
use crate::entry::Place;
use crate::item::Session;
use crate::reading::{Automatic, Problem, Reading, Seen};
use crate::study::Study;
use crate::view::View;

/// The longest note, in characters.
const LONGEST: usize = 2000;
/// Greatest width of a foramen, millimetres.
const WIDEST: f64 = 40.0;

/// An answer that the page sends when a reader has decided.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The name of the item.
    pub(crate) item: String,
    /// An identifier of this answer, so that sending it again has no effect.
    pub(crate) request: String,
    /// The image of the case, from 0.
    pub(crate) slice: usize,
    pub(crate) seen: Seen,
    #[serde(default)]
    pub(crate) reason: String,
    /// Front and back wall, `[row, column]` of the turned slice; `None` for the measured walls. For
    /// an occluded foramen, its place twice.
    #[serde(default)]
    pub(crate) walls: Option<[[f64; 2]; 2]>,
    #[serde(default)]
    pub(crate) problems: Vec<Problem>,
    #[serde(default)]
    pub(crate) kim: Option<u8>,
    #[serde(default)]
    pub(crate) note: String,
}

/// A request of the page to undo an answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Undo {
    pub(crate) item: String,
    pub(crate) request: String,
}

/// Whether a text is a valid request identifier.
pub(crate) fn is_request(name: &str) -> bool {
    (8..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl Answer {
    /// The reading with its foramen and image. Its width is computed here, from the pixel spacing
    /// of the image.
    ///
    /// # Errors
    /// Why the answer cannot be kept, in words for the reader.
    pub(crate) fn reading(
        self,
        study: &Study,
        case: &Case,
        session: &Session,
        revealed: bool,
    ) -> Result<(Place, Reading), String> {
        if !is_request(&self.request) {
            return Err("the answer has no usable name; reload the page".to_owned());
        }
        if self.note.chars().count() > LONGEST || self.reason.chars().count() > LONGEST {
            return Err(format!("a note has at most {LONGEST} characters"));
        }
        if self.kim.is_some_and(|grade| grade > 2) {
            return Err("Kim's grade is 0, 1 or 2".to_owned());
        }
        let image = case.images.get(self.slice).ok_or("there is no such image")?;
        let (_, source) = study.image(*image);
        let measured = study.measured(source, case.side);
        let view = View::axial(&study.grid(*image));
        let own = match self.walls {
            None => None,
            Some(walls) => {
                let on =
                    |wall: &[f64; 2]| wall.iter().all(|at| at.is_finite()) && view.holds(*wall);
                if !walls.iter().all(on) {
                    return Err("the walls do not lie on the image".to_owned());
                }
                Some(walls.map(|[row, column]| view.plane.point(row, column)))
            }
        };
        let (width_mm, walls) = match self.seen {
            Seen::Open => match (own, measured) {
                (Some([front, back]), _) => {
                    let width = front.distance(back);
                    if !(0.05..=WIDEST).contains(&width) {
                        return Err(format!(
                            "the walls are {width:.1} mm apart; an open foramen is 0.1 to {WIDEST} mm \
                             wide. Is it occluded?"
                        ));
                    }
                    (Some(width), Some([front, back]))
                }
                (None, Some(side)) if !session.blind && side.width.is_some_and(|mm| mm > 0.0) => {
                    (side.width, side.walls)
                }
                _ => return Err("place both walls of the open foramen first".to_owned()),
            },
            Seen::Occluded => (Some(0.0), own),
            Seen::Pedicle | Seen::Unclear => (None, None),
        };
        if self.seen == Seen::Unclear && self.reason.trim().is_empty() {
            return Err("say why it cannot be evaluated".to_owned());
        }
        let automatic = case.row.image.as_ref().map(|chosen| Automatic {
            sop_instance_uid: chosen.sop_instance_uid.clone(),
            frame: chosen.frame,
            width_mm: case.row.width,
        });
        let place = Place {
            subject: case.subject.to_string(),
            level: case.level,
            side: case.side,
            sop_instance_uid: source.sop_instance_uid.clone(),
            frame: source.frame,
        };
        let reading = Reading {
            seen: self.seen,
            reason: self.reason.trim().to_owned(),
            width_mm,
            walls: walls.map(|walls| walls.map(|at| [at.x, at.y, at.z])),
            moved: own.is_some() && matches!(self.seen, Seen::Open | Seen::Occluded),
            problems: self.problems,
            kim: self.kim,
            note: self.note.trim().to_owned(),
            blind: session.blind && !revealed,
            automatic,
        };
        Ok((place, reading))
    }
}
