//! The most open path from the canal to the outside.

use super::{ANGLE, ANGLES, NEAREST, RADII, RADIUS, Unrolled, angle, inside, radius};
use crate::frame::whole;

/// Greatest angle between the path and the direction of the expected foramen, in degrees.
const SECTOR: f64 = 22.0;
/// Distance of the path's end from the middle of the canal, outside the foramen, in millimetres.
const OUTSIDE: f64 = 19.0;
/// Number of angles that the path may turn per radius.
const TURN: usize = 2;
/// Cost of a millimetre of open tissue, relative to 1 for bone: of two open paths the shorter is
/// taken.
const LENGTH_COST: f64 = 0.02;

/// The most open path from the canal to the outside.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Millimetres of the path in bone or equally dark tissue.
    pub(crate) bone: f64,
    /// Points of the path (outward, back) in millimetres from the middle of the canal, from the sac
    /// outwards.
    pub(crate) places: Vec<(f64, f64)>,
}

impl Unrolled {
    /// The path from the sac to the outside that crosses the least bone, within the sector of the
    /// expected foramen. `open` maps an intensity to its openness, 0 to 1.
    ///
    /// In an open foramen the path meets hardly any bone; a pedicle it must cross.
    pub(crate) fn way(
        &self,
        open: impl Fn(f64) -> f64,
        sac: (f64, f64),
        expected: (f64, f64),
    ) -> Option<Way> {
        let towards = (-expected.1).atan2(expected.0).to_degrees();
        let within = |i: &usize| (angle(*i).to_degrees() - towards).abs() <= SECTOR;
        let sector: Vec<usize> = (0..ANGLES).filter(within).collect();
        let end = whole((OUTSIDE - NEAREST) / RADIUS);
        let bone = |i: usize, j: usize| 1.0 - open(f64::from(self.values[i * RADII + j]));
        let step = |i: usize, k: usize, j: usize| {
            (radius(j) * ANGLE.to_radians() * (i as f64 - k as f64)).hypot(RADIUS)
        };
        let mut cost = vec![f64::INFINITY; ANGLES];
        let mut from = vec![0_usize; end * ANGLES];
        for j in 0..end {
            let mut next = vec![f64::INFINITY; ANGLES];
            for &i in &sector {
                if radius(j) <= inside(i, sac) {
                    (next[i], from[j * ANGLES + i]) = (0.0, i);
                    continue;
                }
                let bone = bone(i, j);
                let near = i.saturating_sub(TURN)..(i + TURN + 1).min(ANGLES);
                for (k, before) in near.clone().zip(&cost[near]) {
                    let value = before + (bone + LENGTH_COST) * step(i, k, j);
                    if value < next[i] {
                        (next[i], from[j * ANGLES + i]) = (value, k);
                    }
                }
            }
            cost = next;
        }
        let mut i = sector.into_iter().min_by(|a, b| cost[*a].total_cmp(&cost[*b]))?;
        if !cost[i].is_finite() {
            return None;
        }
        let mut way = Way { bone: 0.0, places: Vec::new() };
        for j in (0..end).rev().take_while(|j| radius(*j) > NEAREST) {
            if radius(j) <= inside(i, sac) {
                break;
            }
            let (sin, cos) = angle(i).sin_cos();
            way.places.push((radius(j) * cos, -radius(j) * sin));
            let k = from[j * ANGLES + i];
            way.bone += bone(i, j) * step(i, k, j);
            i = k;
        }
        way.places.reverse();
        Some(way)
    }
}
