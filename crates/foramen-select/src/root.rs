//! The nerve root outside the foramen: a band between fat, or between fat and darker tissue.

use foramen_types::Side;

use crate::frame::{Frame, whole};
use crate::ring::GreyLevels;

/// Positions at which the root is measured, millimetres outward from the narrowest passage: at the
/// front of the superior articular process (Kim, KJR 2015).
const STATIONS: (f64, f64) = (4.5, 7.5);
const STATION: f64 = 0.25;
/// Sampling step across the root, and the reach to both sides, in millimetres.
const FINE: f64 = 0.1;
const REACH: f64 = 6.0;
/// Half the distance over which an edge is measured, and the gap left out in its middle, in steps.
const EDGE: usize = 5;
const GAP: usize = 1;
/// Least difference of an edge, relative to that from bone to fluid.
const LEAST: f64 = 0.03;
/// Roots are 1.2 to 5 mm wide and swell at their ganglion.
const WIDTHS: (f64, f64) = (1.2, 6.2);
/// Brightness of a root: at least `FLOOR` of fluid, and at most `CEILING` of the fat around it.
const FLOOR: f64 = 0.15;
const CEILING: f64 = 0.78;
/// The root lies this far behind the axis of the foramen, in millimetres. A band loses score for
/// each millimetre beyond the slack from there, and for its inclination.
const BEHIND: f64 = 1.0;
const SLACK: f64 = 0.4;
const BY_PLACE: f64 = 0.12;
const LEAN: f64 = 0.15;
const BY_LEAN: f64 = 0.05;
/// The root is visible from this score: the weaker edge less the noise of the band, less the
/// penalty for its position.
const VISIBLE: f64 = 0.05;
/// How far beyond an edge its flank is searched, in steps.
const FLANK: usize = 8;
/// The rim of fat between a root and dark tissue is too thin to be visible, in millimetres.
const RIM: f64 = 0.45;

/// A visible root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root {
    /// Its front and back edge (outward, back), in millimetres from the middle of
    /// the canal.
    pub(crate) edges: [(f64, f64); 2],
    pub(crate) width: f64,
}

/// Measures the root outside a foramen on T2 FSE; `None` where it is not visible.
///
/// The strip outside the foramen is averaged along the root, at the inclination at which a band has
/// most contrast. The edges of the root lie at half intensity. In a thick slice a round root fades
/// towards its edges; this loss is added.
pub(crate) fn find(
    frame: &Frame<'_>,
    side: Side,
    walls: [(f64, f64); 2],
    levels: GreyLevels,
    thickness: Option<f64>,
) -> Option<Root> {
    let strip = Strip::new(frame, side, walls, levels)?;
    let ceiling = CEILING * strip.bright();
    let leans = (-5..=6).map(|k| 0.1 * f64::from(k));
    let (band, profile) = leans
        .filter_map(|lean| {
            let profile = strip.profile(lean);
            Some((Band::best(&profile, lean, ceiling)?, profile))
        })
        .max_by(|a, b| a.0.score.total_cmp(&b.0.score))?;
    if band.score <= VISIBLE {
        return None;
    }
    let (front, back) = band.half_intensity(&profile);
    let between = back - front;
    let faded = thickness.map_or(0.0, |mm| 0.5 * (round(between, mm) - between));
    let outer = |is_fat: bool| if is_fat { faded } else { -RIM };
    let (front, back) = (front - outer(band.fat.0), back + outer(band.fat.1));
    let middle = f64::midpoint(STATIONS.0, STATIONS.1);
    let edges = [strip.place(middle, front), strip.place(middle, back)];
    (back > front).then_some(Root { edges, width: back - front })
}

/// The diameter of a round root from the distance between its half-intensity points in a slice of
/// this thickness. At these points the root fills half of the thickness, or half of its own
/// diameter.
fn round(between: f64, thickness: f64) -> f64 {
    (between * between + 0.25 * thickness * thickness).sqrt().min(between / 0.866)
}

/// The surroundings of the root: `[station, across]`, as parts of the intensity
/// of fluid.
struct Strip {
    origin: (f64, f64),
    across: (f64, f64),
    rows: Vec<Vec<f64>>,
}

