mod image_set;
mod order;
mod sharpness;

use std::collections::BTreeMap;

use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::recency::recency;
use crate::{Accepted, Examination, NoAxialT2, RefusedStack, Remark, StackHeader, Tolerances};
pub use image_set::{ImageSet, PooledImage, SetAside};
pub use order::{Ranked, Rule};

/// Units that share at least this part of their images are alternatives, not parts of one coverage.
const ALTERNATIVE: f64 = 0.5;
/// Echo time, spacing and thickness of one acquisition may differ by this part:
/// the upper and the lower half of a neck are often planned a little differently.
const ALIKE: f64 = 0.25;

/// The axial T2 images of one examination: every image that may be measured, over all series,
/// stacks and studies, as sets.
///
/// A *set* holds all images of one kind: contrast, fat, original or derived. Its images may come
/// from several series (the upper and the lower neck, interleaved packages, a series for each disc
/// or slice), and no two of them are at the same position. If two images of a kind are at the same
/// position, the later one is in the first set, since a repeat is usually made because the first
/// failed. A series that is repeated as a whole becomes a set of its own.
///
/// A sagittal T2 volume ([`StackHeader::is_volume`]) is also a set of its own, after all sets
/// acquired as axial images; for measuring, axial slices are made from it.
///
/// The sets are in the order of [`Rule`]; [`Pool::at`] ranks them for one disc, by their coverage
/// of its position.
///
/// ```
/// use foramen_dicom::{Accepted, ScanOptions, scan};
///
/// # let folder = std::env::temp_dir().join("foramen-dicom-pool");
/// # std::fs::create_dir_all(&folder)?;
/// let found = scan(&folder, &ScanOptions::default())?;
/// for examination in found.examinations() {
///     match examination.pool(&Accepted::default()) {
///         Ok(pool) => {
///             println!("{} images in {:?}", pool.best().images.len(), pool.best().series());
///             if let Some((runner_up, why)) = pool.runner_up() {
///                 println!("not {:?}: {why}", runner_up.series());
///             }
///         }
///         Err(none) => println!("{}: {none}", examination.subject),
///     }
/// }
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Pool<'a> {
    /// The subject.
    pub subject: &'a SubjectId,
    /// The first day of an acquisition, where known.
    pub acquired: Option<Date>,
    /// The sets, the best first; never empty.
    pub sets: Vec<ImageSet<'a>>,
    /// The stacks that are not axial T2 images, and why.
    pub refused: Vec<RefusedStack>,
}

impl<'a> Examination<'a> {
    /// The axial T2 images of the neck, as sets, the best first.
    ///
    /// # Errors
    /// [`NoAxialT2`] with the reason for each stack.
    pub fn pool(&self, accepted: &Accepted) -> Result<Pool<'a>, NoAxialT2> {
        Pool::gather(self, accepted, &[])
    }

    /// Like [`Self::pool`], from only these series (0020,000E), if a person named any; from all
    /// series if the list is empty.
    ///
    /// # Errors
    /// [`NoAxialT2`] with the reason for each stack of the series.
    pub fn pool_of(&self, accepted: &Accepted, series: &[&str]) -> Result<Pool<'a>, NoAxialT2> {
        Pool::gather(self, accepted, series)
    }
}

/// A stack that may be measured.
#[derive(Debug, Clone)]
pub(crate) struct Unit<'a> {
    pub(crate) stack: &'a StackHeader,
    /// Remarks made on admission.
    pub(crate) remarks: Vec<Remark>,
}

