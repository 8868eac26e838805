//! Template of the thecal sac: a bright ring around a darker or equal middle, within a closed dark
//! wall.

use std::f64::consts::TAU;

use crate::frame::{Frame, whole};

/// Directions in which a candidate is examined.
const DIRECTIONS: usize = 24;
/// Half axes (lateral, antero-posterior) of the sac in millimetres: dural sacs
/// are 15 to 27 mm wide and 7 to 17 mm deep (DOI 10.1002/acm2.14282).
pub(super) const SHAPES: [(f64, f64); 5] =
    [(8.0, 5.5), (9.5, 6.5), (11.0, 7.5), (12.5, 8.5), (10.0, 9.0)];

/// Intensities on a square of 1 mm pixels, smoothed to about that resolution.
pub(super) struct Grid {
    half: usize,
    pub(super) values: Vec<f64>,
}

impl Grid {
    pub(super) fn new(frame: &Frame<'_>, reach: f64) -> Self {
        let half = whole(reach);
        let side = 2 * half + 1;
        let offset = |index: usize| index as f64 - half as f64;
        let mut values = Vec::with_capacity(side * side);
        for i in 0..side {
            for j in 0..side {
                let mut sum = 0.0;
                for (left, back) in [(-0.35, -0.35), (-0.35, 0.35), (0.35, -0.35), (0.35, 0.35)] {
                    let at = (offset(j) + left, offset(i) + back);
                    sum += f64::from(frame.sample(at).unwrap_or(0.0));
                }
                values.push(sum / 4.0);
            }
        }
        Self { half, values }
    }

    /// Index of the pixel nearest a place in millimetres.
    pub(super) fn index(&self, (left, back): (f64, f64)) -> usize {
        let side = 2 * self.half + 1;
        let index = |mm: f64| whole((mm + self.half as f64).round().max(0.0)).min(side - 1);
        index(back) * side + index(left)
    }

    pub(super) fn quantile(&self, q: f64) -> f64 {
        let mut sorted = self.values.clone();
        let index = whole((sorted.len() - 1) as f64 * q);
        *sorted.select_nth_unstable_by(index, f64::total_cmp).1
    }
}

/// Where a sac of one shape is examined, in millimetres (left, back) from its
/// middle.
pub(super) struct Template {
    pub(super) axes: (f64, f64),
    ring: Vec<[(f64, f64); 3]>,
    wall: Vec<[(f64, f64); 3]>,
    cord: Vec<(f64, f64)>,
}

impl Template {
    pub(super) fn new(axes: (f64, f64)) -> Self {
        let mut template = Self { axes, ring: Vec::new(), wall: Vec::new(), cord: Vec::new() };
        for k in 0..DIRECTIONS {
            // Half a step off the axes, so that left and right, front and back
            // are examined alike.
            let (sin, cos) = ((k as f64 + 0.5) * TAU / DIRECTIONS as f64).sin_cos();
            let (x, y) = (axes.0 * cos, axes.1 * sin);
            template.ring.push([0.72, 0.84, 0.96].map(|f| (f * x, f * y)));
            template.wall.push([1.2, 2.2, 3.2].map(|mm| (x + mm * cos, y + mm * sin)));
            template.cord.push((0.2 * x, 0.2 * y));
        }
        template
    }

    /// The score of a place whose intensities `at` gives.
    pub(super) fn score(&self, bright: f64, at: impl Fn((f64, f64)) -> f64) -> f64 {
        let mut seen = Seen::default();
        for (k, (ring, wall)) in self.ring.iter().zip(&self.wall).enumerate() {
            seen.inside[k] = ring.iter().map(|d| at(*d)).sum::<f64>() / 3.0;
            seen.outside[k] = wall.iter().map(|d| at(*d)).fold(f64::INFINITY, f64::min);
        }
        seen.cord = self.cord.iter().map(|d| at(*d)).sum::<f64>() / DIRECTIONS as f64;
        seen.score(bright)
    }
}

/// A template as steps through the pixels of a grid.
pub(super) struct Stencil {
    ring: Vec<[isize; 3]>,
    wall: Vec<[isize; 3]>,
    cord: Vec<isize>,
}

impl Stencil {
    pub(super) fn new(template: &Template, grid: &Grid) -> Self {
        let zero = grid.index((0.0, 0.0));
        let step = |d: (f64, f64)| grid.index(d).cast_signed() - zero.cast_signed();
        Self {
            ring: template.ring.iter().map(|places| places.map(step)).collect(),
            wall: template.wall.iter().map(|places| places.map(step)).collect(),
            cord: template.cord.iter().map(|place| step(*place)).collect(),
        }
    }

    pub(super) fn score(&self, bright: f64, values: &[f64], at: usize) -> f64 {
        let value = |step: isize| values[at.saturating_add_signed(step).min(values.len() - 1)];
        let mut seen = Seen::default();
        for (k, (ring, wall)) in self.ring.iter().zip(&self.wall).enumerate() {
            seen.inside[k] = ring.iter().map(|step| value(*step)).sum::<f64>() / 3.0;
            seen.outside[k] = wall.iter().map(|step| value(*step)).fold(f64::INFINITY, f64::min);
        }
        seen.cord = self.cord.iter().map(|step| value(*step)).sum::<f64>() / DIRECTIONS as f64;
        seen.score(bright)
    }
}

/// The intensities that a template samples at one place.
#[derive(Default)]
struct Seen {
    inside: [f64; DIRECTIONS],
    outside: [f64; DIRECTIONS],
    cord: f64,
}

impl Seen {
    /// The contrast of ring to wall, mostly where it is weakest (the wall must be closed), less the
    /// unevenness of the ring; plus a bonus for a darker middle and for a bright ring.
    pub(super) fn score(&self, bright: f64) -> f64 {
        let floor = 0.1 * bright + 1e-9;
        let n = DIRECTIONS as f64;
        let mut contrast = [0.0; DIRECTIONS];
        for (k, (inside, outside)) in self.inside.iter().zip(&self.outside).enumerate() {
            contrast[k] = (inside - outside) / (inside + outside + floor);
        }
        let mean = self.inside.iter().sum::<f64>() / n;
        let spread = self.inside.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        let uneven = spread.sqrt() / (mean + 1e-9);
        let overall = contrast.iter().sum::<f64>() / n;
        let half = DIRECTIONS / 2;
        contrast.select_nth_unstable_by(half, f64::total_cmp);
        let weakest = contrast[..half].iter().sum::<f64>() * 2.0 / n;
        let middle = ((mean - self.cord) / (mean + floor)).clamp(-0.5, 0.5);
        let brightness = (mean / (bright + 1e-9)).min(1.0);
        weakest + 0.3 * overall - 0.3 * uneven + 0.35 * middle + 0.25 * brightness
    }
}
