//! Checks whether test data were also in the training data.

use std::collections::{BTreeMap, HashMap};

use foramen_image::Sketch;
use foramen_types::SubjectId;
use ndarray::ArrayView2;
use rayon::prelude::*;

use crate::overlap::{Crossing, Overlap, Shared};
use crate::{Part, Split};

/// Images whose sketches have at least this correlation count as near-duplicates.
///
/// Chosen on real axial cervical images: patches of one person's foramen in two scans correlate
/// above it, those of two people below it (`docs/evaluation.md`, *Leakage*).
pub const NEAR_DUPLICATE: f64 = 0.85;

/// One image, with the data that may show that another image is of the same person.
#[derive(Debug, Clone)]
pub struct Specimen<'a> {
    /// A name for people, such as `S001 C5/6 left`.
    pub name: String,
    /// The subject.
    pub subject: SubjectId,
    /// Study Instance UID (0020,000D), where known.
    pub study_uid: Option<String>,
    /// SOP Instance UID (0008,0018), where known.
    pub image_uid: Option<String>,
    /// The pixels, `[row, column]`.
    pub pixels: ArrayView2<'a, f32>,
    /// The image's part in each fold of each repeat; `None` where it is in no part.
    pub parts: Vec<Option<Part>>,
}

/// What was compared between the parts of a split, and what the parts share.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Leakage {
    /// Number of compared subjects.
    pub subjects: usize,
    /// Number of compared images.
    pub images: usize,
    /// Number of images without any detail, which look like each other and are no evidence.
    pub blank: usize,
    /// Pairs of images that are in different parts of some fold.
    pub pairs: usize,
    /// Pairs whose perceptual hashes are close enough for the correlation to be computed.
    pub correlated: usize,
    /// The correlation from which two images count as near-duplicates.
    pub threshold: f64,
    /// The most similar pair of different parts that is not listed in `shared`; `None` where no
    /// pair was correlated.
    pub closest: Option<Closest>,
    /// What different parts share, by kind. For two subjects each kind is listed once, with their
    /// most similar images.
    pub shared: Vec<Shared>,
}

/// Two images of different parts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Closest {
    /// One image.
    pub first: String,
    /// The other.
    pub second: String,
    /// The correlation of their sketches.
    pub similarity: f64,
}

