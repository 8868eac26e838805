use super::column::{Curve, STEP, samples};
use super::sheet::Sheet;

/// Distance of the stations along and across the column, millimetres.
const STATION: f64 = 4.0;
const ACROSS: f64 = 2.0;

/// The position of the column's plane of symmetry along the stack: a straight line over the length
/// of the curve, since the neck may be tilted against the slices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Midplane {
    /// Millimetres along the stack at the middle of the curve.
    middle: f64,
    /// Millimetres along the stack per sample of the curve.
    lean: f64,
    /// The sample in the middle of the curve.
    centre: f64,
}

impl Midplane {
    /// The line that makes left and right most alike, near the slice on which
    /// the curve was found.
    pub(crate) fn new(sheet: &Sheet<'_>, slice: usize, curve: &Curve) -> Self {
        let count = curve.places.len();
        let stations: Vec<usize> = (0..count).step_by(samples(STATION)).collect();
        let offsets: Vec<f64> = (0..=16).map(|n| -10.0 + ACROSS * f64::from(n)).collect();
        // What each slice shows at each station: bodies, canal and spinous process.
        let shown: Vec<Vec<Vec<f64>>> = (0..sheet.positions.len())
            .map(|slice| {
                let at = |station: &usize, offset: &f64| {
                    let (down, back) = curve.in_front(*station, *offset);
                    f64::from(sheet.sample(slice, down, back))
                };
                stations
                    .iter()
                    .map(|station| offsets.iter().map(|offset| at(station, offset)).collect())
                    .collect()
            })
            .collect();
        let centre = 0.5 * count as f64;
        let from = sheet.positions[slice];
        let mut best = (f64::INFINITY, Self { middle: from, lean: 0.0, centre });
        for shift in -10..=10 {
            for lean in -6..=6 {
                let line = Self {
                    middle: from + 0.5 * f64::from(shift),
                    // Up to 6 mm over 100 mm.
                    lean: 0.01 * f64::from(lean) * STEP,
                    centre,
                };
                let cost = line.asymmetry(sheet, &stations, &shown);
                if cost < best.0 {
                    best = (cost, line);
                }
            }
        }
        best.1
    }

    /// Millimetres along the stack at a sample of the curve.
    pub(crate) fn at(&self, sample: usize) -> f64 {
        self.middle + self.lean * (sample as f64 - self.centre)
    }

    /// The mean absolute difference of left and right, as a share of the mean
    /// of both; infinite when too little of the column has both.
    fn asymmetry(&self, sheet: &Sheet<'_>, stations: &[usize], shown: &[Vec<Vec<f64>>]) -> f64 {
        let (mut difference, mut sum, mut pairs) = (0.0, 0.0, 0usize);
        for (n, station) in stations.iter().enumerate() {
            let middle = self.at(*station);
            for aside in [2.0, 4.0, 6.0, 8.0, 10.0, 12.0] {
                let (Some(left), Some(right)) = (
                    between(&sheet.positions, middle + aside),
                    between(&sheet.positions, middle - aside),
                ) else {
                    continue;
                };
                let value = |(slice, part): (usize, f64), k: usize| {
                    shown[slice][n][k] * (1.0 - part) + shown[slice + 1][n][k] * part
                };
                for k in 0..shown[0][n].len() {
                    let (a, b) = (value(left, k), value(right, k));
                    if a.is_nan() || b.is_nan() {
                        continue;
                    }
                    difference += (a - b).abs();
                    sum += a + b;
                    pairs += 1;
                }
            }
        }
        let wanted = stations.len() * 20;
        if pairs < wanted { f64::INFINITY } else { difference / sum.max(1e-9) }
    }
}

/// The slice before a position and the part of the way to the next; `None`
/// outside the stack.
fn between(positions: &[f64], at: f64) -> Option<(usize, f64)> {
    let after = positions.partition_point(|position| *position <= at);
    if after == 0 || after == positions.len() {
        return None;
    }
    let (before, next) = (positions[after - 1], positions[after]);
    Some((after - 1, (at - before) / (next - before).max(1e-9)))
}
