//! All slices of a volume in one picture, in radiological orientation.

use foramen_dicom::{Grid, Volume};
use foramen_image::ndarray::{Array2, ArrayView2, Axis};
use foramen_image::{Colour, Picture, Window};
use foramen_types::Vector;

/// Slices in a row.
const WIDE: usize = 6;
const LETTER: Colour = Colour(255, 220, 90);

/// Draws every slice in the fixed orientation of its plane, pixels square: axial from below
/// (patient's right at the left, front up), coronal from the front (right at the left, head up),
/// sagittal with the front at the left and the head up. Each is marked with the sides at its edges
/// and its number, from 0, so that it cannot be mistaken for its mirror image; the first and the
/// last also show their end of the patient, at the upper right.
#[must_use]
pub(crate) fn contact_sheet(volume: &Volume) -> Picture {
    let hanging = Hanging::of(&volume.grid);
    let window = window(volume);
    let pictures: Vec<Picture> = volume
        .voxels
        .outer_iter()
        .enumerate()
        .map(|(number, slice)| {
            let mut picture = Picture::from_pixels(&hanging.turn(slice), window);
            hanging.mark(&mut picture, &number.to_string());
            let end = if number == 0 { -volume.grid.slice } else { volume.grid.slice };
            let slices = volume.voxels.shape()[0];
            if slices > 1 && (number == 0 || number + 1 == slices) {
                mark_end(&mut picture, side(end));
            }
            picture
        })
        .collect();
    let Some(first) = pictures.first() else { return Picture::filled(0, 0, Colour(0, 0, 0)) };
    let (rows, columns) = (first.rows() + 2, first.columns() + 2);
    let high = pictures.len().div_ceil(WIDE) * rows;
    let mut sheet = Picture::filled(high, pictures.len().min(WIDE) * columns, Colour(40, 40, 40));
    for (index, picture) in pictures.iter().enumerate() {
        sheet.paste(picture, index / WIDE * rows + 1, index % WIDE * columns + 1);
    }
    sheet
}

/// How slices are turned before they are shown.
struct Hanging {
    /// Directions to the right and down in the shown picture, with the length of
    /// a pixel.
    across: Vector,
    down: Vector,
    transposed: bool,
    flipped_rows: bool,
    flipped_columns: bool,
}

impl Hanging {
    fn of(grid: &Grid) -> Self {
        let normal = grid.row.cross(grid.column).unit().unwrap_or_default();
        let (left, back, feet) =
            (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0), Vector::new(0.0, 0.0, -1.0));
        let sizes = [normal.x.abs(), normal.y.abs(), normal.z.abs()];
        let (across, down) = match sizes {
            [x, y, z] if x > y && x > z => (back, feet),
            [_, y, z] if y > z => (left, feet),
            _ => (left, back),
        };
        // The nearer of the two axes goes across; turning by less than a quarter
        // would blur the pixels.
        let transposed = across.dot(grid.row).abs() > across.dot(grid.column).abs();
        let (a, d) = if transposed { (grid.row, grid.column) } else { (grid.column, grid.row) };
        let (flipped_columns, flipped_rows) = (a.dot(across) < 0.0, d.dot(down) < 0.0);
        let signed = |v: Vector, flipped: bool| if flipped { -v } else { v };
        Self {
            across: signed(a, flipped_columns),
            down: signed(d, flipped_rows),
            transposed,
            flipped_rows,
            flipped_columns,
        }
    }

    /// The pixels as they are shown, repeated where they are not square.
    fn turn(&self, mut slice: ArrayView2<'_, f32>) -> Array2<f32> {
        if self.transposed {
            slice = slice.reversed_axes();
        }
        if self.flipped_rows {
            slice.invert_axis(Axis(0));
        }
        if self.flipped_columns {
            slice.invert_axis(Axis(1));
        }
        let (high, wide) = (self.down.length(), self.across.length());
        let pixel = high.min(wide);
        let (rows, columns) = slice.dim();
        let shown = (whole(rows as f64 * high / pixel), whole(columns as f64 * wide / pixel));
        let nearest = |at: usize, size: f64, n: usize| {
            whole((at as f64 + 0.5) * pixel / size - 0.5).min(n - 1)
        };
        Array2::from_shape_fn(shown, |(row, column)| {
            slice[[nearest(row, high, rows), nearest(column, wide, columns)]]
        })
    }

    fn mark(&self, picture: &mut Picture, number: &str) {
        let scale = scale(picture);
        let (middle, right) = (picture.rows() / 2, picture.columns().saturating_sub(7 * scale));
        glyph(picture, side(-self.across), (middle, 2 * scale), scale);
        glyph(picture, side(self.across), (middle, right), scale);
        glyph(picture, side(-self.down), (2 * scale, picture.columns() / 2), scale);
        for (place, digit) in number.chars().enumerate() {
            glyph(picture, digit, (2 * scale, (2 + 6 * place) * scale), scale);
        }
    }
}

/// Marks the first and the last slice with their end of the patient.
fn mark_end(picture: &mut Picture, end: char) {
    let scale = scale(picture);
    let right = picture.columns().saturating_sub(7 * scale);
    glyph(picture, end, (2 * scale, right), scale);
}

/// The size of a dot of a letter, in pixels.
fn scale(picture: &Picture) -> usize {
    (picture.rows().min(picture.columns()) / 100).max(1)
}

/// The side of the patient in a direction.
fn side(direction: Vector) -> char {
    let Vector { x, y, z } = direction;
    match [x.abs(), y.abs(), z.abs()] {
        [ax, ay, az] if ax >= ay && ax >= az => {
            if x > 0.0 {
                'L'
            } else {
                'R'
            }
        }
        [_, ay, az] if ay >= az => {
            if y > 0.0 {
                'P'
            } else {
                'A'
            }
        }
        _ => {
            if z > 0.0 {
                'H'
            } else {
                'F'
            }
        }
    }
}

fn glyph(picture: &mut Picture, letter: char, (top, left): (usize, usize), scale: usize) {
    // A dark field, so that letters can be read on bright fat too.
    for row in top.saturating_sub(scale)..top + 8 * scale {
        for column in left.saturating_sub(scale)..left + 6 * scale {
            picture.blend(row, column, Colour(0, 0, 0), 0.6);
        }
    }
    picture.text(&letter.to_string(), (top, left), scale, LETTER);
}

/// A window from the 1 % quantile of the intensities to the 98 % quantile.
fn window(volume: &Volume) -> Window {
    let mut sorted: Vec<f32> = volume.voxels.iter().step_by(7).copied().collect();
    sorted.sort_by(f32::total_cmp);
    let at = |part: f64| sorted.get(whole(part * (sorted.len() as f64 - 1.0))).copied();
    match (at(0.01), at(0.98)) {
        (Some(low), Some(high)) if high > low => Window::new(low, high),
        (Some(low), _) => Window::new(low, low + 1.0),
        _ => Window::new(0.0, 1.0),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of pixels; what is negative becomes 0"
)]
fn whole(value: f64) -> usize {
    value.round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_those_of_the_patient() {
        assert_eq!(side(Vector::new(-0.9, 0.3, 0.1)), 'R');
        assert_eq!(side(Vector::new(0.1, -0.9, 0.3)), 'A');
        assert_eq!(side(Vector::new(0.1, 0.3, -0.9)), 'F');
    }
}
