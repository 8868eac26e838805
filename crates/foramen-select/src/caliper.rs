//! Finds the walls on both sides of an opening, and the shortest distance between them.

use foramen_image::Contrast;
use foramen_types::Side;

use crate::frame::{Frame, whole};
use crate::ring::{GreyLevels, distance};

/// Distance of places along the channel, in millimetres.
const ALONG: f64 = 0.25;
/// Places on each side of the cut: the neck of the channel is searched over
/// 2.5 mm to both sides; the canal of the foramen is 4 to 5 mm long
/// (DOI 10.1148/radiology.155.1.3975392).
const PLACES: usize = 10;
/// Sampling step across the channel, in millimetres.
const ACROSS: f64 = 0.125;
/// How far beyond the end of the cut a wall may lie, in millimetres.
const BEYOND: f64 = 1.75;
/// Half the distance over which an edge is measured, in millimetres.
const EDGE: f64 = 0.5;
/// Thickness of the tissue that lines a wall, in millimetres.
const LINING: f64 = 0.6;

/// How much less edge per millimetre makes the inner of two edges the wall, at
/// the front and at the back: a soft disc lies on the bone of the front wall.
const INWARD: (f64, f64) = (0.07, 0.03);

/// Penalty of a wall per unit of brightness above a fifth of fluid, on spin echo: cortex is dark
/// there, and brighter tissue may be a root.
const GREY: f64 = 0.5;

/// On T2* bone stays dark behind the wall. The depth examined, in millimetres, and the penalty, per
/// part of the edge, of each millimetre of tissue brighter than half behind the wall, or of darker
/// tissue before it.
const DEEP: f64 = 3.0;
const BEYOND_WALL: f64 = 0.5;
const INWARD_T2_STAR: f64 = 0.025;
/// Half the distance over which the tissue of a wall is taken on T2*, in millimetres: behind
/// a thin soft disc lies darker bone.
const FACE: f64 = 0.75;

/// How much wider a place may be than a place on the cut and still be taken for the narrowest, per
/// square millimetre along the channel from the cut.
const STRAY: f64 = 0.1;

/// The length of channel over which the area is measured, in millimetres.
const CHANNEL: f64 = 4.0;

/// An edge counts as a wall if it reaches at least this part of the edge at the wall's more
/// distinct places.
const DISTINCT: f64 = 0.5;

/// The narrowest passage between two walls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Narrowing {
    /// Front wall (outward, back), in millimetres from the middle of the canal.
    pub(crate) front: (f64, f64),
    pub(crate) back: (f64, f64),
    pub(crate) width: f64,
    /// Rise of intensity at the weaker wall, relative to the rise from bone to fluid (T2 FSE) or to
    /// soft tissue (T2*).
    pub(crate) edge: f64,
    /// Area between the walls over 4 mm of the channel, in mm².
    pub(crate) area: f64,
}

/// Follows both walls along the channel on either side of the cut and measures their distance where
/// they are nearest to each other. Walls lie at half intensity.
pub(crate) fn narrowing(
    frame: &Frame<'_>,
    side: Side,
    (front, back): ((f64, f64), (f64, f64)),
    levels: GreyLevels,
    contrast: Contrast,
) -> Option<Narrowing> {
    let axes = Axes::new(front, back);
    let half = axes.length / 2.0;
    let front = axes.wall(frame, side, (levels, contrast), half, -1.0)?;
    let back = axes.wall(frame, side, (levels, contrast), half, 1.0)?;
    // Where a wall has turned away into the canal there is little edge left:
    // no caliper is set there.
    let distinct = |wall: &[(f64, f64)]| {
        let mut heights: Vec<f64> = wall.iter().map(|place| place.1).collect();
        heights.sort_by(f64::total_cmp);
        DISTINCT * heights[heights.len() * 3 / 4]
    };
    let least = (distinct(&front), distinct(&back));
    let mut best: Option<(f64, Narrowing, usize)> = None;
    for (i, f) in front.iter().enumerate().filter(|(_, f)| f.1 >= least.0) {
        for (k, b) in back.iter().enumerate().filter(|(_, b)| b.1 >= least.1) {
            let at = (axes.place(i, f.0), axes.place(k, b.0));
            let width = distance(at.0, at.1);
            let stray = ((i + k) as f64 / 2.0 - PLACES as f64) * ALONG;
            let rank = width + STRAY * stray * stray;
            if best.is_none_or(|best| rank < best.0) {
                let (edge, area) = (f.1.min(b.1), 0.0);
                let neck = Narrowing { front: at.0, back: at.1, width, edge, area };
                best = Some((rank, neck, usize::midpoint(i, k)));
            }
        }
    }
    let (_, mut neck, at) = best?;
    let is_near = |i: &usize| i.abs_diff(at) as f64 * ALONG <= CHANNEL / 2.0;
    let near: Vec<f64> =
        (0..front.len()).filter(is_near).map(|i| (back[i].0 - front[i].0).max(0.0)).collect();
    neck.area = CHANNEL * near.iter().sum::<f64>() / near.len() as f64;
    Some(neck)
}

/// Coordinates of a channel: along it, from the canal outward, and across it
/// towards its back wall.
struct Axes {
    middle: (f64, f64),
    across: (f64, f64),
    length: f64,
}

impl Axes {
    fn new(front: (f64, f64), back: (f64, f64)) -> Self {
        let length = distance(front, back);
        // A short cut has no direction of its own: the axis of the foramen lies
        // about 50° to the coronal plane.
        let typical = 50_f64.to_radians();
        let weight = 1.0;
        let sum =
            (back.0 - front.0 + weight * typical.sin(), back.1 - front.1 + weight * typical.cos());
        let norm = sum.0.hypot(sum.1).max(1e-9);
        Self {
            middle: (f64::midpoint(front.0, back.0), f64::midpoint(front.1, back.1)),
            across: (sum.0 / norm, sum.1 / norm),
            length,
        }
    }

