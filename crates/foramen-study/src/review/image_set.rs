use std::collections::HashSet;

use foramen_dicom::{Scan, StackHeader};
use foramen_image::{Slice, SliceSource, Stack, Window};
use foramen_types::SubjectId;

use crate::candidates::pools_of;
use crate::manifest::by_subject;
use crate::reformatting::made_of;
use crate::series::PATCH_WINDOW;
use crate::{MadeSlice, StudyConfig};

/// The images of a study, as described by their headers.
#[derive(Clone, Copy)]
pub struct StudyImages<'a> {
    /// The scan of their folder.
    pub scan: &'a Scan,
    /// Positions of the slices made from volumes.
    pub made: &'a [MadeSlice],
    /// Which images are accepted, and which series were named.
    pub config: &'a StudyConfig,
}

/// The decoded images among which `select` measures a given image, and the intensity window of all
/// of them.
pub struct LoadedSet {
    stacks: Vec<Stack>,
    /// Slices made from a volume.
    made: Vec<Slice>,
    /// The window of the patches that are cut from them.
    pub window: Window,
}

impl LoadedSet {
    /// Loads the set of images that holds `image`, from the pool of its examination over all
    /// series. If `select` would not measure the image, so that it is in no set, the images of its
    /// series are loaded. For a volume, the set is all slices that `select` made from it.
    ///
    /// # Errors
    /// Why there is no such set, as a sentence.
    pub fn of(images: StudyImages<'_>, image: &SliceSource) -> Result<Self, String> {
        let (stacks, made) = match made_of(image) {
            Some(made) => (Vec::new(), made_slices(images, made.series_uid)?),
            None => (acquired_stacks(images, image)?, Vec::new()),
        };
        let (low, high) = PATCH_WINDOW;
        let slices = stacks.iter().flat_map(Stack::slices).chain(&made);
        Ok(Self { window: Window::from_quantiles(slices, low, high), stacks, made })
    }

    /// One of its images; `None` for an image that is not in the set or could not be decoded.
    #[must_use]
    pub fn slice(&self, image: &SliceSource) -> Option<&Slice> {
        self.slices().find(|slice| slice.source.as_ref() == Some(image))
    }

    /// Its images.
    pub fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.stacks.iter().flat_map(Stack::slices).chain(&self.made)
    }
}

fn acquired_stacks(
    StudyImages { scan, config, .. }: StudyImages<'_>,
    image: &SliceSource,
) -> Result<Vec<Stack>, String> {
    let holds = |stack: &&StackHeader| stack.slices.iter().any(|one| one.source == *image);
    let own = scan.stacks.iter().find(holds).ok_or_else(|| {
        format!("the image {} is not in the DICOM folder any more", image.sop_instance_uid)
    })?;
    let of_subject = stacks_of(&own.subject, scan);
    let pools = pools_of(&of_subject, &config.accepted, &config.series);
    let mut sets = pools.iter().flatten().flat_map(|pool| &pool.sets);
    match sets.find(|set| set.runs().iter().any(|run| holds(&run))) {
        Some(set) => decoded(set.runs().iter()),
        None => decoded(of_subject.into_iter().filter(|one| one.series_uid == own.series_uid)),
    }
}

/// All slices made from a volume.
fn made_slices(
    StudyImages { scan, made, .. }: StudyImages<'_>,
    series_uid: &str,
) -> Result<Vec<Slice>, String> {
    let is_of = |slice: &&MadeSlice| {
        made_of(&slice.source).is_some_and(|made| made.series_uid == series_uid)
    };
    let made: Vec<&MadeSlice> = made.iter().filter(is_of).collect();
    let is_it = |stack: &&StackHeader| {
        stack.series_uid == series_uid && made.iter().any(|slice| slice.stack == stack.stack)
    };
    let header =
        scan.stacks.iter().find(is_it).ok_or_else(|| {
            format!("the volume {series_uid} is not in the DICOM folder any more")
        })?;
    let volume = foramen_dicom::load(header).map_err(|error| error.with_causes())?.stack;
    Ok(made.into_iter().map(|slice| slice.cut(&volume)).collect())
}

