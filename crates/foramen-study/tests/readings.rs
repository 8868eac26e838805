//! Real foramina beside the readings of two people: people that constants were tuned on, and
//! people that nothing was tuned on, apart. The images are no part of the repository.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::fs::File;
use std::path::Path;

use foramen_dicom::{ScanOptions, scan};
use foramen_select::State;
use foramen_study::{
    Place, ProfileRow, Readings, Seen, StudyConfig, mean_reading, profile_scan, read_readings,
};
use foramen_types::Side;

/// T2* examinations (folder, readings, highest slice with foramina) that were tuned on.
const TUNED: [(&str, &str, usize); 4] = [
    ("dicom/real-A", "readings.csv", 8),
    ("repeat/sub-9418/run-1", "repeat/readings.csv", 12),
    ("repeat/sub-9709Ses1/run-1", "repeat/readings.csv", 14),
    ("repeat/sub-9709Ses2/run-1", "repeat/readings.csv", 14),
];
/// Those of people that nothing was tuned on.
const UNTOUCHED: [(&str, &str, usize); 2] = [
    ("repeat/sub-9584/run-1", "repeat/readings.csv", 10),
    ("repeat/sub-10062Ses1/run-1", "repeat/readings.csv", 15),
];
/// The T2 FSE examination, which was tuned on.
const FSE: [(&str, &str, usize); 1] = [("dicom/real-B", "readings.csv", 14)];

fn measured(folder: &str) -> Vec<ProfileRow> {
    let spine = foramen_test_data::path("spine");
    let found = scan(&spine.join(folder), &ScanOptions::default()).unwrap();
    let profiled = profile_scan(&found, &StudyConfig::default(), &|_| ());
    assert!(profiled.unread.is_empty() && !profiled.rows.is_empty(), "{folder}");
    profiled.rows
}

/// The foramina that both readers call open, and the mean of their widths.
fn open_ones(readings: &Path) -> Readings {
    let file = File::open(readings).unwrap();
    let readers = read_readings(file).unwrap();
    assert_eq!(readers.len(), 2);
    let mean = mean_reading(&readers).readings;
    let both = |place: &Place| readers.values().all(|one| one.contains_key(place));
    mean.into_iter().filter(|(at, seen)| seen.state == State::Open && both(at)).collect()
}

/// How far widths are from those of the readers, ascending by size, how many open ones were
/// not called open, and which share of those within 0.8 mm has a confidence above 0.8.
fn errors(examinations: &[(&str, &str, usize)]) -> (Vec<f64>, usize, f64) {
    let (mut off, mut lost, mut right, mut sure) = (Vec::new(), 0, 0_u32, 0_u32);
    for (folder, readings, _) in examinations {
        let rows = measured(folder);
        let readings = foramen_test_data::path("spine").join(readings);
        for (place, Seen { width, .. }) in open_ones(&readings) {
            let is_here = |row: &&ProfileRow| {
                row.source.sop_instance_uid == place.sop_instance_uid && row.side == place.side
            };
            let Some(ours) = rows.iter().find(is_here) else { continue };
            match ours.foramen.width {
                Some(measured) => {
                    let error = measured - width.unwrap();
                    if error.abs() <= 0.8 {
                        right += 1;
                        sure += u32::from(ours.foramen.confidence > 0.8);
                    }
                    println!("confidence {:.2}: {error:.2} mm", ours.foramen.confidence);
                    off.push(error);
                }
                None => lost += 1,
            }
        }
    }
    off.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    println!(
        "{} open, {lost} lost, bias {:.2} mm, differences {off:.2?}",
        off.len() + lost,
        bias(&off)
    );
    (off, lost, f64::from(sure) / f64::from(right))
}

