//! The upper end of the foramina: slices through the axis, the atlas and the skull base have none.

use foramen_image::Stack;

use crate::ring::quantile;
use crate::{Foramen, RefusalReason, SliceMeasurement, State};

/// How much deeper (front to back) the sac is at and above the axis than on most slices of the
/// neck, and the evidence per relative deviation from this depth, per millimetre of height.
const DEEPER: f64 = 1.29;
const BY_DEPTH: f64 = 12.0;
const LEAST_BY_DEPTH: f64 = -0.05;
/// Evidence of a slice without a foramen on either side, per millimetre of height: pedicles are 6
/// to 8 mm tall, whereas the axis is closed over a greater height.
const BY_CLOSED: f64 = 0.17;
/// Evidence of a slice with an opening of plausible width; the width (in millimetres) that is too
/// large for a foramen, and the evidence of such an opening: between axis and atlas the canal is
/// open to the side.
const BY_OPEN: f64 = -0.35;
const TOO_WIDE: f64 = 8.5;
const BY_WIDE: f64 = 0.6;
/// The evidence from which the slices at the head end count as above the foramina.
const ENOUGH: f64 = 2.0;
/// Within this distance of the highest opening a pedicle is cut, in millimetres.
const NEAR: f64 = 6.0;

/// Refuses the slices at the head end that lie above the highest foramen. The measurements are
/// kept, in case a disc is known to lie there.
///
/// Each slice is evidence for or against, by the depth of its sac and by its openings and their
/// widths; the head end with the most evidence is refused. So a single false opening, or a slice
/// without a canal, is not decisive.
pub(crate) fn refuse_above_foramina(
    stack: &Stack,
    depths: &[Option<f64>],
    results: &mut [SliceMeasurement],
) {
    let Some(first) = first_above(&heights(stack), depths, results) else { return };
    for result in &mut results[first..] {
        for foramen in [&mut result.left, &mut result.right] {
            if foramen.state != State::Refused {
                foramen.state = State::Refused;
                foramen.width = None;
                foramen.reason = Some(RefusalReason::AboveForamina);
                foramen.confidence = 0.0;
            }
        }
    }
}

/// The height of each slice above the lowest, in millimetres.
fn heights(stack: &Stack) -> Vec<f64> {
    let steps = std::iter::once(0.0).chain(stack.gaps());
    steps
        .scan(0.0, |height, gap| {
            *height += gap;
            Some(*height)
        })
        .collect()
}

fn first_above(
    heights: &[f64],
    depths: &[Option<f64>],
    results: &[SliceMeasurement],
) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, reason = "depths of a sac in millimetres")]
    let mut known: Vec<f32> = depths.iter().flatten().map(|depth| *depth as f32).collect();
    let usual = quantile(&mut known, 0.25);
    let evidence = |i: usize| {
        let below = if i == 0 { 3.0 } else { heights[i] - heights[i - 1] };
        let depth = depths[i]
            .filter(|_| usual > 0.0)
            .map_or(0.0, |depth| (BY_DEPTH * (depth / usual - DEEPER)).clamp(LEAST_BY_DEPTH, 1.0));
        below * (depth + openings(&results[i]))
    };
    let mut best = (ENOUGH, None);
    let mut sum = 0.0;
    for i in (1..results.len()).rev() {
        sum += evidence(i);
        if sum > best.0 {
            best = (sum, Some(i));
        }
    }
    let first = best.1?;
    // A pedicle just above the highest foramen is one, where the sac is not deeper.
    let highest = (0..first).rev().find(|i| is_open(&results[*i]))?;
    let deeper = |i: usize| depths[i].is_some_and(|depth| depth / usual > DEEPER);
    (first..results.len()).find(|i| heights[*i] - heights[highest] > NEAR || deeper(*i))
}

fn openings(result: &SliceMeasurement) -> f64 {
    let of = |foramen: &Foramen| match (foramen.state, foramen.width) {
        (State::Open, Some(width)) if width > TOO_WIDE => BY_WIDE,
        (State::Open, _) => BY_OPEN,
        (State::Pedicle | State::Shut | State::Occluded, _) => BY_CLOSED,
        (State::Refused, _) => 0.0,
    };
    0.5 * (of(&result.left) + of(&result.right))
}

fn is_open(result: &SliceMeasurement) -> bool {
    [&result.left, &result.right].iter().any(|foramen| foramen.state == State::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// States from the feet to the head, 3 mm apart, the same on both sides, of sacs so deep.
    fn first(states: &[(char, f64)]) -> Option<usize> {
        let foramen = |(state, _): &(char, f64)| {
            let (state, width) = match state {
                'O' => (State::Open, Some(4.0)),
                'W' => (State::Open, Some(11.0)),
                'C' => (State::Pedicle, None),
                _ => (State::Refused, None),
            };
            Foramen { state, width, reason: None, ..Foramen::refused(RefusalReason::NoWalls) }
        };
        let results: Vec<SliceMeasurement> = states
            .iter()
            .map(|s| SliceMeasurement { canal: None, left: foramen(s), right: foramen(s) })
            .collect();
        let heights: Vec<f64> = (0..states.len()).map(|i| 3.0 * i as f64).collect();
        let depths: Vec<Option<f64>> = states.iter().map(|s| Some(s.1)).collect();
        first_above(&heights, &depths, &results)
    }

    fn even(states: &str) -> Option<usize> {
        first(&states.chars().map(|c| (c, 12.0)).collect::<Vec<_>>())
    }

    #[test]
    fn a_long_way_without_foramina_is_the_axis() {
        // The pedicle just above the highest opening stays.
        assert_eq!(even("OOCCCOOCCCOOCCCCCCCC"), Some(14));
        assert_eq!(even("OOCCCOOCCCOOCCC"), None);
        assert_eq!(even("CCCCCC"), None);
    }

    #[test]
    fn one_false_opening_switches_nothing_off() {
        assert_eq!(even("OOCCCOOCCCOOCCCCCCOCCCCC"), Some(14));
    }

    #[test]
    fn a_deep_sac_with_wide_openings_lies_above() {
        let mut states: Vec<(char, f64)> = "OOCCCOOCCCOO".chars().map(|c| (c, 12.0)).collect();
        states.extend("CWWOC".chars().map(|c| (c, 17.5)));
        assert_eq!(first(&states), Some(12));
        // The canal widens towards the head in every neck.
        let grows: Vec<(char, f64)> = "OOCCCOOCCCOOO"
            .chars()
            .zip(0_u8..)
            .map(|(c, i)| (c, 11.0 + 0.25 * f64::from(i)))
            .collect();
        assert_eq!(first(&grows), None);
    }
}
