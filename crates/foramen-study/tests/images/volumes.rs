//! Where there is none but a sagittal T2 volume, axial slices are made of it and measured.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use foramen_dicom::{Scan, ScanOptions, StackHeader, scan};
use foramen_image::{Colour, Picture};
use foramen_phantom::{CohortConfig, Truth, write_cohort};
use foramen_study::{
    EpisodeSelection, Manifest, ReformatOptions, StudyConfig, files, is_reformatted, profile_scan,
    select_slices,
};
use foramen_types::Level;

use super::{names, selected, selected_with};

/// One subject, once examined by a volume alone and once by axial and sagittal series.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let config = CohortConfig::default().with_analysable(1).with_defects(0);
    write_cohort(&config, &folder.path().join("axial"), &|_, _| ()).unwrap();
    write_cohort(&config.with_volume(), &folder.path().join("volume"), &|_, _| ()).unwrap();
    folder
});

fn scanned(name: &str) -> Scan {
    scan(&FOLDER.path().join(name), &ScanOptions::default()).unwrap()
}

fn is_volume(stack: &StackHeader) -> bool {
    stack.is_volume()
}

/// How many pixels of the colour of letters stand in the upper middle of a picture.
fn marked(picture: &Picture) -> usize {
    let columns = picture.columns() / 3..2 * picture.columns() / 3;
    let at = |row: usize| columns.clone().filter_map(move |column| picture.colour(row, column));
    (8..28).flat_map(at).filter(|colour| *colour == Colour(255, 220, 90)).count()
}

#[test]
fn a_volume_alone_is_reformatted_and_marked_in_every_file() {
    let found = scanned("volume");
    let volume = found.stacks.iter().find(|stack| is_volume(stack)).unwrap();
    let truth = Truth::read(&FOLDER.path().join("volume/truth.json")).unwrap();
    let subject = &truth.subjects[0];
    let config = StudyConfig::default();
    let (level, side) = (subject.level.parse().unwrap(), subject.side.parse().unwrap());
    let manifest = Manifest::to_predict(&found, level, side, &BTreeMap::new(), &config);
    let done = select_slices(manifest, &found, None, &config, &|_, _| ());
    let episode = &done.selections.episodes[0];
    let chosen = episode.chosen.as_ref().unwrap();
    // The narrowest of many slices is hardly wider than the waist of the foramen; measuring
    // errs by 0.8 mm in one of twenty.
    let width = chosen.foramen.width.unwrap();
    assert!((width - subject.waist_mm).abs() < 0.8, "{width} {}", subject.waist_mm);
    assert_eq!(chosen.series_uid, volume.series_uid);
    assert!(is_reformatted(&chosen.source.sop_instance_uid), "{:?}", chosen.source);
    assert_eq!(names(episode), ["reformatted"]);
    assert!(episode.confidence <= 0.8);
    assert!(episode.remarks[0].to_string().contains("2.0 mm (mean)"));
    assert!(marked(episode.picture.as_ref().unwrap()) > 100);

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    files::write_selections(&path("selections.csv"), &done.selections).unwrap();
    files::write_profile(&path("profile.csv"), &done.selections.profile).unwrap();
    files::write_patches(folder.path(), &done.selections.patches).unwrap();
    files::write_manifest(&path("manifest.json"), &done.manifest).unwrap();
    for name in ["selections.csv", "profile.csv", "patches.csv"] {
        let table = std::fs::read_to_string(path(name)).unwrap();
        let rows: Vec<&str> = table.lines().skip(1).collect();
        assert!(!rows.is_empty() && rows.iter().all(|row| row.contains("reformatted-")), "{name}");
    }
    let manifest = std::fs::read_to_string(path("manifest.json")).unwrap();
    assert!(manifest.contains("\"reformatted\""), "{manifest}");
}

