use std::collections::BTreeMap;

use foramen_dicom::StackHeader;
use foramen_image::{Slice, SliceSource, Stack, Window};
use foramen_select::{Choice, SliceMeasurement, measure};
use foramen_types::{Level, SubjectId};

use crate::StudyConfig;
use crate::candidates::AxialSeries;
use crate::levels::{DiscPosition, Levels, find_levels};
use crate::unread::{UnreadImages, of_failed, of_loaded};

/// Quantiles of a series' intensities that patches show as 0 and 1.
pub(crate) const PATCH_WINDOW: (f64, f64) = (0.01, 0.99);

/// One axial series, loaded and measured.
pub(crate) struct Measured<'a> {
    pub series_uid: &'a str,
    /// Images that could not be decoded.
    pub unread: Vec<UnreadImages>,
    pub frame_of_reference_uid: Option<&'a str>,
    pub stacks: Vec<Stack>,
    pub slices: Vec<Vec<SliceMeasurement>>,
    pub window: Window,
    /// Disc positions in the frame of reference of the series, or why none.
    pub discs: Result<BTreeMap<Level, DiscPosition>, String>,
}

impl Measured<'_> {
    /// The image of a choice.
    pub(crate) fn slice(&self, choice: &Choice) -> &Slice {
        &self.stacks[choice.stack].slices()[choice.slice]
    }

    /// Which stack, and which slice of it, an image is.
    pub(crate) fn place_of(&self, source: &SliceSource) -> Option<(usize, usize)> {
        let of = |stack: &Stack| {
            stack.slices().iter().position(|slice| slice.source.as_ref() == Some(source))
        };
        self.stacks.iter().enumerate().find_map(|(i, stack)| Some((i, of(stack)?)))
    }
}

/// Loads and measures a series of a subject; without any stack that loads, why.
pub(crate) fn measure_series<'a>(
    subject: &SubjectId,
    series: &'a AxialSeries,
    headers: &[&'a StackHeader],
    given: Option<&Levels>,
    config: &StudyConfig,
) -> Result<Measured<'a>, String> {
    let of_series = series.headers(headers);
    let frame_of_reference_uid =
        of_series.first().and_then(|header| header.frame_of_reference_uid.as_deref());
    let mut stacks = Vec::new();
    let (mut unread, mut failure) = (Vec::new(), None);
    for header in &of_series {
        match foramen_dicom::load(header) {
            Ok(loaded) => {
                unread.extend(of_loaded(header, &loaded));
                stacks.push(loaded.stack);
            }
            Err(error) => {
                unread.push(of_failed(header, &error));
                failure = Some(error.with_causes());
            }
        }
    }
    if stacks.is_empty() {
        return Err(failure.unwrap_or_else(|| "the axial series is not in the folder".to_owned()));
    }
    let discs = match given {
        Some(given) => given.in_frame(subject, headers, frame_of_reference_uid),
        None => find_levels(headers, frame_of_reference_uid, &config.discs),
    };
    let slices = stacks.iter().map(|stack| measure(stack, &config.measure)).collect();
    let (low, high) = PATCH_WINDOW;
    let window = Window::from_quantiles(stacks.iter().flat_map(Stack::slices), low, high);
    let series_uid = &series.series_uid;
    Ok(Measured { series_uid, unread, frame_of_reference_uid, stacks, slices, window, discs })
}

/// The image of a slice.
pub(crate) fn source_of(slice: &Slice) -> SliceSource {
    slice.source.clone().unwrap_or(SliceSource { sop_instance_uid: String::new(), frame: 1 })
}

#[cfg(test)]
mod tests {
    use foramen_dicom::{Orientation, Scan, ScanOptions, scan};
    use foramen_image::Contrast;
    use foramen_phantom::{CohortConfig, write_cohort};
    use foramen_types::SubjectKey;

    use super::*;
    use crate::candidates::axial_series;

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

    /// The best axial series of the subject, as the join finds it.
    fn best(headers: &[&StackHeader]) -> Option<AxialSeries> {
        axial_series(headers, None, 0).ok().map(|found| found.series[0].clone())
    }

    #[test]
    fn images_that_cannot_be_decoded_are_told() {
        let (_folder, found, axial) = one_subject();
        let header = &found.stacks[axial];
        let path = &header.slices[1].path;
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        let headers: Vec<&StackHeader> = found.stacks.iter().collect();
        let series = best(&headers).unwrap();
        let config = StudyConfig::default();
        let measured = measure_series(&header.subject, &series, &headers, None, &config).unwrap();
        let [unread] = &measured.unread[..] else { panic!("{:?}", measured.unread) };
        assert_eq!((&unread.series_uid, unread.images), (&header.series_uid, 1));
        assert!(!unread.reason.contains(&*path.to_string_lossy()), "{unread}");
        assert_eq!(measured.stacks[0].slices().len() + 1, header.slices.len());
    }

    #[test]
    fn of_a_series_with_several_images_the_axial_t2_ones_are_measured() {
        let (_folder, mut found, axial) = one_subject();
        let (subject, uid) =
            (found.stacks[axial].subject.clone(), found.stacks[axial].series_uid.clone());
        let measured = |found: &Scan| {
            let headers: Vec<&StackHeader> = found.stacks.iter().collect();
            let series = best(&headers)?;
            measure_series(&subject, &series, &headers, None, &StudyConfig::default())
                .ok()
                .map(|measured| measured.stacks.iter().map(|stack| stack.contrast).collect())
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
            let levels = Levels::read(table.as_bytes(), &SubjectKey::identity()).unwrap();
            let headers: Vec<&StackHeader> = found.stacks.iter().collect();
            let config = StudyConfig::default();
            let series = best(&headers).unwrap();
            measure_series(&subject, &series, &headers, Some(&levels), &config).unwrap().discs
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