impl Leakage {
    /// Compares every pair of images that are in different parts of some fold: subject, study UID,
    /// SOP Instance UID, pixels, and appearance. A perceptual hash excludes dissimilar pairs. The
    /// others are aligned by small displacements and correlated; they are near-duplicates if the
    /// correlation is at least `threshold` ([`NEAR_DUPLICATE`]).
    ///
    /// The result does not depend on the number of threads.
    #[must_use]
    pub fn between_parts(specimens: &[Specimen<'_>], threshold: f64) -> Self {
        let sketches: Vec<Option<Sketch>> =
            specimens.par_iter().map(|one| Sketch::of(one.pixels)).collect();
        let digests: Vec<u64> = specimens.par_iter().map(|one| digest(one.pixels)).collect();
        let (kind_of, crossings) = signatures(specimens);
        let rows: Vec<Row> = (0..specimens.len())
            .into_par_iter()
            .map(|first| {
                let mut row = Row::default();
                for second in first + 1..specimens.len() {
                    let Some(crossing) = crossings[kind_of[first]][kind_of[second]] else {
                        continue;
                    };
                    row.pairs += 1;
                    let (a, b) = (&specimens[first], &specimens[second]);
                    for overlap in told_by_names(a, b) {
                        row.found.push((second, overlap, crossing, None));
                    }
                    let (Some(own), Some(other)) = (&sketches[first], &sketches[second]) else {
                        continue;
                    };
                    if digests[first] == digests[second] && a.pixels == b.pixels {
                        row.found.push((second, Overlap::Pixels, crossing, Some(1.0)));
                    } else if own.may_be_alike(other)
                        && let Some(similarity) = own.correlation(other)
                    {
                        row.correlated += 1;
                        if similarity >= threshold {
                            let found =
                                (second, Overlap::NearDuplicate, crossing, Some(similarity));
                            row.found.push(found);
                        } else if row.closest.is_none_or(|(_, most)| similarity > most) {
                            row.closest = Some((second, similarity));
                        }
                    }
                }
                row
            })
            .collect();
        let mut leakage = Self {
            subjects: {
                let mut subjects: Vec<&SubjectId> = specimens.iter().map(|s| &s.subject).collect();
                subjects.sort_unstable();
                subjects.dedup();
                subjects.len()
            },
            images: specimens.len(),
            blank: sketches.iter().filter(|sketch| sketch.is_none()).count(),
            threshold,
            ..Self::default()
        };
        for (first, row) in rows.iter().enumerate() {
            leakage.pairs += row.pairs;
            leakage.correlated += row.correlated;
            if let Some((second, similarity)) = row.closest
                && leakage.closest.as_ref().is_none_or(|most| similarity > most.similarity)
            {
                let name = |place: usize| specimens[place].name.clone();
                leakage.closest =
                    Some(Closest { first: name(first), second: name(second), similarity });
            }
        }
        leakage.shared = gathered(specimens, &rows);
        leakage
    }

    /// Adds an overlap found by other means, for example between whole images before patches were
    /// cut. An entry already listed for the same kind and subjects stays as it is.
    pub fn add(&mut self, shared: Shared) {
        let same = |one: &Shared| one.kind == shared.kind && one.subjects == shared.subjects;
        if !self.shared.iter().any(same) {
            self.shared.push(shared);
            self.shared.sort_by(in_order);
        }
    }

    /// The overlaps of kinds that were not allowed by name.
    pub fn refused<'a>(&'a self, allowed: &'a [Overlap]) -> impl Iterator<Item = &'a Shared> {
        self.shared.iter().filter(|shared| !allowed.contains(&shared.kind))
    }

    /// The number of pairs of images of a kind that lie in certain parts.
    #[must_use]
    pub fn count(&self, kind: Overlap, crossing: Crossing) -> usize {
        let of = self.shared.iter().filter(|one| (one.kind, one.crossing) == (kind, crossing));
        of.map(|one| one.images).sum()
    }
}

/// The parts of a subject in each fold of each repeat of a study.
#[must_use]
pub fn parts_of(subject: &SubjectId, splits: &[Split]) -> Vec<Option<Part>> {
    let of = |split: &Split| -> Vec<Option<Part>> {
        (0..split.folds()).map(|fold| split.part(fold, subject)).collect()
    };
    splits.iter().flat_map(of).collect()
}

/// What an image shares with the later ones.
#[derive(Default)]
struct Row {
    pairs: usize,
    correlated: usize,
    closest: Option<(usize, f64)>,
    found: Vec<(usize, Overlap, Crossing, Option<f64>)>,
}

/// The index of each specimen's list of parts among the different lists, and how each two of these
/// lists cross.
fn signatures(specimens: &[Specimen<'_>]) -> (Vec<usize>, Vec<Vec<Option<Crossing>>>) {
    let mut known: HashMap<&[Option<Part>], usize> = HashMap::new();
    let mut lists: Vec<&[Option<Part>]> = Vec::new();
    let kind_of = specimens.iter().map(|one| {
        *known.entry(&one.parts).or_insert_with(|| {
            lists.push(&one.parts);
            lists.len() - 1
        })
    });
    let kind_of: Vec<usize> = kind_of.collect();
    let crossing = |a: &[Option<Part>], b: &[Option<Part>]| {
        a.iter().zip(b).filter_map(|(a, b)| Crossing::of((*a)?, (*b)?)).max()
    };
    let crossings = lists.iter().map(|a| lists.iter().map(|b| crossing(a, b)).collect()).collect();
    (kind_of, crossings)
}

/// The overlaps of two images that follow from their ids and UIDs.
fn told_by_names(a: &Specimen<'_>, b: &Specimen<'_>) -> impl Iterator<Item = Overlap> {
    let equal = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
    [
        (Overlap::Subject, a.subject == b.subject),
        (Overlap::Study, equal(&a.study_uid, &b.study_uid)),
        (Overlap::Image, equal(&a.image_uid, &b.image_uid)),
    ]
    .into_iter()
    .filter_map(|(overlap, shared)| shared.then_some(overlap))
}

/// Each kind once for two subjects, with their most similar images.
fn gathered(specimens: &[Specimen<'_>], rows: &[Row]) -> Vec<Shared> {
    let mut all: BTreeMap<(Overlap, [&SubjectId; 2]), Shared> = BTreeMap::new();
    for (first, row) in rows.iter().enumerate() {
        for (second, kind, crossing, similarity) in &row.found {
            let (a, b) = (&specimens[first], &specimens[*second]);
            let subjects = [(&a.subject).min(&b.subject), (&a.subject).max(&b.subject)];
            let shared = all.entry((*kind, subjects)).or_insert_with(|| Shared {
                kind: *kind,
                subjects: subjects.map(Clone::clone),
                first: a.name.clone(),
                second: b.name.clone(),
                crossing: *crossing,
                images: 0,
                similarity: *similarity,
            });
            shared.images += 1;
            shared.crossing = shared.crossing.max(*crossing);
            if *similarity > shared.similarity {
                (shared.first, shared.second) = (a.name.clone(), b.name.clone());
                shared.similarity = *similarity;
            }
        }
    }
    let mut all: Vec<Shared> = all.into_values().collect();
    all.sort_by(in_order);
    all
}

/// Orders by kind, the most similar first.
fn in_order(a: &Shared, b: &Shared) -> std::cmp::Ordering {
    let alike = |shared: &Shared| shared.similarity.unwrap_or(1.0);
    (a.kind.cmp(&b.kind)).then(alike(b).total_cmp(&alike(a))).then(a.subjects.cmp(&b.subjects))
}

/// A hash (FNV-1a): equal for equal pixels, and almost never for others.
fn digest(pixels: ArrayView2<'_, f32>) -> u64 {
    pixels.iter().fold(0xcbf2_9ce4_8422_2325, |hash, pixel| {
        (hash ^ u64::from(pixel.to_bits())).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Blobs at places determined by a seed, moved and with noise.
    fn drawn(seed: u32, shift: f32, noise: f32) -> Array2<f32> {
        let random = |salt: u32| {
            let mixed = (seed * 31 + salt).wrapping_mul(2_654_435_761);
            ((mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519) >> 8) as f32 / (1 << 24) as f32
        };
        Array2::from_shape_fn((64, 64), |(row, column)| {
            let blobs = (0..20).map(|blob| {
                let y = 64.0 * random(4 * blob) - row as f32 + shift;
                let x = 64.0 * random(4 * blob + 1) - column as f32;
                let width = 2.0 + 4.0 * random(4 * blob + 2);
                (random(4 * blob + 3) - 0.4) * (-(x * x + y * y) / (2.0 * width * width)).exp()
            });
            let grain = ((row * 71 + column * 37) % 17) as f32 / 17.0 - 0.5;
            blobs.sum::<f32>() + noise * grain
        })
    }

    fn specimen<'a>(id: &str, part: Part, pixels: &'a Array2<f32>) -> Specimen<'a> {
        Specimen {
            name: format!("{id} C5/6 left"),
            subject: SubjectId::new(id).unwrap(),
            study_uid: None,
            image_uid: None,
            pixels: pixels.view(),
            parts: vec![Some(part)],
        }
    }

    #[test]
    fn different_people_share_nothing_and_the_closest_pair_is_told() {
        let pictures: Vec<_> = (0..30).map(|seed| drawn(seed + 1, 0.0, 0.0)).collect();
        let specimens: Vec<_> = (0..30)
            .map(|at| {
                let part = if at % 3 == 0 { Part::Test } else { Part::Train };
                specimen(&format!("S{at:02}"), part, &pictures[at])
            })
            .collect();
        let leakage = Leakage::between_parts(&specimens, NEAR_DUPLICATE);
        assert_eq!((leakage.images, leakage.subjects, leakage.pairs), (30, 30, 200));
        assert_eq!(leakage.shared, []);
        assert!(leakage.correlated < 100, "{}", leakage.correlated);
        assert!(leakage.closest.is_none_or(|closest| closest.similarity < NEAR_DUPLICATE));
    }

    #[test]
    fn each_kind_of_overlap_is_found_and_named() {
        let [one, other] = [drawn(1, 0.0, 0.0), drawn(2, 0.0, 0.0)];
        let moved = drawn(1, 2.0, 0.05);
        fn found<'a>(a: &Specimen<'a>, b: &Specimen<'a>) -> Vec<(Overlap, String)> {
            let leakage = Leakage::between_parts(&[a.clone(), b.clone()], NEAR_DUPLICATE);
            leakage.shared.iter().map(|one| (one.kind, one.to_string())).collect()
        }
        let [a, b] = [specimen("A", Part::Train, &one), specimen("B", Part::Test, &other)];
        assert_eq!(found(&a, &b), []);
        let twice = found(&a, &Specimen { subject: a.subject.clone(), ..b.clone() });
        assert_eq!(twice[0].0, Overlap::Subject);
        assert!(twice[0].1.contains("subject A is in train and test"), "{twice:?}");
        fn with<'a>(one: &Specimen<'a>, study: &str, image: &str) -> Specimen<'a> {
            let (study_uid, image_uid) = (Some(study.to_owned()), Some(image.to_owned()));
            Specimen { study_uid, image_uid, ..one.clone() }
        }
        let study = found(&with(&a, "1", "1.1"), &with(&b, "1", "1.2"));
        assert_eq!(study.len(), 1);
        assert!(study[0].1.contains("one study (Study Instance UID)"), "{study:?}");
        let image = found(&with(&a, "1", "1.1"), &with(&b, "2", "1.1"));
        assert!(image[0].1.contains("one image (SOP Instance UID)"), "{image:?}");
        let pixels = found(&a, &specimen("B", Part::Test, &one));
        assert_eq!(pixels.len(), 1);
        assert!(pixels[0].1.contains("same pixels"), "{pixels:?}");
        let near = found(&a, &specimen("B", Part::Test, &moved));
        assert_eq!((near.len(), near[0].0), (1, Overlap::NearDuplicate));
        assert!(near[0].1.contains("show the same (correlation 0.9"), "{near:?}");
    }

