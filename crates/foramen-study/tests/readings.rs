//! Real foramina beside the readings of two people, as far as there are any: ten
//! foramina of two public examinations, which are no part of the repository.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use foramen_dicom::{ScanOptions, scan};
use foramen_select::State;
use foramen_study::{
    Place, ProfileRow, Readings, Seen, StudyConfig, files, mean_reading, profile_scan,
    read_profile, read_readings,
};
use foramen_types::Side;

/// The examinations with readings, and the edges of their pixels in millimetres.
const SERIES: [(&str, f64); 2] = [("real-A", 0.5), ("real-B", 0.6875)];

/// The folder with `dicom` and `readings.csv`.
fn folder() -> PathBuf {
    foramen_test_data::path("spine")
}

fn measured(folder: &std::path::Path, series: &str) -> Vec<ProfileRow> {
    let found = scan(&folder.join("dicom").join(series), &ScanOptions::default()).unwrap();
    let profiled = profile_scan(&found, &StudyConfig::default(), &|_| ());
    assert!(profiled.unread.is_empty() && !profiled.rows.is_empty(), "{series}");
    profiled.rows
}

/// What everyone says of the foramina that the two readers read.
struct Compared<'a> {
    place: &'a Place,
    ours: &'a Seen,
    mean: &'a Seen,
    readers: [&'a Seen; 2],
}

fn compared<'a>(
    ours: &'a Readings,
    mean: &'a Readings,
    readers: &'a BTreeMap<String, Readings>,
) -> Vec<Compared<'a>> {
    let readers: Vec<&Readings> = readers.values().collect();
    let both = mean.iter().filter_map(|(place, mean)| {
        let readers = [readers[0].get(place)?, readers[1].get(place)?];
        Some(Compared { place, ours: ours.get(place)?, mean, readers })
    });
    both.collect()
}

/// How far the front walls of two lie from each other, and the back walls.
fn apart(one: &Seen, other: &Seen) -> [f64; 2] {
    let (one, other) = (one.walls.unwrap(), other.walls.unwrap());
    [0, 1].map(|wall| one[wall].distance(other[wall]))
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn widths_and_walls_are_those_of_two_readers() {
    let folder = folder();
    let readers = read_readings(File::open(folder.join("readings.csv")).unwrap()).unwrap();
    assert_eq!(readers.len(), 2);
    let mean = mean_reading(&readers).readings;
    let mut read = 0;
    for (series, pixel) in SERIES {
        let out = tempfile::tempdir().unwrap();
        let profile = out.path().join("profile.csv");
        files::write_profile(&profile, &measured(&folder, series)).unwrap();
        let ours = read_profile(File::open(&profile).unwrap()).unwrap();
        let (mut off, mut agreed) = (Vec::new(), 0);
        for Compared { place, ours, mean, readers: [first, second] } in
            compared(&ours, &mean, &readers)
        {
            read += 1;
            assert_eq!(ours.state, mean.state, "{series}, {place:?}");
            if mean.state != State::Open {
                continue;
            }
            off.push((ours.width.unwrap() - mean.width.unwrap()).abs());
            if apart(first, second).into_iter().all(|mm| mm <= 2.0 * pixel) {
                agreed += 1;
                let walls = apart(ours, mean);
                assert!(walls.into_iter().all(|mm| mm <= 2.0 * pixel), "{place:?}: {walls:?}");
            }
        }
        off.sort_by(f64::total_cmp);
        assert!(off[off.len() / 2] <= pixel, "{series}: {off:?}");
        assert!(agreed >= 3, "{series}: the readers agree on {agreed}");
    }
    assert_eq!(read, 10);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn slices_through_pedicles_are_closed_and_those_of_the_atlas_refused() {
    let folder = folder();
    let expected: [(&str, &[usize], std::ops::Range<usize>); 2] =
        [("real-A", &[4, 6], 9..11), ("real-B", &[5, 10, 12], 15..19)];
    for (series, pedicles, atlas) in expected {
        let profile = measured(&folder, series);
        for row in &profile {
            let (slice, state) = (row.slice, row.foramen.state);
            if pedicles.contains(&slice) {
                assert_eq!(state, State::Closed, "{series} {slice} {}", row.side);
            }
            let is_refused = state == State::Refused;
            assert_eq!(is_refused, atlas.contains(&slice), "{series} {slice} {}", row.side);
        }
        assert!(profile.iter().any(|row| row.side == Side::Left && row.slice == pedicles[0]));
    }
}
