//! A closed surface as a grid of signed distances.

use std::fs::File;
use std::path::Path;

use crate::PhantomError;

/// Edge of a cell of the grid, millimetres.
const STEP: f64 = 0.5;

/// Distances are exact up to this value, millimetres, and limited to it beyond.
const BAND: f64 = 4.0;

type Triangle = [[f64; 3]; 3];

/// The signed distance from a closed surface, negative inside, millimetres, trilinear
/// between the nodes of a grid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Surface {
    origin: [f64; 3],
    size: [usize; 3],
    distances: Vec<f32>,
}

impl Surface {
    /// Reads an STL file, binary or text, whose unit is the millimetre.
    pub(crate) fn read(path: &Path) -> Result<Self, PhantomError> {
        let io = |source| PhantomError::Io { action: "read", path: path.to_owned(), source };
        let mesh = stl_io::read_stl(&mut File::open(path).map_err(io)?).map_err(io)?;
        let triangles: Vec<Triangle> = mesh
            .faces
            .iter()
            .map(|face| {
                face.vertices.map(|vertex| [0, 1, 2].map(|i| f64::from(mesh.vertices[vertex].0[i])))
            })
            .collect();
        if triangles.is_empty() {
            return Err(PhantomError::Surface {
                path: path.to_owned(),
                fault: "holds no triangle".to_owned(),
            });
        }
        Ok(Self::of(&triangles))
    }

    fn of(triangles: &[Triangle]) -> Self {
        let corners = || triangles.iter().flatten();
        let bound = |i: usize, of: fn(f64, f64) -> f64, from: f64| {
            corners().map(|corner| corner[i]).fold(from, of)
        };
        let low = [0, 1, 2].map(|i| bound(i, f64::min, f64::INFINITY) - BAND - STEP);
        let high = [0, 1, 2].map(|i| bound(i, f64::max, f64::NEG_INFINITY) + BAND + STEP);
        // No column of the grid passes exactly through a corner of a tidy mesh.
        let origin = [low[0] - 0.012_345_6, low[1] - 0.023_456_7, low[2]];
        let size = [0, 1, 2].map(|i| cell((high[i] - origin[i]) / STEP) + 2);
        #[expect(clippy::cast_possible_truncation, reason = "a few millimetres")]
        let far = BAND as f32;
        let mut surface = Self { origin, size, distances: vec![far; size.iter().product()] };
        surface.fill(triangles);
        surface.sign(triangles);
        surface
    }

    fn node(&self, [x, y, z]: [usize; 3]) -> usize {
        (z * self.size[1] + y) * self.size[0] + x
    }

    fn place(&self, at: [usize; 3]) -> [f64; 3] {
        [0, 1, 2].map(|i| self.origin[i] + STEP * at[i] as f64)
    }

    /// The nodes between two coordinates on an axis.
    fn nodes(&self, axis: usize, low: f64, high: f64) -> std::ops::Range<usize> {
        let at = |value: f64| cell(((value - self.origin[axis]) / STEP).max(0.0));
        at(low)..(at(high) + 2).min(self.size[axis])
    }

    /// The unsigned distance of each node near a triangle.
    fn fill(&mut self, triangles: &[Triangle]) {
        for triangle in triangles {
            let reach = [0, 1, 2].map(|axis| {
                let [a, b, c] = triangle.map(|corner| corner[axis]);
                self.nodes(axis, a.min(b).min(c) - BAND, a.max(b).max(c) + BAND)
            });
            for z in reach[2].clone() {
                for y in reach[1].clone() {
                    for x in reach[0].clone() {
                        let node = self.node([x, y, z]);
                        #[expect(clippy::cast_possible_truncation, reason = "millimetres")]
                        let distance = squared_distance(triangle, self.place([x, y, z])) as f32;
                        let held = self.distances[node];
                        if distance < held * held {
                            self.distances[node] = distance.sqrt();
                        }
                    }
                }
            }
        }
    }

    /// Makes the distances inside negative: a node is inside where the surface winds
    /// around it, so that parts that cross each other stay whole.
    fn sign(&mut self, triangles: &[Triangle]) {
        let mut crossings = vec![Vec::new(); self.size[0] * self.size[1]];
        for triangle in triangles {
            let [a, b, c] = triangle;
            let xs = [a[0], b[0], c[0]];
            let ys = [a[1], b[1], c[1]];
            let extent = |of: [f64; 3]| {
                (
                    of.into_iter().fold(f64::INFINITY, f64::min),
                    of.into_iter().fold(f64::NEG_INFINITY, f64::max),
                )
            };
            let ((x_low, x_high), (y_low, y_high)) = (extent(xs), extent(ys));
            let twice = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
            if twice == 0.0 {
                continue;
            }
            for y in self.nodes(1, y_low, y_high) {
                for x in self.nodes(0, x_low, x_high) {
                    let [px, py, _] = self.place([x, y, 0]);
                    let part = |p: &[f64; 3], q: &[f64; 3]| {
                        ((q[0] - p[0]) * (py - p[1]) - (px - p[0]) * (q[1] - p[1])) / twice
                    };
                    let (of_c, of_a, of_b) = (part(a, b), part(b, c), part(c, a));
                    if of_a >= 0.0 && of_b >= 0.0 && of_c >= 0.0 {
                        let height = of_a * a[2] + of_b * b[2] + of_c * c[2];
                        crossings[y * self.size[0] + x].push((height, twice.signum()));
                    }
                }
            }
        }
        for (column, crossed) in crossings.iter_mut().enumerate() {
            crossed.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (mut next, mut winding) = (0, 0.0);
            for z in 0..self.size[2] {
                let height = self.origin[2] + STEP * z as f64;
                while let Some((_, turn)) = crossed.get(next).filter(|(at, _)| *at < height) {
                    winding += turn;
                    next += 1;
                }
                if winding != 0.0 {
                    let node = z * self.size[0] * self.size[1] + column;
                    self.distances[node] = -self.distances[node];
                }
            }
        }
    }

