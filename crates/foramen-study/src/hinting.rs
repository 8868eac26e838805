use foramen_dicom::{ImageSet, StackHeader};
use foramen_image::SliceSource;

use crate::candidates::Candidates;
use crate::reformatting::volume_of;

/// The image that a reader chose for an episode: the indices of its pool and set among those that
/// may be used, and the slice. A hint is a SOP Instance UID, followed for an enhanced image by a
/// colon and the frame number; or the name of a slice made from a volume, with its number.
///
/// # Errors
/// Why there is no such image, as a sentence for the table.
pub(crate) fn hinted(
    hint: &str,
    candidates: &Candidates<'_>,
    usable: &[usize],
    stacks: &[&StackHeader],
) -> Result<((usize, usize), SliceSource), String> {
    let (uid, frame) = match hint.split_once(':') {
        Some((uid, frame)) => {
            let frame: u32 = frame.trim().parse().map_err(|_| {
                format!("slice_hint {hint}: what follows the colon is not the number of a frame")
            })?;
            (uid.trim(), Some(frame))
        }
        None => (hint.trim(), None),
    };
    if let Some(series_uid) = volume_of(uid) {
        return of_volume(hint, (uid, series_uid, frame), candidates, usable);
    }
    let mut found: Vec<(&str, &SliceSource)> = Vec::new();
    for stack in stacks {
        let sources = stack.slices.iter().map(|slice| &slice.source);
        let named = sources.filter(|source| {
            source.sop_instance_uid == uid && frame.is_none_or(|frame| frame == source.frame)
        });
        found.extend(named.map(|source| (stack.series_uid.as_str(), source)));
    }
    let Some((of, _)) = found.first().copied() else {
        return Err(format!(
            "slice_hint {hint} names no image of the subject; correct it, or leave it empty to \
             have the slice chosen"
        ));
    };
    let holds = |set: &ImageSet<'_>, source: &SliceSource| {
        !set.reformat && set.images.iter().any(|image| image.header().source == *source)
    };
    let place = |source: &SliceSource| {
        usable.iter().find_map(|&pool| {
            let set = candidates.pools[pool].sets.iter().position(|set| holds(set, source))?;
            Some((pool, set))
        })
    };
    let in_use = found.iter().filter_map(|(_, source)| Some((place(source)?, *source)));
    match in_use.collect::<Vec<_>>()[..] {
        [(place, source)] => Ok((place, source.clone())),
        [] => Err(not_in_use(hint, of, &found, candidates, usable)),
        [..] => Err(format!(
            "slice_hint {hint} names an image of several frames; put the number of the frame \
             behind a colon, as in {uid}:12"
        )),
    }
}

/// The slice with the name that was given to a slice made from a volume.
fn of_volume(
    hint: &str,
    (uid, series_uid, frame): (&str, &str, Option<u32>),
    candidates: &Candidates<'_>,
    usable: &[usize],
) -> Result<((usize, usize), SliceSource), String> {
    let Some(frame) = frame else {
        return Err(format!(
            "slice_hint {hint} names slices made of a volume; put the number of the slice (column \
             frame) behind a colon, as in {uid}:12"
        ));
    };
    let is_it = |set: &ImageSet<'_>| set.reformat && set.images[0].stack.series_uid == series_uid;
    let place = usable
        .iter()
        .find_map(|&pool| Some((pool, candidates.pools[pool].sets.iter().position(is_it)?)));
    let place = place.ok_or_else(|| {
        format!(
            "slice_hint {hint} names a slice of volume {series_uid}, which is none of the \
                 T2 volumes before the injection"
        )
    })?;
    Ok((place, SliceSource { sop_instance_uid: uid.to_owned(), frame }))
}

/// Why none of the named images is in a set.
fn not_in_use(
    hint: &str,
    series: &str,
    named: &[(&str, &SliceSource)],
    candidates: &Candidates<'_>,
    usable: &[usize],
) -> String {
    let sets = usable.iter().flat_map(|&pool| &candidates.pools[pool].sets);
    let mut aside = sets.flat_map(|set| &set.set_aside);
    let twin =
        aside.find(|aside| named.iter().any(|(_, source)| aside.image.header().source == **source));
    if let Some(aside) = twin {
        return format!(
            "slice_hint {hint} names an image that was set aside, since {} is the later image of \
             the same position; name that one",
            aside.kept.header().source.sop_instance_uid
        );
    }
    format!(
        "slice_hint {hint} names an image of series {series}, which is no axial T2 series before \
         the injection"
    )
}
