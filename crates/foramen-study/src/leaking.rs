use std::collections::BTreeMap;

use foramen_learn::{
    Crossing, Leakage, NEAR_DUPLICATE, Overlap, Shared, Specimen, Split, parts_of,
};
use foramen_types::SubjectId;

use crate::{Manifest, PatchSample};

/// Compares the patches, whole images and examinations of a study between the parts of its folds.
///
/// Every patch counts, treated or not: models are trained on both. The manifest lists subjects
/// whose images have equal pixels or the same Study Instance UID ([`Manifest::same_images`],
/// [`Manifest::same_studies`]).
#[must_use]
pub fn leakage_between_folds(
    patches: &[PatchSample],
    manifest: &Manifest,
    splits: &[Split],
) -> Leakage {
    let mut parts = BTreeMap::new();
    for patch in patches {
        let subject = &patch.sample.subject;
        parts.entry(subject).or_insert_with(|| parts_of(subject, splits));
    }
    let specimens = patches.iter().map(|patch| {
        let sample = &patch.sample;
        Specimen {
            name: format!("{} {} {}", sample.subject, sample.level, sample.side),
            subject: sample.subject.clone(),
            study_uid: None,
            // One image may give several patches of one subject, which are not compared.
            image_uid: Some(format!("{} frame {}", patch.sop_instance_uid, patch.frame)),
            pixels: sample.patch.view(),
            parts: parts[&sample.subject].clone(),
        }
    });
    let specimens: Vec<Specimen<'_>> = specimens.collect();
    let mut leakage = Leakage::between_parts(&specimens, NEAR_DUPLICATE);
    let crossing = |first: &SubjectId, second: &SubjectId| {
        let parts = |subject| parts_of(subject, splits).into_iter();
        let pairs = parts(first).zip(parts(second));
        pairs.filter_map(|(a, b)| Crossing::of(a?, b?)).max()
    };
    let told = |kind: Overlap, first: &SubjectId, second: &SubjectId, images: usize| {
        Some(Shared {
            kind,
            subjects: [first.min(second).clone(), first.max(second).clone()],
            first: first.to_string(),
            second: second.to_string(),
            crossing: crossing(first, second)?,
            images,
            similarity: (kind == Overlap::Pixels).then_some(1.0),
        })
    };
    let studies = manifest.same_studies().iter();
    let studies = studies.filter_map(|one| told(Overlap::Study, &one.first, &one.second, 1));
    let images = manifest.same_images().iter();
    let images =
        images.filter_map(|one| told(Overlap::Pixels, &one.first, &one.second, one.images));
    for shared in studies.chain(images) {
        leakage.add(shared);
    }
    leakage
}
