//! The states of a stack's slices, judged as a sequence: pedicle, foramen, pedicle.

use foramen_types::Side;

use crate::Clue;

/// Mean height of a foramen or a pedicle along the neck, in millimetres. Bony foramina are 8.0 to
/// 8.4 mm tall (C3/4 to C6/7, Abu-Ghaida, 320 people), pedicles 6.4 to 7.0 mm (Int J Spine Surg
/// 15:413; Spine J 2009;9:729).
const TALL: f64 = 8.0;
/// Odds that both sides of a slice have the same state: the pedicles of a vertebra lie at one
/// height.
const ALIKE: f64 = 2.0;
/// The four pairs of states, left and right: whether each is open.
const PAIRS: [[bool; 2]; 4] = [[false, false], [false, true], [true, false], [true, true]];

/// The log odds of an open foramen on the left and the right of each slice, given those of all
/// slices alone (0: nothing is known) and the distances between them in millimetres; `without` may
/// leave out the neighbouring slices or the other side.
///
/// A hidden Markov model: each side changes between foramen and pedicle at a constant rate per
/// millimetre, and both sides tend to have the same state.
pub(crate) fn together(alone: &[[f64; 2]], gaps: &[f64], without: Option<Clue>) -> Vec<[f64; 2]> {
    let alike = if without == Some(Clue::OtherSide) { 1.0 } else { ALIKE };
    // Slices infinitely far apart know nothing of each other.
    let gap = |i: usize| if without == Some(Clue::Neighbours) { f64::INFINITY } else { gaps[i] };
    let emitted: Vec<[f64; 4]> = alone.iter().map(|odds| emission(odds, alike)).collect();
    let n = emitted.len();
    let mut forward = emitted.clone();
    for i in 1..n {
        let before = forward[i - 1];
        for (to, value) in forward[i].iter_mut().enumerate() {
            *value *= (0..4).map(|from| before[from] * step(from, to, gap(i - 1))).sum::<f64>();
        }
        normalise(&mut forward[i]);
    }
    let mut backward = vec![[1.0; 4]; n];
    for i in (1..n).rev() {
        let after: [f64; 4] = std::array::from_fn(|to| backward[i][to] * emitted[i][to]);
        backward[i - 1] = std::array::from_fn(|from| {
            (0..4).map(|to| step(from, to, gap(i - 1)) * after[to]).sum()
        });
        normalise(&mut backward[i - 1]);
    }
    (0..n)
        .map(|i| {
            let joint: [f64; 4] = std::array::from_fn(|pair| forward[i][pair] * backward[i][pair]);
            Side::BOTH.map(|side| {
                let at = usize::from(side == Side::Right);
                let sum = |open: bool| -> f64 {
                    (0..4).filter(|pair| PAIRS[*pair][at] == open).map(|pair| joint[pair]).sum()
                };
                (sum(true) / sum(false).max(f64::MIN_POSITIVE)).max(f64::MIN_POSITIVE).ln()
            })
        })
        .collect()
}

/// The likelihood of each pair of states from the slice alone, up to a constant factor.
fn emission(odds: &[f64; 2], alike: f64) -> [f64; 4] {
    PAIRS.map(|pair| {
        let alike = if pair[0] == pair[1] { alike } else { 1.0 };
        let of = |side: usize| if pair[side] { odds[side].exp() } else { 1.0 };
        alike * of(0) * of(1)
    })
}

/// The probability of a change from one pair of states to another over a gap in millimetres.
fn step(from: usize, to: usize, gap: f64) -> f64 {
    let changes = 0.5 * (1.0 - (-2.0 * gap.abs() / TALL).exp());
    (0..2)
        .map(|side| if PAIRS[from][side] == PAIRS[to][side] { 1.0 - changes } else { changes })
        .product()
}

fn normalise(values: &mut [f64; 4]) {
    let sum: f64 = values.iter().sum();
    for value in values {
        *value /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slice_without_neighbours_hears_its_other_side_alone() {
        let odds = together(&[[0.0, 0.0]], &[], None)[0];
        assert!(odds[0].abs() < 1e-12 && odds[1].abs() < 1e-12);
        let odds = together(&[[0.0, 4.0]], &[], None)[0];
        // The left, of which nothing is known, is as the right is: 2 to 1.
        let right = 4f64.exp();
        assert!((odds[0] - ((ALIKE * right + 1.0) / (right + ALIKE)).ln()).abs() < 1e-12);
    }

    #[test]
    fn a_doubtful_slice_between_foramina_is_open_and_between_pedicles_closed() {
        let between = |odds: f64| {
            together(&[[odds, odds], [0.0, 0.0], [odds, odds]], &[3.0, 3.0], None)[1][0]
        };
        assert!(between(4.0) > 1.0);
        assert!((between(4.0) + between(-4.0)).abs() < 1e-9);
    }

    #[test]
    fn what_is_left_out_is_not_heard() {
        let slices = [[5.0, 5.0], [-1.0, 3.0]];
        let without = |clue| together(&slices, &[2.0], Some(clue))[1][0];
        let alone = together(&slices[1..], &[], None)[0][0];
        assert!((without(Clue::Neighbours) - alone).abs() < 1e-9);
        let left = [[5.0, 0.0], [-1.0, 0.0]];
        let of_left = together(&left, &[2.0], Some(Clue::OtherSide))[1][0];
        assert!((without(Clue::OtherSide) - of_left).abs() < 1e-9);
    }

    #[test]
    fn slices_far_apart_know_nothing_of_each_other() {
        let near = together(&[[5.0, 5.0], [-1.0, -1.0]], &[2.0], None)[1][0];
        let far = together(&[[5.0, 5.0], [-1.0, -1.0]], &[60.0], None)[1][0];
        let alone = together(&[[-1.0, -1.0]], &[], None)[0][0];
        assert!(near > far + 0.5);
        assert!((far - alone).abs() < 1e-3);
    }
}
