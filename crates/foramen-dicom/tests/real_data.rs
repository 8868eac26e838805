//! Real series of four vendors against what dcm2niix made of them: every voxel
//! and its place in the patient.

#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test stops at the first surprise, and stored values are whole numbers"
)]

use std::fs;
use std::io::Read;
use std::path::Path;

use foramen_dicom::{
    Orientation, Problem, RejectReason, Scan, ScanOptions, StackHeader, load, read_picture, scan,
};
use foramen_image::Contrast;
use foramen_test_data::path;

fn scanned(dir: &Path) -> Scan {
    scan(dir, &ScanOptions::default()).unwrap()
}

/// A NIfTI-1 file of 16-bit voxels, little endian, with its sform.
struct Reference {
    size: [usize; 4],
    /// Voxel to RAS millimetres, three rows of four.
    affine: [[f64; 4]; 3],
    voxels: Vec<f64>,
}

impl Reference {
    fn read(path: &Path) -> Self {
        let mut bytes = fs::read(path).unwrap();
        if path.extension().unwrap() == "gz" {
            let mut inflated = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut inflated).unwrap();
            bytes = inflated;
        }
        let short = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let float = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let size = [42, 44, 46, 48].map(|at| usize::try_from(short(at).max(1)).unwrap());
        assert!(short(254) > 0, "no sform");
        let affine =
            [280, 296, 312].map(|row| [0, 4, 8, 12].map(|column| f64::from(float(row + column))));
        let begin = format!("{:.0}", float(108)).parse::<usize>().unwrap();
        let word = |pair: &[u8]| [pair[0], pair[1]];
        let data = bytes[begin..].chunks_exact(2);
        let voxels = match short(70) {
            4 => data.map(|pair| f64::from(i16::from_le_bytes(word(pair)))).collect(),
            512 => data.map(|pair| f64::from(u16::from_le_bytes(word(pair)))).collect(),
            other => panic!("NIfTI type {other}"),
        };
        Self { size, affine, voxels }
    }

    fn voxel(&self, [i, j, k]: [usize; 3], time: usize) -> f64 {
        let [x, y, z, _] = self.size;
        self.voxels[((time * z + k) * y + j) * x + i]
    }

    /// The voxel at a place in LPS millimetres, which must be the centre of one
    /// within 1e-3 mm.
    fn at(&self, [x, y, z]: [f64; 3]) -> [usize; 3] {
        let m = &self.affine;
        let p = [-x - m[0][3], -y - m[1][3], z - m[2][3]];
        let c = |i: usize, j: usize| {
            let (a, b) = ((i + 1) % 3, (i + 2) % 3);
            let (d, e) = ((j + 1) % 3, (j + 2) % 3);
            m[a][d] * m[b][e] - m[a][e] * m[b][d]
        };
        let determinant = (0..3).map(|j| m[0][j] * c(0, j)).sum::<f64>();
        [0, 1, 2].map(|j| {
            let index = (0..3).map(|i| c(i, j) * p[i]).sum::<f64>() / determinant;
            let step = (0..3).map(|i| m[i][j].powi(2)).sum::<f64>().sqrt();
            let off = (index - index.round()).abs() * step;
            assert!(off < 1e-3, "{off} mm from a voxel centre");
            format!("{:.0}", index.round().abs()).parse().unwrap()
        })
    }

    /// Compares every voxel of a stack with the volume of one time.
    fn holds(&self, header: &StackHeader, time: usize, rescale: impl Fn(f64) -> f64) {
        let loaded = load(header).unwrap();
        assert!(loaded.rejected.is_empty());
        let slices = loaded.stack.slices();
        assert_eq!(slices.len() * header.rows * header.columns, self.size[..3].iter().product());
        for slice in slices {
            for ((row, column), &value) in slice.pixels().indexed_iter() {
                let place = slice.plane().point(row as f64, column as f64);
                let voxel = self.voxel(self.at([place.x, place.y, place.z]), time);
                let difference = (f64::from(value) - rescale(voxel)).abs();
                assert!(difference <= 1e-4 * (1.0 + value.abs() as f64), "{value} and {voxel}");
            }
        }
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_time_series_becomes_one_stack_per_time_and_equals_the_reference() {
    let dir = path("dicom/ge_axial");
    let found = scanned(&dir);
    let reference = Reference::read(&dir.join("DCM2NIIX_regression_test_4.nii"));
    assert_eq!(found.stacks.len(), 10);
    for (time, stack) in found.stacks.iter().enumerate() {
        assert_eq!((stack.slices.len(), stack.orientation), (15, Orientation::Axial));
        assert!(matches!(stack.problems[..], [Problem::Repeated { repeats: 10, .. }]));
        reference.holds(stack, time, |stored| stored);
    }
    // The reference and two texts.
    assert_eq!(found.rejected_counts().into_iter().collect::<Vec<_>>(), [("no DICOM file", 3)]);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_sagittal_stack_with_gaps_equals_the_reference() {
    let dir = path("dicom/siemens_sagittal");
    let found = scanned(&dir);
    let reference = Reference::read(&dir.join("t1_fl2d_sag_20220407150138.nii.gz"));
    let [stack] = &found.stacks[..] else { panic!("{} stacks", found.stacks.len()) };
    assert_eq!((stack.orientation, stack.contrast), (Orientation::Sagittal, Contrast::T1));
    // Thickness 4 mm, spacing 4.8 mm, as the header says: a gap, no problem.
    assert!((stack.slice_spacing().unwrap() - 4.8).abs() < 1e-3);
    assert_eq!(stack.problems, []);
    reference.holds(stack, 0, |stored| stored);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn enhanced_frames_equal_the_reference() {
    let dir = path("dicom/enhanced");
    let found = scanned(&dir);
    let (siemens, philips): (Vec<_>, Vec<_>) =
        found.stacks.iter().partition(|s| s.slices[0].path.to_string_lossy().contains("XA10"));
    let reference = Reference::read(&dir.join("Ref/Siemens_REST1_w_SMS_PF7-8_6.nii"));
    assert_eq!((siemens.len(), philips.len()), (4, 2));
    for (time, stack) in siemens.into_iter().enumerate() {
        reference.holds(stack, time, |stored| stored);
    }
    // Magnitude and field map of one object lie on the same planes; the
    // references hold the stored values, ours are rescaled, each frame by its own.
    let [magnitude, map] = philips[..] else { panic!("not two") };
    let reference = |name: &str| Reference::read(&dir.join("Ref").join(name));
    let stored = reference("Philips_WIP_B0_NS_801_e1.nii");
    stored.holds(magnitude, 0, |stored| stored * 1.279_853_479_853_47);
    let stored = reference("Philips_WIP_B0_NS_801_e2_fieldmaphz.nii");
    stored.holds(map, 0, |stored| stored * 0.244_200_244_200_24 - 500.0);
    assert_eq!(magnitude.slices[7].plane, map.slices[7].plane);
    assert_eq!(map.contrast, Contrast::Other);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn philips_output_follows_the_standard_rescale() {
    let dir = path("dicom/philips_axial");
    let found = scanned(&dir);
    let reference = Reference::read(&dir.join("EPI_asc_CLEAR_201.nii"));
    assert_eq!(found.stacks.len(), 3);
    for (time, stack) in found.stacks.iter().enumerate() {
        // The reference holds stored values beside Philips' own scale; ours are
        // multiplied by Rescale Slope (0028,1053).
        reference.holds(stack, time, |stored| stored * 1.290_354_090_354_09);
        // dcm2niix -p y: PV × 1 / SS, with SS 0.00428404007107019.
        let factor = stack.slices[0].philips_factor.unwrap();
        assert!((1.290_354_090_354_09 * factor - 233.424_5).abs() < 1e-3, "{factor}");
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn nine_encodings_hold_one_picture_and_are_refused_as_stacks() {
    let dir = path("dicom/ts");
    let found = scanned(&dir);
    assert!(found.stacks.is_empty());
    assert_eq!(found.rejected_counts().get("mosaic"), Some(&9));
    let reference = Reference::read(&dir.join("1.nii"));
    let first = read_picture(&dir.join("In/1.dcm"), 1).unwrap();
    let mut read = 0;
    for number in 1..=9 {
        match read_picture(&dir.join(format!("In/{number}.dcm")), 1) {
            Ok(picture) => {
                assert_eq!(picture, first, "{number}.dcm");
                read += 1;
            }
            Err(error) => {
                let source = std::error::Error::source(&error).unwrap().to_string();
                assert!(source.contains("cargo feature `jpeg-ls`"), "{number}.dcm: {source}");
            }
        }
    }
    assert_eq!(read, if cfg!(feature = "jpeg-ls") { 9 } else { 7 });
    // 35 tiles of 64 × 64 in rows of six; NIfTI rows run the other way.
    for ((row, column, _), &value) in first.indexed_iter() {
        let tile = row / 64 * 6 + column / 64;
        if tile < 35 {
            let voxel = reference.voxel([column % 64, 63 - row % 64, tile], 0);
            assert_eq!(f64::from(value), voxel, "tile {tile}");
        }
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn real_cervical_series_are_told_apart_by_physics() {
    let dir = path("spine/dicom");
    let found = scanned(&dir);
    assert!(found.rejected.is_empty());
    let seen: Vec<_> = found
        .stacks
        .iter()
        .map(|s| (s.subject.as_str(), s.orientation, s.contrast, s.slices.len(), s.derived))
        .collect();
    assert_eq!(
        seen,
        [
            ("real-A", Orientation::Axial, Contrast::T2Star, 11, false),
            ("real-B", Orientation::Axial, Contrast::T2Fse, 19, false),
            ("real-C", Orientation::Axial, Contrast::Other, 22, false),
            ("real-D", Orientation::Sagittal, Contrast::T2Fse, 52, false),
        ]
    );
    let first = &found.stacks[0];
    assert!(first.slices.windows(2).all(|s| s[0].plane.origin().z < s[1].plane.origin().z));
    assert!((first.slice_spacing().unwrap() - 7.5).abs() < 1e-3);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_missing_subject_is_a_reason_and_shows_no_number() {
    let dir = path("spine/dicom/real-A");
    let key = foramen_types::SubjectKey::linked([("another", "S1")]).unwrap();
    let found = scan(&dir, &ScanOptions::default().with_key(key)).unwrap();
    assert!(found.stacks.is_empty() && found.rejected.len() == 11);
    assert!(matches!(found.rejected[0].reason, RejectReason::Subject(_)));
    assert!(!found.rejected[0].reason.to_string().contains("real-A"));
}
