//! Slices above the highest foramen.

use foramen_image::Stack;

use crate::{RefusalReason, SliceMeasurement, State};

/// No pedicle is taller, in millimetres: they measure 6 to 8 mm.
const TALLEST: f64 = 12.0;
/// Within this distance of the highest opening a pedicle is cut, in millimetres.
const NEAR: f64 = 6.0;

/// Refuses the slices at the head end that show no foramen on either side over
/// more than the height of a pedicle: they cut the axis and the atlas, and their
/// walls are no pedicles. What was seen is kept, for a disc that is known to lie
/// there.
pub(crate) fn refuse_above_foramina(stack: &Stack, results: &mut [SliceMeasurement]) {
    let is_open = |result: &SliceMeasurement| {
        [&result.left, &result.right].iter().any(|foramen| foramen.state == State::Open)
    };
    let Some(highest) = results.iter().rposition(is_open) else { return };
    // How far each slice lies above the highest opening.
    let mut above = 0.0;
    let heights: Vec<f64> = stack.gaps()[highest..]
        .iter()
        .map(|gap| {
            above += gap;
            above
        })
        .collect();
    if above < TALLEST {
        return;
    }
    for (result, height) in results[highest + 1..].iter_mut().zip(heights) {
        if height > NEAR {
            for foramen in [&mut result.left, &mut result.right] {
                if foramen.state == State::Closed {
                    foramen.state = State::Refused;
                    foramen.reason = Some(RefusalReason::AboveForamina);
                    foramen.confidence = 0.0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use foramen_image::ndarray::Array2;
    use foramen_image::{Contrast, Plane, Slice, Spacing};
    use foramen_types::{Point, Vector};

    use super::*;
    use crate::Foramen;

    /// States from the feet to the head, 3 mm apart, the same on both sides.
    fn after(states: &[State]) -> Vec<State> {
        let slice = |k: usize| {
            let origin = Point::new(0.0, 0.0, 3.0 * k as f64);
            let (row, column) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
            let spacing = Spacing { row: 1.0, column: 1.0 };
            let plane = Plane::new(origin, row, column, spacing).unwrap();
            Slice::new(plane, Array2::zeros((4, 4))).unwrap()
        };
        let stack = Stack::new((0..states.len()).map(slice).collect(), Contrast::T2Fse).unwrap();
        let foramen =
            |state| Foramen { state, reason: None, ..Foramen::refused(RefusalReason::NoWalls) };
        let mut results: Vec<SliceMeasurement> = states
            .iter()
            .map(|&s| SliceMeasurement { canal: None, left: foramen(s), right: foramen(s) })
            .collect();
        refuse_above_foramina(&stack, &mut results);
        results.iter().map(|result| result.left.state).collect()
    }

    #[test]
    fn a_long_way_without_foramina_is_the_atlas() {
        use State::{Closed as C, Open as O, Refused as R};
        // A pedicle of two slices below the opening stays, and so do the nearest
        // two above it.
        assert_eq!(after(&[O, C, C, O, C, C, C, C, C]), [O, C, C, O, C, C, R, R, R]);
        // Shorter than 12 mm it may be a pedicle.
        assert_eq!(after(&[O, C, C, C]), [O, C, C, C]);
        assert_eq!(after(&[C; 6]), [C; 6]);
    }
}
