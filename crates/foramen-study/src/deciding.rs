use foramen_dicom::Remark;
use foramen_image::SliceSource;
use foramen_select::{
    Choice, Foramen, Selection, Target, draw, draw_decision, naive_width, narrowest, of_reader,
};
use foramen_types::Side;

use crate::config::StudyConfig;
use crate::cutting::{patch_of, treated};
use crate::levels::normal_of;
use crate::manifest::Kept;
use crate::reformatting::mark_reformatted;
use crate::remarking::{at_level, capped, contradicted};
use crate::samples::PatchSample;
use crate::selections::{EpisodeSelection, ProfileEpisode, Rank, SelectedForamen};
use crate::series::{Measured, source_of};

/// The choice for an episode, with its patch, and the role of each image (chosen, runner-up), the
/// treated and the other foramen.
pub(crate) struct Decision {
    pub(crate) selection: EpisodeSelection,
    pub(crate) patch: PatchSample,
    pub(crate) profile: Vec<(SliceSource, Foramen, Foramen, ProfileEpisode)>,
}

/// Chooses the slice of an episode in a series; `given` is a slice that a reader chose.
pub(crate) fn decide(
    episode: &Kept,
    series: &Measured,
    given: Option<&SliceSource>,
    config: &StudyConfig,
) -> Result<Decision, String> {
    let target = target(episode, series);
    // Without the disc a reader's choice stands on its own.
    let selection = match (&target, given) {
        (Ok(target), _) => narrowest(&series.stacks, target, &config.select),
        (Err(_), Some(_)) => Selection::default(),
        (Err(reason), None) => return Err(reason.clone()),
    };
    let Selection { chosen, runner_up, profile, confidence, refusal } = selection;
    let (choice, confidence, runner_up) = match given {
        Some(source) => {
            let disc = target.as_ref().ok();
            let choice = series
                .place_of(source)
                .and_then(|place| of_reader(&series.stacks, place, episode.side, disc))
                .ok_or("the slice of slice_hint was not loaded")?;
            let confidence = choice.foramen.confidence;
            (choice.with_roots_of(&profile), confidence, None)
        }
        None => {
            let refused = || refusal.map_or("refused".to_owned(), |reason| reason.to_string());
            (chosen.ok_or_else(refused)?, confidence, runner_up)
        }
    };
    let (slice, measurement) = series.at(&choice).ok_or("the chosen slice was not loaded")?;
    let patch =
        patch_of(episode.subject.clone(), episode.level, episode.side, series, &choice, config)
            .map(|patch| treated(patch, episode))
            .ok_or("no patch could be cut around the foramen")?;
    let mut picture = if target.is_ok() {
        let heights = series.heights.get(&episode.level);
        let shown = (series.window, episode.side);
        draw_decision(slice, measurement, shown, &profile, &choice, heights)
    } else {
        draw(slice, measurement, series.window)
    };
    if !series.made.is_empty() {
        mark_reformatted(&mut picture);
    }
    let is = |one: &Choice, other: &Choice| (one.stack, one.slice) == (other.stack, other.slice);
    let ranked = profile.iter().filter_map(|at| {
        let rank = if is(at, &choice) {
            Some(Rank::Chosen)
        } else {
            runner_up.as_ref().filter(|second| is(at, second)).map(|_| Rank::RunnerUp)
        };
        let place = ProfileEpisode { level: episode.level, offset: at.offset, rank };
        let treated = if is(at, &choice) { &choice.foramen } else { &at.foramen };
        Some((source_of(series.at(at)?.0), treated.clone(), at.contralateral.clone(), place))
    });
    let ranked = ranked.collect();
    let mut remarks = at_level(series, target.as_ref().ok(), &profile, &config.select);
    remarks.extend(contradicted(&choice).filter(|_| given.is_none()));
    remarks.extend(choice.foramen.root_uncorrected.then_some(Remark::UnknownThickness));
    let selection = EpisodeSelection {
        row: episode.row,
        subject: episode.subject.clone(),
        level: episode.level,
        side: episode.side,
        hinted: given.is_some(),
        confidence: capped(confidence, &remarks),
        images: None,
        remarks,
        refusal: None,
        unread: series.unread.iter().map(|images| images.images).sum(),
        heights: series.heights.get(&episode.level).copied(),
        naive: naive_choice(series, &profile, episode.side),
        picture: Some(picture),
        chosen: Some(SelectedForamen {
            series_uid: series.series_of(&source_of(slice)),
            source: source_of(slice),
            offset: target.is_ok().then_some(choice.offset),
            foramen: choice.foramen,
            contralateral: choice.contralateral,
        }),
    };
    Ok(Decision { selection, patch, profile: ranked })
}

/// The foramen of an episode, at the disc of its level.
fn target(episode: &Kept, series: &Measured) -> Result<Target, String> {
    let discs = series.discs.as_ref().map_err(|why| format!("the level is not known: {why}"))?;
    let disc = discs.get(&episode.level).ok_or_else(|| {
        let frame = series.frame_of_reference_uid.as_deref().unwrap_or("none");
        format!("no position of the disc {} in frame of reference {frame}", episode.level)
    })?;
    Ok(Target {
        level: episode.level,
        side: episode.side,
        disc: disc.point,
        kind: disc.kind,
        normal: normal_of(discs, episode.level),
        heights: series.heights.get(&episode.level).copied(),
    })
}

/// The slice whose foramen is narrowest by a fixed threshold.
fn naive_choice(series: &Measured, profile: &[Choice], side: Side) -> Option<SliceSource> {
    profile
        .iter()
        .filter_map(|choice| {
            let (slice, measurement) = series.at(choice)?;
            Some((naive_width(slice, measurement.canal?, side)?, slice))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, slice)| source_of(slice))
}
