use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::StackHeader;
use foramen_image::{Contrast, Stack};
use foramen_select::{
    DiscOptions, DiscRefusal, ForamenHeights, PointKind, Target, find_discs, foramen_heights,
};
use foramen_types::{Level, Side};

use crate::levels::normal_of;
use crate::{DiscPosition, Drafted, LevelSource};

/// Finds the discs of one subject on the best of its sagittal T2 stacks (spin echo): all in the
/// frame of reference `frame`, the stack with most slices first. Other contrasts are not used,
/// since fluid and discs look different there.
///
/// # Errors
/// Why there are none, as a sentence for the manifest.
pub fn find_levels(
    stacks: &[&StackHeader],
    frame: Option<&str>,
    options: &DiscOptions,
) -> Result<BTreeMap<Level, DiscPosition>, String> {
    let mut refusal = String::new();
    for header in sagittal_t2(stacks, frame)? {
        let loaded = match foramen_dicom::load(header) {
            Ok(loaded) => loaded,
            Err(error) => {
                refusal =
                    format!("the sagittal series could not be loaded: {}", error.with_causes());
                continue;
            }
        };
        match find_discs(&loaded.stack, options) {
            Ok(discs) => {
                let position = |disc: foramen_select::Disc| DiscPosition {
                    point: disc.centre,
                    kind: PointKind::Disc,
                    normal: Some(disc.normal),
                    frame_of_reference_uid: header.frame_of_reference_uid.clone(),
                    source: LevelSource::Sagittal { series_uid: header.series_uid.clone() },
                    confidence: disc.confidence,
                    drafted: Some(Drafted { level: disc.level, point: disc.centre }),
                };
                return Ok(discs.into_iter().map(|disc| (disc.level, position(disc))).collect());
            }
            Err(error) => refusal = with_remedy(&error, header, options),
        }
    }
    Err(refusal)
}

/// The heights of the lower and upper end of the foramina beside these discs, on the best sagittal
/// T2 stack of their frame of reference that shows any; empty where none does.
pub(crate) fn find_heights(
    stacks: &[&StackHeader],
    frame: Option<&str>,
    discs: &BTreeMap<Level, DiscPosition>,
) -> BTreeMap<Level, ForamenHeights> {
    let sagittal = sagittal_t2(stacks, frame).unwrap_or_default().into_iter();
    sagittal
        .filter_map(|header| foramen_dicom::load(header).ok())
        .map(|loaded| heights_on(&loaded.stack, discs))
        .find(|heights| !heights.is_empty())
        .unwrap_or_default()
}

/// The same heights on one sagittal stack.
pub(crate) fn heights_on(
    sagittal: &Stack,
    discs: &BTreeMap<Level, DiscPosition>,
) -> BTreeMap<Level, ForamenHeights> {
    let targets: Vec<Target> = discs
        .iter()
        .map(|(level, disc)| Target {
            level: *level,
            side: Side::Left,
            disc: disc.point,
            kind: disc.kind,
            normal: normal_of(discs, *level),
            heights: None,
        })
        .collect();
    let found = foramen_heights(sagittal, &targets);
    discs.keys().zip(found).filter_map(|(level, heights)| Some((*level, heights?))).collect()
}

/// The sagittal T2 stacks (spin echo) of a frame of reference, the one with most slices first.
///
/// # Errors
/// Why there is none, as a sentence for the manifest.
fn sagittal_t2<'a>(
    stacks: &[&'a StackHeader],
    frame: Option<&str>,
) -> Result<Vec<&'a StackHeader>, String> {
    let mut sagittal: Vec<&'a StackHeader> = stacks
        .iter()
        .copied()
        .filter(|stack| stack.orientation == foramen_dicom::Orientation::Sagittal)
        .filter(|stack| !stack.localizer)
        .collect();
    if sagittal.is_empty() {
        return Err("no sagittal series".to_owned());
    }
    // Places carry over only within one frame of reference (PS3.3 C.7.4.1).
    sagittal.retain(|stack| frame.is_some() && stack.frame_of_reference_uid.as_deref() == frame);
    if sagittal.is_empty() {
        return Err("no sagittal series in the frame of reference of the axial one".to_owned());
    }
    let others: BTreeSet<&str> = sagittal
        .iter()
        .filter(|stack| stack.contrast != Contrast::T2Fse)
        .map(|stack| stack.contrast.name())
        .collect();
    sagittal.retain(|stack| stack.contrast == Contrast::T2Fse);
    if sagittal.is_empty() {
        let others: Vec<&str> = others.into_iter().collect();
        return Err(format!(
            "no sagittal T2 series (t2_fse): those there are of contrast {}, which is not used; \
             give the positions in levels.csv",
            others.join(", ")
        ));
    }
    sagittal.sort_by_key(|stack| (std::cmp::Reverse(stack.slices.len()), &stack.series_uid));
    Ok(sagittal)
}

/// A refusal, with how to name one disc where a named disc would help.
fn with_remedy(refusal: &DiscRefusal, header: &StackHeader, options: &DiscOptions) -> String {
    let mended = matches!(
        refusal,
        DiscRefusal::TooFewDiscs { .. }
            | DiscRefusal::NoDens { .. }
            | DiscRefusal::DensNotSeen
            | DiscRefusal::Ambiguous
    );
    if !mended || options.hint.is_some() {
        return refusal.to_string();
    }
    format!(
        "{refusal}: write one disc of {} into partial.csv (subject_id,level,x_mm,y_mm,z_mm) and run \
         `levels --dicom DIR --levels partial.csv --out OUT`",
        header.subject
    )
}

#[cfg(test)]
mod tests {
    use foramen_dicom::{Orientation, ScanOptions, scan};
    use foramen_phantom::{CohortConfig, write_cohort};

    use super::*;

    #[test]
    fn only_a_t2_series_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let mut found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        for stack in &mut found.stacks {
            if stack.orientation == Orientation::Sagittal {
                stack.contrast = Contrast::T1;
            }
        }
        let stacks: Vec<&StackHeader> = found.stacks.iter().collect();
        let frame = stacks[0].frame_of_reference_uid.as_deref();
        let refusal = find_levels(&stacks, frame, &DiscOptions::default()).unwrap_err();
        assert!(refusal.contains("no sagittal T2 series") && refusal.contains("t1"), "{refusal}");
    }
}
