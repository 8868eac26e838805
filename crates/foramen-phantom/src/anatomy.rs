//! The cervical spine of a person, as the surfaces of its vertebrae.

use std::collections::VecDeque;
use std::path::Path;

use crate::PhantomError;
use crate::frame::{Frame, Local};
use crate::surface::Surface;

/// Endings of the file names of the vertebrae from C2 down, by source.
const NAMES: [[&str; 2]; 8] = [
    ["cervical_vertebra_2.stl", "C2_FMA12520.stl"],
    ["cervical_vertebra_3.stl", "C3_FMA12521.stl"],
    ["cervical_vertebra_4.stl", "C4_FMA12522.stl"],
    ["cervical_vertebra_5.stl", "C5_FMA12523.stl"],
    ["cervical_vertebra_6.stl", "C6_FMA12524.stl"],
    ["cervical_vertebra_7.stl", "C7_FMA12525.stl"],
    ["thoracic_vertebra_1.stl", "T1_FMA9165.stl"],
    ["thoracic_vertebra_2.stl", "T2_FMA10006.stl"],
];

/// How much thicker than bone the surfaces of the Visible Human Female are, millimetres:
/// its pedicles measure 1.5 mm more than published means.
const THICKER: f64 = 0.6;

/// The vertebrae C2 to T1 of one person, and T2 if available, in the axes of the source: x from
/// right to left, y backwards, z up, millimetres.
///
/// `draw_subject_on` simulates phantoms around them.
#[derive(Debug, Clone, PartialEq)]
pub struct Anatomy {
    pub(crate) vertebrae: Vec<Vertebra>,
    /// The arc followed by the canal.
    frame: Frame,
    /// Height on the arc that is mapped to 0.
    height: f64,
    /// Deviation of the canal from the arc: height, to the left, to the back.
    way: Vec<[f64; 3]>,
    /// Distance of the bone inside the surfaces, millimetres.
    pub(crate) excess: f64,
}

/// One vertebra, its landmarks in straightened coordinates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vertebra {
    pub surface: Surface,
    /// Centre of the vertebral foramen, in the axes of the source.
    pub centre: [f64; 3],
    pub body: Body,
    /// Centres of the transverse foramina, left and right: distance from the middle,
    /// behind the canal's centre.
    pub transverse: [Option<(f64, f64)>; 2],
}

/// The body of a vertebra in straightened coordinates, millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Body {
    /// Heights of the upper and the lower endplate in the midline.
    pub upper: f64,
    pub lower: f64,
    /// Positions of the front and the back wall.
    pub front: f64,
    pub back: f64,
    /// Half-width at the upper rim, between the inner and the outer face of the uncinates.
    pub half: f64,
}