#[test]
fn axial_images_come_before_a_volume_which_is_named() {
    let alone = scanned("axial");
    let both = scanned(".");
    assert!(both.stacks.iter().any(is_volume) && !alone.stacks.iter().any(is_volume));
    for level in [Level::C4C5, Level::C6C7] {
        let (one, other) = (selected(&alone, level), selected(&both, level));
        let (one, images) = (one.chosen.unwrap(), other.images.clone().unwrap());
        assert_eq!(one.source, other.chosen.as_ref().unwrap().source);
        assert!(names(&other).is_empty(), "{:?}", names(&other));
        assert_eq!(images.runner_up.unwrap().rule, "acquired");
    }
    // Asked for by its name, the volume is measured.
    let volume = both.stacks.iter().find(|stack| is_volume(stack)).unwrap();
    let config = StudyConfig::default().with_series(vec![volume.series_uid.clone()]);
    let asked = selected_with(&both, &config, Level::C4C5).1.episodes.remove(0);
    assert_eq!(asked.chosen.as_ref().unwrap().series_uid, volume.series_uid);
    assert_eq!(names(&asked), ["reformatted"]);
}

#[test]
fn without_a_frame_of_reference_a_volume_has_its_own_discs() {
    let mut found = scanned("volume");
    let expected = selected(&found, Level::C5C6).chosen.unwrap();
    for stack in &mut found.stacks {
        stack.frame_of_reference_uid = None;
    }
    let chosen = selected(&found, Level::C5C6).chosen.unwrap();
    assert_eq!((chosen.source, chosen.foramen.width), (expected.source, expected.foramen.width));
}

#[test]
fn a_reader_may_name_a_slice_that_was_made() {
    let found = scanned("volume");
    let config = StudyConfig::default().with_reformat(ReformatOptions::default());
    let (_, selections) = selected_with(&found, &config, Level::C5C6);
    let of_level = selections.profile.iter().filter(|row| row.episode.is_some());
    let named = of_level.map(|row| row.source.clone()).next().unwrap();
    let text = selected_by(&found, &format!("{}:{}", named.sop_instance_uid, named.frame));
    assert_eq!(text.chosen.unwrap().source, named);
    let refused = |hint: &str| selected_by(&found, hint).refusal.unwrap();
    let without = refused(&named.sop_instance_uid);
    assert!(without.contains("behind a colon"), "{without}");
    let other = refused("reformatted-C5-6-1.2.3:4");
    assert!(other.contains("none of the T2 volumes"), "{other}");
}

/// What is chosen where the outcome table names a slice.
fn selected_by(found: &Scan, hint: &str) -> EpisodeSelection {
    let subject = &found.stacks[0].subject;
    let table = format!(
        "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,slice_hint\n\
         {subject},C5/6,left,{},7,{},3,{hint}\n",
        found.stacks[0].acquired.unwrap().saturating_add(jiff::Span::new().days(10)),
        found.stacks[0].acquired.unwrap().saturating_add(jiff::Span::new().days(70)),
    );
    let outcomes = foramen_outcome::read(table.as_bytes(), &Default::default()).unwrap();
    let config = StudyConfig::default();
    let inputs = foramen_study::StudyInputs::new(found, &outcomes);
    let manifest = Manifest::join(&inputs, &config);
    let done = select_slices(manifest, found, None, &config, &|_, _| ());
    done.selections.episodes.into_iter().next().unwrap()
}

#[test]
fn without_outcomes_every_slice_made_of_a_volume_is_measured_and_drawn() {
    let found = scanned("volume");
    let pictures = Mutex::new(Vec::new());
    let profiled = profile_scan(&found, &StudyConfig::default(), &|slice| {
        pictures.lock().unwrap().push((slice.slice, marked(&slice.picture)));
    });
    let mut pictures = pictures.into_inner().unwrap();
    pictures.sort_unstable();
    let slices = profiled.rows.len() / 2;
    assert!(slices > 30 && profiled.without.is_empty() && profiled.not_reformatted.is_empty());
    assert!(pictures.iter().enumerate().all(|(at, (slice, mark))| at == *slice && *mark > 100));
    assert_eq!(pictures.len(), slices);
    assert!(profiled.rows.iter().all(|row| is_reformatted(&row.source.sop_instance_uid)));
    // On both sides of the discs foramina are open.
    let open = profiled.rows.iter().filter(|row| row.foramen.width.is_some()).count();
    assert!(open > slices / 3, "{open} of {slices}");

    // Beside the canal there are no discs, and that is said.
    let mut beside = found;
    beside.stacks.retain(is_volume);
    let slices = beside.stacks[0].slices.len();
    beside.stacks[0].slices.drain(..slices - 24);
    let profiled = profile_scan(&beside, &StudyConfig::default(), &|_| ());
    let (_, why) = &profiled.not_reformatted[0];
    assert!(profiled.rows.is_empty() && why.contains("the level is not known"), "{why}");
}
