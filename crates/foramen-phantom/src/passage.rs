//! The narrowest passage from the canal to the outside, in a plane.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Extent of the plane outwards from the middle, millimetres.
const OUTWARDS: f64 = 21.0;
/// Extent of the plane to the front and to the back of the canal's centre, millimetres.
const FRONT: f64 = 24.0;
const BACK: f64 = 3.0;

/// A point this far outwards is outside the foramen, millimetres.
const OUTSIDE: f64 = 18.0;

/// The usual middle of a foramen, outwards and to the back, and the direction of its axis.
const MIDDLE: [f64; 2] = [12.5, -6.3];
const AXIS: [f64; 2] = [0.77, -0.64];

/// The narrowest place lies within this of the middle along the axis: a channel is 4 to
/// 5 mm long, and its mouths are round.
const LENGTH: f64 = 4.5;

/// Limit behind the axis for paths to the outside: the facet joints are there.
const BEHIND: f64 = 6.5;

/// The coordinates of a point of the plane relative to the usual axis: along it and behind it.
pub(crate) fn by_axis([x, y]: [f64; 2]) -> (f64, f64) {
    let (dx, dy) = (x - MIDDLE[0], y - MIDDLE[1]);
    (dx * AXIS[0] + dy * AXIS[1], dy * AXIS[0] - dx * AXIS[1])
}

/// Greatest angle between a chord and the shortest path to a wall, degrees.
const TURN: i32 = 36;

/// The narrowest place on the most open path from the canal to the outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Passage {
    /// Length of the shortest chord from wall to wall there, millimetres.
    pub width: f64,
    /// The ends of this chord on the front wall and the back wall: outwards, to the back.
    pub front: [f64; 2],
    pub back: [f64; 2],
}

/// Whether there is an open path at all, on a grid with this step.
pub(crate) fn is_open(step: f64, hard: impl Fn([f64; 2]) -> bool) -> bool {
    Grid::of(step, &hard).narrowest().is_some()
}

/// Finds the passage in a plane; `hard` returns whether a point is impassable for a nerve: bone,
/// disc and growths on them. Coordinates count outwards and to the back from the middle of the
/// canal, millimetres.
///
/// The most open path from the canal to the outside in front of the facet joints is chosen. The
/// width is the shortest chord across its narrowest place within 4.5 mm of the usual middle of a
/// foramen along the axis. `None` if no path is open.
pub(crate) fn passage(hard: impl Fn([f64; 2]) -> bool) -> Option<Passage> {
    let grid = Grid::of(0.25, &hard);
    let (middle, wall) = grid.narrowest()?;
    let to_wall = [wall[0] - middle[0], wall[1] - middle[1]];
    let angle = to_wall[1].atan2(to_wall[0]);
    let reach = |from: [f64; 2], [x, y]: [f64; 2]| {
        let at = |s: f64| [from[0] + s * x, from[1] + s * y];
        let first = (1..=150).map(|i| 0.1 * f64::from(i)).find(|s| hard(at(*s)))?;
        let (mut free, mut shut) = (first - 0.1, first);
        for _ in 0..6 {
            let half = 0.5 * (free + shut);
            if hard(at(half)) { shut = half } else { free = half }
        }
        Some(0.5 * (free + shut))
    };
    let mut best: Option<Passage> = None;
    let mut centre = middle;
    for fineness in [0.3, 0.1] {
        let about = centre;
        for (i, j) in (-2..=2).flat_map(|i| (-2..=2).map(move |j| (i, j))) {
            let from = [about[0] + fineness * f64::from(i), about[1] + fineness * f64::from(j)];
            if hard(from) {
                continue;
            }
            for turn in (-TURN..=TURN).step_by(9) {
                let (y, x) = (angle + f64::from(turn).to_radians()).sin_cos();
                let Some((there, back)) = reach(from, [x, y]).zip(reach(from, [-x, -y])) else {
                    continue;
                };
                let width = there + back;
                if best.is_none_or(|best| width < best.width - 1e-9) {
                    let one = [from[0] + there * x, from[1] + there * y];
                    let other = [from[0] - back * x, from[1] - back * y];
                    // The front wall lies inwards and in front of the back wall.
                    let is_front = one[1] - one[0] * 0.2 < other[1] - other[0] * 0.2;
                    let (front, back) = if is_front { (one, other) } else { (other, one) };
                    best = Some(Passage { width, front, back });
                    centre = from;
                }
            }
        }
    }
    best
}

/// The clearance of every node of the plane.
struct Grid {
    step: f64,
    size: [usize; 2],
    /// Distance to the nearest hard node, and the index of that node.
    clearance: Vec<(f64, usize)>,
}

impl Grid {
    fn of(step: f64, hard: &impl Fn([f64; 2]) -> bool) -> Self {
        let size = [whole(OUTWARDS / step) + 1, whole((FRONT + BACK) / step) + 1];
        let mut grid = Self { step, size, clearance: Vec::new() };
        let n = size[0] * size[1];
        let is_hard: Vec<bool> = (0..n).map(|node| hard(grid.place(node))).collect();
        grid.clearance = grid.distances(&is_hard);
        grid
    }

