use foramen_types::Vector;
use ndarray::Array2;

use super::cord::CordPath;
use super::sheet::{Sheet, blur_profile};

/// Distance of the samples along and across the column, millimetres.
pub(crate) const STEP: f64 = 0.5;

/// How far in front of the cord's middle the column is searched, millimetres.
const REACH: f64 = 40.0;

/// Tilts of a disc against the canal that are tried: tangents of −24° to 24° in
/// steps of 4°. Positive: the front end lies lower.
fn tilts() -> impl Iterator<Item = f64> + Clone {
    (-6..=6).map(|n| (4.0 * f64::from(n)).to_radians().tan())
}

/// The canal as a smooth curve: place and direction every half millimetre.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    /// Millimetres down and back.
    pub(crate) places: Vec<(f64, f64)>,
    /// Unit directions towards the feet, down and back.
    pub(crate) directions: Vec<(f64, f64)>,
}

impl Curve {
    pub(crate) fn new(path: &CordPath) -> Self {
        let smooth = blur_profile(&path.back, 8.0);
        let mut places = Vec::new();
        let mut passed = 0.0;
        let mut next = 0.0;
        for row in 1..smooth.len() {
            let (from, to) = (smooth[row - 1], smooth[row]);
            let length = 1.0_f64.hypot(to - from);
            while next < passed + length {
                let part = (next - passed) / length;
                places.push(((row - 1) as f64 + part, from + part * (to - from)));
                next += STEP;
            }
            passed += length;
        }
        let directions = (0..places.len())
            .map(|at| {
                let (a, b) = (at.saturating_sub(1), (at + 1).min(places.len().max(1) - 1));
                let (down, back) = (places[b].0 - places[a].0, places[b].1 - places[a].1);
                let length = down.hypot(back).max(1e-9);
                (down / length, back / length)
            })
            .collect();
        Self { places, directions }
    }

    /// Millimetres down and back of the point at `distance` in front of the curve.
    pub(crate) fn in_front(&self, at: usize, distance: f64) -> (f64, f64) {
        let ((down, back), (along_down, along_back)) = (self.places[at], self.directions[at]);
        (down + distance * along_back, back - distance * along_down)
    }
}

/// The vertebral column, straightened along the canal.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) curve: Curve,
    /// `[along the curve, to the front]`, every half millimetre; NaN outside.
    strip: Array2<f64>,
    /// Distance in front of the cord's middle at which the vertebral bodies begin,
    /// millimetres.
    front: f64,
    /// How closely each place along the curve resembles a disc, as a share of the brightness of
    /// marrow; NaN where the picture ends.
    pub(crate) response: Vec<f64>,
    /// The tangent of the best tilt there.
    pub(crate) tilt: Vec<f64>,
    /// The brightness of marrow there.
    pub(crate) marrow: Vec<f64>,
}

impl Column {
    /// The column in front of a path, on the slices within 3.5 mm of one.
    pub(crate) fn new(sheet: &Sheet<'_>, slice: usize, path: &CordPath) -> Self {
        let picture = sheet.mean(slice, 3.5);
        let curve = Curve::new(path);
        let across = samples(REACH);
        let strip = Array2::from_shape_fn((curve.places.len(), across), |(at, step)| {
            let (down, back) = curve.in_front(at, step as f64 * STEP);
            bilinear(&picture, down, back)
        });
        // A dark line and the dura lie between the fluid and the bodies.
        let front = path.half_width + 4.0;
        let mut column = Self {
            curve,
            strip,
            front,
            response: Vec::new(),
            tilt: Vec::new(),
            marrow: Vec::new(),
        };
        column.marrow = column.marrow_level();
        column.respond();
        column
    }

    fn marrow_level(&self) -> Vec<f64> {
        let (from, to) = (samples(self.front), samples(self.front + 10.0));
        let medians: Vec<f64> = self
            .strip
            .rows()
            .into_iter()
            .map(|row| {
                let mut values: Vec<f64> =
                    row.iter().take(to).skip(from).copied().filter(|v| !v.is_nan()).collect();
                values.sort_by(f64::total_cmp);
                values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
            })
            .collect();
        blur_profile(&medians, 15.0 / STEP)
    }

    fn respond(&mut self) {
        let count = self.strip.nrows();
        self.response = vec![f64::NAN; count];
        self.tilt = vec![0.0; count];
        let middle = self.front + 5.0;
        for tilt in tilts() {
            let profile = |from: f64, to: f64| {
                blur_profile(&self.profile(self.front + from, self.front + to, middle, tilt), 1.0)
            };
            // A disc is dark as far back as the canal. The atlas before the dens
            // is not: behind it the dens goes on.
            let (whole, back) = (profile(0.0, 10.0), profile(-1.5, 4.5));
            for at in 0..count {
                let alike = likeness(&whole, at).min(1.5 * likeness(&back, at));
                let share = alike / self.marrow[at].max(1e-9);
                if share > self.response[at] || self.response[at].is_nan() {
                    self.response[at] = share;
                    self.tilt[at] = tilt;
                }
            }
        }
    }

    /// The mean across part of the column along tilted lines; `middle` is where
    /// the lines cross their place.
    fn profile(&self, from: f64, to: f64, middle: f64, tilt: f64) -> Vec<f64> {
        let steps = samples(from)..=samples(to);
        let count = steps.clone().count() as f64;
        let last = self.strip.nrows() - 1;
        let mut sums = vec![0.0; last + 1];
        for step in steps {
            let shift = (step as f64 * STEP - middle) * tilt / STEP;
            let values = self.strip.column(step);
            for (at, sum) in sums.iter_mut().enumerate() {
                let place = at as f64 + shift;
                *sum += if place < 0.0 || place > last as f64 {
                    f64::NAN
                } else {
                    let left = index(place);
                    let part = place - left as f64;
                    values[left] * (1.0 - part) + values[(left + 1).min(last)] * part
                };
            }
        }
        sums.into_iter().map(|sum| sum / count).collect()
    }

