//! The wall of the canal, in polar coordinates around its middle.

use foramen_types::Side;

use crate::frame::{Frame, whole};

mod cut;
mod way;

pub(crate) use cut::Cut;
pub(crate) use way::Way;

/// Angular step in degrees.
const ANGLE: f64 = 1.5;
/// From in front of the vertebra's midline to the lamina, in degrees from the
/// lateral direction towards the front.
const FIRST: f64 = 100.0;
const ANGLES: usize = 121;
/// Radii in millimetres.
const NEAREST: f64 = 3.0;
const RADIUS: f64 = 0.25;
const RADII: usize = 93;
/// Soft tissue lies nearer than this, in millimetres, and is at least this part of the way
/// from bone to fluid.
const FARTHEST_TISSUE: f64 = 21.0;
const LEAST_TISSUE: f64 = 0.2;
/// Number of angles about the midline, at the front and at the back, from which the sac's depth is
/// measured.
const MIDLINE: usize = 12;
/// One half of a slice around the canal: `[angle, radius]`, from the front
/// midline over the side to the back.
pub(crate) struct Unrolled {
    values: Vec<f32>,
}

/// Intensities of fluid, cortical bone and soft tissue near the canal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GreyLevels {
    pub(crate) fluid: f64,
    pub(crate) dark: f64,
    /// Intensity of soft tissue beside the canal, over the whole stack.
    pub(crate) tissue: f64,
}

impl Unrolled {
    pub(crate) fn new(frame: &Frame<'_>, side: Side) -> Self {
        let mut values = Vec::with_capacity(ANGLES * RADII);
        for i in 0..ANGLES {
            let (sin, cos) = angle(i).sin_cos();
            for j in 0..RADII {
                let r = radius(j);
                let at = Frame::outward(side, (r * cos, -r * sin));
                values.push(frame.sample(at).unwrap_or(0.0));
            }
        }
        Self { values }
    }

    /// Fluid and bone on this half, with the soft tissue of the stack.
    pub(crate) fn levels(&self, sac: (f64, f64), tissue: f64) -> GreyLevels {
        let inner = whole(((sac.1 * 0.75 - NEAREST) / RADIUS).max(0.0));
        let outer = whole((sac.0 - NEAREST) / RADIUS).min(RADII);
        let limit = whole((18.0 - NEAREST) / RADIUS);
        let (mut ring, mut all) = (Vec::new(), Vec::new());
        for i in 0..ANGLES {
            let row = &self.values[i * RADII..(i + 1) * RADII];
            ring.extend_from_slice(&row[inner..outer]);
            all.extend_from_slice(&row[..limit]);
        }
        let (fluid, dark) = (quantile(&mut ring, 0.75), quantile(&mut all, 0.01));
        let tissue = tissue.clamp(dark + LEAST_TISSUE * (fluid - dark), fluid.max(dark));
        GreyLevels { fluid, dark, tissue }
    }

    /// The intensity of soft tissue beside the canal: the upper quartile of pixels near the sac but
    /// outside it.
    pub(crate) fn tissue(&self, sac: (f64, f64)) -> f64 {
        let mut beside = Vec::new();
        for i in 0..ANGLES {
            for j in 0..RADII {
                if (inside(i, sac) + 1.5..FARTHEST_TISSUE).contains(&radius(j)) {
                    beside.push(self.values[i * RADII + j]);
                }
            }
        }
        quantile(&mut beside, 0.75)
    }

    /// The depth of the sac along the midline, measured where fluid falls to half, in millimetres.
    pub(crate) fn sac_depth(&self, sac: (f64, f64), levels: GreyLevels) -> f64 {
        let half = f64::midpoint(levels.fluid, levels.dark);
        let reach = |i: usize| {
            let row = &self.values[i * RADII..(i + 1) * RADII];
            let index = |part: f64| whole(((part * inside(i, sac) - NEAREST) / RADIUS).max(0.0));
            let around = index(0.6)..=index(1.5).min(RADII - 1);
            let peak = around.max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0);
            radius((peak..RADII).find(|j| f64::from(row[*j]) < half).unwrap_or(RADII - 1))
        };
        let median = |angles: std::ops::Range<usize>| {
            let mut radii: Vec<f64> = angles.map(reach).collect();
            radii.sort_by(f64::total_cmp);
            radii[radii.len() / 2]
        };
        median(0..MIDLINE) + median(ANGLES - MIDLINE..ANGLES)
    }
}

/// The similarity of two halves when the slice is turned by each of −15° to 15°: the turn (degrees,
/// towards the front on the left) and a correlation.
pub(crate) fn symmetry(left: &Unrolled, right: &Unrolled) -> Vec<(f64, f64)> {
    let steps = 10_usize;
    (0..=2 * steps)
        .map(|turn| {
            let (mut n, mut sums) = (0.0, [0.0; 5]);
            for i in 2 * steps..ANGLES - 2 * steps {
                // Left at a larger angle, right at a smaller one.
                let (a, b) = (i + steps - turn, i + turn - steps);
                for j in (12..RADII).step_by(3) {
                    let x = f64::from(left.values[a * RADII + j]);
                    let y = f64::from(right.values[b * RADII + j]);
                    n += 1.0;
                    for (sum, value) in sums.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                        *sum += value;
                    }
                }
            }
            let [x, y, xx, yy, xy] = sums.map(|sum| sum / n);
            let spread = ((xx - x * x) * (yy - y * y)).max(0.0).sqrt();
            let degrees = (turn as f64 - steps as f64) * ANGLE;
            (degrees, if spread > 0.0 { (xy - x * y) / spread } else { 0.0 })
        })
        .collect()
}

impl Unrolled {
    /// The intensity of bone: of the vertebra (or disc) in front of the canal.
    pub(crate) fn bone(&self, cut: &Cut) -> f64 {
        let mut values = Vec::new();
        for i in 0..14 {
            let wall = cut.places[i].0.hypot(cut.places[i].1);
            for j in 0..RADII {
                if radius(j) > wall + 2.0 && radius(j) < wall + 7.0 {
                    values.push(self.values[i * RADII + j]);
                }
            }
        }
        quantile(&mut values, 0.5)
    }
}

pub(crate) fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The extent of the sac at an angle, in millimetres.
fn inside(index: usize, sac: (f64, f64)) -> f64 {
    let (sin, cos) = angle(index).sin_cos();
    0.95 / (cos / sac.0).hypot(sin / sac.1)
}

fn angle(index: usize) -> f64 {
    (FIRST - ANGLE * index as f64).to_radians()
}

fn radius(index: usize) -> f64 {
    NEAREST + RADIUS * index as f64
}

pub(crate) fn quantile(values: &mut [f32], q: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let index = whole((values.len() - 1) as f64 * q);
    f64::from(*values.select_nth_unstable_by(index, f32::total_cmp).1)
}
