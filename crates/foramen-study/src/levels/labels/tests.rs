use foramen_types::Level;

use super::*;

fn subject() -> SubjectId {
    SubjectId::new("A").unwrap()
}

/// A NIfTI-1 file of unsigned bytes with an sform of 1 × 2 × 3 mm voxels and the
/// origin (10, 20, 30) RAS (nifti1.h).
fn nifti(size: [u16; 3], value: impl Fn([u16; 3]) -> u8) -> Vec<u8> {
    let mut bytes = vec![0; 352];
    let mut put = |at: usize, with: &[u8]| bytes[at..at + with.len()].copy_from_slice(with);
    put(0, &348_i32.to_le_bytes());
    for (axis, n) in [3, size[0], size[1], size[2], 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * axis, &n.to_le_bytes());
    }
    put(70, &2_i16.to_le_bytes());
    put(72, &8_i16.to_le_bytes());
    put(108, &352_f32.to_le_bytes());
    put(254, &1_i16.to_le_bytes());
    let rows = [[1.0, 0.0, 0.0, 10.0], [0.0, 2.0, 0.0, 20.0], [0.0, 0.0, 3.0, 30.0_f32]];
    for (at, number) in rows.iter().flatten().enumerate() {
        put(280 + 4 * at, &number.to_le_bytes());
    }
    put(344, b"n+1\0");
    for k in 0..size[2] {
        for j in 0..size[1] {
            bytes.extend((0..size[0]).map(|i| value([i, j, k])));
        }
    }
    bytes
}

fn read(file: &[u8], named: Option<LabelTable>) -> Result<DiscPositions, StudyError> {
    DiscPositions::read_labels(file, &subject(), named)
}

/// One voxel per value, 5 voxels apart along the last axis, falling.
fn places(values: &[u8]) -> Vec<u8> {
    nifti([8, 8, 40], |at| {
        let n = usize::from(at[2] / 5);
        let here = at[0] == 3 && at[1] == 4 && at[2] % 5 == 0 && n < values.len();
        if here { values[values.len() - 1 - n] } else { 0 }
    })
}

#[test]
fn disc_volumes_of_both_versions_give_the_middle_of_the_disc() {
    // Blocks of 2 × 2 × 1 voxels around (2.5, 2.5, 4): RAS (12.5, 25, 42).
    let block = |disc: u8, cord: u8| {
        nifti([6, 6, 6], move |[i, j, k]| match (i, j, k) {
            (2..=3, 2..=3, 4) => disc,
            (0, 0, _) => cord,
            _ => 0,
        })
    };
    for (disc, cord, level) in [
        (66, 1, Level::C5C6),
        (71, 1, Level::C7T1),
        (221, 200, Level::C5C6),
        (219, 200, Level::C7T1),
    ] {
        let levels = read(&block(disc, cord), None).unwrap();
        let found = levels.of(&subject(), level).unwrap();
        assert_eq!(levels.iter().count(), 1);
        assert_eq!((found.point, found.kind), (Point::new(-12.5, -25.0, 42.0), PointKind::Disc));
    }
}

#[test]
fn places_alone_fit_two_tables_until_the_name_tells() {
    let file = places(&[3, 4, 5, 6, 7, 8]);
    let refused = read(&file, None).unwrap_err();
    let StudyError::LabelTable { fits, .. } = &refused else { panic!("{refused}") };
    assert_eq!(fits, &[LabelTable::DiscPoints, LabelTable::VertebraPoints]);
    let text = refused.to_string();
    assert!(text.contains("3 (1 voxels, 0 mm)") && text.contains("do not touch"), "{text}");

    let discs = read(&file, Some(LabelTable::DiscPoints)).unwrap();
    let at = |levels: &DiscPositions, level| levels.of(&subject(), level).unwrap().clone();
    // 3 is the sixth place from below: k = 25, z = 30 + 75.
    assert_eq!(at(&discs, Level::C2C3).point, Point::new(-13.0, -28.0, 105.0));
    assert_eq!(at(&discs, Level::C2C3).kind, PointKind::Canal);
    assert_eq!(discs.iter().count(), 6);
    let vertebrae = read(&file, Some(LabelTable::VertebraPoints)).unwrap();
    // Between vertebrae C3 (k = 25) and C4 (k = 20).
    assert_eq!(at(&vertebrae, Level::C3C4).point, Point::new(-13.0, -28.0, 97.5));
    assert_eq!(vertebrae.iter().count(), 5);
}