impl Strip {
    /// `None` where it leaves the image.
    fn new(
        frame: &Frame<'_>,
        side: Side,
        walls: [(f64, f64); 2],
        levels: GreyLevels,
    ) -> Option<Self> {
        // The walls tell the axis of the foramen, but stand close together: it
        // lies about 50° to the coronal plane.
        let (sin, cos) = 50_f64.to_radians().sin_cos();
        let [front, back] = walls;
        let sum = (back.0 - front.0 + 2.0 * sin, back.1 - front.1 + 2.0 * cos);
        let norm = sum.0.hypot(sum.1).max(1e-9);
        let origin = (f64::midpoint(front.0, back.0), f64::midpoint(front.1, back.1));
        let mut strip = Self { origin, across: (sum.0 / norm, sum.1 / norm), rows: Vec::new() };
        let range = levels.fluid - levels.dark;
        let stations = whole((STATIONS.1 - STATIONS.0) / STATION);
        for station in 0..=stations {
            let along = STATIONS.0 + STATION * station as f64;
            let value = |step: usize| {
                let at = strip.place(along, across(step as f64));
                let value = frame.sample(Frame::outward(side, at))?;
                Some((f64::from(value) - levels.dark) / range)
            };
            let row = (0..=steps()).map(value).collect::<Option<Vec<f64>>>()?;
            strip.rows.push(row);
        }
        Some(strip)
    }

    fn place(&self, along: f64, across: f64) -> (f64, f64) {
        (
            self.origin.0 + along * self.across.1 + across * self.across.0,
            self.origin.1 - along * self.across.0 + across * self.across.1,
        )
    }

    /// The intensity of bright tissue: fat.
    fn bright(&self) -> f64 {
        let near = |row: &Vec<f64>| row[20..=steps() - 20].to_vec();
        let mut values: Vec<f64> = self.rows.iter().flat_map(near).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() * 85 / 100]
    }

    /// The mean of the rows along a band that inclines to the back by `lean` per millimetre
    /// outward.
    fn profile(&self, lean: f64) -> Vec<f64> {
        let middle = (self.rows.len() - 1) as f64 / 2.0;
        let last = steps() as f64;
        let mut profile = vec![0.0; steps() + 1];
        for (station, row) in self.rows.iter().enumerate() {
            let shift = lean * STATION * (station as f64 - middle) / FINE;
            for (step, sum) in profile.iter_mut().enumerate() {
                let at = (step as f64 + shift).clamp(0.0, last);
                let below = whole(at).min(steps() - 1);
                let part = at - below as f64;
                *sum +=
                    (row[below] * (1.0 - part) + row[below + 1] * part) / self.rows.len() as f64;
            }
        }
        profile
    }
}

/// An edge of a band: a step of the profile and the rise there towards the back.
#[derive(Debug, Clone, Copy)]
struct Edge {
    step: usize,
    rise: f64,
}

/// A band between two edges.
#[derive(Debug, Clone, Copy)]
struct Band {
    front: usize,
    back: usize,
    /// Whether its front and its back flank are brighter than the band: fat.
    fat: (bool, bool),
    level: f64,
    score: f64,
}

impl Band {
    fn best(profile: &[f64], lean: f64, ceiling: f64) -> Option<Self> {
        let edges = edges(profile);
        let mut best: Option<Self> = None;
        for (index, &front) in edges.iter().enumerate() {
            for &back in &edges[index + 1..] {
                let width = FINE * (back.step - front.step) as f64;
                let fat = (front.rise < 0.0, back.rise > 0.0);
                if width < WIDTHS.0 || width > WIDTHS.1 || fat == (false, false) {
                    continue;
                }
                let inside = &profile[front.step + 2..back.step - 1];
                let n = inside.len() as f64;
                let level = inside.iter().sum::<f64>() / n;
                if level < FLOOR || level > ceiling {
                    continue;
                }
                let unrest = inside.iter().map(|v| (v - level).powi(2)).sum::<f64>() / n;
                let off = (across((front.step + back.step) as f64 / 2.0) - BEHIND).abs();
                let score = front.rise.abs().min(back.rise.abs())
                    - unrest.sqrt()
                    - BY_PLACE * (off - SLACK).max(0.0)
                    - BY_LEAN * (lean - LEAN).abs();
                if best.is_none_or(|best| score > best.score) {
                    best = Some(Self { front: front.step, back: back.step, fat, level, score });
                }
            }
        }
        best
    }

