//! The lowest-cost wall around one half of the canal.

use super::{ANGLE, ANGLES, RADII, RADIUS, Unrolled, angle, distance, inside, radius};

/// How many radii the wall may move between two angles.
const STEEPEST: usize = 4;
/// The cut lies nearer than this, in millimetres.
const FARTHEST: f64 = 21.0;
/// Cost per millimetre of wall, so that the shorter of two equal paths is taken.
const LENGTH_COST: f64 = 0.06;

/// The longest interruption of an opening that is bridged, in millimetres.
const BRIDGED: f64 = 2.2;
/// Weight from which a place may belong to the foramen: 18° to either side.
const EXPECTED: f64 = 0.83;
/// Openness from which a place starts an opening, and from which it continues
/// one: a root that fills the foramen is hardly brighter than its walls.
const OPEN: f64 = 0.5;
const FILLED: f64 = 0.3;

/// The lowest-cost wall around one half of the canal.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// Places (outward, back) in millimetres from the middle of the canal.
    pub(crate) places: Vec<(f64, f64)>,
    /// Openness at each place, 0 (wall) to 1 (passage).
    pub(crate) open: Vec<f64>,
    /// Weight of open tissue at each place.
    pub(crate) weight: Vec<f64>,
    /// Intensity at each place.
    pub(crate) intensity: Vec<f64>,
}

impl Unrolled {
    /// The path around the canal that crosses the least open tissue: it follows bone where possible
    /// and crosses the foramen at its narrowest place. It is the minimum cut between the canal and
    /// the outside, so leaks through marrow beyond a thin cortex do not affect it.
    pub(crate) fn cut(
        &self,
        open: impl Fn(f64) -> f64,
        sac: (f64, f64),
        expected: (f64, f64),
    ) -> Option<Cut> {
        let openness: Vec<f64> = self.values.iter().map(|value| open(f64::from(*value))).collect();
        let far = expected.0.hypot(expected.1);
        let towards = (-expected.1).atan2(expected.0).to_degrees();
        let sector: Vec<f64> =
            (0..ANGLES).map(|i| sector_weight(angle(i).to_degrees() - towards)).collect();
        let off: Vec<f64> = (0..RADII).map(|j| 1.0 + ((radius(j) - far) / 5.0).powi(2)).collect();
        let nearest: Vec<f64> = (0..ANGLES).map(|i| inside(i, sac)).collect();
        let allowed = |i: usize, j: usize| radius(j) >= nearest[i] && radius(j) <= FARTHEST;
        let mut cost: Vec<f64> =
            (0..RADII).map(|j| if allowed(0, j) { 0.0 } else { f64::INFINITY }).collect();
        let mut from = vec![0_usize; ANGLES * RADII];
        for i in 1..ANGLES {
            let mut next = vec![f64::INFINITY; RADII];
            for j in (0..RADII).filter(|j| allowed(i, *j)) {
                let arc = radius(j) * ANGLE.to_radians();
                for k in j.saturating_sub(STEEPEST)..(j + STEEPEST + 1).min(RADII) {
                    let length = arc.hypot((j as f64 - k as f64) * RADIUS);
                    let open =
                        f64::midpoint(openness[(i - 1) * RADII + k], openness[i * RADII + j]);
                    let value = cost[k] + (open * sector[i] * off[j] + LENGTH_COST) * length;
                    if value < next[j] {
                        (next[j], from[i * RADII + j]) = (value, k);
                    }
                }
            }
            cost = next;
        }
        let mut j = (0..RADII).min_by(|a, b| cost[*a].total_cmp(&cost[*b]))?;
        if !cost[j].is_finite() {
            return None;
        }
        let mut cut =
            Cut { places: Vec::new(), open: Vec::new(), weight: Vec::new(), intensity: Vec::new() };
        for i in (0..ANGLES).rev() {
            let (sin, cos) = angle(i).sin_cos();
            cut.intensity.push(f64::from(self.values[i * RADII + j]));
            cut.places.push((radius(j) * cos, -radius(j) * sin));
            cut.open.push(openness[i * RADII + j]);
            cut.weight.push(sector[i]);
            j = from[i * RADII + j];
        }
        cut.places.reverse();
        cut.open.reverse();
        cut.intensity.reverse();
        cut.weight.reverse();
        Some(cut)
    }
}

impl Cut {
    /// The brightest place on the cut within the sector, over about a millimetre.
    pub(crate) fn brightest(&self) -> f64 {
        (0..self.places.len())
            .filter(|i| self.weight[*i] > 0.7)
            .map(|i| {
                let near = &self.intensity[i.saturating_sub(1)..(i + 2).min(self.places.len())];
                near.iter().sum::<f64>() / near.len() as f64
            })
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// The opening in the wall: its first and last place, front first. Of several openings, the one
    /// with most open tissue near the expected foramen is taken. Short interruptions are bridged,
    /// since a root or a vessel may lie in a foramen.
    pub(crate) fn opening(&self) -> Option<((f64, f64), (f64, f64))> {
        let mut best: Option<(usize, usize, f64)> = None;
        let mut i = 0;
        while i < self.open.len() {
            if self.open[i] <= OPEN || self.weight[i] < EXPECTED {
                i += 1;
                continue;
            }
            let (mut last, mut amount) = (i, 0.0);
            let mut k = i + 1;
            while k < self.open.len()
                && self.weight[k] >= EXPECTED
                && distance(self.places[last], self.places[k]) <= BRIDGED
            {
                let step = distance(self.places[k - 1], self.places[k]);
                amount += self.open[k] * self.weight[k].powi(3) * step;
                if self.open[k] > FILLED {
                    last = k;
                }
                k += 1;
            }
            if best.is_none_or(|best| amount > best.2) {
                best = Some((i, last, amount));
            }
            i = last + 1;
        }
        best.map(|(first, last, _)| (self.places[first], self.places[last]))
    }
}

/// Weight of open tissue at an angle in degrees from the expected foramen: a gap in the wall far
/// from it is a weak ligament.
fn sector_weight(degrees: f64) -> f64 {
    (1.0 - (degrees.abs() - 13.0).max(0.0) / 30.0).max(0.1)
}
