use std::collections::BTreeMap;

use foramen_dicom::{Examination, FrameAgreement, Orientation, Scan, StackHeader};
use foramen_image::{Colour, Contrast, Picture, Stack, Window};
use foramen_select::PointKind;
use foramen_types::{Level, SubjectId, Vector};
use rayon::prelude::*;

use crate::manifest::by_subject;
use crate::{DiscPosition, DiscPositions, LevelSource, StudyConfig, find_levels};

/// A draft table of disc positions, for a person to check.
#[derive(Debug, Clone, Default)]
pub struct LevelDraft {
    /// The positions that were found.
    pub levels: DiscPositions,
    /// Every subject of the scan.
    pub subjects: Vec<DraftedSubject>,
}

/// What was found for one subject.
#[derive(Debug, Clone)]
pub struct DraftedSubject {
    /// The subject.
    pub subject: SubjectId,
    /// The levels that were found, from the head down.
    pub found: Vec<Level>,
    /// Why no discs were found, or none beside the given ones.
    pub refusal: Option<String>,
    /// A warning to read before the positions are used.
    pub warning: Option<String>,
    /// The sagittal slice nearest the discs, with each disc drawn on it in the colour of its level;
    /// the head is at the top and the front of the neck on the left.
    pub picture: Option<Picture>,
}

