use foramen_dicom::Remark;
use foramen_select::{Choice, SelectOptions, Target};

use crate::series::Measured;

/// The remarks of a set that concern a level, each once. Remarks on missing slices count only if
/// the gap is within or beside the height of the foramen. Adds a remark if the images end within
/// this height.
pub(crate) fn at_level(
    series: &Measured,
    target: Option<&Target>,
    profile: &[Choice],
    options: &SelectOptions,
) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = Vec::new();
    for remark in &series.remarks {
        let concerns = match (remark, target) {
            (Remark::MissingSlice { below, gap, .. }, Some(target)) => {
                series.plane_of(below).is_none_or(|plane| {
                    // Heights above the disc of the images below and above the gap.
                    let from = -plane.distance(target.disc);
                    from <= options.above + MARGIN && from + gap >= -options.below - MARGIN
                })
            }
            _ => true,
        };
        if concerns && !remarks.contains(remark) {
            remarks.push(remark.clone());
        }
    }
    if let Some(target) = target {
        remarks.extend(incomplete(series, target, profile, options));
    }
    remarks
}

/// Discs are tilted against slices and lie in front of the foramina: heights at both differ
/// by up to this, in millimetres.
const MARGIN: f64 = 2.0;

/// The remark that images end within the height of the foramen, as far as it is known: a narrower
/// slice may lie beyond the images. Stacks of a few slices are planned around their disc, and count
/// as reaching half a slice beyond their last slice.
fn incomplete(
    series: &Measured,
    target: &Target,
    profile: &[Choice],
    options: &SelectOptions,
) -> Option<Remark> {
    let (first, last) = (profile.first()?, profile.last()?);
    let reaches = |choice: &Choice| {
        let gaps = series.stacks.get(choice.stack).map(|measured| measured.stack().gaps());
        let spacing = gaps.into_iter().flatten().fold(f64::INFINITY, f64::min);
        let thickness = series.at(choice).and_then(|(slice, _)| slice.thickness).unwrap_or(0.0);
        if spacing.is_finite() { spacing.max(thickness) } else { thickness }
    };
    // Beyond the outermost slice of the level there is room for another one.
    let heights = target.heights.unwrap_or_default();
    let (low, high) = heights.range();
    let below = first.offset - (low - heights.spread).max(-options.below);
    let above = (high + heights.spread).min(options.above) - last.offset;
    let lacks = |room: f64, choice: &Choice| room > reaches(choice) + 1e-6;
    (lacks(below, first) || lacks(above, last))
        .then(|| Remark::IncompleteLevel { below: below.max(0.0), above: above.max(0.0) })
}

/// The remark that evidence contradicts a choice; none for a person's choice.
pub(crate) fn contradicted(choice: &Choice) -> Option<Remark> {
    let evidence: Vec<String> = choice.contradictions().iter().map(ToString::to_string).collect();
    (!evidence.is_empty()).then(|| Remark::ContradictedChoice { evidence: evidence.join("; ") })
}

/// A confidence limited to the lowest cap of these remarks.
pub(crate) fn capped(confidence: f64, remarks: &[Remark]) -> f64 {
    remarks.iter().map(Remark::cap).fold(confidence, f64::min)
}
