use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::{Pool, Scan, StackHeader};
use foramen_image::SliceSource;
use foramen_select::Foramen;
use foramen_types::{Side, SubjectId};
use rayon::prelude::*;

use crate::candidates::Candidates;
use crate::config::StudyConfig;
use crate::cutting::auxiliary;
use crate::deciding::{Decision, decide};
use crate::hinting::hinted;
use crate::image_choice::{ChosenImages, RunnerUpImages};
use crate::levels::Levels;
use crate::manifest::by_subject;
use crate::manifest::{Kept, Manifest};
use crate::selected::Selected;
use crate::selections::{EpisodeSelection, ProfileEpisode, ProfileRow, Selections};
use crate::series::{Discs, Measured, discs_in, measure_set, source_of};

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
    if let Some(given) = given {
        all.levels.refuse_as(given);
    }
    Selected::new(manifest, all)
}

/// A set of a pool, by the indices of both.
type SetIndex = (usize, usize);

/// The axial images of a subject: measured once, for all episodes.
struct Workplace<'a> {
    subject: &'a SubjectId,
    stacks: &'a [&'a StackHeader],
    given: Option<&'a Levels>,
    config: &'a StudyConfig,
    candidates: Candidates<'a>,
    /// By pool and frame of reference.
    discs: BTreeMap<(usize, Option<String>), Discs>,
    measured: BTreeMap<SetIndex, Result<Measured, String>>,
}

impl Workplace<'_> {
    fn discs(&mut self, pool: usize, frame: Option<&str>) -> &Discs {
        let of_pool = (pool, frame.map(str::to_owned));
        self.discs
            .entry(of_pool)
            .or_insert_with(|| discs_in(self.subject, self.stacks, frame, self.given, self.config))
    }

    fn measured(&mut self, place: SetIndex) -> Result<&Measured, String> {
        if !self.measured.contains_key(&place) {
            let set = self.candidates.pools[place.0].sets[place.1].clone();
            let discs = self.discs(place.0, set.frame_of_reference_uid()).clone();
            self.measured.insert(place, measure_set(&set, discs, self.config));
        }
        self.measured[&place].as_ref().map_err(String::clone)
    }

    /// The sets of a pool in the order in which they stand at the level of an episode, each
    /// with the rule and the words by which it comes before the next.
    fn ranked(&mut self, pool: usize, episode: &Kept) -> Vec<Ranked> {
        let frames: Vec<Option<String>> = self.candidates.pools[pool]
            .sets
            .iter()
            .map(|set| set.frame_of_reference_uid().map(str::to_owned))
            .collect();
        let point = frames.into_iter().find_map(|frame| {
            let discs = self.discs(pool, frame.as_deref()).as_ref().ok()?;
            Some((discs.get(&episode.level)?.point, frame))
        });
        let of = &self.candidates.pools[pool];
        match point {
            Some((point, frame)) => of
                .at(point, frame.as_deref(), REACH)
                .into_iter()
                .map(|ranked| Ranked {
                    set: index_of(of, ranked.set),
                    before_next: ranked
                        .before_next
                        .map(|(rule, why)| (rule.name().to_owned(), why)),
                })
                .collect(),
            // Without a disc the sets stand as they do for the neck as a whole.
            None => (0..of.sets.len()).map(|set| Ranked { set, before_next: None }).collect(),
        }
    }

    fn series(&self, place: SetIndex) -> Vec<String> {
        let set = &self.candidates.pools[place.0].sets[place.1];
        set.series().into_iter().map(str::to_owned).collect()
    }
}

/// A foramen and the pedicles around it lie within this height of their disc, in
/// millimetres.
const REACH: f64 = 8.0;

struct Ranked {
    set: usize,
    before_next: Option<(String, String)>,
}

fn index_of(pool: &Pool<'_>, set: &foramen_dicom::ImageSet<'_>) -> usize {
    pool.sets.iter().position(|other| std::ptr::eq(other, set)).unwrap_or_default()
}

fn select_subject(
    subject: &SubjectId,
    episodes: &[&Kept],
    stacks: &[&StackHeader],
    given: Option<&Levels>,
    config: &StudyConfig,
) -> Selections {
    let mut result = Selections::default();
    let mut work = Workplace {
        subject,
        stacks,
        given,
        config,
        candidates: Candidates::of(stacks, &config.accepted, &config.series),
        discs: BTreeMap::new(),
        measured: BTreeMap::new(),
    };
    let mut chosen: BTreeSet<(SliceSource, Side)> = BTreeSet::new();
    let mut judged: BTreeMap<(SliceSource, Side), (Foramen, ProfileEpisode)> = BTreeMap::new();
    for episode in episodes {
        match select_episode(episode, &mut work) {
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
    for series in work.measured.values().flatten() {
        result.unread.extend(series.unread.iter().cloned());
        add_profile(&mut result.profile, subject, series, &judged);
        result.patches.extend(auxiliary(subject, series, &chosen, config));
        for (level, disc) in series.discs.iter().flatten() {
            result.levels.insert(subject.clone(), *level, disc.clone());
        }
    }
    result
}

/// Chooses the slice of an episode: on the set that comes first at its level, of the latest
/// examination, and where that gives no foramen on the next one.
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
        naive: None,
        picture: None,
    }
}

fn add_profile(
    profile: &mut Vec<ProfileRow>,
    subject: &SubjectId,
    series: &Measured,
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
