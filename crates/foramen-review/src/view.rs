use foramen_dicom::StackHeader;
use foramen_image::ndarray::{Array2, s};
use foramen_image::{Plane, Spacing};
use foramen_types::{Point, Vector};

/// The positions and the number of a slice's pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) plane: Plane,
    /// Rows and columns.
    pub(crate) size: (usize, usize),
}

impl Grid {
    /// The grid of a slice of a stack.
    pub(crate) fn of(header: &StackHeader, slice: usize) -> Self {
        Self { plane: header.slices[slice].plane, size: (header.rows, header.columns) }
    }
}

/// How a slice is turned for the usual display: axial ones from the feet (the patient's right at
/// image left, front up), sagittal ones from the patient's left (front at image left, head up).
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// The plane of the turned slice.
    pub(crate) plane: Plane,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    transpose: bool,
    flip_rows: bool,
    flip_columns: bool,
}

/// The directions of image right and image down, for axial and for sagittal slices.
const AXIAL: [Vector; 2] = [Vector { x: 1.0, y: 0.0, z: 0.0 }, Vector { x: 0.0, y: 1.0, z: 0.0 }];
const SAGITTAL: [Vector; 2] =
    [Vector { x: 0.0, y: 1.0, z: 0.0 }, Vector { x: 0.0, y: 0.0, z: -1.0 }];

impl View {
    /// The view of an axial slice.
    pub(crate) fn axial(grid: &Grid) -> Self {
        Self::of(grid, AXIAL)
    }

    /// The view of a sagittal slice of a stack.
    pub(crate) fn sagittal(header: &StackHeader, slice: usize) -> Self {
        Self::of(&Grid::of(header, slice), SAGITTAL)
    }

    fn of(&Grid { plane, size: (rows, columns) }: &Grid, [right, down]: [Vector; 2]) -> Self {
        let (mut along_row, mut along_column) = (plane.along_row(), plane.along_column());
        let (mut origin, mut spacing) = (plane.origin(), plane.spacing());
        let (mut rows, mut columns) = (rows, columns);
        let transpose = along_row.dot(right).abs() < along_column.dot(right).abs();
        if transpose {
            (along_row, along_column) = (along_column, along_row);
            (rows, columns) = (columns, rows);
            spacing = Spacing { row: spacing.column, column: spacing.row };
        }
        let flip_columns = along_row.dot(right) < 0.0;
        if flip_columns {
            origin = origin + along_row * (spacing.column * (columns as f64 - 1.0));
            along_row = -along_row;
        }
        let flip_rows = along_column.dot(down) < 0.0;
        if flip_rows {
            origin = origin + along_column * (spacing.row * (rows as f64 - 1.0));
            along_column = -along_column;
        }
        let plane = Plane::new(origin, along_row, along_column, spacing)
            .expect("turned directions are orthonormal where those of the slice are");
        Self { plane, rows, columns, transpose, flip_rows, flip_columns }
    }

    /// The pixels of the slice, turned.
    pub(crate) fn turn(&self, pixels: &Array2<f32>) -> Array2<f32> {
        let mut view = pixels.view();
        if self.transpose {
            view = view.reversed_axes();
        }
        if self.flip_rows {
            view.slice_collapse(s![..;-1, ..]);
        }
        if self.flip_columns {
            view.slice_collapse(s![.., ..;-1]);
        }
        view.to_owned()
    }

    /// A point of the patient as `[row, column]`, to a thousandth of a pixel.
    pub(crate) fn pixel(&self, point: Point) -> [f64; 2] {
        let (row, column) = self.plane.pixel(point);
        [row, column].map(|at| (at * 1000.0).round() / 1000.0)
    }

    /// Whether a place is inside the turned slice.
    pub(crate) fn holds(&self, [row, column]: [f64; 2]) -> bool {
        let on = |at: f64, n: usize| (-0.5..=n as f64 - 0.5).contains(&at);
        on(row, self.rows) && on(column, self.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_drawing_is_turned_to_one() {
        let (x, y) = (Vector { x: 1.0, y: 0.0, z: 0.0 }, Vector { x: 0.0, y: 1.0, z: 0.0 });
        let spacing = Spacing { row: 0.5, column: 0.7 };
        for (row, column) in [(x, y), (-x, y), (x, -y), (-x, -y), (y, x), (-y, x), (y, -x)] {
            let plane = Plane::new(Point::new(3.0, 4.0, 5.0), row, column, spacing).unwrap();
            let pixels = Array2::from_shape_fn((6, 9), |(r, c)| {
                let at = plane.point(r as f64, c as f64);
                #[allow(clippy::cast_possible_truncation, reason = "small numbers")]
                let value = (100.0 * at.x + at.y) as f32;
                value
            });
            let view = View::of(&Grid { plane, size: (6, 9) }, AXIAL);
            let turned = view.turn(&pixels);
            assert_eq!(turned.dim(), (view.rows, view.columns));
            for ((r, c), value) in turned.indexed_iter() {
                let at = view.plane.point(r as f64, c as f64);
                assert!((f64::from(*value) - (100.0 * at.x + at.y)).abs() < 1e-3);
            }
            assert!(view.plane.along_row().x > 0.9 && view.plane.along_column().y > 0.9);
        }
    }
}
