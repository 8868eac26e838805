//! The heights of a neck's foramina, measured on parasagittal slices.

use foramen_image::Stack;
use foramen_types::{Point, Side, Vector};

use crate::discs::blur_profile;
use crate::heights::{OF_LEVEL, USUAL_CENTRE, USUAL_HEIGHT};
use crate::{ForamenHeights, PointKind, Target};

/// Usual position of foramina relative to the middle of the canal: outward and, negative, to the
/// front, in millimetres; the part of the channel bounded by pedicles.
const OUTWARD: [f64; 5] = [11.0, 12.0, 13.0, 14.0, 15.0];
const AHEAD: [f64; 4] = [-8.0, -7.0, -6.0, -5.0];
/// Distance of the middle of a disc in front of the middle of the canal, in millimetres.
const DISC_TO_CANAL: f64 = 14.0;

/// Sampled heights: the reach to both sides and the step, in millimetres.
const REACH: f64 = 14.0;
const STEP: f64 = 0.5;
/// The edges of pedicles are compared with the tissue between them over this height, in
/// millimetres: their cortex on T2 FSE is a dark line.
const EDGE: f64 = 2.5;

/// How far the bright tissue is centred above the middle of the foramen, in millimetres: the root
/// lies in the lower part of the foramen and is darker than fat.
const ROOT_BELOW: f64 = 0.5;
/// The centres and heights that are tried: from, to and step.
const CENTRES: (f64, f64, f64) = (-3.0, 7.0, 0.5);
const HEIGHTS: (f64, f64, f64) = (6.0, 11.0, 1.0);
/// Log likelihood of a difference between foramen and pedicle as large as the noise.
const BY_CONTRAST: f64 = 1.5;
/// The height ranges of the foramina beside discs of one neck, on a sagittal T2 stack of spin echo
/// in their frame of reference; `None` for discs where the stack is not sagittal or ends before the
/// foramina on both sides.
///
/// Both sides of a level are fitted together, since the pedicles of a vertebra lie at one height.
/// So are all levels, since their centres differ less within a neck than between people.
#[must_use]
pub fn foramen_heights(sagittal: &Stack, discs: &[Target]) -> Vec<Option<ForamenHeights>> {
    let shown: Vec<Option<Fits>> = discs.iter().map(|disc| Fits::on(sagittal, disc)).collect();
    let all: Vec<&Fits> = shown.iter().flatten().collect();
    let mut found = Fits::together(&all).into_iter();
    shown.iter().map(|fits| fits.as_ref().and_then(|_| found.next())).collect()
}

/// The log likelihood of each height and centre for one level.
struct Fits(Vec<Vec<f64>>);

impl Fits {
    fn on(sagittal: &Stack, disc: &Target) -> Option<Self> {
        let axes = Axes::of(sagittal, disc)?;
        let sides: Vec<Vec<f64>> =
            Side::BOTH.iter().filter_map(|side| axes.profile(sagittal, *side)).collect();
        let first = sides.first()?;
        let profile: Vec<f64> =
            (0..first.len()).map(|at| average(sides.iter().map(|side| side[at]))).collect();
        Some(Self::of_profile(&profile))
    }

    /// The fits of a profile: tissue between the pedicles is brighter than their edges.
    fn of_profile(profile: &[f64]) -> Self {
        let unrest = unrest(profile);
        let fit = |centre: f64, height: f64| {
            let beyond = |at: f64| (at - centre).abs() - height / 2.0;
            let inside = mean(profile, |at| beyond(at) < 0.0);
            let edges = mean(profile, |at| (0.0..EDGE).contains(&beyond(at)));
            let brighter = (inside - edges) / unrest;
            let unusual = ((height - USUAL_HEIGHT.0) / USUAL_HEIGHT.1).powi(2) / 2.0;
            if brighter.is_nan() { -unusual } else { BY_CONTRAST * brighter - unusual }
        };
        Self(
            steps(CENTRES)
                .map(|centre| steps(HEIGHTS).map(|height| fit(centre, height)).collect())
                .collect(),
        )
    }

