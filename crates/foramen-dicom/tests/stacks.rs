//! How images become stacks, and stacks volumes.

#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    dead_code,
    reason = "a test stops at the first surprise, and its numbers are small"
)]

#[path = "guards/enhanced.rs"]
mod enhanced;
#[path = "guards/written.rs"]
mod written;

use enhanced::{Frame, enhanced};
use foramen_dicom::{
    DicomError, Policy, Problem, Scan, ScanOptions, Tolerances, load, load_volume, scan,
};
use foramen_types::Point;
use tempfile::TempDir;
use written::File;

fn folder(files: &[Vec<u8>]) -> (TempDir, Scan) {
    let dir = TempDir::new().unwrap();
    for (index, bytes) in files.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{index:03}")), bytes).unwrap();
    }
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    (dir, found)
}

/// Axial slices at these heights, 16 × 16 pixels of 100, 101, …
fn series(heights: &[f64]) -> Vec<Vec<u8>> {
    let numbered = heights.iter().zip(0..);
    numbered.map(|(&height, number)| File::new(number).at(0.0, height).bytes()).collect()
}

#[test]
fn an_even_stack_is_a_volume_with_its_grid() {
    let (_dir, found) = folder(&series(&[0.0, 3.0, 6.0, 9.0]));
    let volume = load_volume(&found.stacks[0], Policy::Strict).unwrap();
    assert_eq!(volume.voxels.dim(), (4, 16, 16));
    assert_eq!(volume.voxels[[3, 1, 2]], 100.0 + 18.0);
    assert_eq!(volume.grid.point(2.0, 4.0, 6.0), Point::new(3.0, 2.0, 6.0));
    assert_eq!(volume.grid.index(Point::new(3.0, 2.0, 6.0)), (2.0, 4.0, 6.0));
    assert_eq!((volume.deviation, volume.grid.spacing()), (0.0, [3.0, 0.5, 0.5]));

    // As slices it is what `load` gives, with the place and the file of each.
    let stack = volume.to_stack().unwrap();
    assert_eq!(stack, load(&found.stacks[0]).unwrap().stack);
    assert!(stack.slices().iter().all(|slice| slice.source.is_some()));
    let mut broken = volume;
    broken.grid.row = foramen_types::Vector::default();
    assert!(broken.to_stack().unwrap_err().to_string().contains("spacing"));
}

#[test]
fn strict_refuses_what_lenient_must_be_asked_for() {
    let (_dir, found) = folder(&series(&[0.0, 3.0, 6.0, 12.0]));
    let error = load_volume(&found.stacks[0], Policy::default()).unwrap_err();
    let shown = error.to_string();
    assert!(shown.contains("1 missing after slice 2 (gap 6.00 mm, spacing 3.00 mm)"), "{shown}");
    assert!(matches!(error, DicomError::Uneven { problems, .. } if problems.len() == 1));
    let lenient = load_volume(&found.stacks[0], Policy::Lenient).unwrap();
    // Steps of 4 mm: slice 2 lies at 6 mm, the grid has it at 8.
    assert_eq!((lenient.grid.slice.z, lenient.deviation), (4.0, 2.0));
    assert_eq!(lenient.report.missing[0].after, 2);
    // The slices themselves are never moved.
    assert_eq!(load(&found.stacks[0]).unwrap().stack.gaps(), [3.0, 3.0, 6.0]);
}

#[test]
fn strict_refuses_a_volume_that_lacks_a_slice_of_its_header() {
    let (dir, found) = folder(&series(&[0.0, 3.0, 6.0]));
    std::fs::write(dir.path().join("001"), b"gone").unwrap();
    let error = load_volume(&found.stacks[0], Policy::Strict).unwrap_err();
    assert!(matches!(error, DicomError::Incomplete { path, .. } if path.ends_with("001")));
}

