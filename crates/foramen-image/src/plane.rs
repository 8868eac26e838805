use foramen_types::{Point, Vector};

use crate::ImageError;

/// Greatest deviation of direction cosines from unit length and right angle: scanners round them to
/// about six decimals.
const DIRECTION_TOLERANCE: f64 = 1e-3;

/// The distances between neighbouring pixel centres, in millimetres.
///
/// DICOM Pixel Spacing (0028,0030) gives them in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing {
    /// Distance between rows: along a column.
    pub row: f64,
    /// Distance between columns: along a row.
    pub column: f64,
}

/// Position and orientation of a rectangle of pixels in the patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    origin: Point,
    along_row: Vector,
    along_column: Vector,
    spacing: Spacing,
}

impl Plane {
    /// Creates a plane from the centre of its first pixel (Image Position Patient), the direction
    /// in which the column index grows (first triple of Image Orientation Patient), the direction
    /// in which the row index grows (second triple), and the spacing.
    ///
    /// The directions are made exactly orthonormal.
    ///
    /// # Errors
    /// [`ImageError::Position`], [`ImageError::Spacing`] and
    /// [`ImageError::NotOrthonormal`] (more than 0.001 off).
    pub fn new(
        origin: Point,
        along_row: Vector,
        along_column: Vector,
        spacing: Spacing,
    ) -> Result<Self, ImageError> {
        if !origin.is_finite() {
            return Err(ImageError::Position);
        }
        let positive = |mm: f64| mm.is_finite() && mm > 0.0;
        if !positive(spacing.row) || !positive(spacing.column) {
            return Err(ImageError::Spacing { row: spacing.row, column: spacing.column });
        }
        let (row_length, column_length) = (along_row.length(), along_column.length());
        let product = along_row.dot(along_column);
        let near = |value: f64, target: f64| (value - target).abs() <= DIRECTION_TOLERANCE;
        let refused = ImageError::NotOrthonormal { row_length, column_length, product };
        if !near(row_length, 1.0) || !near(column_length, 1.0) || !near(product, 0.0) {
            return Err(refused);
        }
        let Some(row) = along_row.unit() else { return Err(refused) };
        let Some(column) = (along_column - row * along_column.dot(row)).unit() else {
            return Err(refused);
        };
        Ok(Self { origin, along_row: row, along_column: column, spacing })
    }

    /// The centre of the pixel at row 0, column 0.
    #[must_use]
    pub fn origin(&self) -> Point {
        self.origin
    }

    /// The unit direction in which the column index grows.
    #[must_use]
    pub fn along_row(&self) -> Vector {
        self.along_row
    }

    /// The unit direction in which the row index grows.
    #[must_use]
    pub fn along_column(&self) -> Vector {
        self.along_column
    }

    /// The distances between rows and between columns.
    #[must_use]
    pub fn spacing(&self) -> Spacing {
        self.spacing
    }

    /// The unit normal: along a row × along a column, as in DICOM. It points to the head in an
    /// axial image in the usual orientation.
    #[must_use]
    pub fn normal(&self) -> Vector {
        self.along_row.cross(self.along_column)
    }

    /// The normal, turned so that it points to the head (larger z), whichever
    /// way the rows and columns run.
    #[must_use]
    pub fn cranial_normal(&self) -> Vector {
        let normal = self.normal();
        if normal.z < 0.0 { -normal } else { normal }
    }

    /// The point in the patient at a pixel position (centres are whole numbers).
    #[must_use]
    pub fn point(&self, row: f64, column: f64) -> Point {
        self.origin
            + self.along_row * (column * self.spacing.column)
            + self.along_column * (row * self.spacing.row)
    }

    /// The pixel position `(row, column)` of a point, projected onto the plane along the normal.
    #[must_use]
    pub fn pixel(&self, point: Point) -> (f64, f64) {
        let from_origin = point - self.origin;
        (
            from_origin.dot(self.along_column) / self.spacing.row,
            from_origin.dot(self.along_row) / self.spacing.column,
        )
    }

    /// The signed distance of a point from the plane along the cranial normal, in millimetres:
    /// positive if the point is nearer the head.
    #[must_use]
    pub fn distance(&self, point: Point) -> f64 {
        (point - self.origin).dot(self.cranial_normal())
    }

    /// The angle to another plane, in degrees, 0 to 90.
    #[must_use]
    pub fn angle(&self, other: &Self) -> f64 {
        self.normal().dot(other.normal()).abs().min(1.0).acos().to_degrees()
    }

    /// The same plane with its origin moved by whole or fractional pixels.
    #[must_use]
    pub fn shifted(&self, row: f64, column: f64) -> Self {
        Self { origin: self.point(row, column), ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tilted(angle: f64) -> Plane {
        Plane::new(
            Point::new(1.0, 2.0, 3.0),
            Vector::new(1.0, 0.0, 0.0),
            Vector::new(0.0, angle.cos(), -angle.sin()),
            Spacing { row: 0.5, column: 0.7 },
        )
        .unwrap()
    }

    #[test]
    fn spacing_is_row_first() {
        let plane = tilted(0.0);
        assert_eq!(plane.point(1.0, 0.0) - plane.origin(), Vector::new(0.0, 0.5, 0.0));
        assert!((plane.point(0.0, 1.0).x - 1.7).abs() < 1e-12);
    }

    #[test]
    fn distance_is_cranial_whichever_way_rows_run() {
        let head = Point::new(0.0, 0.0, 13.0);
        let feet_first = Plane::new(
            Point::new(1.0, 2.0, 3.0),
            Vector::new(1.0, 0.0, 0.0),
            Vector::new(0.0, -1.0, 0.0),
            Spacing { row: 1.0, column: 1.0 },
        )
        .unwrap();
        assert!((tilted(0.0).distance(head) - 10.0).abs() < 1e-12);
        assert!((feet_first.distance(head) - 10.0).abs() < 1e-12);
    }

    #[test]
    fn skewed_directions_are_refused() {
        let (row, column) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.1, 1.0, 0.0));
        let plane = Plane::new(Point::default(), row, column, Spacing { row: 1.0, column: 1.0 });
        assert!(matches!(plane, Err(ImageError::NotOrthonormal { .. })));
    }

    proptest! {
        #[test]
        fn pixels_and_points_round_trip(
            angle in -1.0..1.0, row in -300.0..300.0, column in -300.0..300.0,
        ) {
            let plane = tilted(angle);
            let point = plane.point(row, column);
            let (r, c) = plane.pixel(point);
            prop_assert!((r - row).abs() < 1e-9 && (c - column).abs() < 1e-9);
            prop_assert!(plane.distance(point).abs() < 1e-9);
        }
    }
}