/// Finds the discs of every subject of a scan on its sagittal series.
///
/// Positions are in the frame of reference of the subject's axial series, if it has one, since the
/// positions are used there. Subjects keep their `given` positions, and the picture shows them; the
/// other discs are counted from the first given disc centre. A level that a person has refused is
/// not drafted again.
#[must_use]
pub fn draft_levels(
    scan: &Scan,
    given: Option<&DiscPositions>,
    config: &StudyConfig,
) -> LevelDraft {
    let subjects: Vec<_> = by_subject(scan).into_iter().collect();
    let drafted: Vec<_> = subjects
        .par_iter()
        .map(|(subject, stacks)| {
            let known: BTreeMap<Level, DiscPosition> = given
                .into_iter()
                .flat_map(DiscPositions::iter)
                .filter(|(of, _, _)| of == subject)
                .map(|(_, level, disc)| (level, disc.clone()))
                .collect();
            if known.is_empty() {
                draft(subject, stacks, config)
            } else {
                completed(subject, stacks, known, given, config)
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
    let mut drafted = DraftedSubject {
        subject: subject.clone(),
        found: vec![],
        refusal: None,
        warning: None,
        picture: None,
    };
    let found = find_levels(stacks, frame, &config.discs).or_else(|refusal| {
        let (discs, warning) = in_assumed_frame(stacks, config).ok_or(refusal)?;
        drafted.warning = Some(warning);
        Ok(discs)
    });
    match found {
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

/// The discs of an examination whose frames of reference were removed or replaced, in the
/// frame that `--assume-one-frame` gives its images, and the warning that belongs to them.
/// `None` where its images do not lie as one examination does.
fn in_assumed_frame(
    stacks: &[&StackHeader],
    config: &StudyConfig,
) -> Option<(BTreeMap<Level, DiscPosition>, String)> {
    let examinations = Examination::group(stacks.iter().copied());
    let (examination, frames) = examinations
        .iter()
        .map(|examination| (examination, examination.frames()))
        .find(|(_, frames)| matches!(frames, FrameAgreement::Assumable { .. }))?;
    let named = examination.stacks.iter().filter_map(|s| s.frame_of_reference_uid.clone());
    let frame = named.min().unwrap_or_else(|| examination.study_uids[0].to_owned());
    let assumed: Vec<StackHeader> = examination
        .stacks
        .iter()
        .map(|stack| {
            let mut stack = (*stack).clone();
            stack.frame_of_reference_uid = Some(frame.clone());
            stack
        })
        .collect();
    let assumed: Vec<&StackHeader> = assumed.iter().collect();
    let discs = find_levels(&assumed, Some(&frame), &config.discs).ok()?;
    let warning = format!(
        "{frames}; the positions hold only where that is given to the commands that use them"
    );
    Some((discs, warning))
}

/// A subject some of whose discs are known, with the others found from them.
fn completed(
    subject: &SubjectId,
    stacks: &[&StackHeader],
    mut discs: BTreeMap<Level, DiscPosition>,
    given: Option<&DiscPositions>,
    config: &StudyConfig,
) -> (BTreeMap<Level, DiscPosition>, DraftedSubject) {
    let is_refused = |level| given.is_some_and(|given| given.is_refused(subject, level));
    let mut missing = Level::ALL.to_vec();
    missing.retain(|level| !discs.contains_key(level) && !is_refused(*level));
    let mut refusal = None;
    if !missing.is_empty() {
        match find_others(subject, stacks, &discs, given, config) {
            Ok(others) => {
                discs.extend(others.into_iter().filter(|(level, _)| missing.contains(level)));
            }
            Err(why) => refusal = Some(why),
        }
    }
    let drafted = DraftedSubject {
        subject: subject.clone(),
        found: discs.keys().copied().collect(),
        refusal,
        warning: None,
        picture: draw_levels(stacks, &discs),
    };
    (discs, drafted)
}

/// Greatest distance between the given and the found position of one disc, millimetres: less than
/// half of the shortest distance between two discs.
const ONE_DISC: f64 = 8.0;

fn find_others(
    subject: &SubjectId,
    stacks: &[&StackHeader],
    known: &BTreeMap<Level, DiscPosition>,
    given: Option<&DiscPositions>,
    config: &StudyConfig,
) -> Result<BTreeMap<Level, DiscPosition>, String> {
    let centres = || known.iter().filter(|(_, disc)| disc.kind == PointKind::Disc);
    let (&level, hint) = centres()
        .next()
        .ok_or("only points on the canal are given; give the centre of one disc to count from")?;
    let frame = hint
        .frame_of_reference_uid
        .as_deref()
        .or_else(|| stacks.iter().find_map(|stack| stack.frame_of_reference_uid.as_deref()));
    // A place that names no frame of reference may be in any of several.
    if let Some(given) = given {
        given.in_frame(subject, stacks, frame)?;
    }
    let options = config.discs.clone().with_hint(level, hint.point);
    let found = find_levels(stacks, frame, &options)?;
    for (level, disc) in centres() {
        let far = found.get(level).map(|other| other.point.distance(disc.point));
        if let Some(far) = far.filter(|far| *far > ONE_DISC) {
            return Err(format!(
                "the given {level} lies {far:.0} mm from where it is, counted from the other given \
                 discs; check their numbers"
            ));
        }
    }
    Ok(found)
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

/// Draws the discs on the nearest slice of the series on which they were found, or else of the T2
/// series with most slices. Discs of another frame of reference are not drawn.
fn draw_levels(stacks: &[&StackHeader], discs: &BTreeMap<Level, DiscPosition>) -> Option<Picture> {
    let is_source = |stack: &StackHeader| {
        discs.values().any(|disc| {
            matches!(&disc.source, LevelSource::Sagittal { series_uid }
                if *series_uid == stack.series_uid)
        })
    };
    let header = stacks
        .iter()
        .filter(|stack| stack.orientation == Orientation::Sagittal && !stack.localizer)
        .max_by_key(|stack| {
            (is_source(stack), stack.contrast == Contrast::T2Fse, stack.slices.len())
        })?;
    let frame = &header.frame_of_reference_uid;
    let discs: BTreeMap<Level, &DiscPosition> = discs
        .iter()
        .map(|(level, disc)| (*level, disc))
        .filter(|(_, disc)| {
            disc.frame_of_reference_uid.is_none() || disc.frame_of_reference_uid == *frame
        })
        .collect();
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

#[cfg(test)]
mod tests {
    use foramen_dicom::{ScanOptions, scan};
    use foramen_phantom::{CohortConfig, write_cohort};
    use foramen_types::{Point, SubjectKey};

    use super::*;

    #[test]
    fn one_given_disc_numbers_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let config = StudyConfig::default();
        let free = draft_levels(&found, None, &config).levels;
        let (subject, _, disc) = free.iter().find(|(_, level, _)| *level == Level::C5C6).unwrap();
        let Point { x, y, z } = disc.point;
        let draft = |rows: &str| {
            let table = format!("subject_id,level,x_mm,y_mm,z_mm,status\n{rows}");
            let given = DiscPositions::read(table.as_bytes(), &SubjectKey::identity()).unwrap();
            draft_levels(&found, Some(&given), &config)
        };
        let place = |draft: &LevelDraft, level| draft.levels.of(subject, level).map(|d| d.point);

        // Named one level lower, the given disc stays and all others follow.
        let named = draft(&format!(
            "{subject},C6/7,{x},{y},{},found\n{subject},C3/4,,,,refused\n",
            z + 2.0
        ));
        assert_eq!(place(&named, Level::C6C7), Some(Point::new(x, y, z + 2.0)));
        let above = free.of(subject, Level::C4C5).map(|disc| disc.point);
        assert_eq!(place(&named, Level::C5C6), above);
        assert_eq!(place(&named, Level::C3C4), None);

        // Two given discs that cannot both be right leave the others out.
        let torn =
            draft(&format!("{subject},C5/6,{x},{y},{z},\n{subject},C4/5,{x},{y},{},\n", z + 60.0));
        let refusal = torn.subjects[0].refusal.clone().unwrap();
        assert!(refusal.contains("given C5/6"), "{refusal}");
        assert_eq!(torn.levels.iter().count(), 2);
    }

    #[test]
    fn without_a_common_frame_of_reference_levels_are_drafted_with_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let mut found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let config = StudyConfig::default();
        let plain = draft_levels(&found, None, &config);
        assert_eq!(plain.subjects[0].warning, None);
        let places = |draft: &LevelDraft| {
            draft.levels.iter().map(|(_, level, disc)| (level, disc.point)).collect::<Vec<_>>()
        };
        // Removed, and then one for each series.
        for number in [None, Some(7)] {
            for (index, stack) in found.stacks.iter_mut().enumerate() {
                stack.frame_of_reference_uid = number.map(|n| format!("2.25.{n}.{index}"));
            }
            let draft = draft_levels(&found, None, &config);
            let subject = &draft.subjects[0];
            assert_eq!(subject.refusal, None);
            let warning = subject.warning.as_deref().unwrap();
            assert!(warning.contains("--assume-one-frame"), "{warning}");
            assert!(warning.contains("hold only where that is given"), "{warning}");
            assert!(!places(&draft).is_empty() && places(&draft) == places(&plain));
            assert!(subject.picture.is_some());
        }
    }

    #[test]
    fn discs_are_drawn_on_the_t2_series_and_in_its_frame_alone() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let is_sagittal =
            |stack: &&StackHeader| stack.orientation == Orientation::Sagittal && !stack.localizer;
        let whole = found.stacks.iter().find(is_sagittal).unwrap();
        // A series of another contrast with more slices.
        let mut part = whole.clone();
        part.slices.truncate(whole.slices.len() / 2);
        let mut t1 = whole.clone();
        (t1.contrast, t1.series_uid) = (Contrast::T1, "1.2.3".to_owned());
        let none = BTreeMap::new();
        assert!(draw_levels(&[&t1, &part], &none) == draw_levels(&[&part], &none));
        assert!(draw_levels(&[&t1, &part], &none) != draw_levels(&[&t1], &none));

        let frame = whole.frame_of_reference_uid.as_deref();
        let mut discs = find_levels(&[whole], frame, &StudyConfig::default().discs).unwrap();
        assert!(draw_levels(&[whole], &discs) != draw_levels(&[whole], &none));
        for disc in discs.values_mut() {
            disc.frame_of_reference_uid = Some("1.2.3".to_owned());
        }
        assert!(draw_levels(&[whole], &discs) == draw_levels(&[whole], &none));
    }
}
