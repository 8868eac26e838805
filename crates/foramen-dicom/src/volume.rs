use foramen_image::ndarray::{Array3, ArrayView2, Axis};
use foramen_image::{Contrast, ImageError, Plane, Slice, SliceSource, Spacing, Stack};
use foramen_types::{Point, Vector};

use crate::load::known;
use crate::{DicomError, Loaded, Problem, Rejected, StackHeader, StackReport, load};

/// The treatment of a stack whose slices do not form an even grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// The stack is refused, with its problems.
    #[default]
    Strict,
    /// The stack is accepted; [`Volume::deviation`] gives the error of the grid.
    Lenient,
}

/// A stack as an array of voxels on an even grid.
#[derive(Debug)]
#[non_exhaustive]
pub struct Volume {
    /// Output values, `[slice, row, column]`, slices in the order of the header.
    pub voxels: Array3<f32>,
    /// Position of the voxels.
    pub grid: Grid,
    /// Frame of Reference UID (0020,0052).
    pub frame_of_reference_uid: Option<String>,
    /// The weighting.
    pub contrast: Contrast,
    /// Greatest distance of a slice's corner from its position on the grid, in millimetres.
    /// Rounding in headers alone causes some thousandths.
    pub deviation: f64,
    /// The measured geometry.
    pub report: StackReport,
    /// Slices that could not be decoded; none under [`Policy::Strict`].
    pub rejected: Vec<Rejected>,
    /// The source image of each slice, if known, in the order of the voxels.
    pub sources: Vec<Option<SliceSource>>,
}

impl Volume {
    /// The volume as a stack of slices, as `foramen-select` needs for measuring. Slices have their
    /// position on the grid, and keep thickness, contrast and source.
    ///
    /// ```no_run
    /// use foramen_dicom::{Policy, ScanOptions, load_volume, scan};
    ///
    /// let scan = scan("study".as_ref(), &ScanOptions::default())?;
    /// let volume = load_volume(&scan.stacks[0], Policy::Strict)?;
    /// let stack = volume.to_stack()?;
    /// assert_eq!(stack.slices().len(), volume.voxels.dim().0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError`] when a field was changed so that it is no longer a grid: steps of length 0,
    /// rows and columns that are not perpendicular, or no voxels.
    pub fn to_stack(&self) -> Result<Stack, ImageError> {
        let Grid { origin, slice, row, column } = self.grid;
        let spacing = Spacing { row: row.length(), column: column.length() };
        let along = |step: Vector| step.unit().unwrap_or(step);
        let of = |(place, pixels): (usize, ArrayView2<'_, f32>)| {
            let plane =
                Plane::new(origin + slice * place as f64, along(column), along(row), spacing)?;
            let mut one = Slice::new(plane, pixels.to_owned(), known(self.report.thickness))?;
            one.source = self.sources.get(place).cloned().flatten();
            Ok(one)
        };
        let slices = self.voxels.outer_iter().enumerate().map(of);
        Stack::new(slices.collect::<Result<_, ImageError>>()?, self.contrast)
    }
}

/// An even grid in the patient: the position of the first voxel and the steps to its neighbours, in
/// LPS millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Grid {
    /// The centre of voxel `[0, 0, 0]`.
    pub origin: Point,
    /// Step from a slice to the next.
    pub slice: Vector,
    /// Step from a row to the next.
    pub row: Vector,
    /// Step from a column to the next.
    pub column: Vector,
}

/// Loads a stack as a volume.
///
/// The step between slices is the distance from the first to the last divided by the number of
/// steps: exact for even stacks, including sheared ones, and an average for other stacks, which
/// [`Policy::Strict`] refuses.
///
/// # Errors
/// Those of [`load`]. [`DicomError::Uneven`] under [`Policy::Strict`] when the
/// stack is a single slice, lacks slices or has two at one place, when its gaps
/// differ or it is sheared; or, under either policy, a single slice of unknown
/// thickness. [`DicomError::Incomplete`] under [`Policy::Strict`] when a slice
/// cannot be decoded.
pub fn load_volume(header: &StackHeader, policy: Policy) -> Result<Volume, DicomError> {
    let uneven = |problems: Vec<Problem>| {
        let (series_uid, stack) = (header.series_uid.clone(), header.stack);
        DicomError::Uneven { series_uid, stack, problems }
    };
    if policy == Policy::Strict && !header.report.is_even() {
        let problems = header.report.problems();
        return Err(uneven(problems.into_iter().filter(|p| !p.is_harmless()).collect()));
    }
    let Loaded { stack, mut rejected } = load(header)?;
    if policy == Policy::Strict && !rejected.is_empty() {
        let Rejected { path, reason, .. } = rejected.swap_remove(0);
        let series_uid = header.series_uid.clone();
        return Err(DicomError::Incomplete { series_uid, path, source: Box::new(reason) });
    }
    let slices = stack.slices();
    let planes: Vec<Plane> = slices.iter().map(|slice| *slice.plane()).collect();
    let grid = Grid::through(&planes, header.report.thickness)
        .ok_or_else(|| uneven(vec![Problem::SingleSlice]))?;
    let (rows, columns) = (header.rows, header.columns);
    let mut voxels = Array3::zeros((slices.len(), rows, columns));
    for (mut target, slice) in voxels.axis_iter_mut(Axis(0)).zip(slices) {
        target.assign(slice.pixels());
    }
    Ok(Volume {
        voxels,
        grid,
        frame_of_reference_uid: header.frame_of_reference_uid.clone(),
        contrast: header.contrast,
        deviation: grid.deviation(&planes, rows, columns),
        report: header.report.clone(),
        rejected,
        sources: slices.iter().map(|slice| slice.source.clone()).collect(),
    })
}