    /// The ranges of several levels of one neck: the centres of levels vary about the centre of the
    /// neck, and this varies about the usual one.
    fn together(levels: &[&Self]) -> Vec<ForamenHeights> {
        let centres: Vec<f64> = steps(CENTRES).collect();
        let by_centre: Vec<Vec<f64>> =
            levels.iter().map(|fits| fits.0.iter().map(|of| log_sum(of)).collect()).collect();
        // By the centre of the neck, how probable each centre of a level is.
        let of_level: Vec<Vec<f64>> = centres
            .iter()
            .map(|neck| {
                let apart = |centre: &f64| -((centre - neck) / OF_LEVEL).powi(2) / 2.0;
                let apart: Vec<f64> = centres.iter().map(apart).collect();
                let all = log_sum(&apart);
                apart.into_iter().map(|value| value - all).collect()
            })
            .collect();
        let seen: Vec<Vec<f64>> = by_centre
            .iter()
            .map(|fits| of_level.iter().map(|apart| log_sum(&summed(apart, fits))).collect())
            .collect();
        let neck: Vec<f64> = (0..centres.len())
            .map(|at| {
                let off = centres[at] - ROOT_BELOW - USUAL_CENTRE.0;
                let unusual = (off / USUAL_CENTRE.1).powi(2) / 2.0;
                seen.iter().map(|seen| seen[at]).sum::<f64>() - unusual
            })
            .collect();
        let level = |at: usize| {
            // What the other levels say of the neck, then what this one says of itself.
            let others: Vec<f64> = neck.iter().zip(&seen[at]).map(|(all, own)| all - own).collect();
            let log_odds: Vec<f64> = (0..centres.len())
                .map(|centre| {
                    let apart: Vec<f64> = of_level.iter().map(|of| of[centre]).collect();
                    log_sum(&summed(&others, &apart)) + by_centre[at][centre]
                })
                .collect();
            let weights = shares(&log_odds);
            let centre = weighed(&weights, &centres);
            let squares: Vec<f64> = centres.iter().map(|other| (other - centre).powi(2)).collect();
            let heights: Vec<f64> = steps(HEIGHTS).collect();
            let of_centre: Vec<f64> =
                levels[at].0.iter().map(|fits| weighed(&shares(fits), &heights)).collect();
            ForamenHeights {
                centre: centre - ROOT_BELOW,
                height: weighed(&weights, &of_centre),
                spread: weighed(&weights, &squares).sqrt(),
                is_seen: true,
            }
        };
        (0..levels.len()).map(level).collect()
    }
}

/// Logarithm of the sum of the exponentials of these values.
fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
}

fn summed(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one + other).collect()
}

/// Shares, which sum to 1, of the exponentials of these values.
fn shares(logs: &[f64]) -> Vec<f64> {
    let all = log_sum(logs);
    logs.iter().map(|log| (log - all).exp()).collect()
}

fn weighed(weights: &[f64], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
}

/// Directions at a disc from the middle of the canal.
struct Axes {
    canal: Point,
    left: Vector,
    back: Vector,
    up: Vector,
    /// Position of each slice along the stack.
    positions: Vec<f64>,
}

impl Axes {
    fn of(sagittal: &Stack, disc: &Target) -> Option<Self> {
        let plane = sagittal.slices()[0].plane();
        let normal = plane.cranial_normal();
        // The least share of left in a sagittal normal, as where discs are sought.
        if normal.x.abs() < 0.8 {
            return None;
        }
        let left = if normal.x < 0.0 { -normal } else { normal };
        let up = disc.normal.unwrap_or(Vector::new(0.0, 0.0, 1.0));
        let up = (up - left * up.dot(left)).unit()?;
        let back = up.cross(left);
        let back = if back.y < 0.0 { -back } else { back };
        let canal = match disc.kind {
            PointKind::Canal => disc.disc,
            PointKind::Disc => disc.disc + back * DISC_TO_CANAL,
        };
        let positions = sagittal.positions();
        Some(Self { canal, left, back, up, positions })
    }

    /// The mean intensity at the foramen of a side, for each height, NaN beyond the image; `None`
    /// where the stack ends before the foramen.
    fn profile(&self, sagittal: &Stack, side: Side) -> Option<Vec<f64>> {
        let along = |height: f64| {
            let places = OUTWARD
                .iter()
                .flat_map(|outward| AHEAD.map(|ahead| self.place(side, *outward, ahead, height)));
            average(places.filter_map(|at| self.sample(sagittal, at)))
        };
        let profile: Vec<f64> = steps((-REACH, REACH, STEP)).map(along).collect();
        let middle = mean(&profile, |at| at.abs() < USUAL_HEIGHT.0 / 2.0);
        (!middle.is_nan()).then_some(profile)
    }

    fn place(&self, side: Side, outward: f64, back: f64, up: f64) -> Point {
        self.canal + self.left * (outward * side.sign()) + self.back * back + self.up * up
    }