#[test]
fn tolerances_are_named_and_reported() {
    let dir = TempDir::new().unwrap();
    for (index, bytes) in series(&[0.0, 3.0, 6.4]).iter().enumerate() {
        std::fs::write(dir.path().join(index.to_string()), bytes).unwrap();
    }
    let scanned = |tolerances| {
        let options = ScanOptions::default().with_tolerances(tolerances);
        scan(dir.path(), &options).unwrap().stacks.remove(0)
    };
    assert!(matches!(scanned(Tolerances::default()).problems[..], [Problem::Uneven { .. }]));
    let mut wide = Tolerances::default();
    wide.uneven = 0.5;
    let stack = scanned(wide);
    assert!(stack.report.is_even() && stack.report.tolerances.uneven == 0.5);
}

#[test]
fn angled_blocks_remember_each_other_from_the_feet_to_the_head() {
    let mut files = Vec::new();
    for (block, (tilt, height)) in [(20.0, 60.0), (0.0, 0.0), (10.0, 30.0)].into_iter().enumerate()
    {
        for slice in 0..3 {
            let number = i32::try_from(block).unwrap() * 3 + slice;
            files.push(File::new(number).at(tilt, height + 3.0 * f64::from(slice)).bytes());
        }
    }
    let (_dir, found) = folder(&files);
    assert_eq!(found.stacks.len(), 3);
    // Stacks are numbered as they were acquired; blocks are ordered by height.
    assert!(found.stacks.iter().all(|stack| stack.blocks == [1, 2, 0]));
    let heights: Vec<f64> =
        found.blocks(&found.stacks[2]).map(|block| block.slices[0].plane.origin().z).collect();
    assert_eq!(heights, [0.0, 30.0, 60.0]);
}

#[test]
fn blocks_that_are_parallel_by_chance_are_two() {
    let slice = |number: i32, y: f64, z: f64| File {
        position: Some(format!("0\\{y}\\{z}")),
        ..File::new(number)
    };
    let files: Vec<_> = (0..3)
        .map(|k| slice(k, 0.0, 3.0 * f64::from(k)))
        .chain((3..6).map(|k| slice(k, 7.5, 60.0 + 3.0 * f64::from(k))))
        .map(|file| file.bytes())
        .collect();
    let (_dir, found) = folder(&files);
    assert_eq!(found.stacks.len(), 2);
    assert!(found.stacks.iter().all(|s| s.blocks == [0, 1] && s.report.is_even()));
}

#[test]
fn duplicates_are_data() {
    let mut files = series(&[0.0, 3.0, 6.0]);
    files.push(File::new(9).at(0.0, 3.0).bytes());
    let (_dir, found) = folder(&files);
    let report = &found.stacks[0].report;
    assert_eq!(report.duplicates[0].slice, 1);
    assert!(report.duplicates[0].path.ends_with("003"));
    assert!(load_volume(&found.stacks[0], Policy::Strict).is_err());
}

#[test]
fn frames_are_ordered_by_place_whatever_their_order_in_the_object() {
    let order = [3, 1, 4, 2];
    let frames: Vec<_> = order.iter().map(|&k| Frame::new("1", k, 3.0 * f64::from(k))).collect();
    let (_dir, found) = folder(&[enhanced(&frames)]);
    let stack = &found.stacks[0];
    assert_eq!((stack.report.in_stack_order, stack.problems.len()), (Some(true), 0));
    let volume = load_volume(stack, Policy::Strict).unwrap();
    let values: Vec<f32> = volume.voxels.outer_iter().map(|slice| slice[[0, 0]]).collect();
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
    // Numbers that run otherwise than the places are reported, not followed.
    let mut frames = frames;
    frames[0].in_stack = 1;
    frames[1].in_stack = 3;
    let (_dir, found) = folder(&[enhanced(&frames)]);
    assert_eq!(found.stacks[0].problems, [Problem::InStackOrder]);
    let values: Vec<_> = found.stacks[0].slices.iter().map(|s| s.source.frame).collect();
    assert_eq!(values, [2, 4, 1, 3]);
}