impl<'a> Pool<'a> {
    /// Gathers the axial T2 images of an examination.
    ///
    /// # Errors
    /// [`NoAxialT2`] with the reason for each stack.
    pub(crate) fn gather(
        examination: &Examination<'a>,
        accepted: &Accepted,
        series: &[&str],
    ) -> Result<Self, NoAxialT2> {
        let study = examination.as_study();
        let mut kinds: BTreeMap<_, Vec<Unit<'a>>> = BTreeMap::new();
        let mut refused = Vec::new();
        let asked = |stack: &&&StackHeader| {
            series.is_empty() || series.contains(&stack.series_uid.as_str())
        };
        for &stack in examination.stacks.iter().filter(asked) {
            match study.suits(stack, accepted, true) {
                Ok(remarks) => {
                    // Places are compared within one frame of reference, or, where
                    // none is told, within one study.
                    let frame = stack.frame_of_reference_uid.as_deref();
                    let place = (frame.is_some(), frame.unwrap_or(&stack.study_uid));
                    let taken = remarks.iter().any(|r| matches!(r, Remark::Accepted { .. }));
                    // Each volume stands alone: nothing can be added to it.
                    let volume = stack.is_volume().then_some((&stack.series_uid, stack.stack));
                    let kind = (stack.contrast, stack.fat, stack.derived, taken, place, volume);
                    kinds.entry(kind).or_default().push(Unit { stack, remarks });
                }
                Err((refusal, reason)) => {
                    let series_uid = stack.series_uid.clone();
                    refused.push(RefusedStack { series_uid, stack: stack.stack, refusal, reason });
                }
            }
        }
        if kinds.is_empty() {
            return Err(NoAxialT2 { refused, advice: None });
        }
        let mut sets: Vec<ImageSet<'a>> = kinds.into_values().flat_map(assemble).collect();
        order::sort(&mut sets);
        let Examination { subject, acquired, .. } = *examination;
        Ok(Self { subject, acquired, sets, refused })
    }

    /// The best set for the neck as a whole.
    #[must_use]
    pub fn best(&self) -> &ImageSet<'a> {
        &self.sets[0]
    }

    /// The second-best set of images, and the reason why it is not the first.
    #[must_use]
    pub fn runner_up(&self) -> Option<(&ImageSet<'a>, String)> {
        let second = self.sets.get(1)?;
        Some((second, order::why(self.best(), second).1))
    }
}

/// Combines units of one kind and frame of reference into sets. The latest unit comes first. An
/// earlier unit adds its images at positions that have none yet, or becomes a set of its own if
/// most of its positions are covered already.
fn assemble(mut units: Vec<Unit<'_>>) -> Vec<ImageSet<'_>> {
    units.sort_by_key(|unit| std::cmp::Reverse(recency(unit.stack)));
    let mut sets = Vec::new();
    while !units.is_empty() {
        let mut rest = Vec::new();
        let mut set = Vec::new();
        let mut images: Vec<PooledImage<'_>> = Vec::new();
        let mut duplicates = Vec::new();
        for unit in units {
            let fits = set.iter().all(|member: &Unit<'_>| {
                are_alike(member.stack, unit.stack) || lie_apart(member.stack, unit.stack)
            });
            if !fits {
                rest.push(unit);
                continue;
            }
            let own = PooledImage::of(unit.stack);
            let (double, fresh): (Vec<_>, Vec<_>) =
                own.into_iter().partition(|image| image.twin(&images).is_some());
            if double.len() as f64 >= ALTERNATIVE * unit.stack.slices.len() as f64 {
                rest.push(unit.clone());
            }
            if fresh.is_empty() {
                continue;
            }
            for image in double {
                duplicates.extend(image.twin(&images).map(|kept| SetAside { image, kept }));
            }
            images.extend(fresh);
            set.push(unit);
        }
        sets.push(ImageSet::new(set, images, duplicates, &Tolerances::default()));
        units = rest;
    }
    sets
}

/// Whether two stacks were acquired by about the same protocol.
fn are_alike(a: &StackHeader, b: &StackHeader) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= ALIKE * a.max(b);
    let same = |a: Option<f64>, b: Option<f64>| a.zip(b).is_none_or(|(a, b)| near(a, b));
    near(a.spacing.row, b.spacing.row)
        && near(a.spacing.column, b.spacing.column)
        && same(a.report.thickness, b.report.thickness)
        && same(a.echo_time, b.echo_time)
}

/// Whether two stacks cover different heights, except for a small overlap.
fn lie_apart(a: &StackHeader, b: &StackHeader) -> bool {
    let span = |stack: &StackHeader| {
        let heights = PooledImage::of(stack).into_iter().map(|image| image.centre().z);
        heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), z| (low.min(z), high.max(z)))
    };
    let (a, b) = (span(a), span(b));
    let common = a.1.min(b.1) - a.0.max(b.0);
    common <= 0.0 || common < ALTERNATIVE * (a.1 - a.0).min(b.1 - b.0)
}
