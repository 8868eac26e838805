use foramen_types::Side;
use serde_json::{Value, json};

use super::Api;
use crate::case::{Case, CaseImage, CaseSlice};
use crate::doubt::doubt;
use crate::entry::{Kind, Row};
use crate::failure::Failure;
use crate::standing::Standing;
use crate::view::View;

impl Api {
    /// All data of one case. Before a blinded reader has answered it, the automatic choice and
    /// other readers' answers are left out.
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
        let grid = self.study.grid(image);
        let view = View::axial(&grid);
        let spacing = view.plane.spacing();
        let mut slice = json!({
            "rows": view.rows, "columns": view.columns,
            "spacing_mm": [spacing.row, spacing.column], "series": image.series,
            "offset_mm": self.study.offset(case, image),
            "disc": self.study.disc(header, case.level).map(|disc| view.pixel(disc.point)),
            "reformatted": matches!(image.slice, CaseSlice::Made(_)),
        });
        if let (Some(stack), Some(middle)) = (case.sagittal, middle) {
            let sagittal = &self.study.scan.stacks[stack];
            let view = View::sagittal(sagittal, middle);
            // What is made of a volume lies in its frame, whether that has a name or not.
            let is_one_frame = stack == image.stack || sagittal.shares_frame_with(header);
            let line = is_one_frame.then(|| sagittal.cut_by(middle, &grid.plane, grid.size));
            let ends = |(from, to)| [view.pixel(from), view.pixel(to)];
            slice["line"] = json!(line.flatten().map(ends));
        }
        let centre = if shown {
            self.study.expected(case, image)
        } else {
            self.study.beside_disc(case, image)
        };
        let centre = centre.map(|centre| view.pixel(centre)).filter(|at| view.holds(*at));
        slice["centre"] = json!(centre);
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

    /// The sagittal slice nearest the discs, and the marks to be drawn on it.
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
            let view = View::axial(&self.study.grid(case.images[at]));
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
}
