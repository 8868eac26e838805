use std::cmp::{Ordering, Reverse};

use foramen_image::Contrast;
use foramen_types::Point;

use super::{ImageSet, Pool};
use crate::recency::{Recency, recency};
use crate::{FatSignal, Remark};

/// The rule that decides between two sets, in the order of application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Sets without reasons against them come before sets that a person had to accept.
    Admission,
    /// Images acquired as axial come before volumes from which axial slices are made.
    Acquired,
    /// The set that covers the position, or the neck, more completely comes first. Coverages that
    /// differ by less than a fifth count as equal.
    Coverage,
    /// Plain T2 fast spin echo and in-phase images, then T2*, then water images,
    /// then fat-suppressed ones.
    Kind,
    /// Originals come before images computed from others.
    Original,
    /// The later set comes before the earlier: a repeat is usually made because the first failed.
    Later,
    /// Finer pixels come first.
    Finer,
    /// The sharper set comes first, if sharpness was measured ([`Pool::measure_sharpness`]).
    Sharper,
    /// No other rule decides; the Series Instance UID does.
    Uid,
}

impl Rule {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admission => "admission",
            Self::Acquired => "acquired",
            Self::Coverage => "coverage",
            Self::Kind => "kind",
            Self::Original => "original",
            Self::Later => "later",
            Self::Finer => "finer",
            Self::Sharper => "sharper",
            Self::Uid => "uid",
        }
    }
}

/// A set with its rank at one position.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ranked<'p, 'a> {
    /// The set.
    pub set: &'p ImageSet<'a>,
    /// The share of the height around the position that it covers, 0 to 1; 0 in another frame of
    /// reference.
    pub coverage: f64,
    /// Why it is ranked before the next set: the rule, and a sentence. `None` for the last.
    pub before_next: Option<(Rule, String)>,
}

impl<'a> Pool<'a> {
    /// Ranks the sets for one position by [`Rule`], the best first. Coverage is computed from
    /// `reach` millimetres below the position to `reach` above it. A foramen and the pedicles
    /// around it are within 8 mm of the height of their disc.
    ///
    /// `frame` is the frame of reference of the position; a set in another frame has coverage 0. If
    /// the position has no frame, sets in any frame are considered.
    #[must_use]
    pub fn at(&self, place: Point, frame: Option<&str>, reach: f64) -> Vec<Ranked<'_, 'a>> {
        let mut ranked: Vec<Ranked<'_, 'a>> = self
            .sets
            .iter()
            .map(|set| {
                let other = frame.is_some() && frame != set.frame_of_reference_uid();
                let coverage = if other { 0.0 } else { set.coverage(place, reach) };
                Ranked { set, coverage, before_next: None }
            })
            .collect();
        ranked.sort_by(|a, b| compare((a.set, a.coverage), (b.set, b.coverage)).0);
        for index in 1..ranked.len() {
            let (before, after) = (&ranked[index - 1], &ranked[index]);
            let (_, rule, why) =
                compare((before.set, before.coverage), (after.set, after.coverage));
            ranked[index - 1].before_next = Some((rule, why));
        }
        ranked
    }
}