    /// The intensity between the two nearest slices; `None` outside the stack.
    fn sample(&self, sagittal: &Stack, at: Point) -> Option<f64> {
        let slices = sagittal.slices();
        let first = slices[0].plane();
        let along = (at - first.origin()).dot(first.cranial_normal());
        let after = self.positions.partition_point(|position| *position <= along);
        if after == 0 || after == slices.len() {
            return None;
        }
        let (before, next) = (self.positions[after - 1], self.positions[after]);
        let part = (along - before) / (next - before);
        let of = |slice: usize| {
            let (row, column) = slices[slice].plane().pixel(at);
            slices[slice].sample(row, column).map(f64::from)
        };
        Some(of(after - 1)? * (1.0 - part) + of(after)? * part)
    }
}

/// The mean of a profile over the heights that `is_asked` accepts; NaN where it has no value there.
fn mean(profile: &[f64], is_asked: impl Fn(f64) -> bool) -> f64 {
    let asked = steps((-REACH, REACH, STEP)).zip(profile).filter(|(at, _)| is_asked(*at));
    average(asked.map(|(_, value)| *value))
}

/// The scale of differences along a profile: its noise and half of its variation, and at least a
/// fiftieth of its mean.
fn unrest(profile: &[f64]) -> f64 {
    let level = average(profile.iter().copied());
    let smooth = blur_profile(profile, 0.75 / STEP);
    let rough: Vec<f64> = profile.iter().zip(&smooth).map(|(value, mean)| value - mean).collect();
    deviation(&rough) + 0.5 * deviation(profile) + (0.02 * level.abs()).max(1e-9)
}

fn deviation(values: &[f64]) -> f64 {
    let mean = average(values.iter().copied());
    average(values.iter().map(|value| (value - mean).powi(2))).sqrt()
}

/// The mean of all values that are not NaN; NaN where there are none.
fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, number) = values
        .filter(|value| !value.is_nan())
        .fold((0.0, 0.0), |(sum, number), value| (sum + value, number + 1.0));
    sum / number
}

fn steps((from, to, step): (f64, f64, f64)) -> impl Iterator<Item = f64> {
    let count = crate::frame::whole((to - from) / step + 0.5);
    (0..=count).map(move |at| from + step * at as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_profile(profile: &[f64]) -> ForamenHeights {
        Fits::together(&[&Fits::of_profile(profile)])[0]
    }

    /// Bright between two dark edges, grey elsewhere.
    fn profile(centre: f64, height: f64) -> Vec<f64> {
        let value = |at: f64| match (at - centre).abs() - height / 2.0 {
            beyond if beyond < 0.0 => 300.0,
            beyond if beyond < 2.0 => 100.0,
            _ => 220.0,
        };
        steps((-REACH, REACH, STEP)).map(value).collect()
    }

    #[test]
    fn the_range_between_dark_edges_is_found() {
        for (centre, height) in [(-1.0, 8.0), (1.0, 9.0), (3.0, 7.0)] {
            let found = of_profile(&profile(centre + ROOT_BELOW, height));
            assert!((found.centre - centre).abs() < 1.0, "{centre}: {found:?}");
            assert!((found.height - height).abs() < 1.3, "{height}: {found:?}");
            assert!(found.is_seen && found.spread < 1.2, "{found:?}");
            assert!(found.probability(centre) > 0.95, "{found:?}");
            assert!(found.probability(centre + height / 2.0 + 3.0) < 0.05, "{found:?}");
        }
    }

    #[test]
    fn levels_of_a_neck_help_each_other() {
        let clear = Fits::of_profile(&profile(5.0, 8.0));
        let flat = Fits::of_profile(&[200.0; 57]);
        let [alone] = Fits::together(&[&flat])[..] else { panic!("one") };
        let [one, _, beside] = Fits::together(&[&clear, &clear, &flat])[..] else {
            panic!("three")
        };
        assert!((one.centre - 4.5).abs() < 0.6, "{one:?}");
        assert!(beside.centre > alone.centre + 0.7 && beside.spread < alone.spread, "{beside:?}");
    }

    #[test]
    fn what_shows_nothing_is_what_is_usual() {
        let flat = of_profile(&[200.0; 57]);
        let usual = ForamenHeights::usual();
        assert!((flat.centre - usual.centre).abs() < 0.2, "{flat:?}");
        assert!((flat.spread - usual.spread).abs() < 0.4, "{flat:?}");
        let (low, high) = usual.range();
        assert!(usual.probability(low - 2.0) < 0.3 && usual.probability(high + 2.0) < 0.3);
        assert!(usual.probability(usual.centre) > 0.9);
    }
}