    #[test]
    fn what_is_in_one_part_is_not_compared() {
        let picture = drawn(1, 0.0, 0.0);
        let same = [specimen("A", Part::Train, &picture), specimen("B", Part::Train, &picture)];
        let leakage = Leakage::between_parts(&same, NEAR_DUPLICATE);
        assert_eq!((leakage.pairs, leakage.shared.len()), (0, 0));
        // In the second fold they are apart.
        let mut apart = same;
        apart[0].parts.push(Some(Part::Tune));
        apart[1].parts.push(Some(Part::Test));
        let leakage = Leakage::between_parts(&apart, NEAR_DUPLICATE);
        assert_eq!(leakage.pairs, 1);
        assert_eq!(leakage.count(Overlap::Pixels, Crossing::TuneTest), 1);
        assert_eq!(leakage.refused(&[Overlap::Pixels]).count(), 0);
        assert_eq!(leakage.refused(&[Overlap::NearDuplicate]).count(), 1);
    }

    #[test]
    fn blank_images_are_counted_and_alike_to_none() {
        let blank = Array2::from_elem((40, 40), 0.5);
        let both = [specimen("A", Part::Train, &blank), specimen("B", Part::Test, &blank)];
        let leakage = Leakage::between_parts(&both, NEAR_DUPLICATE);
        assert_eq!((leakage.blank, leakage.pairs, leakage.shared.len()), (2, 1, 0));
    }

