use std::collections::BTreeMap;

use foramen_dicom::{Examination, FrameAgreement, ImageSet, Remark, StackHeader};
use foramen_image::{Slice, SliceSource, Stack, Window};
use foramen_select::{Choice, ForamenHeights, MeasuredStack, SelectOptions, SliceMeasurement};
use foramen_types::{Level, SubjectId};

use crate::config::StudyConfig;
use crate::levels::{DiscPosition, DiscPositions, find_heights, find_levels, heights_on};
use crate::made_slice::MadeSlice;
use crate::reformatting::{ReformattedBlock, reformat};
use crate::unread::{UnreadImages, of_failed, of_loaded};

/// Quantiles of a set's intensities that are mapped to 0 and 1 in patches.
pub(crate) const PATCH_WINDOW: (f64, f64) = (0.01, 0.99);

/// Disc positions in one frame of reference, or why there are none.
pub(crate) type Discs = Result<BTreeMap<Level, DiscPosition>, String>;

/// Heights of the lower and upper end of foramina, where a sagittal series shows them.
pub(crate) type Heights = BTreeMap<Level, ForamenHeights>;

/// One set of axial images, loaded and measured.
pub(crate) struct Measured {
    /// The series of each image.
    series_of: BTreeMap<SliceSource, String>,
    /// Images that could not be decoded.
    pub unread: Vec<UnreadImages>,
    pub frame_of_reference_uid: Option<String>,
    pub stacks: Vec<MeasuredStack>,
    /// Positions of the slices, if they were made from a volume; else empty.
    pub made: Vec<MadeSlice>,
    pub window: Window,
    /// Remarks for the person who measures the set.
    pub remarks: Vec<Remark>,
    /// Disc positions in the frame of reference of the set, or why there are none.
    pub discs: Discs,
    /// Heights of the lower and upper end of foramina, as shown by the sagittal series.
    pub heights: Heights,
}

impl Measured {
    /// The image of a choice on the set, and what was measured on it.
    pub(crate) fn at(&self, choice: &Choice) -> Option<(&Slice, &SliceMeasurement)> {
        self.stacks.get(choice.stack)?.slice(choice.slice)
    }

    /// The measured images of the set.
    pub(crate) fn sources(&self) -> impl Iterator<Item = SliceSource> {
        self.stacks.iter().flat_map(MeasuredStack::slices).map(|(slice, _)| source_of(slice))
    }

    /// Series Instance UID of an image of the set.
    pub(crate) fn series_of(&self, source: &SliceSource) -> String {
        self.series_of.get(source).cloned().unwrap_or_default()
    }

    /// The plane of an image of the set.
    pub(crate) fn plane_of(&self, source: &SliceSource) -> Option<&foramen_image::Plane> {
        let (stack, slice) = self.place_of(source)?;
        Some(self.stacks.get(stack)?.slice(slice)?.0.plane())
    }

    /// The index of an image's stack, and of the slice in the stack.
    pub(crate) fn place_of(&self, source: &SliceSource) -> Option<(usize, usize)> {
        let of = |stack: &MeasuredStack| {
            stack.slices().position(|(slice, _)| slice.source.as_ref() == Some(source))
        };
        self.stacks.iter().enumerate().find_map(|(i, stack)| Some((i, of(stack)?)))
    }
}

/// The discs of a subject in a frame of reference: the given ones, else those found on the sagittal
/// series.
pub(crate) fn discs_in(
    subject: &SubjectId,
    headers: &[&StackHeader],
    frame: Option<&str>,
    given: Option<&DiscPositions>,
    config: &StudyConfig,
) -> Discs {
    match given {
        Some(given) => given.in_frame(subject, headers, frame),
        None => find_levels(headers, frame, &config.discs).map_err(|why| with_frames(why, headers)),
    }
}

/// A refusal, with a remedy where the frames of reference of an examination do not agree.
fn with_frames(refusal: String, headers: &[&StackHeader]) -> String {
    let examinations = Examination::group(headers.iter().copied());
    let apart = examinations.iter().map(Examination::frames).find(|of| *of != FrameAgreement::One);
    match apart {
        Some(frames) => format!("{refusal}: {frames}"),
        None => refusal,
    }
}

/// The discs of a set of images: those of its frame of reference, or for a volume without a frame
/// those found on the volume.
pub(crate) fn discs_of_set(
    set: &ImageSet<'_>,
    headers: &[&StackHeader],
    given: Option<&DiscPositions>,
    config: &StudyConfig,
) -> Discs {
    let header = set.images[0].stack;
    match set.frame_of_reference_uid() {
        None if set.reformat => discs_on(header, given, headers, config),
        frame => discs_in(&header.subject, headers, frame, given, config),
    }
}