    /// Where the profile is half way between the band and its flanks, in
    /// millimetres across.
    fn half_intensity(&self, profile: &[f64]) -> (f64, f64) {
        let half = |flank: &[f64], is_fat: bool| {
            let outside = flank.iter().copied().reduce(if is_fat { f64::max } else { f64::min });
            f64::midpoint(self.level, outside.unwrap_or(self.level))
        };
        let (front, back, fat) = (self.front, self.back, self.fat);
        let to_front = half(&profile[front.saturating_sub(FLANK)..=front], fat.0);
        let to_back = half(&profile[back..=(back + FLANK).min(steps())], fat.1);
        let beyond = |value: f64, level: f64, is_fat: bool| (value >= level) == is_fat;
        let mut at = front + 4;
        while at > 1 && !beyond(profile[at], to_front, fat.0) {
            at -= 1;
        }
        let from = across(crossing(profile, at, at + 1, to_front));
        let mut at = back - 4;
        while at + 1 < steps() && !beyond(profile[at], to_back, fat.1) {
            at += 1;
        }
        (from, across(crossing(profile, at, at - 1, to_back)))
    }
}

/// Where a profile reaches a level between two neighbouring steps.
fn crossing(profile: &[f64], outside: usize, inside: usize, level: f64) -> f64 {
    let (from, to) = (profile[inside], profile[outside]);
    let part = if (to - from).abs() < 1e-9 { 1.0 } else { ((level - from) / (to - from)).min(1.0) };
    inside as f64 + (outside as f64 - inside as f64) * part
}

/// The steepest places of a profile near the expected root.
fn edges(profile: &[f64]) -> Vec<Edge> {
    let mean = |from: usize| profile[from..from + EDGE].iter().sum::<f64>() / EDGE as f64;
    let rise = |step: usize| mean(step + GAP) - mean(step - EDGE - GAP);
    let rises: Vec<f64> = (19..=110).map(rise).collect();
    let is_steepest = |place: &usize| {
        let [before, here, after] = [rises[place - 1], rises[*place], rises[place + 1]];
        let sign = here.signum();
        here.abs() >= LEAST && here * sign >= before * sign && here * sign > after * sign
    };
    let places = (1..rises.len() - 1).filter(is_steepest);
    places.map(|place| Edge { step: place + 19, rise: rises[place] }).collect()
}

/// Steps across the strip.
fn steps() -> usize {
    whole(2.0 * REACH / FINE)
}

