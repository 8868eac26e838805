use std::fmt;

use foramen_types::Point;

use crate::{ImageError, Slice};

/// Greatest angle between two slices of one stack, in degrees.
const PARALLEL_TOLERANCE: f64 = 1.0;

/// The weighting of an MR image, as far as it affects the appearance of tissue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Contrast {
    /// T2-weighted fast spin echo: fat and marrow bright, muscle dark, only the
    /// cortex of bone black.
    T2Fse,
    /// T2*-weighted gradient echo: bone dark throughout.
    T2Star,
    /// T1-weighted.
    T1,
    /// Short-tau inversion recovery: fluid bright, fat dark.
    Stir,
    /// Any other weighting, or an unknown one.
    Other,
}

impl Contrast {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::T2Fse => "t2_fse",
            Self::T2Star => "t2_star",
            Self::T1 => "t1",
            Self::Stir => "stir",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Contrast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Parallel slices of one shape, in order along their cranial normal: for axial
/// images, slice 0 is the one nearest the feet.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    slices: Vec<Slice>,
    /// The weighting of all slices.
    pub contrast: Contrast,
}

impl Stack {
    /// Orders slices by position along the cranial normal of the first.
    ///
    /// Spacing between slices is measured, never assumed to be even:
    /// [`Stack::gaps`].
    ///
    /// # Errors
    /// [`ImageError::EmptyStack`], and [`ImageError::Uneven`] when slices are
    /// more than 1° from parallel, or differ in shape.
    pub fn new(mut slices: Vec<Slice>, contrast: Contrast) -> Result<Self, ImageError> {
        let Some(first) = slices.first().cloned() else { return Err(ImageError::EmptyStack) };
        for (index, slice) in slices.iter().enumerate() {
            if slice.plane().angle(first.plane()) > PARALLEL_TOLERANCE {
                return Err(ImageError::Uneven { slice: index, what: "orientation" });
            }
            if slice.pixels().dim() != first.pixels().dim() {
                return Err(ImageError::Uneven { slice: index, what: "rows and columns" });
            }
        }
        let along = first.plane().cranial_normal();
        let position = |slice: &Slice| (slice.plane().origin() - Point::default()).dot(along);
        slices.sort_by(|a, b| position(a).total_cmp(&position(b)));
        Ok(Self { slices, contrast })
    }

    /// The slices, from the feet to the head for axial images.
    #[must_use]
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// The position of each slice along the cranial normal of slice 0, in
    /// millimetres from slice 0.
    #[must_use]
    pub fn positions(&self) -> Vec<f64> {
        let first = self.slices[0].plane();
        self.slices.iter().map(|slice| first.distance(slice.plane().origin())).collect()
    }

    /// The distances between neighbouring slices, in millimetres; one fewer
    /// than there are slices.
    #[must_use]
    pub fn gaps(&self) -> Vec<f64> {
        self.positions().windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// The slice whose plane is nearest a point, and the signed distance of the point from it in
    /// millimetres, positive towards the head.
    #[must_use]
    pub fn nearest(&self, point: Point) -> (usize, f64) {
        self.slices
            .iter()
            .map(|slice| slice.plane().distance(point))
            .enumerate()
            .min_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .expect("a stack has at least one slice")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plane, Spacing};
    use foramen_types::Vector;

    fn axial(z: f64, flipped: bool) -> Slice {
        let down = if flipped { -1.0 } else { 1.0 };
        let plane = Plane::new(
            Point::new(0.0, 0.0, z),
            Vector::new(1.0, 0.0, 0.0),
            Vector::new(0.0, down, 0.0),
            Spacing { row: 1.0, column: 1.0 },
        )
        .unwrap();
        Slice::from_vec(plane, (1, 1), vec![0.0], None).unwrap()
    }

    #[test]
    fn slices_are_ordered_from_the_feet_to_the_head() {
        for flipped in [false, true] {
            let slices = [9.0, 0.0, 3.0].map(|z| axial(z, flipped)).to_vec();
            let stack = Stack::new(slices, Contrast::T2Fse).unwrap();
            assert_eq!(stack.positions(), [0.0, 3.0, 9.0]);
            assert_eq!(stack.gaps(), [3.0, 6.0]);
            assert_eq!(stack.nearest(Point::new(5.0, 5.0, 2.0)), (1, -1.0));
        }
    }

    #[test]
    fn no_slices_make_no_stack() {
        assert!(matches!(Stack::new(vec![], Contrast::Other), Err(ImageError::EmptyStack)));
    }
}
