use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::{Scan, StackHeader};
use foramen_image::SliceSource;
use foramen_select::{Choice, Target, draw_decision, naive_width, narrowest};
use foramen_types::{Side, SubjectId};
use rayon::prelude::*;

use crate::cutting::{auxiliary, patch_of, treated};
use crate::manifest::by_subject;
use crate::series::{Measured, measure_series, source_of};
use crate::{
    EpisodeSelection, Kept, Levels, Manifest, PatchSample, ProfileRow, SelectedForamen, Selections,
    StudyConfig,
};

/// Finds, measures and cuts out the injected foramen of every kept row.
///
/// Subjects are worked on in parallel; the result does not depend on the number
/// of threads. `progress` is told the number of subjects done and of all.
#[must_use]
pub fn select_slices(
    manifest: &Manifest,
    scan: &Scan,
    given: Option<&Levels>,
    config: &StudyConfig,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Selections {
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
        for (subject, level, disc) in part.levels.iter() {
            all.levels.insert(subject.clone(), level, disc.clone());
        }
    }
    all
}

fn select_subject(
    subject: &SubjectId,
    episodes: &[&Kept],
    stacks: &[&StackHeader],
    given: Option<&Levels>,
    config: &StudyConfig,
) -> Selections {
    let mut result = Selections::default();
    let mut measured: BTreeMap<&str, Result<Measured<'_>, String>> = BTreeMap::new();
    let mut chosen: BTreeSet<(SliceSource, Side)> = BTreeSet::new();
    for episode in episodes {
        let mut refusal = None;
        let mut selection = None;
        for uid in &episode.series {
            let series = measured
                .entry(uid)
                .or_insert_with(|| measure_series(subject, uid, stacks, given, config));
            match series
                .as_ref()
                .map_err(String::clone)
                .and_then(|series| select_episode(episode, series, config))
            {
                Ok(found) => {
                    selection = Some(found);
                    break;
                }
                // The best series gives the reason.
                Err(reason) => refusal = refusal.or(Some(reason)),
            }
        }
        let (selection, patch) = match selection {
            Some((selection, patch)) => (selection, patch),
            None => (refused(episode, refusal), None),
        };
        if let Some(slice) = &selection.chosen {
            chosen.insert((slice.source.clone(), episode.side));
        }
        result.episodes.push(selection);
        result.patches.extend(patch);
    }
    for series in measured.values().flatten() {
        add_profile(&mut result.profile, subject, series);
        result.patches.extend(auxiliary(subject, series, &chosen, config));
        for (level, disc) in series.discs.iter().flatten() {
            result.levels.insert(subject.clone(), *level, disc.clone());
        }
    }
    result
}

fn refused(episode: &Kept, refusal: Option<String>) -> EpisodeSelection {
    EpisodeSelection {
        row: episode.row,
        subject: episode.subject.clone(),
        level: episode.level,
        side: episode.side,
        chosen: None,
        hinted: false,
        confidence: 0.0,
        refusal: Some(refusal.unwrap_or_else(|| "no axial series".to_owned())),
        naive: None,
        picture: None,
    }
}

fn select_episode(
    episode: &Kept,
    series: &Measured<'_>,
    config: &StudyConfig,
) -> Result<(EpisodeSelection, Option<PatchSample>), String> {
    let discs = series.discs.as_ref().map_err(|why| format!("the level is not known: {why}"))?;
    let disc = discs.get(&episode.level).ok_or_else(|| {
        let frame = series.frame_of_reference_uid.unwrap_or("none");
        format!("no position of the disc {} in frame of reference {frame}", episode.level)
    })?;
    let target = Target {
        level: episode.level,
        side: episode.side,
        disc: disc.point,
        kind: disc.kind,
        normal: disc.normal,
    };
    let selection = narrowest(&series.stacks, &series.slices, &target, &config.select);
    let hint =
        episode.slice_hint.as_deref().and_then(|uid| hinted(series, uid, &selection.profile));
    let hinted = hint.is_some();
    let Some(choice) = hint.or(selection.chosen) else {
        return Err(selection.refusal.map_or("refused".to_owned(), |reason| reason.to_string()));
    };
    let slice = &series.stacks[choice.stack].slices()[choice.slice];
    let measurement = &series.slices[choice.stack][choice.slice];
    let source = source_of(slice);
    let patch =
        patch_of(episode.subject.clone(), episode.level, episode.side, series, &choice, config)
            .map(|patch| treated(patch, episode));
    if patch.is_none() {
        return Err("no patch could be cut around the foramen".to_owned());
    }
    let selected = EpisodeSelection {
        row: episode.row,
        subject: episode.subject.clone(),
        level: episode.level,
        side: episode.side,
        hinted,
        confidence: if hinted { 1.0 } else { selection.confidence },
        refusal: None,
        naive: naive_choice(series, &selection.profile, episode.side),
        picture: Some(draw_decision(
            slice,
            measurement,
            series.window,
            episode.side,
            &selection.profile,
            &choice,
        )),
        chosen: Some(SelectedForamen {
            series_uid: series.series_uid.to_owned(),
            source,
            offset: choice.offset,
            foramen: choice.foramen,
            contralateral: choice.contralateral,
        }),
    };
    Ok((selected, patch))
}

/// The slice a reader chose, measured as it is; `None` when it is not among the
/// slices of the series.
fn hinted(series: &Measured<'_>, uid: &str, profile: &[Choice]) -> Option<Choice> {
    profile
        .iter()
        .find(|choice| {
            let slice = &series.stacks[choice.stack].slices()[choice.slice];
            source_of(slice).sop_instance_uid == uid
        })
        .map(|choice| choice.clone().with_roots_of(profile))
}

/// The slice whose foramen is narrowest by a fixed threshold.
fn naive_choice(series: &Measured<'_>, profile: &[Choice], side: Side) -> Option<SliceSource> {
    profile
        .iter()
        .filter_map(|choice| {
            let slice = &series.stacks[choice.stack].slices()[choice.slice];
            let canal = series.slices[choice.stack][choice.slice].canal?;
            Some((naive_width(slice, canal, side)?, slice))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, slice)| source_of(slice))
}

fn add_profile(profile: &mut Vec<ProfileRow>, subject: &SubjectId, series: &Measured<'_>) {
    for (stack, slices) in series.stacks.iter().zip(&series.slices) {
        for (slice, (image, measurement)) in stack.slices().iter().zip(slices).enumerate() {
            for side in Side::BOTH {
                profile.push(ProfileRow {
                    subject: subject.clone(),
                    series_uid: series.series_uid.to_owned(),
                    source: source_of(image),
                    slice,
                    side,
                    foramen: measurement.side(side).clone(),
                });
            }
        }
    }
}
