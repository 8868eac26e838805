//! Two scans of one neck are told from the necks of two people: real axial images of four
//! people, each scanned twice in a row. The images are no part of the repository.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::collections::BTreeMap;

use foramen_dicom::{ScanOptions, load, scan};
use foramen_image::ndarray::Array2;
use foramen_image::{Patch, PatchFrame, Sketch, Window};
use foramen_learn::{Leakage, NEAR_DUPLICATE, Overlap, Part, Specimen};
use foramen_select::State;
use foramen_study::{StudyConfig, profile_scan};
use foramen_types::SubjectId;

/// The examinations, and whose they are: the last two are of one woman under two protocols.
const EXAMINATIONS: [(&str, &str); 5] = [
    ("sub-9418", "9418"),
    ("sub-9584", "9584"),
    ("sub-10062Ses1", "10062"),
    ("sub-9709Ses1", "9709"),
    ("sub-9709Ses2", "9709"),
];

/// A run of an examination: the patch of every foramen that was found open.
struct Run {
    name: String,
    examination: &'static str,
    person: &'static str,
    patches: Vec<Array2<f32>>,
}

fn runs() -> Vec<Run> {
    let folder = foramen_test_data::path("spine/repeat");
    let both = |number: usize| EXAMINATIONS.map(|(name, person)| (name, person, number));
    [1, 2]
        .into_iter()
        .flat_map(both)
        .map(|(examination, person, number)| {
            let found =
                scan(&folder.join(format!("{examination}/run-{number}")), &ScanOptions::default())
                    .unwrap();
            let profiled = profile_scan(&found, &StudyConfig::default(), &|_| ());
            let stacks: Vec<_> = found.stacks.iter().map(|one| load(one).unwrap().stack).collect();
            let slices: BTreeMap<_, _> = stacks
                .iter()
                .flat_map(|stack| stack.slices())
                .map(|slice| (slice.source.clone().unwrap(), slice))
                .collect();
            let window = Window::from_quantiles(slices.values().copied(), 0.01, 0.99);
            let open = profiled.rows.iter().filter(|row| row.foramen.state == State::Open);
            let patches = open.filter_map(|row| {
                let (front, back) = (row.foramen.front?, row.foramen.back?);
                let (slice, centre) = (slices[&row.source], front + (back - front) * 0.5);
                let frame = PatchFrame::default();
                let patch = Patch::cut(slice, centre, row.side, frame, window).unwrap();
                Some(patch.pixels().clone())
            });
            let patches: Vec<_> = patches.collect();
            Run { name: format!("{examination} run {number}"), examination, person, patches }
        })
        .collect()
}

/// The greatest correlation of a patch of one run with one of the other that its hash lets
/// through.
fn closest(a: &Run, b: &Run) -> f64 {
    let sketches = |run: &Run| -> Vec<Sketch> {
        run.patches.iter().filter_map(|patch| Sketch::of(patch.view())).collect()
    };
    let (a, b) = (sketches(a), sketches(b));
    let pairs = a.iter().flat_map(|one| b.iter().map(move |other| (one, other)));
    let alike = pairs.filter(|(one, other)| one.may_be_alike(other));
    alike.filter_map(|(one, other)| one.correlation(other)).fold(-1.0, f64::max)
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn two_scans_of_one_neck_are_near_duplicates_and_two_necks_are_not() {
    let runs = runs();
    for (at, a) in runs.iter().enumerate() {
        for b in &runs[at + 1..] {
            let (closest, same) = (closest(a, b), a.person == b.person);
            println!("{} {} {closest:.3} {same}", a.name, b.name);
            // Two people keep their distance from the threshold, and so do two scans in a row.
            let in_a_row = a.examination == b.examination;
            assert_eq!(closest > NEAR_DUPLICATE, same, "{} {}", a.name, b.name);
            assert!(!in_a_row || closest > NEAR_DUPLICATE + 0.04, "{} {}", a.name, b.name);
            assert!(same || closest < NEAR_DUPLICATE - 0.2, "{} {}", a.name, b.name);
        }
    }
    // In each fold one run is tested, so that every two are apart in some fold.
    let specimens: Vec<Specimen<'_>> = runs
        .iter()
        .enumerate()
        .flat_map(|(at, run)| {
            let parts =
                (0..runs.len()).map(|fold| Some(if fold == at { Part::Test } else { Part::Train }));
            let parts: Vec<_> = parts.collect();
            run.patches.iter().map(move |patch| Specimen {
                name: run.name.clone(),
                subject: SubjectId::new(&run.name).unwrap(),
                study_uid: None,
                image_uid: None,
                pixels: patch.view(),
                parts: parts.clone(),
            })
        })
        .collect();
    let leakage = Leakage::between_parts(&specimens, NEAR_DUPLICATE);
    let found = |a: &str, b: &str| {
        leakage.shared.iter().any(|shared| {
            let names = shared.subjects.each_ref().map(ToString::to_string);
            shared.kind == Overlap::NearDuplicate && names == [a.to_owned(), b.to_owned()]
        })
    };
    for (examination, _) in EXAMINATIONS {
        let [first, second] = [1, 2].map(|run| format!("{examination} run {run}"));
        assert!(found(&first, &second), "{examination} is not found");
    }
    let person =
        |name: &SubjectId| runs.iter().find(|run| run.name == name.as_str()).unwrap().person;
    for shared in &leakage.shared {
        let [a, b] = shared.subjects.each_ref().map(person);
        assert_eq!(a, b, "{shared}");
    }
}
