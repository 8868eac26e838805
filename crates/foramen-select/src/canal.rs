use std::f64::consts::TAU;

use foramen_image::{Slice, Stack};
use foramen_types::Point;

use crate::frame::Frame;

/// Half the side of the square in which the canal is looked for, in
/// millimetres around the middle of the image.
const REACH: f64 = 44.0;
/// Distance of candidates for the middle of the canal, in millimetres.
const STEP: f64 = 2.0;
/// Directions in which a candidate is examined.
const DIRECTIONS: usize = 24;
/// Half axes (lateral, antero-posterior) of the sac in millimetres: dural sacs
/// are 15 to 27 mm wide and 7 to 17 mm deep (DOI 10.1002/acm2.14282).
const SHAPES: [(f64, f64); 5] = [(8.0, 5.5), (9.5, 6.5), (11.0, 7.5), (12.5, 8.5), (10.0, 9.0)];
/// A place is no canal below this score; real sacs reach 0.4 to 0.9.
const ACCEPTED: f64 = 0.25;

/// The canal on one slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canal {
    /// The middle of the sac.
    pub(crate) centre: Point,
    /// How much it looks like a sac, 0 to about 1.
    pub(crate) score: f64,
    /// Half axes (lateral, antero-posterior), in millimetres, of the best shape.
    pub(crate) axes: (f64, f64),
}

/// Finds the canal on every slice: a bright ring with a darker or equal middle
/// inside a closed dark wall, followed through the stack, because on one slice
/// alone other things may look like it.
pub(crate) fn track(stack: &Stack, near: Option<Point>) -> Vec<Option<Canal>> {
    let slices = stack.slices();
    let anchor = near.unwrap_or_else(|| middle(&slices[slices.len() / 2]));
    let reach = if near.is_some() { 16.0 } else { REACH };
    let maps: Vec<ScoreMap> =
        slices.iter().map(|slice| ScoreMap::new(slice, anchor, reach)).collect();
    let path = best_path(&maps, &stack.gaps());
    slices
        .iter()
        .zip(&maps)
        .zip(path)
        .map(|((slice, map), (i, j))| {
            let frame = Frame::new(slice, anchor)?;
            let canal = refine(&frame, (map.offset(j), map.offset(i)), map.bright)?;
            (canal.score >= ACCEPTED).then_some(canal)
        })
        .collect()
}

