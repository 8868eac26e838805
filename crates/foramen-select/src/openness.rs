//! Whether a slice cuts a foramen on a side, judged from that side alone.

use foramen_image::Contrast;

use crate::foramen::probability;

/// Weights of the evidence in the log odds of an open foramen: a constant, per millimetre of
/// bone on the way, per part of wall edge, and per part by which the passage is brighter than
/// the vertebra (not on T2*, where marrow is as dark as cortex).
///
/// Logistic regressions: `state_model --subjects 80 --real DIR` of `foramen-validation` gives
/// them from phantoms and the real examinations that were tuned on. On T2* these count two and
/// a half times as much as the phantoms, on T2 FSE, where they are few, half as much.
const T2_STAR: [f64; 4] = [-1.97, -3.31, 6.37, 0.0];
const T2_FSE: [f64; 4] = [-2.26, -2.83, 6.63, 10.58];
/// Bone beyond this thickness adds no further evidence, in millimetres.
const MOST_BONE: f64 = 5.0;
/// Limit of the log odds from one side alone.
const MOST: f64 = 6.0;

/// The log odds of an open foramen.
pub(crate) fn log_odds(bone_mm: f64, wall_edge: f64, brightness: f64, contrast: Contrast) -> f64 {
    let weights = if contrast == Contrast::T2Star { T2_STAR } else { T2_FSE };
    let [constant, bone, edge, bright] = weights;
    let odds = constant + bone * bone_mm.min(MOST_BONE) + edge * wall_edge + bright * brightness;
    odds.clamp(-MOST, MOST)
}

/// Weights in the log odds that a width is within 0.8 mm of the true one: a constant, per part
/// of wall edge, and per millimetre of width.
///
/// On T2 FSE `width_model` of `foramen-validation` gives them from four families of phantoms and
/// the people tuned on. On T2* they are of analytic phantoms, raised for people: what
/// `width_model` gives there is right on average, but leaves people's wide foramina below 0.8.
const WIDTH_T2_STAR: [f64; 3] = [-1.3, 5.0, 0.0];
const WIDTH_T2_FSE: [f64; 3] = [-0.67, 4.97, -0.06];
/// Probability that a measurement between sharp walls on T2* is in the right passage. Chosen beside
/// the real readings: two of 25 were off by 0.8 to 1.0 mm between sharp walls.
const RIGHT_PASSAGE: f64 = 0.95;

/// The probability that a width in millimetres is within 0.8 mm of the true one, given the edge of
/// its weaker wall.
pub(crate) fn width_certainty(width: f64, wall_edge: f64, contrast: Contrast) -> f64 {
    let ([constant, edge, wide], most) = match contrast {
        Contrast::T2Star => (WIDTH_T2_STAR, RIGHT_PASSAGE),
        _ => (WIDTH_T2_FSE, 1.0),
    };
    most * probability((constant + edge * wall_edge + wide * width).min(MOST))
}
