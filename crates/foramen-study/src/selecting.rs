use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::{Scan, StackHeader};
use foramen_image::SliceSource;
use foramen_select::{
    Choice, Foramen, Selection, Target, draw, draw_decision, naive_width, narrowest, of_reader,
};
use foramen_types::{Side, SubjectId};
use rayon::prelude::*;

use crate::StudyConfig;
use crate::candidates::AxialSeries;
use crate::cutting::{auxiliary, patch_of, treated};
use crate::hinting::hinted;
use crate::levels::Levels;
use crate::levels::normal_of;
use crate::manifest::by_subject;
use crate::manifest::{Kept, Manifest};
use crate::samples::PatchSample;
use crate::selected::Selected;
use crate::selections::{
    EpisodeSelection, ProfileEpisode, ProfileRow, Rank, SelectedForamen, Selections,
};
use crate::series::{Measured, measure_series, source_of};

/// Finds, measures and cuts out the injected foramen of every kept row.
///
/// The result is a new value; rows for which no slice could be chosen are excluded in it.
/// Subjects are worked on in parallel; the result does not depend on the number
/// of threads. `progress` is told the number of subjects done and of all.
#[must_use]
pub fn select_slices(
    manifest: Manifest,
    scan: &Scan,
    given: Option<&Levels>,
    config: &StudyConfig,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Selected {
    let stacks = by_subject(scan);
    let mut subjects: BTreeMap<&SubjectId, Vec<&Kept>> = BTreeMap::new();
    for kept in &manifest.kept {
        subjects.entry(&kept.subject).or_default().push(kept);
    }
    let done = std::sync::atomic::AtomicUsize::new(0);
    let total = subjects.len();
    let subjects: Vec<_> = subjects.into_iter().collect();
    let parts: Vec<Selections> = subjects
        .par_iter()
        .map(|(subject, episodes)| {
            let none = Vec::new();
            let of_subject = stacks.get(subject).unwrap_or(&none);
            let selected = select_subject(subject, episodes, of_subject, given, config);
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, total);
            selected
        })
        .collect();
    let mut all = Selections::default();
    for part in parts {
        all.episodes.extend(part.episodes);
        all.profile.extend(part.profile);
        all.patches.extend(part.patches);
        all.unread.extend(part.unread);
        for (subject, level, disc) in part.levels.iter() {
            all.levels.insert(subject.clone(), level, disc.clone());
        }
    }
    Selected::new(manifest, all)
}

fn select_subject<'e>(
    subject: &SubjectId,
    episodes: &[&'e Kept],
    stacks: &[&StackHeader],
    levels: Option<&Levels>,
    config: &StudyConfig,
) -> Selections {
    let mut result = Selections::default();
    let mut measured: BTreeMap<&str, Result<Measured<'_>, String>> = BTreeMap::new();
    let mut chosen: BTreeSet<(SliceSource, Side)> = BTreeSet::new();
    let mut judged: BTreeMap<(SliceSource, Side), (Foramen, ProfileEpisode)> = BTreeMap::new();
    for episode in episodes {
        let mut decided = |of: &'e AxialSeries, given: Option<&SliceSource>| {
            let series = measured
                .entry(&of.series_uid)
                .or_insert_with(|| measure_series(subject, of, stacks, levels, config));
            let series = series.as_ref().map_err(String::clone)?;
            decide(episode, series, given, config)
        };
        let decision = match &episode.slice_hint {
            Some(hint) => {
                hinted(hint, episode, stacks).and_then(|(of, source)| decided(of, Some(&source)))
            }
            None => {
                let mut tried = episode.series.iter().map(|of| decided(of, None));
                // The best series gives the reason.
                let first = tried.next().unwrap_or_else(|| Err("no axial series".to_owned()));
                first.or_else(|reason| tried.find_map(Result::ok).ok_or(reason))
            }
        };
        match decision {
            Ok(Decision { selection, patch, profile }) => {
                if let Some(slice) = &selection.chosen {
                    chosen.insert((slice.source.clone(), episode.side));
                }
                for (source, treated, other, place) in profile {
                    let untold = ProfileEpisode { rank: None, ..place };
                    judged.insert((source.clone(), episode.side), (treated, place));
                    judged.entry((source, episode.side.opposite())).or_insert((other, untold));
                }
                result.episodes.push(selection);
                result.patches.push(patch);
            }
            Err(reason) => result.episodes.push(refused(episode, reason)),
        }
    }
    for series in measured.values().flatten() {
        result.unread.extend(series.unread.iter().cloned());
        add_profile(&mut result.profile, subject, series, &judged);
        result.patches.extend(auxiliary(subject, series, &chosen, config));
        for (level, disc) in series.discs.iter().flatten() {
            result.levels.insert(subject.clone(), *level, disc.clone());
        }
    }
    result
}

fn refused(episode: &Kept, reason: String) -> EpisodeSelection {
    EpisodeSelection {
        row: episode.row,
        subject: episode.subject.clone(),
        level: episode.level,
        side: episode.side,
        chosen: None,
        hinted: false,
        confidence: 0.0,
        refusal: Some(reason),
        unread: 0,
        naive: None,
        picture: None,
    }
}