fn stacks_of<'a>(subject: &SubjectId, scan: &'a Scan) -> Vec<&'a StackHeader> {
    scan.stacks.iter().filter(|stack| stack.subject == *subject).collect()
}

/// The images that can be decoded; if none can, the reason.
fn decoded<'a>(headers: impl Iterator<Item = &'a StackHeader>) -> Result<Vec<Stack>, String> {
    let (mut stacks, mut failure) = (Vec::new(), None);
    for header in headers {
        match foramen_dicom::load(header) {
            Ok(loaded) => stacks.push(loaded.stack),
            Err(error) => failure = Some(error.with_causes()),
        }
    }
    match failure {
        Some(failure) if stacks.is_empty() => Err(failure),
        _ => Ok(stacks),
    }
}

/// All images of a scan that `select` may measure: those of every pool, including lower-ranked sets
/// and images replaced by a repeat at the same position. Images of a volume are not included:
/// slices made from it are measured, and `profile.csv` names them.
#[must_use]
pub fn pooled_images(scan: &Scan, config: &StudyConfig) -> HashSet<SliceSource> {
    let mut images = HashSet::new();
    for stacks in by_subject(scan).into_values() {
        for pool in pools_of(&stacks, &config.accepted, &config.series).iter().flatten() {
            for set in pool.sets.iter().filter(|set| !set.reformat) {
                let aside = set.set_aside.iter().map(|aside| &aside.image);
                let all = set.images.iter().chain(aside);
                images.extend(all.map(|image| image.header().source.clone()));
            }
        }
    }
    images
}

#[cfg(test)]
mod tests {
    use foramen_dicom::{Accepted, Orientation, ScanOptions, scan};
    use foramen_phantom::{CohortConfig, write_cohort};

    use super::*;
    use crate::candidates::Candidates;
    use crate::series::measure_set;

    #[test]
    fn images_of_a_volume_are_not_measured_themselves() {
        let pooled = |config: &CohortConfig| {
            let folder = tempfile::tempdir().unwrap();
            write_cohort(config, folder.path(), &|_, _| ()).unwrap();
            let found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
            pooled_images(&found, &StudyConfig::default()).len()
        };
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        assert!(pooled(&config) > 10);
        assert_eq!(pooled(&config.with_volume()), 0);
    }

    #[test]
    fn a_patch_is_seen_through_the_window_of_the_whole_pool() {
        let folder = tempfile::tempdir().unwrap();
        let cohort = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&cohort, folder.path(), &|_, _| ()).unwrap();
        let mut found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let is_axial =
            |stack: &StackHeader| stack.orientation == Orientation::Axial && !stack.localizer;
        let axial = found.stacks.iter().position(is_axial).unwrap();
        // The neck in two series: the lower and the upper half.
        let mut upper = found.stacks[axial].clone();
        let half = upper.slices.len() / 2;
        let all = upper.slices.len();
        upper.slices.drain(..half);
        (upper.series_uid, upper.stack) = ("1.2.3".to_owned(), found.stacks.len());
        found.stacks[axial].slices.truncate(half);
        let image = upper.slices[0].source.clone();
        found.stacks.push(upper);

        let config = StudyConfig::default();
        let of = |config| StudyImages { scan: &found, made: &[], config };
        let set = LoadedSet::of(of(&config), &image).unwrap();
        assert_eq!(set.slices().count(), all);
        let headers: Vec<&StackHeader> = found.stacks.iter().collect();
        let candidates = Candidates::of(&headers, &Accepted::default(), &[]);
        let chosen = candidates.pools[0].best();
        let measured = measure_set(chosen, &[], Err(String::new()), &config).unwrap();
        assert_eq!(set.window, measured.window);
        // Where a person has named a series, it alone is the set.
        let named = StudyConfig::default().with_series(vec!["1.2.3".to_owned()]);
        let set = LoadedSet::of(of(&named), &image).unwrap();
        assert_eq!(set.slices().count(), all - half);
        assert_ne!(set.window, measured.window);
    }
}
