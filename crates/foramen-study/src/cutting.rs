use std::collections::BTreeSet;

use foramen_image::{Patch, SliceSource};
use foramen_learn::Sample;
use foramen_select::{Choice, State};
use foramen_types::{Level, Point, Side, SubjectId};

use crate::series::{Measured, source_of};
use crate::{AUXILIARY_PER_SUBJECT, DiscPosition, Kept, PatchSample, PatchUse, StudyConfig};

/// The patch of an injected foramen, with its outcome and covariates.
pub(crate) fn treated(mut patch: PatchSample, episode: &Kept) -> PatchSample {
    patch.usage = PatchUse::Treated;
    patch.sample.outcome = episode.outcome;
    patch.sample.covariates = episode.covariates.clone();
    patch
}

/// The patch around a measured foramen, centred between its walls.
pub(crate) fn patch_of(
    subject: SubjectId,
    level: Level,
    side: Side,
    series: &Measured,
    choice: &Choice,
    config: &StudyConfig,
) -> Option<PatchSample> {
    let (slice, measurement) = series.at(choice)?;
    let centre = match (choice.foramen.front, choice.foramen.back, measurement.canal) {
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
        plane: *patch.plane(),
        window: series.window,
        canal: measurement.canal,
    })
}

/// Other open foramina of a series, the most confident first, from which a model learns to predict
/// widths. Their level is that of the nearest disc.
pub(crate) fn auxiliary(
    subject: &SubjectId,
    series: &Measured,
    chosen: &BTreeSet<(SliceSource, Side)>,
    config: &StudyConfig,
) -> Vec<PatchSample> {
    let Ok(discs) = &series.discs else { return Vec::new() };
    let mut found: Vec<(Level, Side, Choice)> = Vec::new();
    for (stack, measured) in series.stacks.iter().enumerate() {
        for (slice, (image, measurement)) in measured.slices().enumerate() {
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
                        height_odds: 0.0,
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
