use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use foramen_dicom::{Scan, StackHeader};
use foramen_image::SliceSource;
use foramen_select::{Foramen, MeasuredStack};
use foramen_types::{Side, SubjectId};
use rayon::prelude::*;

use crate::config::StudyConfig;
use crate::cutting::auxiliary;
use crate::deciding::{Decision, decide};
use crate::hinting::hinted;
use crate::image_choice::{ChosenImages, RunnerUpImages};
use crate::levels::DiscPositions;
use crate::manifest::by_subject;
use crate::manifest::{Kept, Manifest};
use crate::same_images::{digest, shared};
use crate::selected::Selected;
use crate::selections::{EpisodeSelection, ProfileEpisode, ProfileRow, Selections};
use crate::series::{Measured, source_of};
use crate::workplace::{Ranked, Workplace};

/// Finds, measures and cuts out the injected foramen of every kept row.
///
/// In the returned value, rows for which no slice could be chosen are excluded. Subjects are
/// processed in parallel; the result does not depend on the number of threads. `progress` is called
/// with the number of finished subjects and the number of all subjects.
#[must_use]
pub fn select_slices(
    manifest: Manifest,
    scan: &Scan,
    given: Option<&DiscPositions>,
    config: &StudyConfig,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Selected {
    let keep = |_: &mut Selections| Ok::<(), Infallible>(());
    let Ok(selected) = select_slices_in_parts(manifest, scan, given, config, progress, keep);
    selected
}

/// Fewest subjects that are processed together: enough to keep all threads busy while one subject
/// takes long.
const TOGETHER: usize = 64;

/// Like [`select_slices`], for a few subjects at a time. `each` receives their selections in order,
/// and may write and remove the profile, patches and pictures, so that memory does not hold those
/// of all subjects. The rest is returned as by [`select_slices`].
///
/// # Errors
/// Errors of `each`; the selection stops there.
pub fn select_slices_in_parts<E>(
    manifest: Manifest,
    scan: &Scan,
    given: Option<&DiscPositions>,
    config: &StudyConfig,
    progress: &(dyn Fn(usize, usize) + Sync),
    mut each: impl FnMut(&mut Selections) -> Result<(), E>,
) -> Result<Selected, E> {
    let stacks = by_subject(scan);
    let mut subjects: BTreeMap<&SubjectId, Vec<&Kept>> = BTreeMap::new();
    for kept in &manifest.kept {
        subjects.entry(&kept.subject).or_default().push(kept);
    }
    let done = std::sync::atomic::AtomicUsize::new(0);
    let total = subjects.len();
    let subjects: Vec<_> = subjects.into_iter().collect();
    let mut all = Selections::default();
    for subjects in subjects.chunks(TOGETHER.max(8 * rayon::current_num_threads())) {
        let parts: Vec<(Selections, BTreeSet<u64>)> = subjects
            .par_iter()
            .map(|(subject, episodes)| {
                let none = Vec::new();
                let of_subject = stacks.get(subject).unwrap_or(&none);
                let selected = select_subject(subject, episodes, of_subject, given, config);
                progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, total);
                selected
            })
            .collect();
        let mut together = Selections::default();
        for ((subject, _), (part, digests)) in subjects.iter().zip(parts) {
            together.append(part);
            together.image_digests.insert((*subject).clone(), digests);
        }
        each(&mut together)?;
        all.append(together);
    }
    all.same_images = shared(&all.image_digests);
    if let Some(given) = given {
        all.levels.refuse_as(given);
    }
    Ok(Selected::new(manifest, all))
}

