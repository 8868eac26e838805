use foramen_image::Slice;
use foramen_types::{Point, Side};

use crate::frame::{Frame, whole};
use crate::ring::quantile;

/// Tissue brighter than this part of the sac counts as passage.
const THRESHOLD: f64 = 0.4;
/// The usual position of the foramen relative to the canal, in millimetres outward and to the back,
/// and the angle of its axis to the coronal plane in degrees.
const PLACE: (f64, f64) = (12.0, -5.5);
const AXIS: f64 = 50.0;
/// Sampling step along a line, in millimetres.
const STEP: f64 = 0.1;

/// The width by a fixed threshold, in millimetres, for comparison only: the shortest run of tissue
/// brighter than 0.4 of the sac, along lines across the usual position of the foramen. `None` if
/// there is no such tissue, or the position lies outside the image.
///
/// This is an obvious first method. It mistakes marrow for passage and a root for bone, and does
/// not recognise pedicles.
#[must_use]
pub fn naive_width(slice: &Slice, canal: Point, side: Side) -> Option<f64> {
    let frame = Frame::new(slice, canal)?;
    let mut sac = Vec::new();
    for left in -8..=8 {
        for back in -5..=5 {
            sac.extend(frame.sample((f64::from(left), f64::from(back))));
        }
    }
    let threshold = THRESHOLD * quantile(&mut sac, 0.9);
    let (sin, cos) = AXIS.to_radians().sin_cos();
    let run = |along: f64| {
        let bright = |across: f64| {
            let at = (PLACE.0 + along * cos + across * sin, PLACE.1 - along * sin + across * cos);
            frame.sample(Frame::outward(side, at)).map(|value| f64::from(value) > threshold)
        };
        let start = (0..20)
            .flat_map(|k| [f64::from(k) * STEP, -f64::from(k) * STEP])
            .find(|across| bright(*across) == Some(true))?;
        let reach = |direction: f64| {
            (0..80)
                .take_while(|k| bright(start + direction * f64::from(*k) * STEP) == Some(true))
                .count()
        };
        Some((reach(1.0) + reach(-1.0)) as f64 * STEP)
    };
    let count = whole(6.0 / 0.5) + 1;
    (0..count).filter_map(|k| run(k as f64 * 0.5 - 3.0)).min_by(f64::total_cmp)
}
