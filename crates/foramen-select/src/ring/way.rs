//! The most open way from the canal to the outside.

use super::{ANGLE, ANGLES, NEAREST, RADII, RADIUS, Unrolled, angle, inside, radius};
use crate::frame::whole;

/// The way lies within so many degrees of where the foramen is expected.
const SECTOR: f64 = 22.0;
/// It ends so many millimetres from the middle of the canal, outside the foramen.
const OUTSIDE: f64 = 19.0;
/// How many angles it may turn per radius.
const TURN: usize = 2;
/// What a millimetre of open tissue costs, beside 1 of bone: of two open ways the shorter.
const LENGTH_COST: f64 = 0.02;

/// The most open way from the canal to the outside.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Millimetres of it that are bone, or as dark.
    pub(crate) bone: f64,
    /// Its places (outward, back) in millimetres from the middle of the canal, from the sac
    /// outwards.
    pub(crate) places: Vec<(f64, f64)>,
}

impl Unrolled {
    /// The way from the sac to the outside that crosses the least bone, within the sector
    /// where the foramen is expected. `open` says how open an intensity is, 0 to 1.
    ///
    /// In an open foramen it meets hardly any bone; where a pedicle lies it must cross it.
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
