use ndarray::Array2;

use super::sheet::{Sheet, blur};

/// Half-widths of the dural sac from front to back that are tried, millimetres:
/// 7.4 to 17.6 mm are seen in health (doi 10.1002/acm2.14282).
const HALF_WIDTHS: [f64; 5] = [4.0, 5.0, 6.0, 7.0, 8.0];

/// Cost of a millimetre sideways per millimetre down the path.
const BEND: f32 = 0.15;

/// Cost of a millimetre of change in half-width.
const SWELL: f32 = 0.3;

/// Least distance between two candidate canals, millimetres.
const APART: f64 = 9.0;

/// A path down a sagittal picture along which fluid, cord and fluid lie side by
/// side.
#[derive(Debug, Clone)]
pub(crate) struct CordPath {
    /// Millimetres to the back, for each millimetre down.
    pub(crate) back: Vec<f64>,
    /// The half-width of the sac, millimetres; the median.
    pub(crate) half_width: f64,
    /// The mean score along the path.
    pub(crate) score: f64,
}

/// The best paths on the slices around one, best first.
pub(crate) fn paths(sheet: &Sheet<'_>, slice: usize, count: usize) -> Vec<CordPath> {
    let picture = sheet.mean(slice, 1.6).mapv(|value| if value.is_nan() { 0.0 } else { value });
    let mut scores = score(&picture);
    let mut found = Vec::with_capacity(count);
    for _ in 0..count {
        let path = best_path(&scores);
        for scores in &mut scores {
            for ((row, column), score) in scores.indexed_iter_mut() {
                if (column as f64 - path.back[row]).abs() < APART {
                    *score = -1.0;
                }
            }
        }
        found.push(path);
    }
    found
}

/// How closely each place resembles the middle of the cord, for each half-width: the fluid on both
/// sides is brighter than the cord between and than the tissue outside. Both are compared with
/// their surroundings, since surface coils shade the image.
fn score(picture: &Array2<f32>) -> Vec<Array2<f32>> {
    let smooth = blur(picture, 2.0, 0.6);
    let brightest = smooth.iter().copied().fold(0.0, f32::max).max(1e-6);
    let surroundings = blur(&smooth, 15.0, 15.0).mapv(|value| value + 0.05 * brightest);
    let local = &smooth / &surroundings;
    let mut values: Vec<f32> = smooth.iter().copied().collect();
    let place = values.len() * 99 / 100;
    let fluid = values.select_nth_unstable_by(place, f32::total_cmp).1.max(1e-6);
    let global = smooth.mapv(|value| (value / fluid).min(1.0));
    HALF_WIDTHS
        .iter()
        .map(|&half| {
            Array2::from_shape_fn(picture.dim(), |(row, column)| {
                let at = |picture: &Array2<f32>, x: f64| across(picture, row, column as f64 + x);
                let peak = |picture: &Array2<f32>, side: f64| {
                    at(picture, side * (half - 1.0)).max(at(picture, side * (half - 1.8)))
                };
                let rim = |side: f64| {
                    at(&local, side * (half + 1.0)).min(at(&local, side * (half + 2.0)))
                };
                let cord = (at(&local, 0.0) + at(&local, -1.0) + at(&local, 1.0)) / 3.0;
                let fluid = peak(&local, -1.0).min(peak(&local, 1.0));
                let outside = rim(-1.0).max(rim(1.0));
                // Air between two bright walls is the throat, not the canal.
                let hollow = (0.25 - cord / fluid.max(0.05)).clamp(0.0, 0.25);
                1.5 * peak(&global, -1.0).min(peak(&global, 1.0)) - 4.0 * hollow
                    + (fluid - cord).clamp(-1.0, 0.8)
                    + (fluid - outside).clamp(-1.0, 0.8)
            })
        })
        .collect()
}

/// The value between two columns of a row; beyond the edge, the edge value is repeated.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the column is clamped to the row first"
)]
fn across(picture: &Array2<f32>, row: usize, column: f64) -> f32 {
    let last = picture.ncols() - 1;
    let column = column.clamp(0.0, last as f64);
    let left = column as usize;
    let part = (column - left as f64) as f32;
    picture[[row, left]] * (1.0 - part) + picture[[row, (left + 1).min(last)]] * part
}

/// The path from the top to the bottom row with the greatest sum, by dynamic
/// programming over column and half-width.
fn best_path(scores: &[Array2<f32>]) -> CordPath {
    let (rows, columns) = scores[0].dim();
    let widths = scores.len();
    let mut totals = Array2::from_shape_fn((widths, columns), |(h, c)| scores[h][[0, c]]);
    let mut came_from: Vec<Array2<(usize, usize)>> = Vec::with_capacity(rows);
    for row in 1..rows {
        let mut from = Array2::from_elem((widths, columns), (0, 0));
        let mut next = Array2::from_elem((widths, columns), f32::NEG_INFINITY);
        for ((h, c), best) in next.indexed_iter_mut() {
            for other_h in h.saturating_sub(1)..=(h + 1).min(widths - 1) {
                for other_c in c.saturating_sub(1)..=(c + 1).min(columns - 1) {
                    let cost = BEND * f32::from(u8::from(other_c != c))
                        + SWELL * f32::from(u8::from(other_h != h));
                    let total = totals[[other_h, other_c]] - cost;
                    if total > *best {
                        *best = total;
                        from[[h, c]] = (other_h, other_c);
                    }
                }
            }
            *best += scores[h][[row, c]];
        }
        totals = next;
        came_from.push(from);
    }
    let (mut at, total) = totals
        .indexed_iter()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map(|(at, total)| (at, *total))
        .expect("a picture has columns");
    let mut states = vec![at];
    for from in came_from.iter().rev() {
        at = from[at];
        states.push(at);
    }
    states.reverse();
    let mut half_widths: Vec<f64> = states.iter().map(|(h, _)| HALF_WIDTHS[*h]).collect();
    half_widths.sort_by(f64::total_cmp);
    CordPath {
        back: states.iter().map(|(_, c)| *c as f64).collect(),
        half_width: half_widths[half_widths.len() / 2],
        score: f64::from(total) / rows as f64,
    }
}