    fn place(&self, node: usize) -> [f64; 2] {
        let (x, y) = (node % self.size[0], node / self.size[0]);
        [self.step * x as f64, self.step * y as f64 - FRONT]
    }

    /// The Euclidean distance of every node from the hard ones, by columns and then by
    /// rows (Saito and Toriwaki 1994).
    fn distances(&self, is_hard: &[bool]) -> Vec<(f64, usize)> {
        let [columns, rows] = self.size;
        let mut nearest = vec![None; is_hard.len()];
        for x in 0..columns {
            for order in [true, false] {
                let mut last: Option<usize> = None;
                for i in 0..rows {
                    let y = if order { i } else { rows - 1 - i };
                    let node = y * columns + x;
                    if is_hard[node] {
                        last = Some(y);
                    }
                    if let Some(y_hard) = last {
                        let held = nearest[node].map_or(usize::MAX, |at: usize| at.abs_diff(y));
                        if y_hard.abs_diff(y) < held {
                            nearest[node] = Some(y_hard);
                        }
                    }
                }
            }
        }
        (0..is_hard.len())
            .map(|node| {
                let (x, y) = (node % columns, node / columns);
                (0..columns)
                    .filter_map(|other| {
                        let hard = nearest[y * columns + other]?;
                        let (dx, dy) = (other.abs_diff(x) as f64, hard.abs_diff(y) as f64);
                        Some((self.step * dx.hypot(dy), hard * columns + other))
                    })
                    .min_by(|a, b| a.0.total_cmp(&b.0))
                    .unwrap_or((f64::INFINITY, node))
            })
            .collect()
    }

    /// The narrowest node of the most open path, and the nearest point of the wall.
    fn narrowest(&self) -> Option<([f64; 2], [f64; 2])> {
        let mut from: Vec<Option<usize>> = vec![None; self.clearance.len()];
        let mut heap = BinaryHeap::new();
        for (node, &(clearance, _)) in self.clearance.iter().enumerate() {
            let [x, y] = self.place(node);
            if x <= 2.0 && y.abs() <= 2.0 && clearance > 0.0 {
                from[node] = Some(node);
                heap.push(Step { clearance, own: clearance, node });
            }
        }
        let mut end = None;
        while let Some(Step { clearance, node, .. }) = heap.pop() {
            if self.place(node)[0] >= OUTSIDE {
                end = Some(node);
                break;
            }
            for next in self.beside(node) {
                let free = self.clearance[next].0;
                let (along, behind) = by_axis(self.place(next));
                let barred = behind > BEHIND && along > -LENGTH;
                if from[next].is_none() && free > 0.0 && !barred {
                    from[next] = Some(node);
                    heap.push(Step { clearance: clearance.min(free), own: free, node: next });
                }
            }
        }
        let mut way = vec![end?];
        while let Some(node) = from[way[way.len() - 1]].filter(|node| *node != way[way.len() - 1]) {
            way.push(node);
        }
        let in_channel = |node: &usize| by_axis(self.place(*node)).0.abs() <= LENGTH;
        let least = way
            .into_iter()
            .filter(in_channel)
            .min_by(|a, b| self.clearance[*a].0.total_cmp(&self.clearance[*b].0))?;
        Some((self.place(least), self.place(self.clearance[least].1)))
    }

    fn beside(&self, node: usize) -> impl Iterator<Item = usize> {
        let [columns, rows] = self.size;
        let (x, y) = (node % columns, node / columns);
        let steps = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)];
        steps.into_iter().filter_map(move |(dx, dy)| {
            let x = x.checked_add_signed(dx).filter(|x| *x < columns)?;
            let y = y.checked_add_signed(dy).filter(|y| *y < rows)?;
            Some(y * columns + x)
        })
    }
}

/// A node of the search: the most open path comes first, and on equal paths the most open node, so
/// that a path keeps to the middle.
struct Step {
    clearance: f64,
    own: f64,
    node: usize,
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Step {}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_way = self.clearance.total_cmp(&other.clearance);
        by_way.then(self.own.total_cmp(&other.own)).then(other.node.cmp(&self.node))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, positive")]
fn whole(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A canal of radius 8 mm with one channel at 45° to the front, `half` wide to either
    /// side at its waist 16 mm out.
    fn channel(half: f64) -> impl Fn([f64; 2]) -> bool {
        move |[x, y]: [f64; 2]| {
            let along = std::f64::consts::FRAC_1_SQRT_2 * (x - y);
            let across = std::f64::consts::FRAC_1_SQRT_2 * (x + y);
            let wall = half + 0.1 * (along - 13.0).powi(2);
            x.hypot(y) > 8.0 && across.abs() > wall
        }
    }

    #[test]
    fn the_width_of_a_waist_is_found() {
        for half in [0.4, 1.0, 1.75, 2.5] {
            let found = passage(channel(half)).unwrap();
            assert!((found.width - 2.0 * half).abs() < 0.05, "{half}: {found:?}");
            assert!(found.front[1] < found.back[1]);
        }
        assert!(is_open(0.5, channel(1.0)));
    }

    #[test]
    fn no_way_is_no_passage() {
        assert_eq!(passage(|[x, y]| x.hypot(y) > 8.0), None);
    }
}
