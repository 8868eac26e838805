use foramen_image::Stack;

use crate::CohortConfig;
use crate::measure::slice_truth;
use crate::subject::{Plan, Subject};
use crate::truth::{SliceTruth, SubjectTruth};

/// A synthetic subject examined by one sagittal T2 volume: the truth on axial slices made from it
/// is computed once their planes are known.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectVolume {
    /// The volume: sagittal slices of cubic voxels.
    pub volume: Stack,
    plan: Plan,
}

/// Simulates the sagittal T2 volume (3D fast spin echo) of a subject of a cohort in memory: the
/// spine is that of [`draw_subject`](crate::draw_subject).
///
/// # Panics
/// Never for an index below [`CohortConfig::subjects`].
#[must_use]
pub fn draw_volume(config: &CohortConfig, index: usize) -> SubjectVolume {
    let plan = Plan::draw(&config.clone().with_volume(), index);
    let stacks = plan.stacks(&plan.protocol.volume);
    let [volume] = <[Stack; 1]>::try_from(stacks).expect("a volume is one stack");
    SubjectVolume { volume, plan }
}

impl SubjectVolume {
    /// The truth about the subject, without any axial slice.
    #[must_use]
    pub fn truth(&self) -> SubjectTruth {
        self.plan.truth()
    }

    /// The subject with axial stacks made from its volume, and the truth on their planes. Slices
    /// without a source are named by their position.
    #[must_use]
    pub fn with_axial(&self, axial: Vec<Stack>) -> Subject {
        let plan = &self.plan;
        let series_uid = plan.series_uid(&plan.protocol.volume);
        let mut slices: Vec<SliceTruth> = Vec::new();
        for (stack, of) in axial.iter().enumerate() {
            for (number, slice) in of.slices().iter().enumerate() {
                let name = slice.source.as_ref().map_or_else(
                    || format!("{stack}.{number}"),
                    |source| source.sop_instance_uid.clone(),
                );
                let thickness = slice.thickness.unwrap_or(0.0);
                let plane = slice.plane();
                slices.push(slice_truth(
                    &plan.spine,
                    plane,
                    name,
                    series_uid.clone(),
                    stack,
                    thickness,
                ));
            }
        }
        let truth = plan.truth_on(slices, self.volume.contrast.name(), "reformatted");
        plan.subject_of(axial, self.volume.clone(), truth)
    }
}