fn bias(off: &[f64]) -> f64 {
    off.iter().sum::<f64>() / off.len() as f64
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn open_foramina_of_people_tuned_on_have_the_readers_widths() {
    let (off, lost, sure) = errors(&TUNED);
    assert!(sure >= 0.6, "{sure}");
    assert_eq!((off.len(), lost), (17, 0));
    assert!(off[8].abs() <= 0.25, "{off:?}");
    assert!(off[15].abs() <= 0.9, "{off:?}");
    assert!(bias(&off).abs() <= 0.2, "{off:?}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn open_foramina_of_people_not_tuned_on_are_found() {
    let (off, lost, sure) = errors(&UNTOUCHED);
    assert!(sure >= 0.6, "{sure}");
    assert_eq!((off.len(), lost), (8, 0));
    // One of the eight is measured across another passage, 2.9 mm too narrow.
    assert!((off[3].abs() + off[4].abs()) / 2.0 <= 0.35, "{off:?}");
    assert!(off[6].abs() <= 1.2, "{off:?}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn open_foramina_on_spin_echo_are_found_within_a_pixel() {
    let (off, lost, _) = errors(&FSE);
    assert_eq!((off.len(), lost), (5, 0));
    assert!(off[2].abs() <= 0.6875, "{off:?}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn pedicles_are_not_open_and_nothing_is_above_the_foramina() {
    for (folder, pedicles) in [("dicom/real-A", &[4, 6][..]), ("dicom/real-B", &[5, 10, 12])] {
        let rows = measured(folder);
        let cut: Vec<_> = rows.iter().filter(|row| pedicles.contains(&row.slice)).collect();
        assert_eq!(cut.len(), 2 * pedicles.len());
        for row in cut {
            let place = format!("{folder} {} {}", row.slice, row.side);
            assert!(matches!(row.foramen.state, State::Pedicle | State::Shut), "{place}");
        }
    }
    let above = |examinations: &[(&str, &str, usize)]| -> usize {
        let open = |row: &ProfileRow| row.foramen.state == State::Open;
        let of = |(folder, _, top): &(&str, &str, usize)| {
            measured(folder).iter().filter(|row| row.slice > *top && open(row)).count()
        };
        examinations.iter().map(of).sum()
    };
    assert_eq!(above(&TUNED) + above(&FSE), 0);
    // Of 20 sides above the foramina of the two people not tuned on, at the skull base of one.
    assert!(above(&UNTOUCHED) <= 4);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn two_runs_agree() {
    let people = [("sub-9418", 12), ("sub-9709Ses1", 14), ("sub-9709Ses2", 14)];
    let others = [("sub-9584", 10), ("sub-10062Ses1", 15)];
    for (people, least, most_apart) in [(&people[..], 0.97, 0.40), (&others, 1.0, 0.40)] {
        let (mut alike, mut all, mut squares, mut open) = (0_u32, 0_u32, 0.0, 0_u32);
        let mut called = [0_u32; 2];
        for (person, top) in people {
            let runs = [1, 2].map(|run| measured(&format!("repeat/{person}/run-{run}")));
            for slice in 0..=*top {
                for side in Side::BOTH {
                    let at = |row: &&ProfileRow| row.slice == slice && row.side == side;
                    let [one, two] = [0, 1].map(|run| runs[run].iter().find(at).unwrap());
                    let [one, two] = [one, two].map(|row| row.foramen.width);
                    all += 1;
                    called[0] += u32::from(one.is_some());
                    called[1] += u32::from(two.is_some());
                    alike += u32::from(one.is_some() == two.is_some());
                    if let (Some(one), Some(two)) = (one, two) {
                        squares += (one - two).powi(2) / 2.0;
                        open += 1;
                    }
                }
            }
        }
        assert!(f64::from(alike) >= least * f64::from(all), "{alike} of {all}");
        let apart = (squares / f64::from(open)).sqrt();
        let [one, two] = called.map(|open| f64::from(open) / f64::from(all));
        let by_chance = one * two + (1.0 - one) * (1.0 - two);
        let kappa = (f64::from(alike) / f64::from(all) - by_chance) / (1.0 - by_chance);
        println!("{alike} of {all} sides alike, kappa {kappa:.2}, {apart:.2} mm within subjects");
        assert!(apart <= most_apart, "{apart:.3} mm within subjects");
    }
}
