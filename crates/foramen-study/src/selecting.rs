use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::{Scan, StackHeader};
use foramen_image::{Patch, Picture, Slice, SliceSource, Stack, Window};
use foramen_learn::Sample;
use foramen_select::{
    Choice, Foramen, SliceMeasurement, State, Target, draw, measure, naive_width, narrowest,
};
use foramen_types::{Level, Outcome, Point, Side, SubjectId};
use rayon::prelude::*;

use crate::{
    AUXILIARY_PER_SUBJECT, DiscPosition, Kept, Levels, Manifest, PatchSample, PatchUse,
    StudyConfig, find_levels, manifest::by_subject,
};

/// Quantiles of a series' intensities that patches show as 0 and 1.
const PATCH_WINDOW: (f64, f64) = (0.01, 0.99);

/// The foramen that was chosen for an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedForamen {
    /// Series Instance UID (0020,000E) of its image.
    pub series_uid: String,
    /// Its image.
    pub source: SliceSource,
    /// How far the slice lies above (+) or below (−) the disc, millimetres.
    pub offset: f64,
    /// The measured foramen.
    pub foramen: Foramen,
    /// The other side on the same slice.
    pub contralateral: Foramen,
}

/// What was selected for one episode.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeSelection {
    /// Line number of its row in the outcome table.
    pub row: u64,
    /// Whose foramen.
    pub subject: SubjectId,
    /// Its level.
    pub level: Level,
    /// Its side.
    pub side: Side,
    /// The chosen foramen; `None` when selection was refused.
    pub chosen: Option<SelectedForamen>,
    /// Whether the slice is a reader's own choice.
    pub hinted: bool,
    /// How sure the choice is, 0 to 1.
    pub confidence: f64,
    /// Why there is no choice.
    pub refusal: Option<String>,
    /// The image that a fixed threshold would have chosen, for comparison.
    pub naive: Option<SliceSource>,
    /// The chosen slice with the measured foramen drawn on it.
    pub picture: Option<Picture>,
}

impl EpisodeSelection {
    /// `selected`, `hint` or `refused`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (&self.chosen, self.hinted) {
            (None, _) => "refused",
            (Some(_), true) => "hint",
            (Some(_), false) => "selected",
        }
    }
}

/// One slice and side that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileRow {
    /// Whose image.
    pub subject: SubjectId,
    /// Series Instance UID (0020,000E) of the image.
    pub series_uid: String,
    /// The image.
    pub source: SliceSource,
    /// Its number within its stack, 0 nearest the feet.
    pub slice: usize,
    /// The side.
    pub side: Side,
    /// What was measured.
    pub foramen: Foramen,
}

/// What the stage `select` gives.
#[derive(Debug, Clone, Default)]
pub struct Selections {
    /// One per kept row, in the order of the manifest.
    pub episodes: Vec<EpisodeSelection>,
    /// Every slice and side that was measured.
    pub profile: Vec<ProfileRow>,
    /// The disc positions that were used.
    pub levels: Levels,
    /// What models will see: treated foramina, then auxiliary ones, by subject.
    pub patches: Vec<PatchSample>,
}

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

/// One axial series, loaded and measured.
struct Measured<'a> {
    series_uid: &'a str,
    frame_of_reference_uid: Option<&'a str>,
    stacks: Vec<Stack>,
    slices: Vec<Vec<SliceMeasurement>>,
    window: Window,
    /// Disc positions in the frame of reference of the series, or why none.
    discs: Result<BTreeMap<Level, DiscPosition>, String>,
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