impl Anatomy {
    /// Reads the STL files of the vertebrae C2 to T1, with the names of the Human Reference Atlas
    /// (`cervical_vertebra_2.stl` …) or of BodyParts3D (`C2_FMA12520.stl` …).
    ///
    /// # Errors
    /// [`PhantomError::Io`] if a file cannot be read, [`PhantomError::Surface`] if a file is
    /// missing or is not a vertebra with a canal.
    pub fn read(folder: &Path) -> Result<Self, PhantomError> {
        let fault = |fault: String| PhantomError::Surface { path: folder.to_owned(), fault };
        let mut surfaces = Vec::new();
        for [name, other] in NAMES {
            let file = [name, other].map(|n| folder.join(n)).into_iter().find(|f| f.is_file());
            match file {
                Some(file) => surfaces.push(Surface::read(&file)?),
                // The last only fills the bottom of pictures.
                None if surfaces.len() == NAMES.len() - 1 => {}
                None => return Err(fault(format!("holds neither {name} nor {other}"))),
            }
        }
        let excess = if folder.join(NAMES[0][0]).is_file() { THICKER } else { 0.0 };
        let cuts: Vec<Cuts> = surfaces.iter().map(Cuts::of).collect();
        let centres: Vec<[f64; 3]> = cuts
            .iter()
            .enumerate()
            .map(|(index, cuts)| {
                let name = NAMES[index][0];
                cuts.canal().ok_or_else(|| fault(format!("has no canal in {name}")))
            })
            .collect::<Result<_, _>>()?;
        let frame = arc(&centres);
        let on_arc: Vec<Local> = centres.iter().map(|centre| frame.local(*centre)).collect();
        // Half-way between the outer discs, as on the analytic spine.
        let height = 0.5 * (on_arc[0].w + on_arc[6].w);
        let way = on_arc.iter().map(|at| [at.w - height, at.u, at.v]).collect();
        let mut anatomy = Self { vertebrae: Vec::new(), frame, height, way, excess };
        for ((surface, centre), cuts) in surfaces.into_iter().zip(centres).zip(cuts) {
            let transverse = cuts.transverse(centre);
            anatomy.vertebrae.push(Vertebra { surface, centre, body: Body::default(), transverse });
        }
        let bodies: Vec<Body> = (0..anatomy.vertebrae.len())
            .map(|index| {
                let body = anatomy.body(index);
                body.ok_or_else(|| fault(format!("has no body in {}", NAMES[index][0])))
            })
            .collect::<Result<_, _>>()?;
        for (vertebra, body) in anatomy.vertebrae.iter_mut().zip(bodies) {
            vertebra.body = body;
        }
        Ok(anatomy)
    }

    /// The point in the source for a point in straightened coordinates.
    pub(crate) fn source(&self, at: Local) -> [f64; 3] {
        let (u, v) = self.offset(at.w);
        let place = Local { u: at.u + u, v: at.v + v, w: at.w + self.height };
        let point = self.frame.point(place);
        [point.x, point.y, point.z]
    }

    /// Straightened height of the centre of a vertebra.
    pub(crate) fn height(&self, vertebra: usize) -> f64 {
        self.way[vertebra][0]
    }

    fn offset(&self, w: f64) -> (f64, f64) {
        let below = self.way.partition_point(|[height, ..]| *height > w);
        let (Some(above), Some(below)) =
            (below.checked_sub(1).and_then(|i| self.way.get(i)), self.way.get(below))
        else {
            let end = if below == 0 { self.way[0] } else { self.way[self.way.len() - 1] };
            return (end[1], end[2]);
        };
        let share = (above[0] - w) / (above[0] - below[0]);
        let between = |i: usize| above[i] + (below[i] - above[i]) * share;
        (between(1), between(2))
    }

    /// Measures the body of a vertebra along straight lines from its canal.
    fn body(&self, vertebra: usize) -> Option<Body> {
        let w = self.height(vertebra);
        let surface = &self.vertebrae[vertebra].surface;
        let bone = |at: Local| surface.distance(self.source(at)) < -self.excess;
        let line = |from: Local, by: [f64; 3], want: bool| {
            (0..300)
                .map(|step| 0.1 * f64::from(step))
                .map(|s| {
                    (
                        s,
                        Local {
                            u: from.u + by[0] * s,
                            v: from.v + by[1] * s,
                            w: from.w + by[2] * s,
                        },
                    )
                })
                .find(|(_, at)| bone(*at) == want)
                .map(|(s, _)| s)
        };
        // The nutrient vessels may open the back wall in the middle: look a little below.
        let canal = Local { u: 0.0, v: 0.0, w: w - 2.0 };
        let back = -line(canal, [0.0, -1.0, 0.0], true)?;
        let within = Local { v: back - 6.0, ..canal };
        let front = within.v - line(within, [0.0, -1.0, 0.0], false)?;
        let middle = Local { v: 0.5 * (back + front), ..canal };
        let upper = middle.w + line(middle, [0.0, 0.0, 1.0], false)?;
        let lower = middle.w - line(middle, [0.0, 0.0, -1.0], false)?;
        let rim = Local { w: upper + 2.0, v: back - 3.0, ..middle };
        let halves = [1.0, -1.0].map(|side: f64| {
            let inner = line(rim, [side, 0.0, 0.0], true)?;
            let outer = line(Local { u: side * inner, ..rim }, [side, 0.0, 0.0], false)?;
            Some(inner + 0.5 * outer.min(4.0))
        });
        let waist = line(Local { w: upper - 3.0, ..middle }, [1.0, 0.0, 0.0], false)?;
        let halves: Vec<f64> = halves.into_iter().flatten().filter(|half| *half < 16.0).collect();
        let half = halves.iter().copied().reduce(f64::min).unwrap_or(waist);
        Some(Body { upper, lower, front, back, half })
    }
}

