//! Angled blocks of slices, and slices lost at the ends of a stack.

use std::collections::BTreeMap;

use foramen_dicom::{Orientation, Scan, ScanOptions, StackHeader, scan};
use foramen_phantom::{CohortConfig, SubjectTruth, Truth, write_cohort};
use foramen_study::{EpisodeSelection, Manifest, StudyConfig, select_slices};
use foramen_types::{Level, Side};

use super::{LEVELS, names, selected};

/// The first T2 FSE subject that was planned so; the folder holds its images.
fn subject(planning: &str) -> (tempfile::TempDir, Scan) {
    for subjects in [1, 3, 9] {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(subjects).with_defects(0);
        write_cohort(&config, &folder.path().join("cohort"), &|_, _| ()).unwrap();
        let truth = Truth::read(&folder.path().join("cohort/truth.json")).unwrap();
        let is_fit = |of: &&SubjectTruth| of.contrast == "t2_fse" && of.planning == planning;
        if let Some(of) = truth.subjects.iter().find(is_fit) {
            let dicom = folder.path().join("cohort/dicom").join(&of.subject_id);
            let found = scan(&dicom, &ScanOptions::default()).unwrap();
            return (folder, found);
        }
    }
    panic!("none of nine is planned so");
}

fn selected_on(found: &Scan, level: Level, side: Side) -> EpisodeSelection {
    let config = StudyConfig::default();
    let manifest = Manifest::to_predict(found, level, side, &BTreeMap::new(), &config);
    let done = select_slices(manifest, found, None, &config, &|_, _| ());
    done.selections.episodes.into_iter().next().unwrap()
}

fn is_axial(stack: &StackHeader) -> bool {
    stack.orientation == Orientation::Axial && !stack.localizer
}

#[test]
fn a_series_for_each_angled_block_changes_nothing() {
    let (_folder, mut found) = subject("angled");
    let blocks = found.stacks.iter().filter(|stack| is_axial(stack)).count();
    assert!(blocks >= 5, "{blocks}");
    let places = || LEVELS.into_iter().flat_map(|level| Side::BOTH.map(|side| (level, side)));
    let plain: Vec<_> = places().map(|(level, side)| selected_on(&found, level, side)).collect();
    let axial = found.stacks.iter_mut().filter(|stack| is_axial(stack));
    for (number, stack) in axial.enumerate() {
        stack.series_uid = format!("{}.{number}", stack.series_uid);
        (stack.stack, stack.blocks) = (0, vec![0]);
    }
    for ((level, side), plain) in places().zip(plain) {
        let apart = selected_on(&found, level, side);
        let of = |episode: &EpisodeSelection| {
            episode.chosen.as_ref().map(|chosen| (chosen.source.clone(), chosen.foramen.width))
        };
        assert_eq!(of(&apart), of(&plain), "{level} {side}");
        assert_eq!((names(&apart), apart.confidence), (names(&plain), plain.confidence));
        assert!(names(&plain).is_empty(), "{:?}", plain.remarks);
        assert_eq!(apart.images.unwrap().series.len(), blocks);
    }
}

/// A slice lost at an end leaves no gap, and its number no hole: nobody can tell it from a
/// stack that was planned so. Right is that levels which it does not touch stay as they are,
/// without a remark, and that a level which the stack does not cover to its end any more says
/// so.
#[test]
fn a_slice_lost_at_an_end_concerns_the_levels_it_touches_alone() {
    let (_folder, found) = subject("straight");
    let at = found.stacks.iter().position(is_axial).unwrap();
    let slices = found.stacks[at].slices.len();
    let plain: Vec<_> = LEVELS.map(|level| selected(&found, level)).into();
    for lost in [0, slices - 1] {
        let found = subject_without(&found, at, lost..=lost);
        for (level, plain) in LEVELS.into_iter().zip(&plain) {
            let episode = selected(&found, level);
            assert_eq!(names(&episode), Vec::<&str>::new(), "{level}: {:?}", episode.remarks);
            let (one, other) = (episode.chosen.unwrap(), plain.chosen.clone().unwrap());
            assert_eq!(one.source, other.source, "{level}");
            let [one, other] = [one, other].map(|chosen| chosen.foramen.width.unwrap());
            // The canal and the sequence of states are found with one slice less.
            assert!((one - other).abs() < 0.1, "{level}: {one} {other}");
        }
    }
    // Down to the slice that shows the foramen of C3/4, and this one too.
    let chosen = plain[0].chosen.as_ref().unwrap();
    let of = &found.stacks[at].slices;
    let upper = of.iter().position(|slice| slice.source == chosen.source).unwrap();
    let cut = subject_without(&found, at, upper..=slices - 1);
    let episode = selected(&cut, Level::C3C4);
    if episode.chosen.is_some() {
        assert!(names(&episode).contains(&"incomplete_level"), "{:?}", episode.remarks);
        assert!(episode.confidence <= 0.6);
    }
    let below = selected(&cut, Level::C6C7);
    assert!(names(&below).is_empty(), "{:?}", below.remarks);
}

/// The same scan without some slices of one stack.
fn subject_without(found: &Scan, stack: usize, lost: std::ops::RangeInclusive<usize>) -> Scan {
    // A scan cannot be copied: its stacks are put into another one.
    let empty = tempfile::tempdir().unwrap();
    let mut copy = scan(empty.path(), &ScanOptions::default()).unwrap();
    copy.stacks = found.stacks.clone();
    copy.stacks[stack].slices.drain(lost);
    copy
}
