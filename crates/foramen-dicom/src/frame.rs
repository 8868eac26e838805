use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use foramen_image::Plane;
use foramen_types::{Point, SubjectId};
use jiff::civil::Date;

use crate::image::Image;
use crate::{Examination, Orientation};

/// Greatest lateral distance of the middle of axial images from the sagittal ones, in millimetres:
/// both are centred on the spine.
const BESIDE: f64 = 40.0;

/// Whether positions in an examination's stacks may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameAgreement {
    /// All stacks name the same frame of reference (0020,0052).
    One,
    /// They name no frame, or several, but their positions fit one examination: sagittal and axial
    /// images cross. One frame may be assumed ([`crate::ScanOptions::with_assume_one_frame`]).
    Assumable {
        /// Number of named frames.
        frames: usize,
    },
    /// They name no frame, or several, and their positions do not fit one examination.
    Apart {
        /// Number of named frames.
        frames: usize,
    },
}

impl fmt::Display for FrameAgreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Assumable { frames } | Self::Apart { frames }) = self else {
            return write!(f, "one frame of reference");
        };
        match frames {
            0 => write!(f, "no image names its frame of reference (0020,0052)")?,
            1 => write!(f, "some images do not name their frame of reference (0020,0052)")?,
            _ => write!(f, "the images are in {frames} frames of reference (0020,0052)")?,
        }
        match self {
            Self::Assumable { .. } => write!(
                f,
                ", as anonymisers leave them; sagittal and axial images cross as in one \
                 examination, so that --assume-one-frame may be given"
            ),
            _ => write!(
                f,
                ", and sagittal and axial images do not cross; export with the original Frame of \
                 Reference UIDs, or give disc positions in the frame of the axial images"
            ),
        }
    }
}

impl Examination<'_> {
    /// Whether positions in its stacks may be compared, without scouts.
    #[must_use]
    pub fn frames(&self) -> FrameAgreement {
        let stacks = || self.stacks.iter().filter(|stack| !stack.localizer);
        // Of one series, as of a volume alone, places are compared with nothing else.
        let series: BTreeSet<&str> = stacks().map(|stack| stack.series_uid.as_str()).collect();
        if series.len() < 2 {
            return FrameAgreement::One;
        }
        let named = stacks().map(|stack| stack.frame_of_reference_uid.as_deref());
        let frames: BTreeSet<Option<&str>> = named.collect();
        let extents = stacks().flat_map(|stack| {
            stack.slices.iter().map(|slice| (slice.plane, (stack.rows, stack.columns)))
        });
        agreement(&frames, extents)
    }
}

/// Assigns one frame of reference to all images of one person and day if their positions fit one
/// examination but they name no frame, or several. The frame is the first named one, else the Study
/// Instance UID.
pub(crate) fn assume_one(images: &mut [Image]) {
    // Without a day, a study is what belongs together.
    type Visit = (SubjectId, Option<Date>, String);
    let mut visits: BTreeMap<Visit, Vec<usize>> = BTreeMap::new();
    for (index, image) in images.iter().enumerate() {
        let instance = &image.instance;
        let day = instance.dating.date();
        let study = if day.is_none() { instance.study_uid.clone() } else { String::new() };
        visits.entry((instance.subject.clone(), day, study)).or_default().push(index);
    }
    for visit in visits.into_values() {
        let of = |&index: &usize| images[index].instance.frame_of_reference_uid.as_deref();
        let frames: BTreeSet<Option<&str>> = visit.iter().map(of).collect();
        let extents = visit.iter().map(|&index| {
            let format = &images[index].instance.pixels.format;
            let size = (usize::from(format.rows), usize::from(format.columns));
            (images[index].plane, size)
        });
        if !matches!(agreement(&frames, extents), FrameAgreement::Assumable { .. }) {
            continue;
        }
        let named = frames.iter().flatten().next().map(|&uid| uid.to_owned());
        let frame = named.unwrap_or_else(|| images[visit[0]].instance.study_uid.clone());
        for index in visit {
            let instance = Arc::make_mut(&mut images[index].instance);
            instance.frame_of_reference_uid = Some(frame.clone());
            instance.assumed_frame = true;
        }
    }
}

fn agreement(
    frames: &BTreeSet<Option<&str>>,
    images: impl Iterator<Item = (Plane, (usize, usize))>,
) -> FrameAgreement {
    if frames.len() == 1 && !frames.contains(&None) {
        return FrameAgreement::One;
    }
    let frames = frames.iter().flatten().count();
    if cross(images) {
        FrameAgreement::Assumable { frames }
    } else {
        FrameAgreement::Apart { frames }
    }
}

/// Whether the middles of most axial images are near the sagittal images.
fn cross(images: impl Iterator<Item = (Plane, (usize, usize))>) -> bool {
    let (mut axial, mut sagittal): (Vec<Point>, Vec<Point>) = (Vec::new(), Vec::new());
    for (plane, (rows, columns)) in images {
        let (last_row, last_column) = (rows as f64 - 1.0, columns as f64 - 1.0);
        match Orientation::of(plane.normal()) {
            Orientation::Axial => axial.push(plane.point(last_row / 2.0, last_column / 2.0)),
            Orientation::Sagittal => {
                sagittal.extend([plane.point(0.0, 0.0), plane.point(last_row, last_column)]);
            }
            _ => {}
        }
    }
    let within = |of: fn(&Point) -> f64, beside: f64, point: &Point| {
        let low = sagittal.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = sagittal.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        (low - beside..=high + beside).contains(&of(point))
    };
    let inside = axial.iter().filter(|point| {
        within(|p| p.x, BESIDE, point) && within(|p| p.y, 0.0, point) && within(|p| p.z, 0.0, point)
    });
    !sagittal.is_empty() && inside.count() * 2 > axial.len()
}
