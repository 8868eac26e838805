use std::path::PathBuf;
use std::sync::Arc;

use foramen_image::{Contrast, Plane, SliceSource, Spacing};
use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::format::PixelSource;
use crate::image::Image;
use crate::region::Sign;
use crate::rescale::Rescale;
use crate::{
    Dating, FatSignal, Finding, Orientation, Problem, Region, Remark, Scanner, StackReport,
};

/// One geometric stack of a series, from its headers: parallel slices of one
/// matrix, spacing and contrast, without their pixels ([`crate::load`]).
///
/// A series with several angled blocks of slices gives several stacks, which share `series_uid` and
/// are numbered by `stack`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StackHeader {
    /// The subject.
    pub subject: SubjectId,
    /// Study Instance UID (0020,000D).
    pub study_uid: String,
    /// Series Instance UID (0020,000E).
    pub series_uid: String,
    /// Series Number (0020,0011), where given.
    pub series_number: Option<i64>,
    /// Time at which the first of its images was acquired, in seconds of that day (Acquisition Time
    /// (0008,0032), else Series Time (0008,0031)).
    pub time: Option<f64>,
    /// Echo Time (0018,0081), in milliseconds, where known.
    pub echo_time: Option<f64>,
    /// Repetition Time (0018,0080), in milliseconds, where known.
    pub repetition_time: Option<f64>,
    /// The scanner.
    pub scanner: Scanner,
    /// Index of the stack within its series, from 0.
    pub stack: usize,
    /// The angled blocks of the same acquisition, including this one, as values of `stack` in this
    /// series, from the feet to the head. Only this stack if there are no others, and in
    /// localizers.
    pub blocks: Vec<usize>,
    /// Frame of Reference UID (0020,0052): positions in two stacks may be compared only if it is
    /// the same.
    pub frame_of_reference_uid: Option<String>,
    /// The day of the acquisition, or the nearest one in the header: the date of `dating`.
    pub acquired: Option<Date>,
    /// The day, or why it is not known.
    pub dating: Dating,
    /// The orientation of the slices in the patient.
    pub orientation: Orientation,
    /// The weighting, preferably from acquisition parameters.
    pub contrast: Contrast,
    /// The appearance of fat.
    pub fat: FatSignal,
    /// The part of the body.
    pub region: Region,
    /// Conclusions about plane, contrast, kind and region, with confidence and reasons.
    pub findings: Vec<Finding>,
    /// Whether it is a scout: the header says so, or the series holds slices more than 60° apart.
    pub localizer: bool,
    /// Whether it was computed from other images: a reformat, a projection, or DERIVED\SECONDARY.
    pub derived: bool,
    /// Rows of each slice.
    pub rows: usize,
    /// Columns of each slice.
    pub columns: usize,
    /// In-plane distances between pixel centres, in millimetres.
    pub spacing: Spacing,
    /// The slices along the cranial normal of the first, from the feet to the head; sagittal ones
    /// also along that normal, whichever side it points to.
    pub slices: Vec<SliceHeader>,
    /// Irregularities of the geometry: [`StackReport::problems`].
    pub problems: Vec<Problem>,
    /// The geometry, measured.
    pub report: StackReport,
    /// Remarks for the person who measures these images.
    pub remarks: Vec<Remark>,
    /// The evidence for regions.
    pub(crate) signs: Vec<Sign>,
}

impl StackHeader {
    /// The distances between neighbouring slices along the normal, in
    /// millimetres; one fewer than there are slices.
    #[must_use]
    pub fn gaps(&self) -> Vec<f64> {
        self.report.gaps.clone()
    }

    /// The tilt of slices that are tilted forward or back more than axial ones, but by less than
    /// 50°, such as blocks angled to the lowest discs. In degrees from the head–feet direction;
    /// `None` for any other stack.
    #[must_use]
    pub fn steep(&self) -> Option<f64> {
        let normal = self.slices.first()?.plane.normal();
        let degrees = normal.z.abs().min(1.0).acos().to_degrees();
        // Turned to a side by more than about 20°, it is no block of a disc.
        let forward = normal.x.abs() < 0.35;
        (self.orientation != Orientation::Axial && forward && degrees < 50.0).then_some(degrees)
    }

    /// The middle one of the distances between neighbouring slices, in
    /// millimetres; `None` for a single slice.
    #[must_use]
    pub fn slice_spacing(&self) -> Option<f64> {
        self.report.spacing
    }
}

/// One image of a stack, without its pixels.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SliceHeader {
    /// The file.
    pub path: PathBuf,
    /// SOP Instance UID and frame.
    pub source: SliceSource,
    /// Position and orientation in the patient.
    pub plane: Plane,
    /// Slice Thickness (0018,0050) in millimetres, where known.
    pub thickness: Option<f64>,
    /// The lowest and highest output values that mark pixels without a measurement: Pixel Padding
    /// Value (0028,0120) to Range Limit (0028,0121), if given. Pixels keep these values.
    pub padding: Option<(f32, f32)>,
    /// The factor from output values to Philips' floating-point values, which can be compared
    /// between series: 1 / (Rescale Slope × private scale slope (2005,100E)). Recorded if given,
    /// never applied.
    pub philips_factor: Option<f64>,
    pub(crate) pixels: Arc<PixelSource>,
    pub(crate) rescale: Rescale,
}

impl SliceHeader {
    pub(crate) fn new(image: &Image) -> Self {
        Self {
            path: image.instance.path.to_path_buf(),
            source: SliceSource {
                sop_instance_uid: image.instance.sop_uid.clone(),
                frame: image.frame,
            },
            plane: image.plane,
            thickness: image.thickness,
            padding: image.padding,
            philips_factor: image.philips_slope.map(|slope| 1.0 / (image.rescale.slope * slope)),
            pixels: image.instance.pixels.clone(),
            rescale: image.rescale,
        }
    }
}
