use ndarray::Array2;

use crate::Slice;

/// Maps intensities linearly: `low` to 0 and `high` to 1.
///
/// MR intensities have no unit, so they can be compared only after such a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    low: f32,
    high: f32,
}

impl Window {
    /// A window between two intensities; if the upper is not above the lower, it is raised, so that
    /// the map is defined for a constant image.
    #[must_use]
    pub fn new(low: f32, high: f32) -> Self {
        Self { low, high: if high > low { high } else { low + 1.0 } }
    }

    /// The window between two quantiles (0 to 1) of the finite intensities of
    /// some slices, for example all slices of one stack.
    #[must_use]
    pub fn from_quantiles<'a>(
        slices: impl IntoIterator<Item = &'a Slice>,
        low: f64,
        high: f64,
    ) -> Self {
        let mut values: Vec<f32> = slices
            .into_iter()
            .flat_map(|slice| slice.pixels().iter().copied())
            .filter(|value| value.is_finite())
            .collect();
        if values.is_empty() {
            return Self::new(0.0, 1.0);
        }
        let mut quantile = |q: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a fraction of a length, clamped to it"
            )]
            let index = ((values.len() - 1) as f64 * q.clamp(0.0, 1.0)).round() as usize;
            *values.select_nth_unstable_by(index, f32::total_cmp).1
        };
        Self::new(quantile(low), quantile(high))
    }

    /// The intensity that is mapped to 0.
    #[must_use]
    pub fn low(&self) -> f32 {
        self.low
    }

    /// The intensity that is mapped to 1.
    #[must_use]
    pub fn high(&self) -> f32 {
        self.high
    }

    /// The intensity on the scale of the window; not clamped.
    #[must_use]
    pub fn apply(&self, value: f32) -> f32 {
        (value - self.low) / (self.high - self.low)
    }

    /// The intensity for a value on the scale of the window.
    #[must_use]
    pub fn undo(&self, value: f32) -> f32 {
        value * (self.high - self.low) + self.low
    }

    /// All intensities on the scale of the window; not clamped.
    #[must_use]
    pub fn map(&self, pixels: &Array2<f32>) -> Array2<f32> {
        pixels.mapv(|value| self.apply(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_image_maps_to_zero_not_nan() {
        assert_eq!(Window::new(5.0, 5.0).apply(5.0), 0.0);
    }

    #[test]
    fn undo_reverses_apply() {
        let window = Window::new(10.0, 30.0);
        assert_eq!(window.apply(25.0), 0.75);
        assert_eq!(window.undo(0.75), 25.0);
    }
}
