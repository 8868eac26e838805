//! Axial slices made of the sagittal volume of one synthetic subject.

use std::collections::BTreeMap;

use foramen_phantom::{Subject, SubjectVolume};
use foramen_select::{DiscOptions, PointKind, find_discs};
use foramen_study::{DiscPosition, LevelSource, ReformatOptions, reformat};
use foramen_types::{Level, Point};

/// Finds the discs on the volume and makes axial slices around each as a study does; where
/// discs are refused, around their true places.
#[must_use]
pub fn reformatted(of: &SubjectVolume, options: &ReformatOptions) -> Subject {
    let position = |point: Point| DiscPosition {
        point,
        kind: PointKind::Disc,
        normal: None,
        frame_of_reference_uid: None,
        source: LevelSource::Given(String::new()),
        confidence: 1.0,
        drafted: None,
    };
    let discs: BTreeMap<Level, DiscPosition> = match find_discs(&of.volume, &DiscOptions::default())
    {
        Ok(discs) => discs.into_iter().map(|disc| (disc.level, position(disc.centre))).collect(),
        Err(_) => Level::ALL
            .into_iter()
            .zip(of.truth().discs)
            .map(|(level, disc)| {
                let [x, y, z] = disc.centre;
                (level, position(Point::new(x, y, z)))
            })
            .collect(),
    };
    let blocks = reformat(&of.volume, &discs, "1", options);
    // In memory a name must tell one slice, whatever its frame.
    let stacks = blocks.into_iter().map(|block| {
        let slices = block.stack.slices().iter().cloned().map(|mut slice| {
            if let Some(source) = &mut slice.source {
                source.sop_instance_uid = format!("{}.{}", source.sop_instance_uid, source.frame);
            }
            slice
        });
        foramen_image::Stack::new(slices.collect(), block.stack.contrast)
            .expect("the slices of a block are parallel")
    });
    of.with_axial(stacks.collect())
}