    #[test]
    fn two_subjects_are_listed_once_by_their_most_alike_images() {
        let pictures =
            [drawn(1, 0.0, 0.0), drawn(2, 0.0, 0.0), drawn(1, 2.0, 0.1), drawn(2, 0.0, 0.0)];
        let specimens = [
            specimen("A", Part::Train, &pictures[0]),
            specimen("A", Part::Train, &pictures[1]),
            specimen("B", Part::Test, &pictures[2]),
            specimen("B", Part::Test, &pictures[3]),
        ];
        let mut leakage = Leakage::between_parts(&specimens, NEAR_DUPLICATE);
        let kinds: Vec<_> = leakage.shared.iter().map(|one| (one.kind, one.images)).collect();
        assert_eq!(kinds, [(Overlap::Pixels, 1), (Overlap::NearDuplicate, 1)]);
        let again = leakage.shared[0].clone();
        leakage.add(again);
        assert_eq!(leakage.shared.len(), 2);
    }

    #[test]
    fn overlaps_are_allowed_by_name_alone() {
        for overlap in Overlap::ALL {
            assert_eq!(overlap.name().parse::<Overlap>().unwrap(), overlap);
        }
        let error = "neighbours".parse::<Overlap>().unwrap_err().to_string();
        assert!(error.contains("near-duplicate"), "{error}");
    }
}
