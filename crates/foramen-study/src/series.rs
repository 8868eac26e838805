use std::collections::BTreeMap;

use foramen_dicom::StackHeader;
use foramen_image::{Slice, SliceSource, Stack, Window};
use foramen_select::{SliceMeasurement, measure};
use foramen_types::{Level, SubjectId};

use crate::{DiscPosition, Levels, StudyConfig, find_levels};

/// Quantiles of a series' intensities that patches show as 0 and 1.
const PATCH_WINDOW: (f64, f64) = (0.01, 0.99);

/// One axial series, loaded and measured.
pub(crate) struct Measured<'a> {
    pub series_uid: &'a str,
    pub frame_of_reference_uid: Option<&'a str>,
    pub stacks: Vec<Stack>,
    pub slices: Vec<Vec<SliceMeasurement>>,
    pub window: Window,
    /// Disc positions in the frame of reference of the series, or why none.
    pub discs: Result<BTreeMap<Level, DiscPosition>, String>,
}

/// Loads and measures a series of a subject; without any stack that loads, why.
pub(crate) fn measure_series<'a>(
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

/// The image of a slice.
pub(crate) fn source_of(slice: &Slice) -> SliceSource {
    slice.source.clone().unwrap_or(SliceSource { sop_instance_uid: String::new(), frame: 1 })
}
