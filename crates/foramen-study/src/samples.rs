use foramen_image::{Plane, SliceSource, Window};
use foramen_learn::Sample;
use foramen_types::Point;
use ndarray::Array2;

/// How many foramina of each subject that were not injected are used to train the width prediction.
pub const AUXILIARY_PER_SUBJECT: usize = 8;

/// The use of a patch.
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

/// A sample as the stage `select` writes it: with its use, the image from which it was cut, and its
/// position in that image.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchSample {
    /// The sample.
    pub sample: Sample,
    /// What the patch is for.
    pub usage: PatchUse,
    /// SOP Instance UID (0008,0018) of the image from which the patch was cut.
    pub sop_instance_uid: String,
    /// Frame within that image, from 1.
    pub frame: u32,
    /// Position of the patch in the patient: [`Plane::point`] undoes crop, mirror and resampling.
    pub plane: Plane,
    /// The intensity mapping: [`Window::undo`] restores the intensities.
    pub window: Window,
    /// The middle of the spinal canal in its image, LPS millimetres, where it was found. Its
    /// detection does not use the foramen, whereas the patch is centred between the foramen's
    /// walls.
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