/// Sorts sets for the neck as a whole.
pub(super) fn sort(sets: &mut [ImageSet<'_>]) {
    let most = sets.iter().map(|set| set.covered).fold(0.0, f64::max);
    let part = |set: &ImageSet<'_>| if most > 0.0 { set.covered / most } else { 0.0 };
    sets.sort_by(|a, b| compare((a, part(a)), (b, part(b))).0);
}

/// Why the first of two sets of a sorted pool is ranked before the second.
pub(super) fn why(a: &ImageSet<'_>, b: &ImageSet<'_>) -> (Rule, String) {
    let most = a.covered.max(b.covered).max(f64::MIN_POSITIVE);
    let (_, rule, why) = compare((a, a.covered / most), (b, b.covered / most));
    (rule, why)
}

/// Compares two sets with their coverages: the order, the rule, and the reason in words if the
/// first set comes first.
fn compare(a: (&ImageSet<'_>, f64), b: (&ImageSet<'_>, f64)) -> (Ordering, Rule, String) {
    let ((a, covers_a), (b, covers_b)) = (a, b);
    let taken = |set: &ImageSet<'_>| {
        set.remarks.iter().any(|remark| matches!(remark, Remark::Accepted { .. }))
    };
    // Fifths, so that a slice more or less does not decide; all from 0.8 on is
    // complete.
    let fifth = |part: f64| Reverse([0.2, 0.4, 0.6, 0.8].iter().filter(|&&f| part >= f).count());
    let percent = |part: f64| (part * 100.0).round();
    let kind = |set: &ImageSet<'_>| (kind_rank(set.contrast, set.fat), set.contrast, set.fat);
    let named = |set: &ImageSet<'_>| format!("{} {}", set.contrast.name(), set.fat);
    let pixel = |set: &ImageSet<'_>| {
        let pixels = set.runs().iter().map(|run| run.spacing.row.max(run.spacing.column));
        // Tenths of a millimetre: less is no sharper picture.
        pixels.fold(0.0, f64::max)
    };
    let tenths = |mm: f64| (mm * 10.0).round();
    let (when_a, when_b) = (latest(a), latest(b));
    // A twentieth more or less is no other sharpness.
    let sharpness = |set: &ImageSet<'_>| set.sharpness.map_or(0.0, |s| (s.ln() / 0.05).round());
    let steps: [(Ordering, Rule, String); 9] = [
        (
            taken(a).cmp(&taken(b)),
            Rule::Admission,
            "nothing speaks against it, and the other had to be accepted".to_owned(),
        ),
        (
            a.reformat.cmp(&b.reformat),
            Rule::Acquired,
            "it was acquired as axial images, and the other is a volume that they would be made of"
                .to_owned(),
        ),
        (
            fifth(covers_a).cmp(&fifth(covers_b)),
            Rule::Coverage,
            format!(
                "it covers {} % of the height, the other {} %",
                percent(covers_a),
                percent(covers_b)
            ),
        ),
        (kind(a).cmp(&kind(b)), Rule::Kind, format!("{} comes before {}", named(a), named(b))),
        (
            a.derived.cmp(&b.derived),
            Rule::Original,
            "it is original, and the other is computed".to_owned(),
        ),
        (
            when_b.cmp(&when_a),
            Rule::Later,
            "it was acquired later, and a repeat is made because the first failed".to_owned(),
        ),
        (
            tenths(pixel(a)).total_cmp(&tenths(pixel(b))),
            Rule::Finer,
            format!("its pixels of {:.2} mm are finer than {:.2} mm", pixel(a), pixel(b)),
        ),
        (sharpness(b).total_cmp(&sharpness(a)), Rule::Sharper, "its images are sharper".to_owned()),
        (
            a.series().cmp(&b.series()),
            Rule::Uid,
            "nothing tells them apart but their UIDs".to_owned(),
        ),
    ];
    let last = steps.len() - 1;
    let decided = |(index, step): &(usize, (Ordering, Rule, String))| {
        step.0 != Ordering::Equal || *index == last
    };
    let found = steps.into_iter().enumerate().find(decided);
    found.map_or((Ordering::Equal, Rule::Uid, String::new()), |(_, step)| step)
}

fn kind_rank(contrast: Contrast, fat: FatSignal) -> u8 {
    match (contrast, fat) {
        (Contrast::T2Fse, FatSignal::Plain) => 0,
        (Contrast::T2Fse, FatSignal::InPhase) => 1,
        (Contrast::T2Star, FatSignal::Plain | FatSignal::InPhase) => 2,
        (_, FatSignal::Water) => 3,
        (_, FatSignal::Suppressed) => 4,
        _ => 5,
    }
}

/// The latest acquisition among the stacks of a set.
fn latest(set: &ImageSet<'_>) -> Option<Recency> {
    set.images.iter().map(|image| recency(image.stack)).max()
}
