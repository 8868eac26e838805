use foramen_image::{Colour, Picture, Slice, Window};
use foramen_types::Side;

use crate::drawing::draw;
use crate::{Choice, ForamenHeights, SliceMeasurement, State};

/// Size of a plot in pixels: as wide as the picture above it.
const SIZE: (usize, usize) = (190, 513);
/// Pixels around the plotted field: above, right, below, left.
const MARGIN: (f64, f64, f64, f64) = (14.0, 16.0, 58.0, 44.0);
/// The plotted widths extend at least to this value, in millimetres.
const WIDEST: f64 = 6.0;

const PAPER: Colour = Colour(18, 20, 24);
const BETWEEN: Colour = Colour(34, 40, 48);
const GRID: Colour = Colour(60, 64, 72);
const LETTER: Colour = Colour(200, 204, 210);
const OPEN: Colour = Colour(80, 200, 255);
const OTHER_SIDE: Colour = Colour(120, 120, 130);
const SHUT: Colour = Colour(255, 160, 60);
const CLOSED: Colour = Colour(200, 204, 210);
const REFUSED: Colour = Colour(220, 120, 220);
const CHOSEN: Colour = Colour(255, 80, 60);

/// Draws a decision about one side: the chosen slice as [`draw`] does, with the
/// chosen foramina, and below it the profile as [`draw_profile`] does.
#[must_use]
pub fn draw_decision(
    slice: &Slice,
    measurement: &SliceMeasurement,
    (window, side): (Window, Side),
    profile: &[Choice],
    chosen: &Choice,
    heights: Option<&ForamenHeights>,
) -> Picture {
    let (this, other) = (chosen.foramen.clone(), chosen.contralateral.clone());
    let (left, right) = if side == Side::Left { (this, other) } else { (other, this) };
    let chosen_slice = SliceMeasurement { canal: measurement.canal, left, right };
    let above = draw(slice, &chosen_slice, window);
    let below = draw_profile(profile, Some(chosen), heights);
    let columns = above.columns().max(below.columns());
    let mut both = Picture::filled(above.rows() + below.rows(), columns, PAPER);
    both.paste(&above, 0, 0);
    both.paste(&below, above.rows(), 0);
    both
}

/// Plots a profile: the width of the foramen, in millimetres, over the height of
/// the slice above or below the disc, feet at the left.
///
/// Open slices are blue discs, occluded ones orange squares at 0, closed ones hollow squares and
/// refused ones crosses below the field; the chosen one is marked in red. Small grey dots are the
/// other side. A lighter background marks the heights of the foramen between its pedicles, where
/// the sagittal series shows them.
#[must_use]
pub fn draw_profile(
    profile: &[Choice],
    chosen: Option<&Choice>,
    heights: Option<&ForamenHeights>,
) -> Picture {
    let field = Field::of(profile);
    let mut picture = Picture::filled(SIZE.0, SIZE.1, PAPER);
    if let Some(heights) = heights {
        let (low, high) = heights.range();
        let [from, to] = [low.max(field.reach.0), high.min(field.reach.1)].map(|x| field.column(x));
        let whole = |value: f64| crate::frame::whole(value.max(0.0));
        let (top, bottom) = (whole(field.row(field.widest)), whole(field.row(0.0)));
        let ground = Picture::filled(bottom - top, whole(to).saturating_sub(whole(from)), BETWEEN);
        picture.paste(&ground, top, whole(from));
    }
    field.axes(&mut picture);
    if let Some(chosen) = chosen {
        let column = field.column(chosen.offset);
        picture.line((field.row(field.widest), column), (field.strip(), column), 1.5, CHOSEN);
    }
    let open: Vec<(f64, f64)> = profile.iter().filter_map(|choice| field.open(choice)).collect();
    picture.polyline(&open, 1.0, OPEN);
    for choice in profile {
        let column = field.column(choice.offset);
        if let Some(width) = choice.contralateral.width {
            picture.line((field.row(width), column), (field.row(width), column), 4.0, OTHER_SIDE);
        }
        mark(&mut picture, choice.foramen.state, field.place(choice));
    }
    if let Some(chosen) = chosen {
        let (row, column) = field.place(chosen);
        frame(&mut picture, (row, column), 8.0, CHOSEN);
        if let Some(width) = chosen.foramen.width {
            let text = format!("{width:.1} mm");
            let left = if column < SIZE.1 as f64 - 100.0 { column + 12.0 } else { column - 84.0 };
            write(&mut picture, &text, (row - 20.0, left), CHOSEN);
        }
    }
    legend(&mut picture);
    picture
}

/// The mapping from values to pixels of a plot.
struct Field {
    widest: f64,
    reach: (f64, f64),
}

impl Field {
    fn of(profile: &[Choice]) -> Self {
        let widths = profile
            .iter()
            .flat_map(|choice| [choice.foramen.width, choice.contralateral.width])
            .flatten();
        let offsets = || profile.iter().map(|choice| choice.offset);
        Self {
            widest: widths.fold(WIDEST, f64::max).ceil(),
            reach: (offsets().fold(-5.0, f64::min), offsets().fold(7.0, f64::max)),
        }
    }

    fn row(&self, width: f64) -> f64 {
        let (top, bottom) = (MARGIN.0, SIZE.0 as f64 - MARGIN.2);
        bottom - width / self.widest * (bottom - top)
    }

