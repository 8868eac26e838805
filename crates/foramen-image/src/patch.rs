use foramen_types::{Point, Side, Vector};
use ndarray::Array2;

use crate::{ImageError, Plane, Slice, Spacing, Window};

/// The physical size and resolution of a patch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PatchFrame {
    /// Length of each edge, millimetres. Default 50: it includes the foramen with its root, the
    /// facet joint, half the cord and the disc, in any position of the head.
    pub edge: f64,
    /// Pixels along each edge. Default 100: 0.5 mm, the usual in-plane
    /// resolution of an axial cervical series.
    pub pixels: usize,
}

impl Default for PatchFrame {
    fn default() -> Self {
        Self { edge: 50.0, pixels: 100 }
    }
}

impl PatchFrame {
    /// The same frame with another edge in millimetres.
    #[must_use]
    pub fn with_edge(mut self, edge: f64) -> Self {
        self.edge = edge;
        self
    }

    /// The same frame with another number of pixels along each edge.
    #[must_use]
    pub fn with_pixels(mut self, pixels: usize) -> Self {
        self.pixels = pixels;
        self
    }
}

/// A square cut from a slice in a fixed patient frame: rows run from front to back, and the treated
/// side is at image left (patches of the patient's left are mirrored), so that all foramina have
/// the same orientation.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    pixels: Array2<f32>,
    plane: Plane,
    side: Side,
}

impl Patch {
    /// Cuts a patch centred on `centre` (projected onto the slice) out of a slice, on the scale of
    /// `window`; pixels outside the slice are 0.
    ///
    /// The columns of the patch run along the patient's right–left axis within the slice, so the
    /// patch is upright for any order of image rows: reversed rows, feet first and prone all give
    /// the same patch.
    ///
    /// # Errors
    /// [`ImageError::Spacing`] for a frame without size, and
    /// [`ImageError::NotOrthonormal`] for a slice that is sagittal.
    pub fn cut(
        slice: &Slice,
        centre: Point,
        side: Side,
        frame: PatchFrame,
        window: Window,
    ) -> Result<Self, ImageError> {
        let normal = slice.plane().cranial_normal();
        // Image left is the patient's right for a right foramen, and the
        // patient's left, mirrored, for a left one.
        let towards_midline = Vector::new(-side.sign(), 0.0, 0.0);
        let in_plane = towards_midline - normal * towards_midline.dot(normal);
        let skewed = ImageError::NotOrthonormal {
            row_length: in_plane.length(),
            column_length: 1.0,
            product: 0.0,
        };
        if in_plane.length() < 0.5 {
            return Err(skewed);
        }
        let Some(along_row) = in_plane.unit() else { return Err(skewed) };
        let back = normal.cross(along_row);
        let back = if back.y < 0.0 { -back } else { back };
        let mm = frame.edge / frame.pixels as f64;
        let spacing = Spacing { row: mm, column: mm };
        let middle = (frame.pixels as f64 - 1.0) / 2.0 * mm;
        let centre = centre - normal * slice.plane().distance(centre);
        let corner = centre - along_row * middle - back * middle;
        let plane = Plane::new(corner, along_row, back, spacing)?;
        let pixels = slice.resample(&plane, frame.pixels, frame.pixels, window.low());
        Ok(Self { pixels: window.map(&pixels), plane, side })
    }

    /// The pixels, `[row, column]`, on the scale of the window: about 0 to 1.
    #[must_use]
    pub fn pixels(&self) -> &Array2<f32> {
        &self.pixels
    }

    /// Position of the patch in the patient; [`Plane::point`] converts pixels of the patch to
    /// patient points, undoing crop and mirror.
    #[must_use]
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// The side at the left of the image.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body whose left half is brighter, drawn with rows and columns running
    /// as given.
    fn body(along_row: Vector, along_column: Vector) -> Slice {
        let spacing = Spacing { row: 0.8, column: 0.8 };
        let corner = Point::default() - along_row * (50.0 * 0.8) - along_column * (50.0 * 0.8);
        let plane = Plane::new(corner, along_row, along_column, spacing).unwrap();
        let pixels = Array2::from_shape_fn((101, 101), |(r, c)| {
            let at = plane.point(r as f64, c as f64);
            (100.0 + at.x + 3.0 * at.y) as f32
        });
        Slice::new(plane, pixels, None).unwrap()
    }

    #[test]
    fn every_way_of_drawing_gives_the_same_patch() {
        let (x, y) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        let frame = PatchFrame::default().with_edge(20.0).with_pixels(20);
        let cut = |slice: &Slice| {
            Patch::cut(slice, Point::new(9.0, 1.0, 0.0), Side::Left, frame, Window::new(0.0, 1.0))
                .unwrap()
        };
        let usual = cut(&body(x, y));
        for (row, column) in [(x, -y), (-x, y), (-x, -y), (y, x)] {
            let other = cut(&body(row, column));
            let worst = (usual.pixels() - other.pixels()).iter().fold(0f32, |m, d| m.max(d.abs()));
            assert!(worst < 1e-3, "{worst}");
        }
    }

    #[test]
    fn the_treated_side_is_at_image_left_and_front_is_up() {
        let (x, y) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        let slice = body(x, y);
        for side in Side::BOTH {
            let centre = Point::new(10.0 * side.sign(), 0.0, 0.0);
            let patch =
                Patch::cut(&slice, centre, side, PatchFrame::default(), Window::new(0.0, 1.0))
                    .unwrap();
            let left_edge = patch.plane().point(50.0, 0.0);
            let right_edge = patch.plane().point(50.0, 99.0);
            assert!(left_edge.x * side.sign() > right_edge.x * side.sign());
            assert!(patch.plane().point(0.0, 0.0).y < patch.plane().point(99.0, 0.0).y);
            assert!(patch.plane().point(49.5, 49.5).distance(centre) < 1e-9);
        }
    }

    #[test]
    fn every_step_can_be_undone() {
        let (x, y) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        let slice = body(x, y);
        let window = Window::new(40.0, 160.0);
        let frame = PatchFrame::default().with_edge(20.0).with_pixels(40);
        let centre = Point::new(9.0, 1.0, 0.0);
        for side in Side::BOTH {
            let patch = Patch::cut(&slice, centre, side, frame, window).unwrap();
            for ((row, column), value) in patch.pixels().indexed_iter() {
                let place = patch.plane().point(row as f64, column as f64);
                let (row, column) = slice.plane().pixel(place);
                let seen = slice.sample(row, column).unwrap();
                assert!((window.undo(*value) - seen).abs() < 0.01, "{side}, {place:?}");
            }
        }
    }
}
