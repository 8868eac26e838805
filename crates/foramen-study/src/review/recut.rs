use foramen_image::{Patch, PatchFrame, SliceSource};
use foramen_learn::Sample;

use super::corrections::SAME_WIDTH;
use super::{Correction, LoadedSet, ReviewedRow, StudyImages};
use crate::{Kept, Manifest, PatchSample, PatchUse};

/// The patches of a study after a review.
#[derive(Debug, Clone, Default)]
pub struct Recut {
    /// All patches, those of corrected foramina cut anew.
    pub patches: Vec<PatchSample>,
    /// Treated foramina whose patch or width was changed.
    pub changed: usize,
    /// Treated foramina for which no slice had been chosen, and which have a patch now.
    pub added: usize,
    /// Treated foramina that were left out.
    pub left_out: usize,
    /// Corrections that could not be applied, each as a sentence.
    pub problems: Vec<String>,
}

/// Cuts the patches of corrected foramina anew, from the corrected image and centred between the
/// corrected walls, and leaves out foramina that cannot be used. Without walls the centre keeps its
/// position in the patient. All patches use the intensity window of their set of images, as those
/// of `select` do.
///
/// A foramen for which no slice had been chosen gets a patch from the person's answer; its outcome
/// comes from the `manifest` ([`Manifest::unselected`]).
#[must_use]
pub fn recut_patches(
    patches: Vec<PatchSample>,
    manifest: &Manifest,
    reviewed: &[ReviewedRow],
    images: StudyImages<'_>,
) -> Recut {
    let mut recut = Recut::default();
    let frame = patches.first().map_or(images.config.patch, frame_of);
    let mut patches: Vec<Option<PatchSample>> = patches.into_iter().map(Some).collect();
    let mut is_taken = vec![false; patches.len()];
    let mut found: Vec<PatchSample> = Vec::new();
    let mut unselected: Vec<&Kept> = manifest.unselected().iter().collect();
    for row in reviewed {
        let name = format!("{} {} {}", row.subject, row.level, row.side);
        let Some(at) = place_of(row, &patches, &is_taken) else {
            if row.correction == Correction::Excluded {
                continue;
            }
            match add(row, &mut unselected, frame, images) {
                Ok(patch) => found.push(patch),
                Err(reason) => recut.problems.push(format!("{name}: {reason}")),
            }
            continue;
        };
        is_taken[at] = true;
        let Some(former) = &patches[at] else { continue };
        if row.correction == Correction::Excluded {
            patches[at] = None;
            recut.left_out += 1;
        } else if row.correction != Correction::None || !is_of(former, row) {
            match correct(former, row, images) {
                Ok(patch) => {
                    patches[at] = Some(patch);
                    recut.changed += 1;
                }
                Err(reason) => recut.problems.push(format!("{name}: {reason}")),
            }
        }
    }
    recut.patches = patches.into_iter().flatten().collect();
    recut.added = found.len();
    // Subjects follow each other.
    for patch in found {
        let after = |other: &PatchSample| other.sample.subject > patch.sample.subject;
        let at = recut.patches.iter().position(after).unwrap_or(recut.patches.len());
        recut.patches.insert(at, patch);
    }
    recut
}

/// The patch that a row refers to. A foramen that was injected twice has two patches: the patch of
/// the chosen image comes first.
fn place_of(
    row: &ReviewedRow,
    patches: &[Option<PatchSample>],
    is_taken: &[bool],
) -> Option<usize> {
    let is_it = |patch: &PatchSample| {
        let of = &patch.sample;
        patch.usage == PatchUse::Treated
            && (&of.subject, of.level, of.side) == (&row.subject, row.level, row.side)
    };
    let all = patches.iter().enumerate();
    let free = all.filter_map(|(at, patch)| Some((at, patch.as_ref()?)));
    free.filter(|(at, patch)| !is_taken[*at] && is_it(patch))
        .max_by_key(|(at, patch)| {
            (row.automatic.as_ref() == Some(&image_of(patch)), std::cmp::Reverse(*at))
        })
        .map(|(at, _)| at)
}

