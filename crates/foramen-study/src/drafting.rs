use std::collections::BTreeMap;

use foramen_dicom::{Orientation, Scan, StackHeader};
use foramen_image::{Colour, Picture, Stack, Window};
use foramen_types::{Level, SubjectId, Vector};
use rayon::prelude::*;

use crate::manifest::by_subject;
use crate::{DiscPosition, Levels, StudyConfig, find_levels};

/// A table of disc positions as a person gets it to look at.
#[derive(Debug, Clone, Default)]
pub struct LevelDraft {
    /// The positions that were found.
    pub levels: Levels,
    /// Every subject of the scan.
    pub subjects: Vec<DraftedSubject>,
}

/// What was found for one subject.
#[derive(Debug, Clone)]
pub struct DraftedSubject {
    /// Whose discs.
    pub subject: SubjectId,
    /// The levels that were found, from the head down.
    pub found: Vec<Level>,
    /// Why there are none.
    pub refusal: Option<String>,
    /// The sagittal slice nearest the discs, with each disc drawn on it in the
    /// colour of its level; the head is up and the front is at image left.
    pub picture: Option<Picture>,
}

/// Finds the discs of every subject of a scan on its sagittal series.
///
/// Positions are in the frame of reference of the subject's axial series where
/// there is one, since that is where they are used. Subjects with `given`
/// positions keep those, and are drawn with them.
#[must_use]
pub fn draft_levels(scan: &Scan, given: Option<&Levels>, config: &StudyConfig) -> LevelDraft {
    let subjects: Vec<_> = by_subject(scan).into_iter().collect();
    let drafted: Vec<_> = subjects
        .par_iter()
        .map(|(subject, stacks)| {
            let known: BTreeMap<Level, DiscPosition> = given
                .into_iter()
                .flat_map(Levels::iter)
                .filter(|(of, _, _)| of == subject)
                .map(|(_, level, disc)| (level, disc.clone()))
                .collect();
            if known.is_empty() {
                draft(subject, stacks, config)
            } else {
                shown(subject, stacks, known)
            }
        })
        .collect();
    let mut all = LevelDraft::default();
    for (discs, subject) in drafted {
        for (level, disc) in discs {
            all.levels.insert(subject.subject.clone(), level, disc);
        }
        all.subjects.push(subject);
    }
    all
}

fn draft(
    subject: &SubjectId,
    stacks: &[&StackHeader],
    config: &StudyConfig,
) -> (BTreeMap<Level, DiscPosition>, DraftedSubject) {
    let of = |orientation: Orientation| {
        stacks.iter().find(|stack| stack.orientation == orientation && !stack.localizer)
    };
    let frame = of(Orientation::Axial)
        .or_else(|| of(Orientation::Sagittal))
        .and_then(|stack| stack.frame_of_reference_uid.as_deref());
    let mut drafted =
        DraftedSubject { subject: subject.clone(), found: vec![], refusal: None, picture: None };
    match find_levels(stacks, frame, &config.discs) {
        Ok(discs) => {
            drafted.found = discs.keys().copied().collect();
            drafted.picture = draw_levels(stacks, &discs);
            (discs, drafted)
        }
        Err(refusal) => {
            drafted.refusal = Some(refusal);
            drafted.picture = draw_levels(stacks, &BTreeMap::new());
            (BTreeMap::new(), drafted)
        }
    }
}

/// A subject whose discs are known.
fn shown(
    subject: &SubjectId,
    stacks: &[&StackHeader],
    discs: BTreeMap<Level, DiscPosition>,
) -> (BTreeMap<Level, DiscPosition>, DraftedSubject) {
    let drafted = DraftedSubject {
        subject: subject.clone(),
        found: discs.keys().copied().collect(),
        refusal: None,
        picture: draw_levels(stacks, &discs),
    };
    (discs, drafted)
}

/// One colour per level, told apart also by people with colour-blind eyes
/// (Okabe and Ito's palette).
const COLOURS: [Colour; 6] = [
    Colour(230, 159, 0),
    Colour(86, 180, 233),
    Colour(0, 158, 115),
    Colour(240, 228, 66),
    Colour(0, 114, 178),
    Colour(213, 94, 0),
];

/// Pixels per millimetre of the picture.
const SCALE: f64 = 2.0;

fn draw_levels(stacks: &[&StackHeader], discs: &BTreeMap<Level, DiscPosition>) -> Option<Picture> {
    let header = stacks
        .iter()
        .filter(|stack| stack.orientation == Orientation::Sagittal && !stack.localizer)
        .max_by_key(|stack| stack.slices.len())?;
    let stack: Stack = foramen_dicom::load(header).ok()?.stack;
    let slices = stack.slices();
    let off_plane = |slice: &foramen_image::Slice| {
        discs.values().map(|disc| slice.plane().distance(disc.point).abs()).sum::<f64>()
    };
    let slice = if discs.is_empty() {
        &slices[slices.len() / 2]
    } else {
        slices.iter().min_by(|a, b| off_plane(a).total_cmp(&off_plane(b)))?
    };
    // Drawn with the head up and the front at image left, however it is stored.
    let plane = slice.plane();
    let (height, width) = (slice.rows() as f64 - 1.0, slice.columns() as f64 - 1.0);
    let centre = plane.point(height / 2.0, width / 2.0);
    let normal = plane.normal();
    let up = Vector::new(0.0, 0.0, 1.0);
    let up = (up - normal * up.dot(normal)).unit()?;
    let back = normal.cross(up);
    let back = if back.y < 0.0 { -back } else { back };
    let half = 0.5 * (height * plane.spacing().row).max(width * plane.spacing().column);
    let spacing = foramen_image::Spacing { row: 1.0 / SCALE, column: 1.0 / SCALE };
    let corner = centre + up * half - back * half;
    let target = foramen_image::Plane::new(corner, back, -up, spacing).ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the size of a picture in pixels, far below the limits"
    )]
    let edge = (2.0 * half * SCALE).min(4000.0) as usize;
    let window = Window::from_quantiles([slice], 0.01, 0.995);
    let pixels = slice.resample(&target, edge, edge, window.low());
    let mut picture = Picture::from_pixels(&pixels, window);
    for (level, disc) in discs {
        let along = disc.normal.map_or(back, |normal| {
            let along = back - normal * back.dot(normal);
            along.unit().unwrap_or(back)
        });
        let (from, to) = (disc.point - along * 9.0, disc.point + along * 9.0);
        picture.line(target.pixel(from), target.pixel(to), 2.0, COLOURS[level.index()]);
    }
    Some(picture)
}
