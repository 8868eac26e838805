//! The nerve root outside the foramen: a band between fat, or between fat and
//! what is darker.

use foramen_types::Side;

use crate::caliper::Neck;
use crate::frame::{Frame, whole};
use crate::ring::Levels;

/// Where the root is measured, millimetres outward from the narrowest passage:
/// at the front of the superior articular process (Kim, KJR 2015).
const STATIONS: (f64, f64) = (4.5, 7.5);
const STATION: f64 = 0.25;
/// Sampling across the root, and how far it reaches to both sides.
const FINE: f64 = 0.1;
const REACH: f64 = 6.0;
/// Half the distance over which an edge is measured, and what is left out in its
/// middle, in steps.
const EDGE: usize = 5;
const GAP: usize = 1;
/// Least difference of an edge, as a part of that from bone to fluid.
const LEAST: f64 = 0.03;
/// Roots are 1.2 to 5 mm wide and swell at their ganglion.
const WIDTHS: (f64, f64) = (1.2, 6.2);
/// How bright a root is, at least against fluid and at most against the fat
/// around it.
const FLOOR: f64 = 0.15;
const CEILING: f64 = 0.8;
/// The root lies a little behind the axis of the foramen; how much a millimetre
/// farther than the slack speaks against a band, and how much its lean.
const BEHIND: f64 = 1.0;
const SLACK: f64 = 0.6;
const BY_PLACE: f64 = 0.08;
const LEAN: f64 = 0.15;
const BY_LEAN: f64 = 0.05;
/// The root is visible from this score: the weaker edge less the unrest of the
/// band, less what speaks against its place.
const VISIBLE: f64 = 0.05;
/// How far beyond an edge its flank is looked for, in steps.
const FLANK: usize = 8;
/// The rim of fat between a root and dark tissue is too thin to be seen, in
/// millimetres.
const RIM: f64 = 0.45;

/// A root that is visible.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root {
    /// Its front and back edge (outward, back), in millimetres from the middle of
    /// the canal.
    pub(crate) edges: [(f64, f64); 2],
    pub(crate) width: f64,
}

/// Measures the root outside a foramen on T2 FSE; `None` where it is not visible.
///
/// The strip outside the foramen is averaged along the root, at the lean at which
/// a band stands out most. Its edges lie at half intensity. A round root fades
/// towards its edges where the slice is thick, which is added.
pub(crate) fn find(
    frame: &Frame<'_>,
    side: Side,
    neck: &Neck,
    levels: Levels,
    thickness: Option<f64>,
) -> Option<Root> {
    let strip = Strip::new(frame, side, neck, levels)?;
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

/// The diameter of a round root whose half-intensity points in a slice of this
/// thickness lie so far apart: half the thickness, or half its own, is full there.
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
    fn new(frame: &Frame<'_>, side: Side, neck: &Neck, levels: Levels) -> Option<Self> {
        // The walls tell the axis of the foramen, but stand close together: it
        // lies about 50° to the coronal plane.
        let (sin, cos) = 50_f64.to_radians().sin_cos();
        let (front, back) = (neck.front, neck.back);
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

    /// What is bright here: fat.
    fn bright(&self) -> f64 {
        let near = |row: &Vec<f64>| row[20..=steps() - 20].to_vec();
        let mut values: Vec<f64> = self.rows.iter().flat_map(near).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() * 85 / 100]
    }

    /// The mean of the rows along a band that leans to the back by so much per
    /// millimetre outward.
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
    /// Whether its front and its back flank are brighter than it: fat.
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