/// The discs of a volume without a frame of reference. They are found on the volume, and are valid
/// for slices made from it.
fn discs_on(
    volume: &StackHeader,
    given: Option<&DiscPositions>,
    headers: &[&StackHeader],
    config: &StudyConfig,
) -> Discs {
    if given.is_some() {
        return discs_in(&volume.subject, headers, None, given, config);
    }
    let mut named = volume.clone();
    named.frame_of_reference_uid = Some(volume.series_uid.clone());
    let frame = named.frame_of_reference_uid.clone();
    let mut discs = find_levels(&[&named], frame.as_deref(), &config.discs)?;
    for disc in discs.values_mut() {
        disc.frame_of_reference_uid = None;
    }
    Ok(discs)
}

/// Loads and measures a set of images of an examination. Returns the reason if no stack can be
/// loaded.
pub(crate) fn measure_set(
    set: &ImageSet<'_>,
    headers: &[&StackHeader],
    discs: Discs,
    config: &StudyConfig,
) -> Result<Measured, String> {
    let mut stacks = Vec::new();
    let mut remarks = set.remarks.clone();
    let (mut unread, mut failure) = (Vec::new(), None);
    for header in set.runs() {
        match foramen_dicom::load(header) {
            Ok(loaded) => {
                unread.extend(of_loaded(header, &loaded));
                remarks.extend(loaded.remarks());
                stacks.push(loaded.stack);
            }
            Err(error) => {
                unread.push(of_failed(header, &error));
                remarks.push(Remark::UndecodableImage { images: header.slices.len() });
                failure = Some(error.with_causes());
            }
        }
    }
    if stacks.is_empty() {
        return Err(failure.unwrap_or_else(|| "the axial series is not in the folder".to_owned()));
    }
    let images = set
        .images
        .iter()
        .map(|image| (image.header().source.clone(), image.stack.series_uid.clone()));
    let mut series_of: BTreeMap<SliceSource, String> = images.collect();
    let heights = match &discs {
        Ok(discs) if set.reformat => {
            let of_volumes = stacks.iter().map(|volume| heights_on(volume, discs));
            of_volumes.reduce(|mut all, more| {
                all.extend(more);
                all
            })
        }
        Ok(discs) => Some(find_heights(headers, set.frame_of_reference_uid(), discs)),
        Err(_) => None,
    };
    let mut options = vec![config.measure.clone(); stacks.len()];
    let mut made = Vec::new();
    if set.reformat {
        let blocks = blocks_of(set, &stacks, &discs, config)?;
        let series_uid = &set.images[0].stack.series_uid;
        series_of = blocks
            .iter()
            .flat_map(|block| block.stack.slices())
            .map(|slice| (source_of(slice), series_uid.clone()))
            .collect();
        let known = |block: &ReformattedBlock| config.measure.clone().with_canal(block.canal);
        options = blocks.iter().map(known).collect();
        stacks = blocks.into_iter().map(|block| block.stack).collect();
        let stack = set.images[0].stack.stack;
        made.extend(stacks.iter().flat_map(Stack::slices).map(|slice| MadeSlice {
            source: source_of(slice),
            stack,
            plane: *slice.plane(),
            size: slice.pixels().dim(),
            thickness: config.reformat.thickness,
        }));
        remarks.push(Remark::Reformatted { thickness: config.reformat.thickness });
    }
    let (low, high) = PATCH_WINDOW;
    let window = Window::from_quantiles(stacks.iter().flat_map(Stack::slices), low, high);
    let stacks = stacks.into_iter().zip(&options);
    let stacks = stacks.map(|(stack, options)| MeasuredStack::new(stack, options)).collect();
    Ok(Measured {
        series_of,
        unread,
        frame_of_reference_uid: set.frame_of_reference_uid().map(str::to_owned),
        made,
        stacks,
        window,
        remarks,
        discs,
        heights: heights.unwrap_or_default(),
    })
}

/// Axial slices made from a volume around each of its discs.
fn blocks_of(
    set: &ImageSet<'_>,
    volume: &[Stack],
    discs: &Discs,
    config: &StudyConfig,
) -> Result<Vec<ReformattedBlock>, String> {
    let series_uid = &set.images[0].stack.series_uid;
    let discs = discs.as_ref().map_err(|why| {
        format!("no axial slices could be made of the volume, since the level is not known: {why}")
    })?;
    let mut options = config.reformat.clone();
    let SelectOptions { below, above, .. } = config.select;
    options.reach = options.reach.max(below.max(above));
    let blocks: Vec<ReformattedBlock> =
        volume.iter().flat_map(|volume| reformat(volume, discs, series_uid, &options)).collect();
    if blocks.is_empty() {
        return Err("no axial slices could be made of the volume: it ends within 18 mm of the \
                    canal at every disc"
            .to_owned());
    }
    Ok(blocks)
}