/// What was chosen for an episode, with its patch and its slices: image, treated and other
/// foramen, and what they are to it.
struct Decision {
    selection: EpisodeSelection,
    patch: PatchSample,
    profile: Vec<(SliceSource, Foramen, Foramen, ProfileEpisode)>,
}

/// Chooses the slice of an episode in a series; `given` is a reader's own choice.
fn decide(
    episode: &Kept,
    series: &Measured<'_>,
    given: Option<&SliceSource>,
    config: &StudyConfig,
) -> Result<Decision, String> {
    let target = target(episode, series);
    // Without the disc a reader's choice stands on its own.
    let selection = match (&target, given) {
        (Ok(target), _) => narrowest(&series.stacks, &series.slices, target, &config.select),
        (Err(_), Some(_)) => Selection::default(),
        (Err(reason), None) => return Err(reason.clone()),
    };
    let Selection { chosen, runner_up, profile, confidence, refusal } = selection;
    let (choice, confidence, runner_up) = match given {
        Some(source) => {
            let place = series.place_of(source).ok_or("the slice of slice_hint was not loaded")?;
            let (measured, disc) = (&series.slices, target.as_ref().ok());
            let choice = of_reader(&series.stacks, measured, place, episode.side, disc);
            let confidence = choice.foramen.confidence;
            (choice.with_roots_of(&profile), confidence, None)
        }
        None => {
            let refused = || refusal.map_or("refused".to_owned(), |reason| reason.to_string());
            (chosen.ok_or_else(refused)?, confidence, runner_up)
        }
    };
    let slice = series.slice(&choice);
    let measurement = &series.slices[choice.stack][choice.slice];
    let patch =
        patch_of(episode.subject.clone(), episode.level, episode.side, series, &choice, config)
            .map(|patch| treated(patch, episode))
            .ok_or("no patch could be cut around the foramen")?;
    let picture = if target.is_ok() {
        draw_decision(slice, measurement, series.window, episode.side, &profile, &choice)
    } else {
        draw(slice, measurement, series.window)
    };
    let is = |one: &Choice, other: &Choice| (one.stack, one.slice) == (other.stack, other.slice);
    let ranked = profile.iter().map(|at| {
        let rank = if is(at, &choice) {
            Some(Rank::Chosen)
        } else {
            runner_up.as_ref().filter(|second| is(at, second)).map(|_| Rank::RunnerUp)
        };
        let place = ProfileEpisode { level: episode.level, offset: at.offset, rank };
        let treated = if is(at, &choice) { &choice.foramen } else { &at.foramen };
        (source_of(series.slice(at)), treated.clone(), at.contralateral.clone(), place)
    });
    let ranked = ranked.collect();
    let selection = EpisodeSelection {
        row: episode.row,
        subject: episode.subject.clone(),
        level: episode.level,
        side: episode.side,
        hinted: given.is_some(),
        confidence,
        refusal: None,
        unread: series.unread.iter().map(|images| images.images).sum(),
        naive: naive_choice(series, &profile, episode.side),
        picture: Some(picture),
        chosen: Some(SelectedForamen {
            series_uid: series.series_uid.to_owned(),
            source: source_of(slice),
            offset: target.is_ok().then_some(choice.offset),
            foramen: choice.foramen,
            contralateral: choice.contralateral,
        }),
    };
    Ok(Decision { selection, patch, profile: ranked })
}

/// The foramen of an episode, at the disc of its level.
fn target(episode: &Kept, series: &Measured<'_>) -> Result<Target, String> {
    let discs = series.discs.as_ref().map_err(|why| format!("the level is not known: {why}"))?;
    let disc = discs.get(&episode.level).ok_or_else(|| {
        let frame = series.frame_of_reference_uid.unwrap_or("none");
        format!("no position of the disc {} in frame of reference {frame}", episode.level)
    })?;
    Ok(Target {
        level: episode.level,
        side: episode.side,
        disc: disc.point,
        kind: disc.kind,
        normal: normal_of(discs, episode.level),
    })
}

/// The slice whose foramen is narrowest by a fixed threshold.
fn naive_choice(series: &Measured<'_>, profile: &[Choice], side: Side) -> Option<SliceSource> {
    profile
        .iter()
        .filter_map(|choice| {
            let slice = series.slice(choice);
            let canal = series.slices[choice.stack][choice.slice].canal?;
            Some((naive_width(slice, canal, side)?, slice))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, slice)| source_of(slice))
}

fn add_profile(
    profile: &mut Vec<ProfileRow>,
    subject: &SubjectId,
    series: &Measured<'_>,
    judged: &BTreeMap<(SliceSource, Side), (Foramen, ProfileEpisode)>,
) {
    for (stack, slices) in series.stacks.iter().zip(&series.slices) {
        for (slice, (image, measurement)) in stack.slices().iter().zip(slices).enumerate() {
            for side in Side::BOTH {
                let source = source_of(image);
                let judged = judged.get(&(source.clone(), side)).cloned();
                let (foramen, episode) = judged.unzip();
                profile.push(ProfileRow {
                    subject: subject.clone(),
                    series_uid: series.series_uid.to_owned(),
                    source,
                    slice,
                    side,
                    foramen: foramen.unwrap_or_else(|| measurement.side(side).clone()),
                    episode,
                });
            }
        }
    }
}