#[test]
fn places_without_neighbours_are_no_discs_until_the_name_tells() {
    for values in [&[3, 9][..], &[5], &[3, 5, 7]] {
        let file = places(values);
        let refused = read(&file, None).unwrap_err();
        let StudyError::LabelTable { fits, .. } = &refused else { panic!("{refused}") };
        assert_eq!(fits, &[LabelTable::DiscPoints, LabelTable::VertebraPoints]);
        let text = read(&file, Some(LabelTable::VertebraPoints)).unwrap_err().to_string();
        assert!(text.contains("no two neighbours"), "{text}");
        let discs = read(&file, Some(LabelTable::DiscPoints)).unwrap();
        assert!(discs.iter().count() > 0);
    }
}

#[test]
fn a_name_that_contradicts_the_values_is_refused() {
    // 50 is the pons, which only disc points have.
    let text = read(&places(&[50, 3, 4]), Some(LabelTable::VertebraPoints)).unwrap_err();
    let text = text.to_string();
    assert!(text.contains("vertebra points") && text.contains("50 (1 voxels"), "{text}");
}

#[test]
fn names_are_told_by_whole_words() {
    let named = |path: &str| LabelTable::named_in(std::path::Path::new(path));
    for path in ["S1_labels-disc.nii.gz", "t2_labeled_discs.nii", "step1_levels/S1.nii.gz"] {
        assert_eq!(named(path), Some(LabelTable::DiscPoints), "{path}");
    }
    for path in ["t2_labels_vert.nii.gz", "S1_vertebrae.nii.gz", "S1-body.nii.gz"] {
        assert_eq!(named(path), Some(LabelTable::VertebraPoints), "{path}");
    }
    for path in ["converted/S1.nii.gz", "DISC01_labels.nii.gz", "S1_disc_vert.nii.gz"] {
        assert_eq!(named(path), None, "{path}");
    }
}

#[test]
fn the_bridge_of_the_pons_is_no_vertebra() {
    let levels = read(&places(&[50, 3, 4]), None).unwrap();
    let found: Vec<Level> = levels.iter().map(|(_, level, _)| level).collect();
    assert_eq!(found, [Level::C2C3, Level::C3C4]);
}

#[test]
fn a_cord_by_levels_gives_the_places_where_levels_meet() {
    let file =
        nifti([4, 4, 12], |[i, _, k]| if i == 1 { 5 - u8::try_from(k / 4).unwrap() } else { 0 });
    // 5, 4, 3 from below, over 4 voxels each: they meet at k = 3.5 and 7.5.
    let levels = read(&file, Some(LabelTable::DiscPoints)).unwrap();
    let heights: Vec<(Level, f64)> =
        levels.iter().map(|(_, level, disc)| (level, disc.point.z)).collect();
    assert_eq!(heights, [(Level::C3C4, 52.5), (Level::C4C5, 40.5)]);
}

#[test]
fn what_fits_no_table_is_refused_with_its_values() {
    for values in [&[99_u8, 98][..], &[63, 3], &[1, 2]] {
        let text = read(&places(values), None).unwrap_err().to_string();
        assert!(text.contains("no known table") && text.contains(&values[0].to_string()), "{text}");
    }
    let empty = read(&places(&[]), None).unwrap_err().to_string();
    assert!(empty.contains("it is empty"), "{empty}");
}

#[test]
fn broken_files_are_errors() {
    let file = places(&[3, 4]);
    assert!(matches!(read(b"no image", None), Err(StudyError::Nifti { .. })));
    assert!(matches!(read(&file[..500], None), Err(StudyError::Nifti { .. })));
    let mut placeless = file.clone();
    placeless[254] = 0;
    let text = read(&placeless, None).unwrap_err().to_string();
    assert!(text.contains("neither an sform nor a qform"), "{text}");
    // A header that promises 65535³ voxels takes no memory.
    let mut huge = file;
    huge[42..48].fill(0xff);
    assert!(read(&huge, None).is_err());
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_levels_of_a_real_cord_meet_at_its_discs() {
    let path = foramen_test_data::path("spine/cervical_sag_T2w_1mm_levels.nii.gz");
    let levels = read(&std::fs::read(path).unwrap(), None).unwrap();
    // By nibabel 5.4.2: the mean, through the affine, of the middles of all faces
    // between voxels of v and v + 1, x and y negated.
    let expected = [
        (Level::C2C3, [7.016_752, -1.596_732, 16.178_329]),
        (Level::C3C4, [7.493_257, -0.950_989, -1.821_671]),
        (Level::C4C5, [7.254_578, 0.283_982, -15.515_788]),
    ];
    assert_eq!(levels.iter().count(), expected.len());
    for (level, [x, y, z]) in expected {
        let found = levels.of(&subject(), level).unwrap();
        assert!(found.point.distance(Point::new(x, y, z)) < 1e-4, "{level}: {:?}", found.point);
        assert_eq!(found.kind, PointKind::Canal);
    }
}
