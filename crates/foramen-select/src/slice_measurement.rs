use foramen_types::{Point, Side};

use crate::{Foramen, RefusalReason};

/// The measurements on one slice.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SliceMeasurement {
    /// The middle of the thecal sac.
    pub canal: Option<Point>,
    /// The foramen on the patient's left.
    pub left: Foramen,
    /// The foramen on the patient's right.
    pub right: Foramen,
}

impl SliceMeasurement {
    /// The foramen of one side.
    #[must_use]
    pub fn side(&self, side: Side) -> &Foramen {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    pub(crate) fn refused(canal: Option<Point>, reason: RefusalReason) -> Self {
        Self { canal, left: Foramen::refused(reason), right: Foramen::refused(reason) }
    }
}
