use std::collections::BTreeSet;

use foramen_dicom::{Examination, ImageSet, NoAxialT2, Scan, StackHeader};
use foramen_image::{Picture, SliceSource, Window};
use foramen_select::{MeasuredStack, draw};
use foramen_types::{Side, SubjectId};
use rayon::prelude::*;

use crate::StudyConfig;
use crate::reformatting::mark_reformatted;
use crate::selections::ProfileRow;
use crate::series::{discs_of_set, measure_set, source_of};
use crate::unread::{UnreadImages, of_failed, of_loaded};

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

/// What measuring every slice of a scan gives.
#[derive(Debug, Clone, Default)]
pub struct Profiled {
    /// Every slice and side, in the order of the scan.
    pub rows: Vec<ProfileRow>,
    /// Images of the measured stacks that could not be decoded.
    pub unread: Vec<UnreadImages>,
    /// Subjects with a study that holds no axial T2 images, and why.
    pub without: Vec<(SubjectId, NoAxialT2)>,
    /// Subjects who have only a sagittal T2 volume from which no axial slices could be made, and
    /// why.
    pub not_reformatted: Vec<(SubjectId, String)>,
}

/// Measures every slice of every axial T2 stack of a scan ([`Examination::pool`]) on both sides,
/// without an outcome table. Where a subject has no such stack but a sagittal T2 volume, axial
/// slices are made from the volume around each disc found on it, and measured.
///
/// `each` is called with every slice and its picture as soon as the picture is drawn, from several
/// threads. The returned rows are in the order of the scan.
///
/// [`Examination::pool`]: foramen_dicom::Examination::pool
pub fn profile_scan(
    scan: &Scan,
    config: &StudyConfig,
    each: &(dyn Fn(ProfiledSlice<'_>) + Sync),
) -> Profiled {
    let mut profiled = Profiled::default();
    let mut axial: BTreeSet<(&str, &str, usize)> = BTreeSet::new();
    let mut volumes: Vec<(ImageSet<'_>, Examination<'_>)> = Vec::new();
    for examination in scan.examinations() {
        match examination.pool(&config.accepted) {
            Ok(mut pool) => {
                // Where there are axial images, none are made of a volume.
                if pool.best().reformat {
                    volumes.push((pool.best().clone(), examination.clone()));
                }
                pool.sets.retain(|set| !set.reformat);
                let aside = pool.sets.iter().flat_map(|set| &set.set_aside);
                let images = pool.sets.iter().flat_map(|set| &set.images);
                let all = images.chain(aside.map(|aside| &aside.image)).map(|image| image.stack);
                axial.extend(all.map(place_of));
            }
            Err(why) => profiled.without.push((examination.subject.clone(), why)),
        }
    }
    let is_axial = |header: &&StackHeader| axial.contains(&place_of(header));
    let headers: Vec<&StackHeader> = scan.stacks.iter().filter(is_axial).collect();
    let parts: Vec<(Vec<ProfileRow>, Vec<UnreadImages>)> = headers
        .par_iter()
        .map(|&header| match foramen_dicom::load(header) {
            Ok(loaded) => {
                let unread = of_loaded(header, &loaded);
                let measured = MeasuredStack::new(loaded.stack, &config.measure);
                (profile_stack(header, &measured, each), unread)
            }
            Err(error) => (Vec::new(), vec![of_failed(header, &error)]),
        })
        .collect();
    for (rows, unread) in parts {
        profiled.rows.extend(rows);
        profiled.unread.extend(unread);
    }
    let of_volumes: Vec<_> = volumes
        .par_iter()
        .map(|(set, examination)| {
            (set.images[0].stack, profile_volume(set, examination, config, each))
        })
        .collect();
    for (header, found) in of_volumes {
        match found {
            Ok((rows, unread)) => {
                profiled.rows.extend(rows);
                profiled.unread.extend(unread);
            }
            Err(reason) => profiled.not_reformatted.push((header.subject.clone(), reason)),
        }
    }
    profiled
}

/// Makes axial slices from a volume around each disc and measures them. Returns the reason if no
/// discs are found.
fn profile_volume(
    set: &ImageSet<'_>,
    examination: &Examination<'_>,
    config: &StudyConfig,
    each: &(dyn Fn(ProfiledSlice<'_>) + Sync),
) -> Result<(Vec<ProfileRow>, Vec<UnreadImages>), String> {
    let header = set.images[0].stack;
    let discs = discs_of_set(set, &examination.stacks, None, config);
    let measured = measure_set(set, &examination.stacks, discs, config)?;
    let mut rows = Vec::new();
    let images = measured.stacks.iter().flat_map(MeasuredStack::slices);
    for (slice, (image, found)) in images.enumerate() {
        let source = source_of(image);
        let mut picture = draw(image, found, measured.window);
        mark_reformatted(&mut picture);
        each(ProfiledSlice { header, slice, source: &source, picture });
        rows.extend(Side::BOTH.map(|side| ProfileRow {
            subject: header.subject.clone(),
            series_uid: header.series_uid.clone(),
            source: source.clone(),
            slice,
            side,
            foramen: found.side(side).clone(),
            episode: None,
        }));
    }
    Ok((rows, measured.unread))
}

/// The key that distinguishes a stack from all others of a scan.
fn place_of(stack: &StackHeader) -> (&str, &str, usize) {
    (&stack.study_uid, &stack.series_uid, stack.stack)
}

fn profile_stack(
    header: &StackHeader,
    measured: &MeasuredStack,
    each: &(dyn Fn(ProfiledSlice<'_>) + Sync),
) -> Vec<ProfileRow> {
    let window = Window::from_quantiles(measured.stack().slices(), 0.01, 0.99);
    let unnamed = SliceSource { sop_instance_uid: String::new(), frame: 1 };
    let mut rows = Vec::new();
    for (slice, (image, seen)) in measured.slices().enumerate() {
        let source = image.source.as_ref().unwrap_or(&unnamed);
        each(ProfiledSlice { header, slice, source, picture: draw(image, seen, window) });
        rows.extend(Side::BOTH.map(|side| ProfileRow {
            subject: header.subject.clone(),
            series_uid: header.series_uid.clone(),
            source: source.clone(),
            slice,
            side,
            foramen: seen.side(side).clone(),
            episode: None,
        }));
    }
    rows
}
