use foramen_dicom::{Orientation, Scan, StackHeader};
use foramen_image::{Contrast, Picture, SliceSource, Stack, Window};
use foramen_select::{draw, measure};
use foramen_types::{Side, SubjectId};
use rayon::prelude::*;

use crate::{ProfileRow, StudyConfig};

/// One slice that was measured on both sides, with its picture.
pub struct ProfiledSlice<'a> {
    /// The stack it belongs to.
    pub header: &'a StackHeader,
    /// Its number within the stack, 0 nearest the feet.
    pub slice: usize,
    /// Its image.
    pub source: &'a SliceSource,
    /// The slice with both foramina drawn on it.
    pub picture: Picture,
}

/// A stack that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmeasuredStack {
    /// Whose stack.
    pub subject: SubjectId,
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
    /// Why.
    pub reason: String,
}

/// Measures every slice of every axial T2 stack of a scan on both sides, without
/// an outcome table.
///
/// Each slice is handed to `each` with its picture as soon as it is drawn, from
/// several threads; the rows come back in the order of the scan.
pub fn profile_scan(
    scan: &Scan,
    config: &StudyConfig,
    each: &(dyn Fn(ProfiledSlice<'_>) + Sync),
) -> (Vec<ProfileRow>, Vec<UnmeasuredStack>) {
    let is_axial_t2 = |header: &&StackHeader| {
        header.orientation == Orientation::Axial
            && matches!(header.contrast, Contrast::T2Fse | Contrast::T2Star)
            && !header.localizer
    };
    let headers: Vec<&StackHeader> = scan.stacks.iter().filter(is_axial_t2).collect();
    let parts: Vec<Result<Vec<ProfileRow>, UnmeasuredStack>> = headers
        .par_iter()
        .map(|&header| match foramen_dicom::load(header) {
            Ok(loaded) => Ok(profile_stack(header, &loaded.stack, config, each)),
            Err(error) => Err(UnmeasuredStack {
                subject: header.subject.clone(),
                series_uid: header.series_uid.clone(),
                reason: error.with_causes(),
            }),
        })
        .collect();
    let (mut rows, mut unmeasured) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Ok(of_stack) => rows.extend(of_stack),
            Err(stack) => unmeasured.push(stack),
        }
    }
    (rows, unmeasured)
}

fn profile_stack(
    header: &StackHeader,
    stack: &Stack,
    config: &StudyConfig,
    each: &(dyn Fn(ProfiledSlice<'_>) + Sync),
) -> Vec<ProfileRow> {
    let window = Window::from_quantiles(stack.slices(), 0.01, 0.99);
    let unnamed = SliceSource { sop_instance_uid: String::new(), frame: 1 };
    let mut rows = Vec::new();
    for (slice, (image, measured)) in
        stack.slices().iter().zip(measure(stack, &config.measure)).enumerate()
    {
        let source = image.source.as_ref().unwrap_or(&unnamed);
        each(ProfiledSlice { header, slice, source, picture: draw(image, &measured, window) });
        rows.extend(Side::BOTH.map(|side| ProfileRow {
            subject: header.subject.clone(),
            series_uid: header.series_uid.clone(),
            source: source.clone(),
            slice,
            side,
            foramen: measured.side(side).clone(),
            episode: None,
        }));
    }
    rows
}