    /// The lowest and the highest corner of the box that contains all points within the band.
    pub(crate) fn bounds(&self) -> [[f64; 3]; 2] {
        [self.origin, self.place(self.size.map(|n| n - 1))]
    }

    /// The signed distance of a place, at most 4 mm.
    pub(crate) fn distance(&self, at: [f64; 3]) -> f64 {
        let mut cells = [0; 3];
        let mut shares = [0.0; 3];
        for i in 0..3 {
            let along = (at[i] - self.origin[i]) / STEP;
            if !(along >= 0.0 && along < (self.size[i] - 1) as f64) {
                return BAND;
            }
            cells[i] = cell(along);
            shares[i] = along - cells[i] as f64;
        }
        let [x, y, z] = cells;
        let row = |y: usize, z: usize| {
            let node = self.node([x, y, z]);
            let (a, b) = (f64::from(self.distances[node]), f64::from(self.distances[node + 1]));
            a + (b - a) * shares[0]
        };
        let face = |z: usize| {
            let (a, b) = (row(y, z), row(y + 1, z));
            a + (b - a) * shares[1]
        };
        let (a, b) = (face(z), face(z + 1));
        a + (b - a) * shares[2]
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, positive")]
fn cell(along: f64) -> usize {
    along as usize
}

/// The squared distance of a place from a triangle, by the region it lies in (Ericson,
/// Real-Time Collision Detection, 2005, 5.1.5).
fn squared_distance([a, b, c]: &Triangle, p: [f64; 3]) -> f64 {
    let minus = |p: [f64; 3], q: [f64; 3]| [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
    let dot = |p: [f64; 3], q: [f64; 3]| p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
    let along = |from: [f64; 3], by: [f64; 3], s: f64| [0, 1, 2].map(|i| from[i] + by[i] * s);
    let (ab, ac) = (minus(*b, *a), minus(*c, *a));
    let (ap, bp, cp) = (minus(p, *a), minus(p, *b), minus(p, *c));
    let (d1, d2) = (dot(ab, ap), dot(ac, ap));
    let (d3, d4) = (dot(ab, bp), dot(ac, bp));
    let (d5, d6) = (dot(ab, cp), dot(ac, cp));
    let (va, vb, vc) = (d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2);
    let nearest = if d1 <= 0.0 && d2 <= 0.0 {
        *a
    } else if d3 >= 0.0 && d4 <= d3 {
        *b
    } else if d6 >= 0.0 && d5 <= d6 {
        *c
    } else if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        along(*a, ab, d1 / (d1 - d3))
    } else if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        along(*a, ac, d2 / (d2 - d6))
    } else if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        along(*b, minus(*c, *b), (d4 - d3) / ((d4 - d3) + (d5 - d6)))
    } else {
        let sum = va + vb + vc;
        along(along(*a, ab, vb / sum), ac, vc / sum)
    };
    let off = minus(p, nearest);
    dot(off, off)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sphere of radius 6 mm about a centre, as two pyramids split four times.
    fn ball(centre: [f64; 3]) -> Vec<Triangle> {
        let corners = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]];
        let mut faces: Vec<Triangle> = (0..4)
            .flat_map(|i| {
                let (a, b) = (corners[i], corners[(i + 1) % 4]);
                [[a, b, [0.0, 0.0, 1.0]], [b, a, [0.0, 0.0, -1.0]]]
            })
            .collect();
        let middle = |a: [f64; 3], b: [f64; 3]| {
            let sum = [0, 1, 2].map(|i| a[i] + b[i]);
            let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
            sum.map(|x| x / length)
        };
        for _ in 0..4 {
            faces = faces
                .iter()
                .flat_map(|&[a, b, c]| {
                    let (ab, bc, ca) = (middle(a, b), middle(b, c), middle(c, a));
                    [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
                })
                .collect();
        }
        faces
            .iter()
            .map(|face| face.map(|corner| [0, 1, 2].map(|i| centre[i] + 6.0 * corner[i])))
            .collect()
    }

    #[test]
    fn distances_from_a_ball_are_those_of_a_ball() {
        let surface = Surface::of(&ball([3.0, -2.0, 10.0]));
        for (at, expected) in [
            ([3.0, -2.0, 17.0], 1.0),
            ([3.0, -2.0, 13.0], -3.0),
            ([-4.5, -2.0, 10.0], 1.5),
            ([3.0, 3.0, 10.0], -1.0),
            ([30.0, 3.0, 10.0], BAND),
        ] {
            let distance = surface.distance(at);
            assert!((distance - expected).abs() < 0.05, "{at:?}: {distance} for {expected}");
        }
    }

    #[test]
    fn surfaces_that_cross_stay_whole_inside() {
        let both = [ball([0.0; 3]), ball([4.0, 0.0, 0.0])].concat();
        assert!(Surface::of(&both).distance([2.0, 0.0, 0.0]) < -3.0);
    }
}