/// Millimetres across of a step.
fn across(step: f64) -> f64 {
    FINE * step - REACH
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_image::{Plane, Slice, Spacing};
    use foramen_types::{Point, Vector};
    use proptest::prelude::*;

    const PIXEL: f64 = 0.5;
    const SIZE: usize = 120;

    /// The intensity on T2 FSE at millimetres (left, back): on each side a foramen
    /// 3 mm wide around (11.5, −5.5) in bone, its axis at 50° to the coronal plane,
    /// and outside it a root of given width in fat, 0.8 mm behind the axis.
    fn tissue(left: f64, back: f64, roots: (f64, f64)) -> f32 {
        let root = if left > 0.0 { roots.0 } else { roots.1 };
        let (sin, cos) = 50_f64.to_radians().sin_cos();
        let (x, y) = (left.abs() - 11.5, back + 5.5);
        let (along, across) = (x * cos - y * sin, x * sin + y * cos);
        let beside = (across - 0.8).abs();
        if along > 2.5 && beside < root / 2.0 {
            330.0
        } else if (along > -4.0 && across.abs() < 1.5) || (along > 2.5 && beside < root / 2.0 + 1.5)
        {
            640.0
        } else {
            50.0
        }
    }

    /// A picture of it, as if its pixels had another size.
    fn slice(roots: (f64, f64), pixel: f64) -> Slice {
        let half = (SIZE as f64 - 1.0) / 2.0;
        let corner = Point::new(-half * pixel, -half * pixel, 0.0);
        let (u, v) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        let plane = Plane::new(corner, u, v, Spacing { row: pixel, column: pixel }).unwrap();
        let value = |index: usize| {
            let (row, column) = (index / SIZE, index % SIZE);
            let part = |k: usize| (k as f64 - 1.5) / 4.0 - half;
            let at = |i: usize, j: usize| {
                let (x, y) = (column as f64 + part(j), row as f64 + part(i));
                tissue(x * PIXEL, y * PIXEL, roots)
            };
            let sum: f32 = (0..16).map(|k| at(k / 4, k % 4)).sum();
            sum / 16.0 + ((row * 7919 + column * 104_729) % 41) as f32 - 20.0
        };
        let values = (0..SIZE * SIZE).map(value).collect();
        Slice::from_vec(plane, (SIZE, SIZE), values, None).unwrap()
    }

    fn seen(slice: &Slice, side: Side, scale: f64) -> Option<f64> {
        let frame = Frame::new(slice, Point::default()).unwrap();
        let (sin, cos) = 50_f64.to_radians().sin_cos();
        let wall = |across: f64| (scale * (11.5 + across * sin), scale * (-5.5 + across * cos));
        let levels = GreyLevels { fluid: 1000.0, dark: 50.0, tissue: 400.0 };
        find(&frame, side, [wall(-1.5), wall(1.5)], levels, None).map(|root| root.width)
    }

    fn left(root: f64) -> Option<f64> {
        seen(&slice((root, 3.0), PIXEL), Side::Left, 1.0)
    }

    #[test]
    fn a_root_in_fat_is_measured_to_a_fraction_of_a_pixel() {
        for width in [1.6, 2.0, 2.8, 3.5, 4.5, 5.5] {
            let error = left(width).unwrap() - width;
            assert!(error.abs() < 0.2, "{width}: {error:.2}");
        }
    }

    #[test]
    fn without_a_root_nothing_is_seen() {
        assert_eq!(left(0.0), None);
    }

    #[test]
    fn a_round_root_is_wider_than_its_half_intensity() {
        // A cylinder of 4 mm in a slice of 2 mm: full where its chord is 2 mm, half
        // where it is 1 mm, at √(4 − 0.25) from its axis.
        assert!((round(2.0 * 3.75_f64.sqrt(), 2.0) - 4.0).abs() < 1e-12);
        // In a thick slice half its own diameter is half: at √3 / 2 of its radius.
        assert!((round(2.0 * 3_f64.sqrt(), 8.0) - 4.0).abs() < 1e-3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn a_mirrored_picture_swaps_the_roots(one in 1.6..5.0_f64, other in 1.6..5.0_f64) {
            let slice = slice((one, other), PIXEL);
            let mut pixels = slice.pixels().clone();
            pixels.invert_axis(foramen_image::ndarray::Axis(1));
            let pixels = pixels.as_standard_layout().to_owned();
            let mirrored = Slice::new(*slice.plane(), pixels, None).unwrap();
            for side in Side::BOTH {
                let here = seen(&slice, side, 1.0).unwrap();
                let there = seen(&mirrored, side.opposite(), 1.0).unwrap();
                prop_assert!((here - there).abs() < 1e-6, "{} {}", here, there);
            }
        }

        #[test]
        fn a_larger_spacing_makes_a_wider_root(width in 2.0..4.0_f64, scale in 0.9..1.15_f64) {
            let root = seen(&slice((width, width), PIXEL * scale), Side::Right, scale).unwrap();
            prop_assert!((root - width * scale).abs() < 0.25, "{} {}", root, width * scale);
        }

        #[test]
        fn a_wider_root_never_measures_narrower(width in 1.6..4.0_f64, more in 0.3..1.5_f64) {
            let (narrow, wide) = (left(width).unwrap(), left(width + more).unwrap());
            prop_assert!(wide > narrow, "{} {}", wide, narrow);
        }
    }
}
