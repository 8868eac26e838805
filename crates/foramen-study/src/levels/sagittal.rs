use std::collections::BTreeMap;

use foramen_dicom::StackHeader;
use foramen_select::{DiscOptions, PointKind, find_discs};
use foramen_types::Level;

use crate::{DiscPosition, LevelSource};

/// Finds the discs of one subject on the best of its sagittal T2 stacks: all
/// stacks of the frame of reference `frame`, the one with most slices first.
///
/// # Errors
/// Why there are none, as a sentence for the manifest.
pub fn find_levels(
    stacks: &[&StackHeader],
    frame: Option<&str>,
    options: &DiscOptions,
) -> Result<BTreeMap<Level, DiscPosition>, String> {
    let mut sagittal: Vec<&StackHeader> = stacks
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
    sagittal.sort_by_key(|stack| (std::cmp::Reverse(stack.slices.len()), &stack.series_uid));
    let mut refusal = String::new();
    for header in sagittal {
        let loaded = match foramen_dicom::load(header) {
            Ok(loaded) => loaded,
            Err(error) => {
                refusal = format!("the sagittal series could not be loaded: {error}");
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
                    drafted: Some(disc.centre),
                };
                return Ok(discs.into_iter().map(|disc| (disc.level, position(disc))).collect());
            }
            Err(error) => refusal = error.to_string(),
        }
    }
    Err(refusal)
}