impl Grid {
    /// The even grid through planes in order; `None` for a single plane of unknown thickness, and
    /// for no planes.
    fn through(planes: &[Plane], thickness: Option<f64>) -> Option<Self> {
        let (first, last) = (planes.first()?, planes.last()?);
        let slice = match planes.len() {
            1 => first.cranial_normal() * thickness?,
            n => (last.origin() - first.origin()) * (1.0 / (n - 1) as f64),
        };
        let spacing = first.spacing();
        let (row, column) =
            (first.along_column() * spacing.row, first.along_row() * spacing.column);
        Some(Self { origin: first.origin(), slice, row, column })
    }

    /// Distances between slices, rows and columns, in millimetres.
    #[must_use]
    pub fn spacing(&self) -> [f64; 3] {
        [self.slice, self.row, self.column].map(Vector::length)
    }

    /// The point in the patient at a voxel position (centres are whole numbers).
    #[must_use]
    pub fn point(&self, slice: f64, row: f64, column: f64) -> Point {
        self.origin + self.slice * slice + self.row * row + self.column * column
    }

    /// The voxel position `(slice, row, column)` of a point in the patient.
    #[must_use]
    pub fn index(&self, point: Point) -> (f64, f64, f64) {
        let from_origin = point - self.origin;
        // Cramer's rule; the three steps are independent by construction.
        let across = self.row.cross(self.column);
        let volume = self.slice.dot(across);
        (
            from_origin.dot(across) / volume,
            from_origin.dot(self.column.cross(self.slice)) / volume,
            from_origin.dot(self.slice.cross(self.row)) / volume,
        )
    }

    /// The affine of NIfTI: three rows that turn `(column, row, slice, 1)` into
    /// RAS millimetres, which are LPS with x and y negated.
    #[must_use]
    pub fn to_ras(&self) -> [[f64; 4]; 3] {
        let columns = [self.column, self.row, self.slice, self.origin - Point::default()];
        [columns.map(|v| -v.x), columns.map(|v| -v.y), columns.map(|v| v.z)]
    }

    fn deviation(&self, planes: &[Plane], rows: usize, columns: usize) -> f64 {
        let (bottom, right) = (rows as f64 - 1.0, columns as f64 - 1.0);
        let corners = [(0.0, 0.0), (0.0, right), (bottom, 0.0), (bottom, right)];
        let off = |(slice, plane): (usize, &Plane)| {
            corners
                .map(|(r, c)| plane.point(r, c).distance(self.point(slice as f64, r, c)))
                .into_iter()
                .fold(0.0, f64::max)
        };
        planes.iter().enumerate().map(off).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_image::Spacing;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn voxels_and_places_round_trip(
            tilt in -1.5..1.5, turn in -3.0..3.0, gap in 0.3..9.0, shear in -2.0..2.0,
            slice in -50.0..50.0, row in -300.0..300.0, column in -300.0..300.0,
        ) {
            let (st, ct) = f64::sin_cos(tilt);
            let (sr, cr) = f64::sin_cos(turn);
            let along_row = Vector::new(cr, sr, 0.0);
            let along_column = Vector::new(-sr * ct, cr * ct, st);
            let spacing = Spacing { row: 0.7, column: 0.4 };
            let planes: Vec<_> = (0..4)
                .map(|k| {
                    let step = along_row.cross(along_column) * gap + along_column * shear;
                    let origin = Point::new(1.0, -2.0, 3.0) + step * f64::from(k);
                    Plane::new(origin, along_row, along_column, spacing).unwrap()
                })
                .collect();
            let grid = Grid::through(&planes, None).unwrap();
            prop_assert!(grid.deviation(&planes, 400, 300) < 1e-9);
            let place = grid.point(slice, row, column);
            let (s, r, c) = grid.index(place);
            prop_assert!((s - slice).abs() < 1e-7 && (r - row).abs() < 1e-7);
            prop_assert!((c - column).abs() < 1e-7);
            // A plane of the stack says the same about its own pixels.
            let own = planes[2].point(row, column);
            prop_assert!(own.distance(grid.point(2.0, row, column)) < 1e-9);
        }
    }

    #[test]
    fn the_ras_affine_negates_x_and_y() {
        let grid = Grid {
            origin: Point::new(1.0, 2.0, 3.0),
            slice: Vector::new(0.0, 0.0, 4.0),
            row: Vector::new(0.0, 0.5, 0.0),
            column: Vector::new(0.25, 0.0, 0.0),
        };
        let expected = [[-0.25, 0.0, 0.0, -1.0], [0.0, -0.5, 0.0, -2.0], [0.0, 0.0, 4.0, 3.0]];
        assert_eq!(grid.to_ras().map(|row| row.map(|v| v + 0.0)), expected);
    }
}