fn measure_series<'a>(
    subject: &SubjectId,
    series_uid: &'a str,
    headers: &[&'a StackHeader],
    given: Option<&Levels>,
    config: &StudyConfig,
) -> Result<Measured<'a>, String> {
    let of_series: Vec<&StackHeader> =
        headers.iter().copied().filter(|header| header.series_uid == series_uid).collect();
    let frame_of_reference_uid =
        of_series.first().and_then(|header| header.frame_of_reference_uid.as_deref());
    let mut stacks = Vec::new();
    let mut failure = None;
    for header in &of_series {
        match foramen_dicom::load(header) {
            Ok(loaded) => stacks.push(loaded.stack),
            Err(error) => failure = Some(error.to_string()),
        }
    }
    if stacks.is_empty() {
        return Err(failure.unwrap_or_else(|| "the axial series is not in the folder".to_owned()));
    }
    let discs = match given {
        Some(given) => Ok(given
            .iter()
            .filter(|(of, _, disc)| {
                let frame = disc.frame_of_reference_uid.as_deref();
                *of == subject && (frame.is_none() || frame == frame_of_reference_uid)
            })
            .map(|(_, level, disc)| (level, disc.clone()))
            .collect()),
        None => find_levels(headers, frame_of_reference_uid, &config.discs),
    };
    let slices = stacks.iter().map(|stack| measure(stack, &config.measure)).collect();
    let (low, high) = PATCH_WINDOW;
    let window = Window::from_quantiles(stacks.iter().flat_map(Stack::slices), low, high);
    Ok(Measured { series_uid, frame_of_reference_uid, stacks, slices, window, discs })
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
            .map(|patch| treated(patch, episode.outcome));
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
        picture: Some(draw(slice, measurement, series.window)),
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
        .cloned()
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

fn treated(mut patch: PatchSample, outcome: Option<Outcome>) -> PatchSample {
    patch.usage = PatchUse::Treated;
    patch.sample.outcome = outcome;
    patch
}

fn source_of(slice: &Slice) -> SliceSource {
    slice.source.clone().unwrap_or(SliceSource { sop_instance_uid: String::new(), frame: 1 })
}

/// The patch around a measured foramen, centred between its walls.
fn patch_of(
    subject: SubjectId,
    level: Level,
    side: Side,
    series: &Measured<'_>,
    choice: &Choice,
    config: &StudyConfig,
) -> Option<PatchSample> {
    let slice = &series.stacks[choice.stack].slices()[choice.slice];
    let canal = series.slices[choice.stack][choice.slice].canal;
    let centre = match (choice.foramen.front, choice.foramen.back, canal) {
        (Some(front), Some(back), _) => front + (back - front) * 0.5,
        // Without walls, where the foramen of an adult is on average: the
        // cervical canal is about 24 mm wide.
        (_, _, Some(canal)) => Point::new(canal.x + side.sign() * 14.0, canal.y - 4.0, canal.z),
        _ => return None,
    };
    let patch = Patch::cut(slice, centre, side, config.patch, series.window).ok()?;
    let mut sample = Sample::new(subject, level, side).with_patch(patch.pixels().clone());
    sample.width = choice.foramen.width;
    let source = source_of(slice);
    Some(PatchSample {
        sample,
        usage: PatchUse::Auxiliary,
        sop_instance_uid: source.sop_instance_uid,
        frame: source.frame,
    })
}

/// Other open foramina of a series, the surest first: a model learns from them
/// what a width looks like. Their level is that of the nearest disc.
fn auxiliary(
    subject: &SubjectId,
    series: &Measured<'_>,
    chosen: &BTreeSet<(SliceSource, Side)>,
    config: &StudyConfig,
) -> Vec<PatchSample> {
    let Ok(discs) = &series.discs else { return Vec::new() };
    let mut found: Vec<(Level, Side, Choice)> = Vec::new();
    for (stack, slices) in series.slices.iter().enumerate() {
        for (slice, measurement) in slices.iter().enumerate() {
            let image = &series.stacks[stack].slices()[slice];
            let offset = |disc: &DiscPosition| -image.plane().distance(disc.point);
            let nearest =
                discs.iter().min_by(|a, b| offset(a.1).abs().total_cmp(&offset(b.1).abs()));
            let Some((level, disc)) = nearest else { continue };
            for side in Side::BOTH {
                let foramen = measurement.side(side);
                let is_open = foramen.state == State::Open && foramen.width.is_some();
                if is_open && !chosen.contains(&(source_of(image), side)) {
                    let choice = Choice {
                        stack,
                        slice,
                        offset: offset(disc),
                        foramen: foramen.clone(),
                        contralateral: measurement.side(side.opposite()).clone(),
                    };
                    found.push((*level, side, choice));
                }
            }
        }
    }
    found.sort_by(|a, b| b.2.foramen.confidence.total_cmp(&a.2.foramen.confidence));
    found
        .into_iter()
        .take(AUXILIARY_PER_SUBJECT)
        .filter_map(|(level, side, choice)| {
            patch_of(subject.clone(), level, side, series, &choice, config)
        })
        .collect()
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