#[test]
fn several_geometries_of_one_object_are_split() {
    // A brain and a cord in one object (as in dcm2niix issue 1009): two angles.
    let mut frames: Vec<_> = (1..4).map(|k| Frame::new("1", k, 3.0 * f64::from(k))).collect();
    frames.extend((1..4).map(|k| Frame { tilt: 25.0, ..Frame::new("1", k, 50.0 + f64::from(k)) }));
    let (_dir, found) = folder(&[enhanced(&frames)]);
    assert_eq!(found.stacks.len(), 2);
    assert!(found.stacks.iter().all(|stack| stack.blocks == [0, 1]));
    // Parallel blocks, told apart by Stack ID alone.
    let mut frames: Vec<_> = (1..4).map(|k| Frame::new("1", k, 3.0 * f64::from(k))).collect();
    frames.extend((1..4).map(|k| Frame::new("2", k, 40.0 + 3.0 * f64::from(k))));
    let (_dir, found) = folder(&[enhanced(&frames)]);
    assert_eq!(found.stacks.len(), 2);
    assert!(found.stacks.iter().all(|stack| stack.report.is_even()));
    // An id for each frame is no stack.
    let ids = ["1", "2", "3"];
    let frames: Vec<_> =
        (1..4).zip(ids).map(|(k, id)| Frame::new(id, 1, 3.0 * f64::from(k))).collect();
    let (_dir, found) = folder(&[enhanced(&frames)]);
    assert_eq!((found.stacks.len(), found.stacks[0].slices.len()), (1, 3));
}

#[test]
fn times_of_one_object_are_stacks_of_their_own() {
    let frames: Vec<_> = (1..4)
        .flat_map(|k| [2, 1].map(|time| Frame { time, ..Frame::new("1", k, 3.0 * f64::from(k)) }))
        .collect();
    let (_dir, found) = folder(&[enhanced(&frames)]);
    assert_eq!(found.stacks.len(), 2);
    for (number, stack) in found.stacks.iter().enumerate() {
        let repeat = stack.report.repeat.unwrap();
        assert_eq!((repeat.number, repeat.of, repeat.by), (number, 2, "temporal position"));
        assert!(stack.report.is_even() && stack.slices.len() == 3);
    }
}

#[test]
fn places_are_projected_and_planes_cross_only_in_one_frame_of_reference() {
    let with_frame = |uid: &'static str| File { frame_of_reference: uid, ..File::new(0) };
    let mut files: Vec<Vec<u8>> = (0..3)
        .map(|k| File { uid: k, ..with_frame("2.25.7") }.at(0.0, 3.0 * f64::from(k)).bytes())
        .collect();
    // A coronal picture through the middle of them (tilted by 90°).
    files.push(File { uid: 8, ..with_frame("2.25.7") }.at(90.0, 4.0).bytes());
    files.push(File { uid: 9, ..with_frame("2.25.8") }.at(45.0, 4.0).bytes());
    let (_dir, found) = folder(&files);
    let [axial, coronal, elsewhere] = &found.stacks[..] else { panic!("not three") };
    let projection = axial.project(Point::new(2.0, 3.0, 4.0)).unwrap();
    assert_eq!((projection.slice, projection.row, projection.column), (1, 6.0, 4.0));
    assert!(projection.distance == 1.0 && projection.inside);
    assert!(!axial.project(Point::new(-2.0, 3.0, 4.0)).unwrap().inside);
    assert!(axial.shares_frame_with(coronal) && !axial.shares_frame_with(elsewhere));
    // The coronal picture goes from z 4 down: it meets the slices at 0 and 3.
    let (from, to) = coronal.crossing(0, axial, 1).unwrap();
    assert!((from.z - 3.0).abs() < 1e-9 && (to.z - 3.0).abs() < 1e-9);
    assert!((from.distance(to) - 8.0).abs() < 1e-9);
    assert!(coronal.crossing(0, axial, 2).is_none());
    assert!(elsewhere.crossing(0, axial, 0).is_none());
}
