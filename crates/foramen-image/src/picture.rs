use std::io::Write;

use ndarray::Array2;

use crate::{ImageError, Window};

mod text;

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// An RGB picture for people, `[row, column]`, with anti-aliased drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    rows: usize,
    columns: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture of one colour.
    #[must_use]
    pub fn filled(rows: usize, columns: usize, Colour(r, g, b): Colour) -> Self {
        Self { rows, columns, rgb: [r, g, b].repeat(rows * columns) }
    }

    /// A grey picture of intensities, `[row, column]`, black at the lower end of
    /// the window and white at the upper.
    #[must_use]
    pub fn from_pixels(pixels: &Array2<f32>, window: Window) -> Self {
        let (rows, columns) = pixels.dim();
        let rgb = pixels.iter().flat_map(|value| [grey(window.apply(*value)); 3]).collect();
        Self { rows, columns, rgb }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The colour of a pixel; `None` outside.
    #[must_use]
    pub fn colour(&self, row: usize, column: usize) -> Option<Colour> {
        let at = self.offset(row, column)?;
        Some(Colour(self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]))
    }

    /// Mixes a colour into a pixel, `opacity` 0 to 1; nothing happens outside.
    pub fn blend(&mut self, row: usize, column: usize, colour: Colour, opacity: f32) {
        let Some(at) = self.offset(row, column) else { return };
        let opacity = opacity.clamp(0.0, 1.0);
        for (old, new) in self.rgb[at..at + 3].iter_mut().zip([colour.0, colour.1, colour.2]) {
            let mixed = f32::from(*old) * (1.0 - opacity) + f32::from(new) * opacity;
            *old = grey(mixed / 255.0);
        }
    }

    /// Draws a line `width` pixels wide between two positions `(row, column)`.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, colour: Colour) {
        let reach = width / 2.0 + 1.0;
        let (along_r, along_c) = (to.0 - from.0, to.1 - from.1);
        let length2 = along_r * along_r + along_c * along_c;
        let rows = span(from.0.min(to.0) - reach, from.0.max(to.0) + reach, self.rows);
        let columns = span(from.1.min(to.1) - reach, from.1.max(to.1) + reach, self.columns);
        for row in rows {
            for column in columns.clone() {
                let (r, c) = (row as f64 - from.0, column as f64 - from.1);
                let t = if length2 > 0.0 {
                    ((r * along_r + c * along_c) / length2).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let away = (r - t * along_r).hypot(c - t * along_c);
                #[expect(clippy::cast_possible_truncation, reason = "an opacity, 0 to 1")]
                let opacity = (width / 2.0 + 0.5 - away).clamp(0.0, 1.0) as f32;
                self.blend(row, column, colour, opacity);
            }
        }
    }

    /// Draws lines through positions `(row, column)`.
    pub fn polyline(&mut self, points: &[(f64, f64)], width: f64, colour: Colour) {
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], width, colour);
        }
    }

    /// Copies another picture onto this one with its first pixel at `(row, column)`; parts outside
    /// are left out.
    pub fn paste(&mut self, other: &Self, row: usize, column: usize) {
        for r in 0..other.rows {
            for c in 0..other.columns {
                if let Some(colour) = other.colour(r, c) {
                    self.blend(row + r, column + c, colour, 1.0);
                }
            }
        }
    }

    /// Writes the picture as PNG.
    ///
    /// # Errors
    /// [`ImageError::Png`] when the writer fails or the picture is empty.
    pub fn write_png(&self, writer: impl Write) -> Result<(), ImageError> {
        let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(writer, size(self.columns), size(self.rows));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.rgb)?;
        Ok(writer.finish()?)
    }

    fn offset(&self, row: usize, column: usize) -> Option<usize> {
        (row < self.rows && column < self.columns).then(|| 3 * (row * self.columns + column))
    }
}

/// 0 to 1 as a byte, clamped.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 255 first"
)]
fn grey(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// The whole numbers from `low` to `high` that are below `n`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to n first"
)]
fn span(low: f64, high: f64, n: usize) -> std::ops::Range<usize> {
    let clamp = |value: f64| value.clamp(0.0, n as f64) as usize;
    clamp(low.floor())..clamp(high.ceil() + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_covers_what_lies_under_it() {
        let mut picture = Picture::filled(9, 9, Colour(0, 0, 0));
        picture.line((4.0, 1.0), (4.0, 7.0), 1.0, Colour(255, 0, 0));
        assert_eq!(picture.colour(4, 4), Some(Colour(255, 0, 0)));
        assert_eq!(picture.colour(6, 4), Some(Colour(0, 0, 0)));
        picture.line((-50.0, f64::NAN), (50.0, 3.0), 1.0, Colour(0, 0, 255));
    }

    #[test]
    fn png_round_trips() {
        let pixels = Array2::from_shape_fn((3, 4), |(r, c)| (r * 4 + c) as f32);
        let picture = Picture::from_pixels(&pixels, Window::new(0.0, 11.0));
        let mut bytes = Vec::new();
        picture.write_png(&mut bytes).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!((info.width, info.height), (4, 3));
        assert_eq!(rgb, picture.rgb);
    }
}