fn image_of(patch: &PatchSample) -> SliceSource {
    SliceSource { sop_instance_uid: patch.sop_instance_uid.clone(), frame: patch.frame }
}

fn frame_of(patch: &PatchSample) -> PatchFrame {
    let pixels = patch.patch().nrows();
    let edge = patch.plane.spacing().row * pixels as f64;
    PatchFrame::default().with_edge(edge).with_pixels(pixels)
}

/// Whether a patch is of the image and width that a person accepted; another selection may
/// have chosen another image since.
fn is_of(patch: &PatchSample, row: &ReviewedRow) -> bool {
    let same_width = match (patch.sample.width, row.width) {
        (Some(one), Some(other)) => (one - other).abs() < SAME_WIDTH,
        (one, other) => one.is_none() && other.is_none(),
    };
    image_of(patch) == row.image && same_width
}

/// The patch of a corrected foramen, in the frame of the earlier patch.
fn correct(
    former: &PatchSample,
    row: &ReviewedRow,
    images: StudyImages<'_>,
) -> Result<PatchSample, String> {
    let set = LoadedSet::of(images, &row.image)?;
    // The former patch knows the window of its set, also where images could be decoded then
    // that cannot now.
    let window = if set.slice(&image_of(former)).is_some() { former.window } else { set.window };
    let middle = (former.patch().nrows() as f64 - 1.0) / 2.0;
    let centre = centre_of(row).unwrap_or_else(|| former.plane.point(middle, middle));
    let slice = slice_of(&set, row)?;
    let patch = Patch::cut(slice, centre, row.side, frame_of(former), window).map_err(uncut)?;
    let mut corrected = former.clone();
    corrected.sample.patch = patch.pixels().clone();
    corrected.sample.width = row.width;
    corrected.sop_instance_uid.clone_from(&row.image.sop_instance_uid);
    corrected.frame = row.image.frame;
    corrected.plane = *patch.plane();
    corrected.window = window;
    Ok(corrected)
}

/// The patch of a foramen for which no slice had been chosen.
fn add(
    row: &ReviewedRow,
    unselected: &mut Vec<&Kept>,
    frame: PatchFrame,
    images: StudyImages<'_>,
) -> Result<PatchSample, String> {
    let is_it = |kept: &&Kept| {
        (&kept.subject, kept.level, kept.side) == (&row.subject, row.level, row.side)
    };
    let at = unselected.iter().position(is_it).ok_or(
        "it has no patch, and manifest.json does not say what became of it; run `select` again, \
         then `review --export`",
    )?;
    let centre = centre_of(row).ok_or("nobody said where it lies; mark it and export again")?;
    let set = LoadedSet::of(images, &row.image)?;
    let patch =
        Patch::cut(slice_of(&set, row)?, centre, row.side, frame, set.window).map_err(uncut)?;
    let kept = unselected.remove(at);
    let mut sample =
        Sample::new(row.subject.clone(), row.level, row.side).with_patch(patch.pixels().clone());
    sample.width = row.width;
    sample.outcome = kept.outcome;
    sample.covariates = kept.covariates.clone();
    Ok(PatchSample {
        sample,
        usage: PatchUse::Treated,
        sop_instance_uid: row.image.sop_instance_uid.clone(),
        frame: row.image.frame,
        plane: *patch.plane(),
        window: set.window,
        canal: None,
    })
}

/// The middle between the walls.
fn centre_of(row: &ReviewedRow) -> Option<foramen_types::Point> {
    row.walls.map(|[front, back]| front + (back - front) * 0.5)
}

fn slice_of<'a>(set: &'a LoadedSet, row: &ReviewedRow) -> Result<&'a foramen_image::Slice, String> {
    set.slice(&row.image)
        .ok_or_else(|| format!("the image {} cannot be decoded", row.image.sop_instance_uid))
}

fn uncut(error: foramen_image::ImageError) -> String {
    format!("no patch could be cut: {error}")
}