/// The arc of a circle through the centres of the canal, seen from the side.
fn arc(centres: &[[f64; 3]]) -> Frame {
    // Kåsa's fit: y² + z² + a y + b z + c = 0 by least squares about the mean.
    let n = centres.len() as f64;
    let mean = [0, 1, 2].map(|i| centres.iter().map(|c| c[i]).sum::<f64>() / n);
    let (mut syy, mut syz, mut szz, mut sy, mut sz) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for centre in centres {
        let (y, z) = (centre[1] - mean[1], centre[2] - mean[2]);
        let square = y * y + z * z;
        syy += y * y;
        syz += y * z;
        szz += z * z;
        sy += y * square;
        sz += z * square;
    }
    let determinant = syy * szz - syz * syz;
    let y = 0.5 * (sy * szz - sz * syz) / determinant;
    let z = 0.5 * (sz * syy - sy * syz) / determinant;
    let radius = (y * y + z * z + (syy + szz) / n).sqrt();
    // The middle of the circle lies behind a neck that is convex to the front.
    let signed = radius.copysign(y);
    Frame::new(1.0 / signed, 0.0, 0.0, 0.0, [mean[0], mean[1] + y - signed, mean[2] + z])
}

/// Holes in sections of a vertebra.
struct Cuts {
    /// Area in square millimetres, centre.
    holes: Vec<(f64, [f64; 3])>,
}

/// Edge of a pixel of a section, millimetres.
const PIXEL: f64 = 0.75;

impl Cuts {
    /// Sections every millimetre, level and tilted down to the back as the arches are.
    fn of(surface: &Surface) -> Self {
        let [low, high] = surface.bounds();
        let mut holes = Vec::new();
        for tilt in [0.0_f64, 10.0, 20.0, 30.0] {
            let slope = tilt.to_radians().tan();
            let middle = 0.5 * (low[1] + high[1]);
            let steps = whole((high[2] - low[2]) + 30.0);
            for step in 0..steps {
                let height = low[2] - 15.0 + step as f64;
                let plane = |x: f64, y: f64| [x, y, height - slope * (y - middle)];
                holes.extend(section(surface, low, high, plane));
            }
        }
        Self { holes }
    }

    /// The middle of the large holes.
    fn canal(&self) -> Option<[f64; 3]> {
        middle(self.holes.iter().filter(|(area, _)| *area > 120.0).map(|(_, at)| *at))
    }

    /// The middles of the small holes beside the canal.
    fn transverse(&self, canal: [f64; 3]) -> [Option<(f64, f64)>; 2] {
        [1.0, -1.0].map(|side| {
            let beside = self.holes.iter().filter(|(area, at)| {
                let out = side * (at[0] - canal[0]);
                (6.0..80.0).contains(area) && (10.0..24.0).contains(&out)
            });
            let at = middle(beside.map(|(_, at)| *at))?;
            Some((side * (at[0] - canal[0]), at[1] - canal[1]))
        })
    }
}

