use foramen_image::{Plane, SliceSource, Window};
use foramen_learn::Sample;
use foramen_types::Point;
use ndarray::Array2;

/// How many foramina that were not injected each subject lends to learning what
/// a width looks like.
pub const AUXILIARY_PER_SUBJECT: usize = 8;

/// What a patch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatchUse {
    /// The injected foramen, on its chosen slice; it has a label where its outcome
    /// is known.
    Treated,
    /// Another foramen, or another slice: it has a measured width and no label.
    Auxiliary,
}

impl PatchUse {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Treated => "treated",
            Self::Auxiliary => "auxiliary",
        }
    }

    /// The use of a name as it is written in files.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Treated, Self::Auxiliary].into_iter().find(|usage| usage.name() == name)
    }
}

/// A sample as the stage `select` leaves it: with its use, the image it was cut
/// from, and what leads back to that image.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchSample {
    /// The sample.
    pub sample: Sample,
    /// What the patch is for.
    pub usage: PatchUse,
    /// SOP Instance UID (0008,0018) of the image it was cut from.
    pub sop_instance_uid: String,
    /// Frame within that image, from 1.
    pub frame: u32,
    /// Where the patch lies in the patient: [`Plane::point`] undoes crop, mirror and
    /// resampling.
    pub plane: Plane,
    /// What its intensities were mapped with: [`Window::undo`] gives them back.
    pub window: Window,
    /// The middle of the spinal canal in its image, LPS millimetres, where it was found. It was
    /// found without the foramen, while the patch is centred between the foramen's walls.
    pub canal: Option<Point>,
}

impl PatchSample {
    /// The image it was cut from.
    #[must_use]
    pub fn source(&self) -> SliceSource {
        SliceSource { sop_instance_uid: self.sop_instance_uid.clone(), frame: self.frame }
    }

    /// The patch, `[row, column]`, about 0 to 1.
    #[must_use]
    pub fn patch(&self) -> &Array2<f32> {
        &self.sample.patch
    }
}
