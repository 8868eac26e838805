use std::io::{self, Write};

use foramen_types::Vector;

use crate::Volume;

/// Bytes before the voxels: the header, and four bytes that mean that no extension follows.
const HEADER: usize = 352;

impl Volume {
    /// Writes the volume as NIfTI-1 (`.nii`, not compressed): voxels as 32-bit floats in the order
    /// columns, rows, slices, with the affine ([`crate::Grid::to_ras`]) as sform in RAS
    /// millimetres. The format stores the affine in single precision, and no frame of reference.
    /// `writer` is not flushed, since a compressor would begin a new block.
    ///
    /// # Errors
    /// Those of `writer`, and [`io::ErrorKind::InvalidInput`] when an axis has more than 32,767
    /// voxels, the format's limit.
    ///
    /// Source: nifti1.h, <https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h>.
    pub fn write_nifti(&self, mut writer: impl Write) -> io::Result<()> {
        writer.write_all(&self.nifti_header()?)?;
        for slice in self.voxels.outer_iter() {
            let bytes: Vec<u8> = slice.iter().flat_map(|voxel| voxel.to_le_bytes()).collect();
            writer.write_all(&bytes)?;
        }
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "NIfTI keeps its affine as 32-bit floats")]
    fn nifti_header(&self) -> io::Result<[u8; HEADER]> {
        let (slices, rows, columns) = self.voxels.dim();
        let sides = [self.grid.column, self.grid.row, self.grid.slice].map(Vector::length);
        let mut header = [0; HEADER];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &348_i32.to_le_bytes());
        let size = [3, columns, rows, slices, 1, 1, 1, 1];
        for (index, length) in size.into_iter().enumerate() {
            put(40 + 2 * index, &short(length)?.to_le_bytes());
        }
        put(70, &16_i16.to_le_bytes()); // 32-bit float
        put(72, &32_i16.to_le_bytes());
        let float = |value: f64| (value as f32).to_le_bytes();
        for (index, length) in [1.0].into_iter().chain(sides).enumerate() {
            put(76 + 4 * index, &float(length));
        }
        put(108, &(HEADER as f32).to_le_bytes());
        put(123, &[2]); // millimetres
        put(254, &1_i16.to_le_bytes()); // scanner coordinates
        for (index, value) in self.grid.to_ras().into_iter().flatten().enumerate() {
            put(280 + 4 * index, &float(value));
        }
        put(344, b"n+1\0");
        Ok(header)
    }
}

fn short(length: usize) -> io::Result<i16> {
    i16::try_from(length).map_err(|_| {
        let what = format!(
            "NIfTI-1 holds at most {} voxels along an axis, and the volume has {length}",
            i16::MAX
        );
        io::Error::new(io::ErrorKind::InvalidInput, what)
    })
}

#[cfg(test)]
mod tests {
    use foramen_image::Contrast;
    use foramen_image::ndarray::Array3;
    use foramen_types::Point;

    use super::*;
    use crate::{Grid, StackReport, Tolerances};

    fn report() -> StackReport {
        StackReport {
            gaps: vec![3.0],
            spacing: Some(3.0),
            thickness: Some(3.0),
            shear: 0.0,
            missing: Vec::new(),
            uneven: Vec::new(),
            duplicates: Vec::new(),
            repeat: None,
            in_stack_order: None,
            tolerances: Tolerances::default(),
        }
    }

    /// Voxels are numbered in the order columns, rows, slices.
    fn volume(shape: (usize, usize, usize)) -> Volume {
        let (_, rows, columns) = shape;
        let number = |(slice, row, column)| ((slice * rows + row) * columns + column) as f32;
        let voxels = Array3::from_shape_fn(shape, number);
        Volume {
            voxels,
            grid: Grid {
                origin: Point::new(10.0, 20.0, 30.0),
                slice: Vector::new(0.0, 0.0, 3.0),
                row: Vector::new(0.0, 2.0, 0.0),
                column: Vector::new(1.0, 0.0, 0.0),
            },
            frame_of_reference_uid: None,
            contrast: Contrast::T2Fse,
            deviation: 0.0,
            report: report(),
            rejected: Vec::new(),
            sources: Vec::new(),
        }
    }

    #[test]
    fn the_header_and_the_order_of_voxels_are_those_of_nifti1_h() {
        let mut bytes = Vec::new();
        volume((2, 3, 4)).write_nifti(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 352 + 4 * 24);
        let short = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let float = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!([40, 42, 44, 46].map(short), [3, 4, 3, 2]);
        assert_eq!([80, 84, 88].map(float), [1.0, 2.0, 3.0]);
        // Rows of the affine, RAS.
        let rows: Vec<f32> = (0..12).map(|i| float(280 + 4 * i)).collect();
        assert_eq!(rows[..4], [-1.0, 0.0, 0.0, -10.0]);
        assert_eq!(rows[4..8], [0.0, -2.0, 0.0, -20.0]);
        assert_eq!(rows[8..], [0.0, 0.0, 3.0, 30.0]);
        assert_eq!(&bytes[344..348], b"n+1\0");
        // Columns follow each other, then rows, then slices.
        assert_eq!([0, 1, 4, 12].map(|voxel| float(352 + 4 * voxel)), [0.0, 1.0, 4.0, 12.0]);
    }

    #[test]
    fn an_axis_that_is_too_long_is_refused_with_its_length() {
        let error = volume((1, 1, 40_000)).write_nifti(Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("40000"), "{error}");
    }
}
