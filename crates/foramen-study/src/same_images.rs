//! Images that occur under two subject ids.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use foramen_image::Slice;
use foramen_types::SubjectId;

/// Images that two subjects have in common, pixel for pixel: most likely one person with two ids.
/// In a cross-validation such a person may be in the training and the test set at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameImages {
    /// One subject.
    pub first: SubjectId,
    /// The other.
    pub second: SubjectId,
    /// How many of the measured images they share.
    pub images: usize,
}

impl fmt::Display for SameImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second, images } = self;
        let noun = if *images == 1 { "image" } else { "images" };
        write!(
            f,
            "subjects {first} and {second} have {images} {noun} with the same pixels and are most \
             likely one person; give both one id (--link FILE), or leave one out"
        )
    }
}

/// The digest of an image; `None` if all pixels have one intensity.
pub(crate) fn digest(slice: &Slice) -> Option<u64> {
    let pixels = slice.pixels();
    let first = pixels.first()?.to_bits();
    if pixels.iter().all(|pixel| pixel.to_bits() == first) {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    pixels.dim().hash(&mut hasher);
    for row in pixels.rows() {
        let bytes: Vec<u8> = row.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        hasher.write(&bytes);
    }
    Some(hasher.finish())
}

/// The pairs of subjects with images in common, from the digests of each subject.
#[must_use]
pub fn shared<'a>(
    images: impl IntoIterator<Item = (&'a SubjectId, &'a BTreeSet<u64>)>,
) -> Vec<SameImages> {
    let mut owners: HashMap<u64, Vec<&SubjectId>> = HashMap::new();
    for (subject, digests) in images {
        for digest in digests {
            owners.entry(*digest).or_default().push(subject);
        }
    }
    let mut pairs: BTreeMap<(&SubjectId, &SubjectId), usize> = BTreeMap::new();
    for subjects in owners.into_values().filter(|subjects| subjects.len() > 1) {
        for (place, a) in subjects.iter().enumerate() {
            for b in &subjects[place + 1..] {
                *pairs.entry((a.min(b), a.max(b))).or_default() += 1;
            }
        }
    }
    let pair = |((first, second), images): ((&SubjectId, &SubjectId), usize)| SameImages {
        first: first.clone(),
        second: second.clone(),
        images,
    };
    pairs.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_the_same_by_size_and_every_pixel_and_blank_ones_are_none() {
        use foramen_image::{Plane, Spacing};
        use foramen_types::{Point, Vector};
        use ndarray::Array2;

        let slice = |pixels: Array2<f32>| {
            let spacing = Spacing { row: 0.5, column: 0.5 };
            let [row, column] = [Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0)];
            let plane = Plane::new(Point::new(0.0, 0.0, 0.0), row, column, spacing).unwrap();
            Slice::new(plane, pixels, None).unwrap()
        };
        let drawn = Array2::from_shape_fn((4, 6), |(r, c)| (r * 6 + c) as f32);
        let digest = |pixels: Array2<f32>| digest(&slice(pixels));
        let first = digest(drawn.clone());
        assert!(first.is_some());
        assert_eq!(digest(drawn.clone()), first);
        let mut other = drawn.clone();
        other[(3, 5)] += 1.0;
        assert_ne!(digest(other), first);
        let longer = Array2::from_shape_vec((6, 4), drawn.into_raw_vec_and_offset().0).unwrap();
        assert_ne!(digest(longer), first);
        assert_eq!(digest(Array2::from_elem((4, 6), 7.0)), None);
    }

    #[test]
    fn pairs_are_told_once_with_their_number() {
        let subjects = ["B", "A", "C"].map(|id| SubjectId::new(id).unwrap());
        let digests = [[1, 2, 3], [2, 3, 4], [5, 6, 7]].map(BTreeSet::from);
        let found = shared(subjects.iter().zip(&digests));
        let [a, b] = [1, 0].map(|place| subjects[place].clone());
        assert_eq!(found, [SameImages { first: a, second: b, images: 2 }]);
        assert!(found[0].to_string().contains("A and B have 2 images"), "{}", found[0]);
    }
}