    /// The middle of the bodies, millimetres in front of the cord's middle: the centre of the range
    /// over which the given places resemble discs.
    pub(crate) fn body_middle(&self, discs: &[usize]) -> f64 {
        let narrow: Vec<f64> = (samples(self.front - 4.0)..samples(self.front + 24.0))
            .map(|step| {
                let d = step as f64 * STEP;
                let mut shares: Vec<f64> = discs
                    .iter()
                    .map(|&at| {
                        let middle = self.front + 5.0;
                        let profile = self.profile(d - 0.5, d + 0.5, middle, self.tilt[at]);
                        likeness(&blur_profile(&profile, 1.0), at)
                            / self.marrow[at].max(1e-9)
                            / self.response[at].max(1e-9)
                    })
                    .filter(|share| !share.is_nan())
                    .collect();
                shares.sort_by(f64::total_cmp);
                shares.get(shares.len() / 2).copied().unwrap_or(0.0)
            })
            .collect();
        let first = self.front - 4.0;
        let mut best = (f64::NEG_INFINITY, self.front + 4.0);
        for begin in 0..samples(6.0) {
            for length in samples(11.0)..=samples(20.0) {
                let Some(stretch) = narrow.get(begin..begin + length) else { continue };
                // What looks like a disc by less than half is outside.
                let sum: f64 = stretch.iter().map(|share| share.min(1.2) - 0.5).sum();
                if sum > best.0 {
                    best = (sum, first + (begin as f64 + 0.5 * (length - 1) as f64) * STEP);
                }
            }
        }
        best.1
    }

    /// How uneven the column is from its middle to its front, at each place along the curve,
    /// relative to the brightness of its back part: low where a vertebral body fills it. `middle`
    /// is the middle of the bodies.
    pub(crate) fn unevenness(&self, middle: f64) -> Vec<f64> {
        let part = |from: f64, to: f64| {
            blur_profile(&self.profile(middle + from, middle + to, middle, 0.0), 3.0)
        };
        let back = part(-5.5, -1.0);
        let parts: Vec<_> =
            (-1..=5).map(|d| part(f64::from(d) - 0.5, f64::from(d) + 0.5)).collect();
        let at = |at: usize| {
            let share = |part: &Vec<f64>| (part[at] / back[at].max(1e-9) - 1.0).abs();
            parts.iter().map(share).sum::<f64>() / parts.len() as f64
        };
        (0..back.len()).map(at).collect()
    }

    /// The cranial normal of a disc of a chain, in the patient. The tilt of a single disc is
    /// imprecise, so it is averaged with its neighbours, which tilt similarly.
    pub(crate) fn normal(&self, sheet: &Sheet<'_>, chain: &[usize], n: usize) -> Vector {
        let (down, back) = self.curve.directions[chain[n]];
        let before = self.tilt[chain[n.saturating_sub(1)]];
        let after = self.tilt[chain[(n + 1).min(chain.len() - 1)]];
        let tilt = 0.25 * before + 0.5 * self.tilt[chain[n]] + 0.25 * after;
        // Along the disc to the front: the curve's front plus tilt times its down.
        let (line_down, line_back) = (back + tilt * down, -down + tilt * back);
        let length = line_down.hypot(line_back);
        sheet.down * (line_back / length) - sheet.back * (line_down / length)
    }
}

/// How much brighter the marrow on either side is than both endplates of a disc centred at a place.
/// The nucleus between may be dark or bright. At the end of the image only one side is used.
fn likeness(profile: &[f64], at: usize) -> f64 {
    let sample = |mm: f64| {
        let place = at as f64 + mm / STEP;
        if place < 0.0 || place > (profile.len() - 1) as f64 {
            f64::NAN
        } else {
            profile[index(place.round())]
        }
    };
    let marrow = |side: f64| {
        let values = [5.0, 6.0, 7.0, 8.0].map(|mm| sample(side * mm));
        values.iter().sum::<f64>() / 4.0
    };
    let sides = marrow(-1.0).min(marrow(1.0));
    let endplates = [1.5, 2.0, 2.5, 3.0, 3.5].into_iter().map(|mm| {
        let (above, below) = (sample(-mm), sample(mm));
        if above.is_nan() || below.is_nan() { f64::NAN } else { above.max(below) }
    });
    sides - endplates.fold(f64::NAN, f64::min)
}

fn bilinear(picture: &Array2<f32>, down: f64, back: f64) -> f64 {
    let (rows, columns) = picture.dim();
    if down < 0.0 || back < 0.0 || down > (rows - 1) as f64 || back > (columns - 1) as f64 {
        return f64::NAN;
    }
    let (row, column) = (index(down), index(back));
    let (next_row, next_column) = ((row + 1).min(rows - 1), (column + 1).min(columns - 1));
    let (r, c) = (down - row as f64, back - column as f64);
    let at = |row, column| f64::from(picture[[row, column]]);
    (at(row, column) * (1.0 - c) + at(row, next_column) * c) * (1.0 - r)
        + (at(next_row, column) * (1.0 - c) + at(next_row, next_column) * c) * r
}

/// The whole part of a place that was checked to be inside.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers check that the place is inside an array"
)]
fn index(place: f64) -> usize {
    place as usize
}

/// The number of samples in a distance in millimetres; 0 for negative distances.
pub(crate) fn samples(mm: f64) -> usize {
    index((mm.max(0.0) / STEP).round())
}
