use foramen_dicom::{Scan, StackHeader};
use foramen_image::{Slice, SliceSource, Stack, Window};

use crate::StudyConfig;
use crate::candidates::pools_of;
use crate::series::PATCH_WINDOW;

/// The images among which `select` would measure one of them, decoded, and the window
/// through which it sees all of them.
pub struct LoadedSet {
    stacks: Vec<Stack>,
    /// The window of the patches that are cut from them.
    pub window: Window,
}

impl LoadedSet {
    /// The set of images that holds `image`: of the pool of its examination, over all series.
    /// An image that is in no set, since `select` would not measure it, is taken with those of
    /// its series.
    ///
    /// `config` tells which images are accepted and which series were named.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub fn of(scan: &Scan, image: &SliceSource, config: &StudyConfig) -> Result<Self, String> {
        let holds = |stack: &&StackHeader| stack.slices.iter().any(|one| one.source == *image);
        let own = scan.stacks.iter().find(holds).ok_or_else(|| {
            format!("the image {} is not in the DICOM folder any more", image.sop_instance_uid)
        })?;
        let of_subject: Vec<&StackHeader> =
            scan.stacks.iter().filter(|stack| stack.subject == own.subject).collect();
        let pools = pools_of(&of_subject, &config.accepted, &config.series);
        let mut sets = pools.iter().flatten().flat_map(|pool| &pool.sets);
        let headers: Vec<&StackHeader> =
            match sets.find(|set| set.runs().iter().any(|run| holds(&run))) {
                Some(set) => set.runs().iter().collect(),
                None => {
                    let is_beside = |stack: &&StackHeader| stack.series_uid == own.series_uid;
                    of_subject.into_iter().filter(is_beside).collect()
                }
            };
        let (mut stacks, mut failure) = (Vec::new(), None);
        for header in headers {
            match foramen_dicom::load(header) {
                Ok(loaded) => stacks.push(loaded.stack),
                Err(error) => failure = Some(error.with_causes()),
            }
        }
        if let (true, Some(failure)) = (stacks.is_empty(), failure) {
            return Err(failure);
        }
        let (low, high) = PATCH_WINDOW;
        let window = Window::from_quantiles(stacks.iter().flat_map(Stack::slices), low, high);
        Ok(Self { stacks, window })
    }

    /// One of its images; `None` for one that is not among them or could not be decoded.
    #[must_use]
    pub fn slice(&self, image: &SliceSource) -> Option<&Slice> {
        self.slices().find(|slice| slice.source.as_ref() == Some(image))
    }

    /// Its images.
    pub fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.stacks.iter().flat_map(Stack::slices)
    }
}
