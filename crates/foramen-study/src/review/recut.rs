use foramen_dicom::{Scan, StackHeader};
use foramen_image::{Patch, PatchFrame, Slice, Stack, Window};

use super::{Correction, ReviewedRow};
use crate::series::PATCH_WINDOW;
use crate::{PatchSample, PatchUse};

/// The patches of a study after a review.
#[derive(Debug, Clone, Default)]
pub struct Recut {
    /// All patches, those of corrected foramina cut anew.
    pub patches: Vec<PatchSample>,
    /// Treated foramina whose patch or width was changed.
    pub changed: usize,
    /// Treated foramina that were left out.
    pub left_out: usize,
    /// Corrections that could not be followed, each as a sentence.
    pub problems: Vec<String>,
}

/// Cuts the patches of corrected foramina anew, from the corrected image and centred
/// between the corrected walls, and leaves out those that cannot be used. Without walls the
/// centre stays where it was in the patient.
///
/// A foramen for which nothing had been chosen has no patch to correct: it is named among
/// the problems, with the remedy.
#[must_use]
pub fn recut_patches(patches: Vec<PatchSample>, reviewed: &[ReviewedRow], scan: &Scan) -> Recut {
    let mut recut = Recut { patches, ..Recut::default() };
    for row in reviewed {
        let is_it = |patch: &PatchSample| {
            let of = &patch.sample;
            patch.usage == PatchUse::Treated
                && (&of.subject, of.level, of.side) == (&row.subject, row.level, row.side)
        };
        let name = format!("{} {} {}", row.subject, row.level, row.side);
        let Some(at) = recut.patches.iter().position(is_it) else {
            if row.correction != Correction::Excluded {
                recut.problems.push(format!(
                    "{name}: nothing had been chosen, so there is no patch to correct; give the \
                     image {} as slice_hint in the outcome table and run `study` again",
                    row.image.sop_instance_uid
                ));
            }
            continue;
        };
        if row.correction == Correction::None && is_of(&recut.patches[at], row) {
            continue;
        }
        if row.correction == Correction::Excluded {
            recut.patches.remove(at);
            recut.left_out += 1;
            continue;
        }
        match cut(&recut.patches[at], row, scan) {
            Ok(patch) => {
                recut.patches[at] = patch;
                recut.changed += 1;
            }
            Err(reason) => recut.problems.push(format!("{name}: {reason}")),
        }
    }
    recut
}

/// Whether a patch is of the image and width that a person accepted; another selection may
/// have chosen another image since.
fn is_of(patch: &PatchSample, row: &ReviewedRow) -> bool {
    let same_width = match (patch.sample.width, row.width) {
        (Some(one), Some(other)) => (one - other).abs() < 0.001,
        (one, other) => one.is_none() && other.is_none(),
    };
    patch.sop_instance_uid == row.image.sop_instance_uid
        && patch.frame == row.image.frame
        && same_width
}

/// The patch of a corrected foramen in the frame of the former one.
fn cut(former: &PatchSample, row: &ReviewedRow, scan: &Scan) -> Result<PatchSample, String> {
    let headers: Vec<&StackHeader> = scan
        .stacks
        .iter()
        .filter(|stack| stack.subject == row.subject && stack.series_uid == row.series_uid)
        .collect();
    let mut stacks: Vec<Stack> = Vec::new();
    for header in headers {
        stacks.push(foramen_dicom::load(header).map_err(|error| error.with_causes())?.stack);
    }
    let slices = || stacks.iter().flat_map(Stack::slices);
    let is_it = |slice: &&Slice| slice.source.as_ref() == Some(&row.image);
    let slice = slices().find(is_it).ok_or_else(|| {
        format!("the image {} is not in the DICOM folder any more", row.image.sop_instance_uid)
    })?;
    // All patches of a series are seen through one window.
    let was_of = |slice: &Slice| {
        slice.source.as_ref().is_some_and(|source| {
            source.sop_instance_uid == former.sop_instance_uid && source.frame == former.frame
        })
    };
    let window = if slices().any(was_of) {
        former.window
    } else {
        Window::from_quantiles(slices(), PATCH_WINDOW.0, PATCH_WINDOW.1)
    };
    let pixels = former.patch().nrows();
    let middle = (pixels as f64 - 1.0) / 2.0;
    let centre = row.walls.map_or_else(
        || former.plane.point(middle, middle),
        |[front, back]| front + (back - front) * 0.5,
    );
    let edge = former.plane.spacing().row * pixels as f64;
    let frame = PatchFrame::default().with_edge(edge).with_pixels(pixels);
    let patch = Patch::cut(slice, centre, row.side, frame, window)
        .map_err(|error| format!("no patch could be cut: {error}"))?;
    let mut corrected = former.clone();
    corrected.sample.patch = patch.pixels().clone();
    corrected.sample.width = row.width;
    corrected.sop_instance_uid.clone_from(&row.image.sop_instance_uid);
    corrected.frame = row.image.frame;
    corrected.plane = *patch.plane();
    corrected.window = window;
    Ok(corrected)
}
