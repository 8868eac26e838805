//! How bright a passage is beside the tissue around it.

use foramen_types::Side;

use crate::caliper::Neck;
use crate::frame::Frame;
use crate::ring::{Levels, quantile};

/// What fills foramina here is seen in a square of 8 mm; its places lie this far
/// apart, in millimetres.
const STEP: f64 = 0.5;
/// What fills an open foramen is as bright as the brightest fifth around it.
const BRIGHT: f64 = 0.8;

/// The brightest place between two walls against the brightest tissue around,
/// 1 when they are equal.
///
/// A passage that is narrow, or narrow in a part of the slice's thickness, is
/// darkened by its walls before the edges move: what is missing in brightness
/// says how much narrower it is than its edges.
pub(crate) fn brightness(frame: &Frame<'_>, side: Side, neck: &Neck, levels: Levels) -> f64 {
    let (front, back) = (neck.front, neck.back);
    let across = (back.0 - front.0, back.1 - front.1);
    let norm = across.0.hypot(across.1).max(1e-9);
    let along = (across.1 / norm, -across.0 / norm);
    let value = |at| frame.sample(Frame::outward(side, at)).map(|v| f64::from(v) - levels.dark);
    // Over a millimetre of the channel, so that noise does not decide.
    let peak = (0..=24)
        .filter_map(|k| {
            let t = f64::from(k) / 24.0;
            let values: Vec<f64> = (-2..=2)
                .filter_map(|s| {
                    let s = 0.25 * f64::from(s);
                    let at = |a: f64, b: f64, c: f64| a + b * t + c * s;
                    value((at(front.0, across.0, along.0), at(front.1, across.1, along.1)))
                })
                .collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        })
        .fold(f64::NEG_INFINITY, f64::max);
    let middle = (front.0 + 0.5 * across.0, front.1 + 0.5 * across.1);
    let steps = -8..=8;
    let mut around: Vec<f32> = steps
        .clone()
        .flat_map(|i| steps.clone().map(move |k| (f64::from(i), f64::from(k))))
        .filter_map(|(i, k)| {
            let place = (middle.0 + STEP * i, middle.1 + STEP * k);
            frame.sample(Frame::outward(side, place))
        })
        .collect();
    let bright = quantile(&mut around, BRIGHT) - levels.dark;
    peak / bright.max(0.1 * (levels.fluid - levels.dark))
}
