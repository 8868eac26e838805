use std::collections::{BTreeMap, BTreeSet};

use foramen_dicom::StackHeader;
use foramen_types::{Level, SubjectId};

use crate::{DiscPosition, DiscPositions};

/// The frames of reference of a subject's images, without localizers.
pub(super) fn frames_of<'a>(stacks: impl Iterator<Item = &'a StackHeader>) -> BTreeSet<&'a str> {
    stacks
        .filter(|stack| !stack.localizer)
        .filter_map(|stack| stack.frame_of_reference_uid.as_deref())
        .collect()
}

impl DiscPositions {
    /// The discs of a subject with the images `stacks` whose positions are in a frame of reference.
    ///
    /// # Errors
    /// A sentence for the manifest where a disc names no frame and the images are in several: it is
    /// unknown on which image the position was set.
    pub(crate) fn in_frame(
        &self,
        subject: &SubjectId,
        stacks: &[&StackHeader],
        frame: Option<&str>,
    ) -> Result<BTreeMap<Level, DiscPosition>, String> {
        let of_subject = || self.iter().filter(|(of, _, _)| *of == subject);
        let frames = frames_of(stacks.iter().copied()).len();
        let blank = of_subject().find(|(_, _, disc)| disc.frame_of_reference_uid.is_none());
        if let Some((_, level, _)) = blank
            && frames > 1
        {
            return Err(format!(
                "the position of {level} of {subject} names no frame of reference, and the images \
                 are in {frames}; write that of the image it was set on into the column \
                 frame_of_reference_uid"
            ));
        }
        let holds = |disc: &DiscPosition| {
            let of_disc = disc.frame_of_reference_uid.as_deref();
            of_disc.is_none() || of_disc == frame
        };
        Ok(of_subject()
            .filter(|(_, _, disc)| holds(disc))
            .map(|(_, level, disc)| (level, disc.clone()))
            .collect())
    }
}