fn middle(places: impl Iterator<Item = [f64; 3]>) -> Option<[f64; 3]> {
    let (sum, n) =
        places.fold(([0.0; 3], 0.0), |(sum, n), at| ([0, 1, 2].map(|i| sum[i] + at[i]), n + 1.0));
    (n > 0.0).then(|| sum.map(|total| total / n))
}

/// The holes of one section: areas that bone separates from the outside.
fn section(
    surface: &Surface,
    low: [f64; 3],
    high: [f64; 3],
    plane: impl Fn(f64, f64) -> [f64; 3],
) -> Vec<(f64, [f64; 3])> {
    let size = [0, 1].map(|i| whole((high[i] - low[i]) / PIXEL) + 1);
    let place = |x: usize, y: usize| plane(low[0] + PIXEL * x as f64, low[1] + PIXEL * y as f64);
    let mut seen: Vec<bool> = (0..size[0] * size[1])
        .map(|i| surface.distance(place(i % size[0], i / size[0])) < 0.0)
        .collect();
    let mut holes = Vec::new();
    for start in 0..seen.len() {
        if seen[start] {
            continue;
        }
        let mut queue = VecDeque::from([start]);
        seen[start] = true;
        let (mut cells, mut open) = (Vec::new(), false);
        while let Some(cell) = queue.pop_front() {
            cells.push(cell);
            let (x, y) = (cell % size[0], cell / size[0]);
            let (right, below) = (x + 1 < size[0], y + 1 < size[1]);
            open |= x == 0 || y == 0 || !right || !below;
            let beside = [
                (x > 0).then(|| cell - 1),
                (y > 0).then(|| cell - size[0]),
                right.then(|| cell + 1),
                below.then(|| cell + size[0]),
            ];
            for next in beside.into_iter().flatten() {
                if !seen[next] {
                    seen[next] = true;
                    queue.push_back(next);
                }
            }
        }
        if !open {
            let places = cells.iter().map(|cell| place(cell % size[0], cell / size[0]));
            let area = PIXEL * PIXEL * cells.len() as f64;
            holes.extend(middle(places).map(|at| (area, at)));
        }
    }
    holes
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, positive")]
fn whole(value: f64) -> usize {
    value.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "reads test data (FORAMEN_TEST_DATA)"]
    fn vertebrae_of_real_people_have_their_landmarks() {
        for (folder, vertebrae) in [("anatomy/hra-vhf", 8), ("anatomy/bodyparts3d/bone", 7)] {
            let anatomy = Anatomy::read(&foramen_test_data::path(folder)).unwrap();
            assert_eq!(anatomy.vertebrae.len(), vertebrae, "{folder}");
            for (index, pair) in anatomy.vertebrae.windows(2).enumerate().take(6) {
                let [upper, lower] = [pair[0].body, pair[1].body];
                // Between two discs lie 13 to 22 mm, a disc is 2 to 8 mm high.
                let pitch = anatomy.height(index) - anatomy.height(index + 1);
                assert!((12.0..22.0).contains(&pitch), "{folder} {index}: {pitch}");
                let disc = upper.lower - lower.upper;
                assert!((2.0..8.0).contains(&disc), "{folder} {index}: {disc}");
                // Bodies begin half a canal in front of its centre and are 12 to 20 mm deep.
                assert!((-9.0..-6.0).contains(&lower.back), "{folder} {index}: {lower:?}");
                let depth = lower.back - lower.front;
                assert!((12.0..20.0).contains(&depth), "{folder} {index}: {lower:?}");
                let (u, v) = anatomy.offset(anatomy.height(index));
                assert!(u.abs() < 4.0 && v.abs() < 3.0, "{folder} {index}: {u} {v}");
            }
        }
    }

    #[test]
    fn a_folder_without_vertebrae_is_refused_by_the_name_it_lacks() {
        let folder = std::env::temp_dir();
        let error = Anatomy::read(&folder).unwrap_err().to_string();
        assert!(error.contains("cervical_vertebra_2.stl"), "{error}");
    }
}
