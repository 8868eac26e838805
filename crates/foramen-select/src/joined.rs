//! What the caliper and the network say together.

use foramen_types::Point;

use crate::foramen::{Passage, probability};
use crate::reader::Reading;
use crate::ring::distance;
use crate::{Foramen, State};

/// How far off a width of the caliper is in the mean, in millimetres.
const CALIPER_SPREAD: f64 = 0.5;
/// How much the log odds of the network and of the caliper count, and what is added: on
/// phantoms weights between these and the network alone do alike, but patients are
/// farther from what it learned on, and it takes their foramina for pedicles too soon.
const NETWORK_ODDS: f64 = 0.7;
const CALIPER_ODDS: f64 = 0.3;
const SHIFT: f64 = 1.0;
/// An error that matters, in millimetres.
const MATTERS: f64 = 0.8;

/// What is narrower is shut, in millimetres; and where nothing opens the wall that the
/// caliper follows.
const SHUT: f64 = 0.6;
const SHUT_WITHOUT_OPENING: f64 = 1.2;

/// How far off the places of walls are at least, in millimetres: the network has learned
/// where along a neck it is narrowest, and pictures differ there. A caliper set farther
/// away than this stands in another neck.
const PLACE_SPREAD: f64 = 0.5;
const SAME_NECK: f64 = 2.5;

/// Front and back wall, where those of the network and of a caliper weigh by how exact
/// they are.
pub(crate) fn joined_walls(reading: &Reading, caliper: [(f64, f64); 2]) -> [(f64, f64); 2] {
    let middle = |[front, back]: [(f64, f64); 2]| {
        (f64::midpoint(front.0, back.0), f64::midpoint(front.1, back.1))
    };
    if distance(middle(reading.walls), middle(caliper)) > SAME_NECK {
        return reading.walls;
    }
    let (network, hand) = (reading.spread.max(PLACE_SPREAD).powi(-2), CALIPER_SPREAD.powi(-2));
    let part = hand / (network + hand);
    let between = |a: f64, b: f64| a + part * (b - a);
    std::array::from_fn(|i| {
        let (ours, theirs) = (reading.walls[i], caliper[i]);
        (between(ours.0, theirs.0), between(ours.1, theirs.1))
    })
}

/// A foramen that both have read: widths weigh by how exact they are, and where they
/// differ the result is as doubtful as they differ. Walls stand where they were seen, this
/// width apart.
pub(crate) fn joined(caliper: Foramen, reading: &Reading, walls: [Point; 2]) -> Foramen {
    let (width, spread, shut) = match caliper.passage {
        Some(Passage { width, .. }) => {
            let (network, hand) = (reading.spread.powi(-2), CALIPER_SPREAD.powi(-2));
            let mean = (network * reading.width + hand * width) / (network + hand);
            let spread = (network + hand).sqrt().recip();
            (mean, spread.max((reading.width - width).abs() / 4.0), SHUT)
        }
        None => (reading.width, reading.spread, SHUT_WITHOUT_OPENING),
    };
    let odds = NETWORK_ODDS * reading.odds + CALIPER_ODDS * caliper.odds + SHIFT;
    // The share of a Laplace distribution that is nearer.
    let certainty = 1.0 - (-MATTERS / spread).exp();
    let passage = (width >= shut).then_some(Passage { width, certainty });
    let (state, width) = match passage {
        _ if odds <= 0.0 => (State::Closed, None),
        Some(_) => (State::Open, Some(width)),
        None => (State::Occluded, Some(0.0)),
    };
    let [front, back] = passage.map_or(walls, |passage| apart(walls, passage.width));
    Foramen {
        state,
        width,
        confidence: probability(odds.abs()) * if state == State::Open { certainty } else { 1.0 },
        front: Some(front),
        back: Some(back),
        odds,
        passage,
        ..caliper
    }
}

/// Two points on the same line with the same middle, this far apart.
fn apart([front, back]: [Point; 2], width: f64) -> [Point; 2] {
    let across = back - front;
    let middle = front + across * 0.5;
    let half = across.unit().map_or(across, |unit| unit * (0.5 * width));
    [middle - half, middle + half]
}
