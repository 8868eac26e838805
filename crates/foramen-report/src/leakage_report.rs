use foramen_learn::{Crossing, Leakage, Overlap};
use serde::Serialize;

/// The check that folds share no data that would make results too good, or the overlaps found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LeakageReport {
    /// Number of folds over all repeats.
    pub folds: usize,
    /// Number of compared subjects.
    pub subjects: usize,
    /// Number of compared images.
    pub images: usize,
    /// Compared images without any detail.
    pub blank_images: usize,
    /// Pairs of images in different parts of some fold.
    pub pairs: usize,
    /// Pairs that a perceptual hash did not distinguish, so that their correlation was computed.
    pub pairs_correlated: usize,
    /// The correlation from which two images count as near-duplicates.
    pub near_duplicate_from: f64,
    /// The greatest correlation below `near_duplicate_from`.
    pub closest: Option<f64>,
    /// The two images with the correlation `closest`, in words.
    pub closest_images: Option<[String; 2]>,
    /// The number of overlaps of each kind.
    pub found: Vec<FoundOverlap>,
    /// Each overlap in words.
    pub overlaps: Vec<String>,
    /// The kinds of overlap that were allowed by name.
    pub allowed: Vec<&'static str>,
}

/// The number of overlaps of one kind between parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FoundOverlap {
    /// The kind of overlap.
    pub kind: &'static str,
    /// Pairs of subjects in train and test of one fold.
    pub train_and_test: usize,
    /// Pairs of subjects in tune and test.
    pub tune_and_test: usize,
    /// Pairs of subjects in train and tune.
    pub train_and_tune: usize,
}

impl LeakageReport {
    /// Makes the report from a comparison of `folds` folds and the allowed kinds of overlap.
    #[must_use]
    pub fn new(leakage: &Leakage, folds: usize, allowed: &[Overlap]) -> Self {
        let count = |kind: Overlap, crossing: Crossing| {
            let of = |shared: &&foramen_learn::Shared| {
                (shared.kind, shared.crossing) == (kind, crossing)
            };
            leakage.shared.iter().filter(of).count()
        };
        let found = |kind: Overlap| FoundOverlap {
            kind: kind.name(),
            train_and_test: count(kind, Crossing::TrainTest),
            tune_and_test: count(kind, Crossing::TuneTest),
            train_and_tune: count(kind, Crossing::TrainTune),
        };
        let closest = leakage.closest.as_ref();
        Self {
            folds,
            subjects: leakage.subjects,
            images: leakage.images,
            blank_images: leakage.blank,
            pairs: leakage.pairs,
            pairs_correlated: leakage.correlated,
            near_duplicate_from: leakage.threshold,
            closest: closest.map(|closest| closest.similarity),
            closest_images: closest.map(|one| [one.first.clone(), one.second.clone()]),
            found: Overlap::ALL.map(found).into(),
            overlaps: leakage.shared.iter().map(ToString::to_string).collect(),
            allowed: allowed.iter().map(|kind| kind.name()).collect(),
        }
    }

    /// Whether nothing is shared.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.overlaps.is_empty()
    }
}
