use ndarray::Array2;

use crate::{ImageError, Plane};

/// The image of a file from which a slice came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceSource {
    /// SOP Instance UID (0008,0018).
    pub sop_instance_uid: String,
    /// Frame within the instance, counted from 1 as DICOM does.
    pub frame: u32,
}

/// One image: intensities on a plane, `[row, column]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    plane: Plane,
    pixels: Array2<f32>,
    /// Slice Thickness (0018,0050) in millimetres, where known.
    pub thickness: Option<f64>,
    /// The source of the image, where known.
    pub source: Option<SliceSource>,
}

impl Slice {
    /// A slice from its plane, its intensities, `[row, column]`, and its thickness in
    /// millimetres: Slice Thickness (0018,0050), not the distance to the next slice.
    ///
    /// `None` says that the thickness is not known. What is round is then measured as if the
    /// slice were thin: a nerve root of 3.5 mm reads 3.2 mm in a slice of 3 mm, and grades by
    /// the root come out too mild.
    ///
    /// # Errors
    /// [`ImageError::Shape`] when there are no pixels, [`ImageError::Thickness`] when the
    /// thickness is zero, negative or not finite.
    pub fn new(
        plane: Plane,
        pixels: Array2<f32>,
        thickness: Option<f64>,
    ) -> Result<Self, ImageError> {
        let (rows, columns) = pixels.dim();
        if rows == 0 || columns == 0 {
            return Err(ImageError::Shape { rows, columns, values: 0 });
        }
        match thickness {
            Some(thickness) if !(thickness > 0.0 && thickness.is_finite()) => {
                Err(ImageError::Thickness { thickness })
            }
            _ => Ok(Self { plane, pixels, thickness, source: None }),
        }
    }

    /// A slice from its plane, shape, intensities row by row, and thickness as in
    /// [`Slice::new`].
    ///
    /// # Errors
    /// [`ImageError::Shape`] when the values do not fill the shape, [`ImageError::Thickness`]
    /// when the thickness is zero, negative or not finite.
    pub fn from_vec(
        plane: Plane,
        (rows, columns): (usize, usize),
        values: Vec<f32>,
        thickness: Option<f64>,
    ) -> Result<Self, ImageError> {
        let count = values.len();
        let pixels = Array2::from_shape_vec((rows, columns), values)
            .map_err(|_| ImageError::Shape { rows, columns, values: count })?;
        Self::new(plane, pixels, thickness)
    }

    /// The same slice with another thickness, in millimetres.
    #[must_use]
    pub fn with_thickness(mut self, thickness: f64) -> Self {
        self.thickness = Some(thickness);
        self
    }

    /// The same slice with its source.
    #[must_use]
    pub fn with_source(mut self, source: SliceSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Position and orientation of the slice.
    #[must_use]
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// The intensities, `[row, column]`.
    #[must_use]
    pub fn pixels(&self) -> &Array2<f32> {
        &self.pixels
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.pixels.nrows()
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.pixels.ncols()
    }

    /// The intensity at a position in pixels, by bilinear interpolation; `None`
    /// outside the outermost pixel centres.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the position is checked to lie within the array first"
    )]
    pub fn sample(&self, row: f64, column: f64) -> Option<f32> {
        let (rows, columns) = self.pixels.dim();
        let inside = |at: f64, n: usize| at >= 0.0 && at <= (n - 1) as f64;
        if !inside(row, rows) || !inside(column, columns) {
            return None;
        }
        let (r, c) = (row as usize, column as usize);
        let (r1, c1) = ((r + 1).min(rows - 1), (c + 1).min(columns - 1));
        let (fr, fc) = ((row - r as f64) as f32, (column - c as f64) as f32);
        let at = |r, c| self.pixels[[r, c]];
        let upper = at(r, c) * (1.0 - fc) + at(r, c1) * fc;
        let lower = at(r1, c) * (1.0 - fc) + at(r1, c1) * fc;
        Some(upper * (1.0 - fr) + lower * fr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spacing;
    use foramen_types::{Point, Vector};

    fn ramp() -> Slice {
        let plane = Plane::new(
            Point::default(),
            Vector::new(1.0, 0.0, 0.0),
            Vector::new(0.0, 1.0, 0.0),
            Spacing { row: 1.0, column: 1.0 },
        )
        .unwrap();
        Slice::new(plane, Array2::from_shape_fn((4, 5), |(r, c)| (10 * r + c) as f32), None)
            .unwrap()
    }

    #[test]
    fn a_linear_image_is_sampled_exactly() {
        assert_eq!(ramp().sample(1.25, 2.5), Some(15.0));
        assert_eq!(ramp().sample(3.0, 4.0), Some(34.0));
    }

    #[test]
    fn outside_is_none() {
        for (row, column) in [(-0.1, 0.0), (3.1, 0.0), (0.0, 4.1), (f64::NAN, 0.0)] {
            assert_eq!(ramp().sample(row, column), None);
        }
    }

    #[test]
    fn values_must_fill_the_shape() {
        let refused = Slice::from_vec(*ramp().plane(), (2, 2), vec![0.0; 3], None);
        assert!(matches!(refused, Err(ImageError::Shape { values: 3, .. })));
    }

    #[test]
    fn a_thickness_is_positive_or_unknown() {
        let made = |thickness| Slice::from_vec(*ramp().plane(), (1, 1), vec![0.0], thickness);
        for thickness in [None, Some(3.0)] {
            assert_eq!(made(thickness).unwrap().thickness, thickness);
        }
        for thickness in [0.0, -3.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(made(Some(thickness)), Err(ImageError::Thickness { .. })));
        }
    }
}