    /// The place at index `along` of the channel and `across` millimetres.
    fn place(&self, along: usize, across: f64) -> (f64, f64) {
        let s = (along as f64 - PLACES as f64) * ALONG;
        (
            self.middle.0 + s * self.across.1 + across * self.across.0,
            self.middle.1 - s * self.across.0 + across * self.across.1,
        )
    }

    /// One wall along the channel (`towards` −1 front, +1 back): the connected
    /// line of strongest fall of intensity towards the wall, dark beyond. Gives
    /// for each place the distance across and the height of the edge.
    fn wall(
        &self,
        frame: &Frame<'_>,
        side: Side,
        (levels, contrast): (GreyLevels, Contrast),
        half: f64,
        towards: f64,
    ) -> Option<Vec<(f64, f64)>> {
        let is_star = contrast == Contrast::T2Star;
        let range = if is_star { levels.tissue } else { levels.fluid } - levels.dark;
        let n = whole((half + BEYOND) / ACROSS) + 1;
        let margin = whole((EDGE + LINING) / ACROSS);
        let deep = if is_star { whole(DEEP / ACROSS) } else { margin };
        let samples = margin + n + deep;
        let rows = 2 * PLACES + 1;
        // Index `margin` is the middle of the channel.
        let distance = |k: usize| (k as f64 - margin as f64) * ACROSS;
        let mut values = Vec::with_capacity(rows * samples);
        for i in 0..rows {
            for k in 0..samples {
                let at = self.place(i, towards * distance(k));
                let value = frame.sample(Frame::outward(side, at))?;
                values.push((f64::from(value) - levels.dark) / range);
            }
        }
        let edge = whole(EDGE / ACROSS);
        let inward = if is_star { (INWARD_T2_STAR, INWARD_T2_STAR) } else { INWARD };
        let inward = if towards < 0.0 { inward.0 } else { inward.1 };
        let cost = |i: usize, k: usize| {
            let row = &values[i * samples..(i + 1) * samples];
            let away = distance(k) - half;
            if is_star {
                let (inside, outside) = (row[k - edge].min(1.0), row[k + edge].min(1.0));
                let middle = f64::midpoint(inside, outside);
                let dark: f64 = row[margin..k].iter().map(|v| (middle - v).max(0.0)).sum();
                let bright: f64 = row[k..k + deep].iter().map(|v| (v - middle).max(0.0)).sum();
                let against = BEYOND_WALL * ACROSS * (dark + bright);
                0.006 * away * away + inward * distance(k) + against - (inside - outside)
            } else {
                let (inside, outside) = (row[k - edge].min(0.8), row[k + edge].min(0.8));
                let rise = inside - outside - GREY * (outside - 0.2).max(0.0);
                0.012 * away * away + inward * distance(k) - rise
            }
        };
        let bend = if is_star { 0.01 } else { 0.02 };
        let first = margin;
        let last = margin + n;
        let mut total: Vec<f64> = (first..last).map(|k| cost(0, k)).collect();
        let mut from = vec![0_usize; rows * n];
        for i in 1..rows {
            let mut next = vec![f64::INFINITY; n];
            for k in 0..n {
                let lowest = k.saturating_sub(3);
                for (l, before) in total[lowest..(k + 4).min(n)].iter().enumerate() {
                    let l = lowest + l;
                    let value = before + bend * (k as f64 - l as f64).abs();
                    if value < next[k] {
                        (next[k], from[i * n + k]) = (value, l);
                    }
                }
                next[k] += cost(i, first + k);
            }
            total = next;
        }
        let mut k = (0..n).min_by(|a, b| total[*a].total_cmp(&total[*b]))?;
        let mut line = vec![(0.0, 0.0); rows];
        for i in (0..rows).rev() {
            let row = &values[i * samples..(i + 1) * samples];
            let face = if is_star { whole(FACE / ACROSS) } else { margin };
            let (at, height) = half_intensity(row, first + k, (margin, face));
            line[i] = (towards * (at - margin as f64) * ACROSS, height);
            k = from[i * n + k];
        }
        Some(smooth(&line))
    }
}

/// The fractional index near `k` at which the intensity is half way between the lining tissue (up
/// to `face` indices inwards) and the darkest part of the wall (up to `reach` indices outwards),
/// and the height of the edge.
fn half_intensity(row: &[f64], k: usize, (reach, face): (usize, usize)) -> (f64, f64) {
    let inside = row[k - reach..=k].iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let outside =
        row[k..=(k + face).min(row.len() - 1)].iter().copied().fold(f64::INFINITY, f64::min);
    let half = f64::midpoint(inside, outside);
    let crossing = |a: usize| row[a] >= half && row[a + 1] < half;
    let nearest = (k - reach..(k + reach).min(row.len() - 1))
        .filter(|a| crossing(*a))
        .min_by_key(|a| a.abs_diff(k));
    let at = nearest.map_or(k as f64, |a| a as f64 + (row[a] - half) / (row[a] - row[a + 1]));
    (at, inside - outside)
}

/// The running mean over three places, so that noise on one does not decide.
fn smooth(line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    (0..line.len())
        .map(|i| {
            let near = &line[i.saturating_sub(1)..(i + 2).min(line.len())];
            let n = near.len() as f64;
            (near.iter().map(|p| p.0).sum::<f64>() / n, near.iter().map(|p| p.1).sum::<f64>() / n)
        })
        .collect()
}
