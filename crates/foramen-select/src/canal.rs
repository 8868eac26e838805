use foramen_image::{Slice, Stack};
use foramen_types::Point;

use crate::frame::{Frame, whole};

mod template;

use template::{Grid, SHAPES, Stencil, Template};

/// Half the side of the square in which the canal is searched, in millimetres around the middle of
/// the image.
const REACH: f64 = 44.0;
/// Distance of candidates for the middle of the canal, in millimetres.
const STEP: f64 = 2.0;
/// A place with a lower score is not taken for the canal; real sacs reach 0.4 to 0.9.
const ACCEPTED: f64 = 0.25;

/// The canal on one slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canal {
    /// The middle of the sac.
    pub(crate) centre: Point,
    /// How closely it resembles a sac, 0 to about 1.
    pub(crate) score: f64,
    /// Half axes (lateral, antero-posterior), in millimetres, of the best shape.
    pub(crate) axes: (f64, f64),
}

/// Finds the canal on every slice: a bright ring with a darker or equal middle inside a closed dark
/// wall, followed through the stack, because on a single slice other structures may look like the
/// canal.
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

/// The path through the slices with the greatest sum of scores; steps between slices are limited by
/// how obliquely a neck can lie.
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
