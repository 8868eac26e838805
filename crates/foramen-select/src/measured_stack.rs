use foramen_image::{Slice, Stack};

use crate::{MeasureOptions, SliceMeasurement, measure};

/// A stack together with the measurements of its slices, which cannot be separated.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredStack {
    stack: Stack,
    measurements: Vec<SliceMeasurement>,
}

impl MeasuredStack {
    /// Measures both foramina on every slice of a stack, as [`measure`] does.
    #[must_use]
    pub fn new(stack: Stack, options: &MeasureOptions) -> Self {
        let measurements = measure(&stack, options);
        Self { stack, measurements }
    }

    /// The stack as it was measured.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Its slices from the feet to the head, each with its measurement.
    pub fn slices(&self) -> impl ExactSizeIterator<Item = (&Slice, &SliceMeasurement)> {
        self.stack.slices().iter().zip(&self.measurements)
    }

    /// One slice by its index, 0 nearest the feet; `None` beyond the last.
    #[must_use]
    pub fn slice(&self, index: usize) -> Option<(&Slice, &SliceMeasurement)> {
        Some((self.stack.slices().get(index)?, self.measurements.get(index)?))
    }
}
