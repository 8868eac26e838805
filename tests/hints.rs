//! A reader's own choice of a slice, and what `profile.csv` says of a choice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use foramen_dicom::Scan;
use foramen_outcome::Outcomes;
use foramen_select::{SelectOptions, State};
use foramen_study::{
    DiscPositions, EpisodeSelection, Manifest, Rank, Selections, StudyConfig, StudyInputs,
    select_slices,
};
use foramen_tests::{cohort, open};
use foramen_types::SubjectKey;

/// The cohort with one kept row.
fn one() -> (Scan, Outcomes) {
    let folder = cohort(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let key = SubjectKey::identity();
    let (scan, mut outcomes) = open(&folder.join("dicom"), &folder.join("outcomes.csv"), &key);
    let manifest = joined(&scan, &outcomes);
    let first = manifest.kept()[0].row;
    outcomes.episodes.retain(|episode| episode.rows[0] == first);
    (scan, outcomes)
}

fn joined(scan: &Scan, outcomes: &Outcomes) -> Manifest {
    Manifest::join(&StudyInputs::new(scan, outcomes), &StudyConfig::default())
}

fn selected(scan: &Scan, outcomes: &Outcomes, levels: Option<&DiscPositions>) -> Selections {
    let (manifest, config) = (joined(scan, outcomes), StudyConfig::default());
    select_slices(manifest, scan, levels, &config, &|_, _| ()).selections
}

fn with_hint(
    scan: &Scan,
    outcomes: &Outcomes,
    hint: &str,
    levels: Option<&DiscPositions>,
) -> Selections {
    let mut outcomes = outcomes.clone();
    outcomes.episodes[0].slice_hint = Some(hint.to_owned());
    selected(scan, &outcomes, levels)
}

fn uid(episode: &EpisodeSelection) -> &str {
    &episode.chosen.as_ref().unwrap().source.sop_instance_uid
}

#[test]
fn a_reader_chooses_any_slice_of_the_axial_series_with_or_without_a_disc() {
    let (scan, outcomes) = one();
    let automatic = selected(&scan, &outcomes, None);
    let reach = SelectOptions::default().above;
    let chosen = automatic.episodes[0].chosen.as_ref().unwrap();
    // An open slice of another level, far from the disc.
    let far = automatic.profile.iter().find(|row| {
        row.episode.is_none()
            && row.side == automatic.episodes[0].side
            && row.series_uid == chosen.series_uid
            && row.foramen.state == State::Open
    });
    let far = far.unwrap();
    let hint = &far.source.sop_instance_uid;
    let hinted = with_hint(&scan, &outcomes, hint, None);
    let episode = &hinted.episodes[0];
    assert_eq!((episode.status(), uid(episode)), ("hint", hint.as_str()));
    let choice = episode.chosen.as_ref().unwrap();
    assert!(choice.offset.unwrap().abs() > reach, "{:?}", choice.offset);
    assert_eq!(choice.foramen.width, far.foramen.width);
    assert_eq!(hinted.patches[0].sop_instance_uid, *hint);

    let none = DiscPositions::default();
    let without = selected(&scan, &outcomes, Some(&none));
    assert!(without.episodes[0].refusal.as_ref().unwrap().contains("no position of the disc"));
    let hinted = with_hint(&scan, &outcomes, hint, Some(&none));
    let episode = &hinted.episodes[0];
    assert_eq!((episode.status(), uid(episode)), ("hint", hint.as_str()));
    assert_eq!(episode.chosen.as_ref().unwrap().offset, None);
    assert!(episode.picture.is_some());
}

#[test]
fn a_hint_that_names_no_usable_image_is_refused_in_words() {
    let (scan, outcomes) = one();
    let manifest = joined(&scan, &outcomes);
    let kept = &manifest.kept()[0];
    let other = scan.stacks.iter().find(|stack| {
        let usable = kept.series.iter().any(|series| series.series_uid == stack.series_uid);
        stack.subject == kept.subject && !usable
    });
    let other = &other.unwrap().slices[0].source.sop_instance_uid;
    for (hint, why) in [
        ("1.2.3", "names no image of the subject"),
        (other.as_str(), "no axial T2 series before"),
        ("1.2.3:x", "not the number of a frame"),
    ] {
        let refused = with_hint(&scan, &outcomes, hint, None);
        let episode = &refused.episodes[0];
        assert_eq!(episode.status(), "refused");
        assert!(episode.refusal.as_ref().unwrap().contains(why), "{:?}", episode.refusal);
    }
}

#[test]
fn the_profile_says_what_the_selection_says_and_names_the_runner_up() {
    let (scan, outcomes) = one();
    let selections = selected(&scan, &outcomes, None);
    let episode = &selections.episodes[0];
    let of = |rank| {
        let is =
            |row: &&foramen_study::ProfileRow| row.episode.is_some_and(|at| at.rank == Some(rank));
        selections.profile.iter().filter(is).collect::<Vec<_>>()
    };
    let [chosen] = of(Rank::Chosen)[..] else { panic!("one slice and side is chosen") };
    let choice = episode.chosen.as_ref().unwrap();
    assert_eq!((&chosen.source, chosen.side), (&choice.source, episode.side));
    assert_eq!((chosen.foramen.state, chosen.foramen.width), {
        (choice.foramen.state, choice.foramen.width)
    });
    assert!((chosen.episode.unwrap().offset - choice.offset.unwrap()).abs() < 1e-9);
    let [second] = of(Rank::RunnerUp)[..] else { panic!("one slice is next") };
    assert_ne!(second.source, chosen.source);
    assert_eq!(second.side, episode.side);
}