fn middle(slice: &Slice) -> Point {
    let (rows, columns) = slice.pixels().dim();
    slice.plane().point((rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0)
}

/// The scores of the candidates of one slice, `[back, left]`.
struct ScoreMap {
    half: usize,
    values: Vec<f64>,
    bright: f64,
}

impl ScoreMap {
    fn new(slice: &Slice, anchor: Point, reach: f64) -> Self {
        let half = whole(reach / STEP);
        let side = 2 * half + 1;
        let mut map = Self { half, values: vec![0.0; side * side], bright: 0.0 };
        let Some(frame) = Frame::new(slice, anchor) else { return map };
        let grid = Grid::new(&frame, reach + 20.0);
        map.bright = grid.quantile(0.985);
        let templates: Vec<Template> = SHAPES.iter().map(|axes| Template::new(*axes)).collect();
        // Candidates lie on the grid, so that each template is a list of steps.
        let stencils: Vec<Stencil> = templates.iter().map(|t| Stencil::new(t, &grid)).collect();
        for i in 0..side {
            for j in 0..side {
                let at = grid.index((map.offset(j), map.offset(i)));
                map.values[i * side + j] = stencils
                    .iter()
                    .map(|stencil| stencil.score(map.bright, &grid.values, at))
                    .fold(f64::NEG_INFINITY, f64::max);
            }
        }
        map
    }

    fn side(&self) -> usize {
        2 * self.half + 1
    }

    fn offset(&self, index: usize) -> f64 {
        (index as f64 - self.half as f64) * STEP
    }
}

/// Intensities on a square of 1 mm pixels, smoothed to about that resolution.
struct Grid {
    half: usize,
    values: Vec<f64>,
}

impl Grid {
    fn new(frame: &Frame<'_>, reach: f64) -> Self {
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
    fn index(&self, (left, back): (f64, f64)) -> usize {
        let side = 2 * self.half + 1;
        let index = |mm: f64| whole((mm + self.half as f64).round().max(0.0)).min(side - 1);
        index(back) * side + index(left)
    }

    fn quantile(&self, q: f64) -> f64 {
        let mut sorted = self.values.clone();
        let index = whole((sorted.len() - 1) as f64 * q);
        *sorted.select_nth_unstable_by(index, f64::total_cmp).1
    }
}

/// Where a sac of one shape is examined, in millimetres (left, back) from its
/// middle.
struct Template {
    axes: (f64, f64),
    ring: Vec<[(f64, f64); 3]>,
    wall: Vec<[(f64, f64); 3]>,
    cord: Vec<(f64, f64)>,
}

impl Template {
    fn new(axes: (f64, f64)) -> Self {
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
    fn score(&self, bright: f64, at: impl Fn((f64, f64)) -> f64) -> f64 {
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
struct Stencil {
    ring: Vec<[isize; 3]>,
    wall: Vec<[isize; 3]>,
    cord: Vec<isize>,
}

impl Stencil {
    fn new(template: &Template, grid: &Grid) -> Self {
        let zero = grid.index((0.0, 0.0));
        let step = |d: (f64, f64)| grid.index(d).cast_signed() - zero.cast_signed();
        Self {
            ring: template.ring.iter().map(|places| places.map(step)).collect(),
            wall: template.wall.iter().map(|places| places.map(step)).collect(),
            cord: template.cord.iter().map(|place| step(*place)).collect(),
        }
    }

    fn score(&self, bright: f64, values: &[f64], at: usize) -> f64 {
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

/// What a template sees at one place.
#[derive(Default)]
struct Seen {
    inside: [f64; DIRECTIONS],
    outside: [f64; DIRECTIONS],
    cord: f64,
}

impl Seen {
    /// The contrast of ring to wall, mostly where it is weakest (the wall must
    /// be closed), less the unevenness of the ring; some for a darker middle
    /// and for a bright ring.
    fn score(&self, bright: f64) -> f64 {
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

/// The path through the slices with the greatest sum of scores; steps between
/// slices are bounded by how obliquely a neck can lie.
fn best_path(maps: &[ScoreMap], gaps: &[f64]) -> Vec<(usize, usize)> {
    let side = maps[0].side();
    let mut total = maps[0].values.clone();
    let mut came_from: Vec<Vec<usize>> = Vec::new();
    for (map, gap) in maps[1..].iter().zip(gaps) {
        let reach = whole(((0.6 * gap + 2.0).min(9.0) / STEP).ceil());
        let weight = 0.02 * STEP * STEP / gap.max(2.0);
        let mut next = vec![f64::NEG_INFINITY; side * side];
        let mut from = vec![0; side * side];
        for i in 0..side {
            for j in 0..side {
                let here = i * side + j;
                for k in i.saturating_sub(reach)..(i + reach + 1).min(side) {
                    for l in j.saturating_sub(reach)..(j + reach + 1).min(side) {
                        let (di, dj) = (k as f64 - i as f64, l as f64 - j as f64);
                        let value = total[k * side + l] - weight * (di * di + dj * dj);
                        if value > next[here] {
                            (next[here], from[here]) = (value, k * side + l);
                        }
                    }
                }
                next[here] += map.values[here];
            }
        }
        total = next;
        came_from.push(from);
    }
    let mut at = (0..total.len()).max_by(|a, b| total[*a].total_cmp(&total[*b])).unwrap_or(0);
    let mut path = vec![(at / side, at % side)];
    for from in came_from.iter().rev() {
        at = from[at];
        path.push((at / side, at % side));
    }
    path.reverse();
    path
}

/// The best place and shape near a candidate, to half a millimetre.
fn refine(frame: &Frame<'_>, near: (f64, f64), bright: f64) -> Option<Canal> {
    let mut best: Option<Canal> = None;
    for axes in SHAPES {
        let template = Template::new(axes);
        for i in -4..=4 {
            for j in -4..=4 {
                let at = (near.0 + 0.5 * f64::from(j), near.1 + 0.5 * f64::from(i));
                let score = template.score(bright, |d| {
                    f64::from(frame.sample((at.0 + d.0, at.1 + d.1)).unwrap_or(0.0))
                });
                if best.is_none_or(|best| score > best.score) {
                    best = Some(Canal { centre: frame.point(at), score, axes: template.axes });
                }
            }
        }
    }
    best
}

/// A non-negative number of steps as an index.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers give small non-negative numbers"
)]
pub(crate) fn whole(value: f64) -> usize {
    value as usize
}