    fn column(&self, offset: f64) -> f64 {
        let (left, right) = (MARGIN.3, SIZE.1 as f64 - MARGIN.1);
        left + (offset - self.reach.0) / (self.reach.1 - self.reach.0) * (right - left)
    }

    /// The row below the field with the marks of slices without a width.
    fn strip(&self) -> f64 {
        self.row(0.0) + 14.0
    }

    fn open(&self, choice: &Choice) -> Option<(f64, f64)> {
        let is_open = choice.foramen.state == State::Open;
        let width = choice.foramen.width.filter(|_| is_open)?;
        Some((self.row(width), self.column(choice.offset)))
    }

    fn place(&self, choice: &Choice) -> (f64, f64) {
        let row = choice.foramen.width.map_or(self.strip(), |width| self.row(width));
        (row, self.column(choice.offset))
    }

    fn axes(&self, picture: &mut Picture) {
        let mut width = 0.0;
        while width <= self.widest {
            let row = self.row(width);
            picture.line((row, MARGIN.3), (row, SIZE.1 as f64 - MARGIN.1), 1.0, GRID);
            write(picture, &format!("{width:.0}"), (row - 6.0, MARGIN.3 - 20.0), LETTER);
            width += 2.0;
        }
        write(picture, "mm", (self.row(0.0) + 22.0, 0.0), LETTER);
        for offset in [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0] {
            let column = self.column(offset);
            picture.line((self.row(0.0), column), (self.row(0.0) + 4.0, column), 1.0, GRID);
            let text = format!("{offset:+.0}").replace("+0", "0");
            let row = self.row(0.0) + 22.0;
            write(picture, &text, (row, column - 6.0 * text.len() as f64), LETTER);
        }
    }
}

fn mark(picture: &mut Picture, state: State, (row, column): (f64, f64)) {
    match state {
        State::Open => picture.line((row, column), (row, column), 8.0, OPEN),
        State::Occluded => {
            for half in [1.0, 2.0, 3.0, 4.0] {
                frame(picture, (row, column), half, SHUT);
            }
        }
        State::Pedicle | State::Shut => frame(picture, (row, column), 4.0, CLOSED),
        State::Refused => {
            for turn in [-4.0, 4.0] {
                let (from, to) = ((row - 4.0, column - turn), (row + 4.0, column + turn));
                picture.line(from, to, 1.5, REFUSED);
            }
        }
    }
}

/// A hollow square.
fn frame(picture: &mut Picture, (row, column): (f64, f64), half: f64, colour: Colour) {
    let corner = |down: f64, right: f64| (row + down * half, column + right * half);
    let corners = [corner(-1.0, -1.0), corner(-1.0, 1.0), corner(1.0, 1.0), corner(1.0, -1.0)];
    let around = [corners[0], corners[1], corners[2], corners[3], corners[0]];
    picture.polyline(&around, 1.5, colour);
}

/// Draws the legend of the marks.
fn legend(picture: &mut Picture) {
    let row = SIZE.0 as f64 - 12.0;
    let mut column = MARGIN.3;
    for state in [State::Open, State::Occluded, State::Pedicle, State::Refused] {
        mark(picture, state, (row, column));
        write(picture, state.name(), (row - 6.0, column + 12.0), LETTER);
        column += 12.0 * state.name().len() as f64 + 44.0;
    }
}

/// Text with its upper left at a place.
fn write(picture: &mut Picture, text: &str, (row, column): (f64, f64), colour: Colour) {
    let whole = |value: f64| crate::frame::whole(value.max(0.0));
    picture.text(text, (whole(row), whole(column)), 2, colour);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Foramen, RefusalReason};

    fn choice(offset: f64, state: State, width: Option<f64>) -> Choice {
        let refused = Foramen::refused(RefusalReason::NoWalls);
        let foramen = Foramen { state, width, ..refused.clone() };
        Choice { stack: 0, slice: 0, offset, foramen, contralateral: refused, height_odds: 0.0 }
    }

    #[test]
    fn states_are_told_apart_and_the_chosen_is_marked() {
        let profile = [
            choice(-4.0, State::Pedicle, None),
            choice(-1.0, State::Occluded, Some(0.0)),
            choice(2.0, State::Open, Some(3.0)),
            choice(4.5, State::Refused, None),
        ];
        let field = Field::of(&profile);
        let picture = draw_profile(&profile, Some(&profile[1]), None);
        let colour = |choice: &Choice, off: f64| {
            let (row, column) = field.place(choice);
            let at = |value: f64| crate::frame::whole(value.round());
            picture.colour(at(row), at(column + off)).unwrap()
        };
        assert_eq!(colour(&profile[2], 0.0), OPEN);
        assert_eq!(colour(&profile[1], 2.0), SHUT);
        // A closed one is hollow.
        assert_eq!(colour(&profile[0], 0.0), PAPER);
        assert!(colour(&profile[0], 4.0) != PAPER);
        assert!(colour(&profile[3], 0.0) != PAPER);
        assert!(field.row(3.0) < field.row(0.0) && field.row(0.0) < field.strip());
        let none = draw_profile(&[], None, Some(&ForamenHeights::usual()));
        assert_eq!((none.rows(), none.columns()), SIZE);
    }
}