/// The image of a slice.
pub(crate) fn source_of(slice: &Slice) -> SliceSource {
    slice.source.clone().unwrap_or(SliceSource { sop_instance_uid: String::new(), frame: 1 })
}

#[cfg(test)]
mod tests {
    use foramen_dicom::{Accepted, Orientation, Scan, ScanOptions, scan};
    use foramen_image::Contrast;
    use foramen_phantom::{CohortConfig, write_cohort};
    use foramen_types::SubjectKey;

    use super::*;
    use crate::candidates::Candidates;

    /// One subject, and the number of its axial stack. The folder holds the images.
    fn one_subject() -> (tempfile::TempDir, Scan, usize) {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let is_axial =
            |stack: &StackHeader| stack.orientation == Orientation::Axial && !stack.localizer;
        let axial = found.stacks.iter().position(is_axial).unwrap();
        (folder, found, axial)
    }

    /// The best set of the subject, measured.
    fn best(headers: &[&StackHeader], given: Option<&DiscPositions>) -> Option<Measured> {
        let config = StudyConfig::default();
        let candidates = Candidates::of(headers, &Accepted::default(), &[]);
        let set = candidates.pools.first()?.best();
        let (subject, frame) = (&headers[0].subject, set.frame_of_reference_uid());
        let discs = discs_in(subject, headers, frame, given, &config);
        measure_set(set, headers, discs, &config).ok()
    }

    #[test]
    fn images_that_cannot_be_decoded_are_told() {
        let (_folder, found, axial) = one_subject();
        let header = &found.stacks[axial];
        let path = &header.slices[1].path;
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        let headers: Vec<&StackHeader> = found.stacks.iter().collect();
        let measured = best(&headers, None).unwrap();
        let [unread] = &measured.unread[..] else { panic!("{:?}", measured.unread) };
        assert_eq!((&unread.series_uid, unread.images), (&header.series_uid, 1));
        assert!(!unread.reason.contains(&*path.to_string_lossy()), "{unread}");
        assert_eq!(measured.stacks[0].slices().len() + 1, header.slices.len());
        assert!(measured.remarks.contains(&Remark::UndecodableImage { images: 1 }));
    }

    #[test]
    fn of_a_series_with_several_images_the_axial_t2_ones_are_measured() {
        let (_folder, mut found, axial) = one_subject();
        let uid = found.stacks[axial].series_uid.clone();
        let measured = |found: &Scan| {
            let headers: Vec<&StackHeader> = found.stacks.iter().collect();
            best(&headers, None).map(|measured| {
                measured.stacks.iter().map(|measured| measured.stack().contrast).collect()
            })
        };
        let alone: Vec<Contrast> = measured(&found).unwrap();
        // An image of fat alone, of the same slices and in the same series.
        let mut fat = found.stacks[axial].clone();
        (fat.stack, fat.contrast) = (found.stacks.len(), Contrast::Other);
        found.stacks.insert(0, fat);
        assert_eq!(measured(&found).unwrap(), alone);
        // Where none is axial T2, nothing is measured in its place.
        for stack in found.stacks.iter_mut().filter(|stack| stack.series_uid == uid) {
            stack.contrast = Contrast::T1;
        }
        assert!(measured(&found).is_none());
    }

    #[test]
    fn a_point_without_a_frame_of_reference_holds_where_there_is_one_frame() {
        let (_folder, mut found, axial) = one_subject();
        let axial = &found.stacks[axial];
        let subject = axial.subject.clone();
        let frame = axial.frame_of_reference_uid.clone().unwrap();
        let blank = format!("subject_id,level,x_mm,y_mm,z_mm\n{subject},C5/6,1,2,3\n");
        let framed = format!(
            "subject_id,level,x_mm,y_mm,z_mm,frame_of_reference_uid\n{subject},C5/6,1,2,3,{frame}\n"
        );
        let discs = |found: &foramen_dicom::Scan, table: &str| {
            let levels = DiscPositions::read(table.as_bytes(), &SubjectKey::identity()).unwrap();
            let headers: Vec<&StackHeader> = found.stacks.iter().collect();
            best(&headers, Some(&levels)).unwrap().discs
        };
        assert_eq!(discs(&found, &blank).unwrap().len(), 1);
        // A second examination, in a frame of its own.
        let is_sagittal = |stack: &&mut StackHeader| {
            stack.orientation == Orientation::Sagittal && !stack.localizer
        };
        let other = found.stacks.iter_mut().find(is_sagittal).unwrap();
        other.frame_of_reference_uid = Some("1.2.3".to_owned());
        let refusal = discs(&found, &blank).unwrap_err();
        assert!(
            refusal.contains(subject.as_str()) && refusal.contains("frame_of_reference_uid"),
            "{refusal}"
        );
        assert_eq!(discs(&found, &framed).unwrap().len(), 1);
    }
}
