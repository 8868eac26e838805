use foramen_dicom::StackHeader;
use foramen_image::SliceSource;

use crate::candidates::AxialSeries;
use crate::manifest::Kept;

/// The image that a reader chose for an episode: the series that may be used and holds it,
/// and the slice. A hint is a SOP Instance UID, of an enhanced image with the number of the
/// frame behind a colon.
///
/// # Errors
/// Why there is no such image, as a sentence for the table.
pub(crate) fn hinted<'a>(
    hint: &str,
    episode: &'a Kept,
    stacks: &[&StackHeader],
) -> Result<(&'a AxialSeries, SliceSource), String> {
    let (uid, frame) = match hint.split_once(':') {
        Some((uid, frame)) => {
            let frame: u32 = frame.trim().parse().map_err(|_| {
                format!("slice_hint {hint}: what follows the colon is not the number of a frame")
            })?;
            (uid.trim(), Some(frame))
        }
        None => (hint.trim(), None),
    };
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
    let usable = |uid: &str| episode.series.iter().find(|series| series.series_uid == uid);
    let in_use = found.into_iter().filter_map(|(of, source)| Some((usable(of)?, source)));
    match in_use.collect::<Vec<_>>()[..] {
        [(series, source)] => Ok((series, source.clone())),
        [] => Err(format!(
            "slice_hint {hint} names an image of series {of}, which is no axial T2 series before \
             the injection"
        )),
        [..] => Err(format!(
            "slice_hint {hint} names an image of several frames; put the number of the frame \
             behind a colon, as in {uid}:12"
        )),
    }
}