/// The selections for a subject, and the digests of the measured images.
fn select_subject(
    subject: &SubjectId,
    episodes: &[&Kept],
    stacks: &[&StackHeader],
    given: Option<&DiscPositions>,
    config: &StudyConfig,
) -> (Selections, BTreeSet<u64>) {
    let (mut result, mut digests) = (Selections::default(), BTreeSet::new());
    // By the series that are asked for.
    let mut works: BTreeMap<Vec<String>, Workplace<'_>> = BTreeMap::new();
    let mut chosen: BTreeSet<(SliceSource, Side)> = BTreeSet::new();
    let mut judged: BTreeMap<(SliceSource, Side), (Foramen, ProfileEpisode)> = BTreeMap::new();
    for episode in episodes {
        let only = episode.only_series(&config.series);
        let work = works
            .entry(only)
            .or_insert_with_key(|only| Workplace::new(subject, stacks, given, config, only));
        match select_episode(episode, work) {
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
    // Rows that ask for other series may have had the same images measured.
    let mut told: BTreeSet<SliceSource> = BTreeSet::new();
    for series in works.values().flat_map(Workplace::all_measured) {
        let fresh: BTreeSet<SliceSource> =
            series.sources().filter(|source| !told.contains(source)).collect();
        if !fresh.is_empty() {
            result.unread.extend(series.unread.iter().cloned());
        }
        let slices = series.stacks.iter().flat_map(MeasuredStack::slices);
        digests.extend(slices.filter_map(|(slice, _)| digest(slice)));
        let made = series.made.iter().filter(|made| fresh.contains(&made.source));
        result.made.extend(made.cloned());
        add_profile(&mut result.profile, (subject, series), &fresh, &judged);
        let further = auxiliary(subject, series, &chosen, config).into_iter();
        result.patches.extend(further.filter(|patch| fresh.contains(&patch.source())));
        told.extend(fresh);
        for (level, disc) in series.discs.iter().flatten() {
            result.levels.insert(subject.clone(), *level, disc.clone());
        }
    }
    (result, digests)
}

/// Chooses the slice of an episode: on the first-ranked set at its level of the latest examination,
/// and if no foramen is found there, on the next set.
fn select_episode(episode: &Kept, work: &mut Workplace<'_>) -> Result<Decision, String> {
    let usable = work.candidates.usable(episode.injection_date, work.config);
    let usable = usable.map_err(|why| why.to_string())?;
    if let Some(hint) = &episode.slice_hint {
        let (place, source) = hinted(hint, &work.candidates, &usable, work.stacks)?;
        let config = work.config;
        let mut decision = decide(episode, work.measured(place)?, Some(&source), config)?;
        let ranked = work.ranked(place.0, episode);
        let other = ranked.iter().find(|ranked| ranked.set != place.1);
        decision.selection.images = Some(ChosenImages {
            series: work.series(place),
            runner_up: other.map(|other| RunnerUpImages {
                series: work.series((place.0, other.set)),
                rule: "named".to_owned(),
                why: "a reader named a slice of it".to_owned(),
            }),
        });
        return Ok(decision);
    }
    let mut first_refusal = None;
    for &pool in &usable {
        let ranked = work.ranked(pool, episode);
        for (place, Ranked { set, before_next }) in ranked.iter().enumerate() {
            let config = work.config;
            let decided = work
                .measured((pool, *set))
                .and_then(|measured| decide(episode, measured, None, config));
            match decided {
                Ok(mut decision) => {
                    // Where the set that comes first was refused, it is the one to tell.
                    let runner_up = if place == 0 {
                        ranked.get(1).zip(before_next.clone())
                    } else {
                        let why: &String = first_refusal.get_or_insert_with(String::new);
                        let why = format!("the set that comes before it gives no foramen: {why}");
                        Some((&ranked[0], ("refused".to_owned(), why)))
                    };
                    decision.selection.images = Some(ChosenImages {
                        series: work.series((pool, *set)),
                        runner_up: runner_up.map(|(other, (rule, why))| RunnerUpImages {
                            series: work.series((pool, other.set)),
                            rule,
                            why,
                        }),
                    });
                    return Ok(decision);
                }
                // The best set gives the reason.
                Err(reason) => _ = first_refusal.get_or_insert(reason),
            }
        }
    }
    Err(first_refusal.unwrap_or_else(|| "no axial series".to_owned()))
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
        images: None,
        remarks: Vec::new(),
        heights: None,
        naive: None,
        picture: None,
    }
}

fn add_profile(
    profile: &mut Vec<ProfileRow>,
    (subject, series): (&SubjectId, &Measured),
    fresh: &BTreeSet<SliceSource>,
    judged: &BTreeMap<(SliceSource, Side), (Foramen, ProfileEpisode)>,
) {
    for stack in &series.stacks {
        for (slice, (image, measurement)) in stack.slices().enumerate() {
            let source = source_of(image);
            if !fresh.contains(&source) {
                continue;
            }
            for side in Side::BOTH {
                let source = source.clone();
                let judged = judged.get(&(source.clone(), side)).cloned();
                let (foramen, episode) = judged.unzip();
                profile.push(ProfileRow {
                    subject: subject.clone(),
                    series_uid: series.series_of(&source),
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
