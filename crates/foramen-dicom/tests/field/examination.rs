//! One synthetic examination (axial and sagittal T2), changed as real exports are,
//! written and scanned.

use std::path::Path;
use std::sync::OnceLock;

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, open_file};
use foramen_dicom::{Orientation, Scan, ScanOptions, scan};
use foramen_phantom::{CohortConfig, write_cohort};
use tempfile::TempDir;

pub(crate) type Image = DefaultDicomObject;

/// The images of one examination, from the feet to the head and from side to side.
#[derive(Clone)]
pub(crate) struct Examination {
    pub(crate) axial: Vec<Image>,
    pub(crate) sagittal: Vec<Image>,
}

impl Examination {
    /// The examination of one subject of the demo cohort: one even axial stack.
    pub(crate) fn draw() -> Self {
        static ONE: OnceLock<Examination> = OnceLock::new();
        ONE.get_or_init(|| Self::drawn(false)).clone()
    }

    /// The first one that was planned in angled blocks.
    pub(crate) fn draw_blocks() -> Self {
        static ONE: OnceLock<Examination> = OnceLock::new();
        ONE.get_or_init(|| Self::drawn(true)).clone()
    }

    fn drawn(in_blocks: bool) -> Self {
        // Most are found among the first few; drawing takes the time here.
        let drawn = [1, 2, 4, 8, 16].into_iter().find_map(|n| Self::among(n, in_blocks));
        drawn.expect("one of sixteen is planned so")
    }

    fn among(subjects: usize, in_blocks: bool) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let config = CohortConfig::default().with_analysable(subjects).with_defects(0);
        write_cohort(&config, dir.path(), &|_, _| ()).unwrap();
        let found = scan(&dir.path().join("dicom"), &ScanOptions::default()).unwrap();
        let of = |subject: &str, orientation| {
            let stacks = found.stacks.iter().filter(|stack| {
                stack.subject.as_str() == subject
                    && stack.orientation == orientation
                    && !stack.localizer
            });
            let slices = stacks.flat_map(|stack| &stack.slices);
            slices.map(|slice| open_file(&slice.path).unwrap()).collect::<Vec<Image>>()
        };
        let is_fit = |stack: &&foramen_dicom::StackHeader| {
            stack.orientation == Orientation::Axial
                && !stack.localizer
                && stack.contrast == foramen_image::Contrast::T2Fse
                && (stack.blocks.len() > 1) == in_blocks
        };
        let subject = found.stacks.iter().find(is_fit)?.subject.as_str();
        Some(Self {
            axial: of(subject, Orientation::Axial),
            sagittal: of(subject, Orientation::Sagittal),
        })
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Image> {
        self.axial.iter_mut().chain(&mut self.sagittal)
    }

    pub(crate) fn scan(&self) -> (TempDir, Scan) {
        self.scan_with(&ScanOptions::default())
    }

    pub(crate) fn scan_with(&self, options: &ScanOptions) -> (TempDir, Scan) {
        let dir = TempDir::new().unwrap();
        write(&self.axial, dir.path(), "A");
        write(&self.sagittal, dir.path(), "S");
        let found = scan(dir.path(), options).unwrap();
        (dir, found)
    }
}

pub(crate) fn write(images: &[Image], dir: &Path, prefix: &str) {
    std::fs::create_dir_all(dir).unwrap();
    for (number, image) in images.iter().enumerate() {
        image.write_to_file(dir.join(format!("{prefix}{number:04}.dcm"))).unwrap();
    }
}

/// Sets a text attribute; values are parted by backslashes.
pub(crate) fn put(image: &mut Image, tag: Tag, vr: VR, value: &str) {
    let values: Vec<&str> = value.split('\\').collect();
    let value = match values[..] {
        [one] => PrimitiveValue::from(one),
        _ => PrimitiveValue::Strs(values.iter().map(ToString::to_string).collect()),
    };
    image.put(DataElement::new(tag, vr, value));
}

pub(crate) fn text(image: &Image, tag: Tag) -> String {
    image.element(tag).unwrap().to_str().unwrap().into_owned()
}

/// A copy with a SOP Instance UID of its own.
pub(crate) fn renewed(image: &Image, suffix: &str) -> Image {
    let mut image = image.clone();
    let uid = format!("{}.{suffix}", text(&image, tags::SOP_INSTANCE_UID));
    put(&mut image, tags::SOP_INSTANCE_UID, VR::UI, &uid);
    image
}

/// Copies that are a series of their own.
pub(crate) fn series(images: &[Image], number: u32, description: &str) -> Vec<Image> {
    let of = |image: &Image| {
        let mut image = renewed(image, &number.to_string());
        let uid = format!("{}.{number}", text(&image, tags::SERIES_INSTANCE_UID));
        put(&mut image, tags::SERIES_INSTANCE_UID, VR::UI, &uid);
        put(&mut image, tags::SERIES_NUMBER, VR::IS, &number.to_string());
        put(&mut image, tags::SERIES_DESCRIPTION, VR::LO, description);
        image
    };
    images.iter().map(of).collect()
}

/// The time of the acquisition, `HHMMSS`.
pub(crate) fn at(images: &mut [Image], time: &str) {
    for image in images {
        put(image, tags::SERIES_TIME, VR::TM, time);
        put(image, tags::ACQUISITION_TIME, VR::TM, time);
    }
}
