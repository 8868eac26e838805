use foramen_image::{Contrast, Plane, Spacing};
use foramen_types::{Level, Point, Vector};
use rand::{Rng, RngExt};

use crate::CohortConfig;
use crate::frame::Local;
use crate::seed::{Purpose, stream};
use crate::spine::Spine;

/// The kind of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeriesKind {
    Scout,
    Sagittal,
    Axial,
    /// A sagittal volume of cubic voxels.
    Volume,
}

/// One acquired series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub kind: SeriesKind,
    pub contrast: Contrast,
    pub rows: usize,
    pub columns: usize,
    pub thickness: f64,
    /// Distance between the middles of neighbouring slices.
    pub pitch: f64,
    pub repetition_time: f64,
    pub echo_time: f64,
    pub echo_train: u32,
    pub flip_angle: f64,
    /// The planes of each geometric stack, from the feet to the head (sagittal:
    /// from the right to the left).
    pub stacks: Vec<Vec<Plane>>,
}

/// The planning of the axial slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planning {
    Straight,
    Angled,
}

impl Planning {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Straight => "straight",
            Self::Angled => "angled",
        }
    }
}

/// One examination.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Protocol {
    pub planning: Planning,
    pub axial: Series,
    pub sagittal: Series,
    pub scout: Series,
    /// A sagittal T2 volume, for subjects examined by a volume only.
    pub volume: Series,
    /// Tesla.
    pub field: f64,
}

impl Protocol {
    /// Draws an examination; spin echo and gradient echo alternate between subjects, and half of
    /// each are angled per disc.
    ///
    /// `asked` gives fixed values of the axial series; its seed is not used.
    pub(crate) fn draw(asked: &CohortConfig, seed: u64, subject: usize, spine: &Spine) -> Self {
        let mut rng = stream(seed, subject, Purpose::Protocol, 0);
        let contrast = if subject.is_multiple_of(2) { Contrast::T2Fse } else { Contrast::T2Star };
        let planning = if rng.random_bool(0.5) { Planning::Straight } else { Planning::Angled };
        let field = if rng.random_bool(0.5) { 1.5 } else { 3.0 };
        let axial = axial(&mut rng, asked, spine, contrast, planning);
        let sagittal = sagittal(&mut rng, spine);
        let scout = scout(spine);
        let volume = volume(&mut stream(seed, subject, Purpose::Protocol, 1), spine);
        Self { planning, axial, sagittal, scout, volume, field }
    }
}

fn axial(
    rng: &mut impl Rng,
    asked: &CohortConfig,
    spine: &Spine,
    contrast: Contrast,
    planning: Planning,
) -> Series {
    // Drawn all the same, so that the rest of the examination stays what it is.
    let mm = rng.random_range(0.40..0.70);
    let mm = asked.axial_pixel.unwrap_or(mm);
    let mm = (mm * 1000.0_f64).round() / 1000.0;
    let view = rng.random_range(110.0..138.0);
    let size = even(view / mm);
    let thickness = [2.0, 2.5, 3.0, 3.0, 3.0, 3.5, 4.0][rng.random_range(0..7)];
    let thickness = asked.axial_thickness.unwrap_or(thickness);
    let pitch = thickness * [1.0, 1.1, 1.1, 1.1, 1.2][rng.random_range(0..5)];
    let pitch = (pitch * 100.0_f64).round() / 100.0;
    let shift = (rng.random_range(-4.0..4.0), rng.random_range(-4.0..4.0));
    let view = View { rows: size, columns: size, mm, shift };
    let stacks = match planning {
        Planning::Straight => {
            let top = spine.soft.discs[usize::from(thickness < 3.0)] + rng.random_range(5.0..9.0);
            let bottom = spine.soft.discs[5] - rng.random_range(6.0..10.0);
            let middle = 0.5 * (top + bottom) + rng.random_range(0.0..pitch);
            // Some are laid square to the scanner, not to the spine.
            let normal = if rng.random_bool(0.3) {
                Vector::new(0.0, 0.0, 1.0)
            } else {
                leaning(rng, spine.frame.direction(middle, [0.0, 0.0, 1.0]), 4.0)
            };
            let centre = spine.frame.point(Local { u: 0.0, v: -4.0, w: middle });
            let count = count((top - bottom) / pitch);
            vec![planes(&view, centre, normal, count, pitch)]
        }
        Planning::Angled => [Level::C7T1, Level::C6C7, Level::C5C6, Level::C4C5, Level::C3C4]
            .into_iter()
            .map(|level| {
                let w = spine.soft.discs[level.index()] + rng.random_range(-1.5..1.5);
                let normal = leaning(rng, spine.disc(level).1, 2.5);
                let centre = spine.frame.point(Local { u: 0.0, v: -4.0, w });
                let count = if thickness < 2.8 { 5 } else { rng.random_range(3..=4) };
                planes(&view, centre, normal, count, pitch)
            })
            .collect(),
    };
    let spin_echo = contrast == Contrast::T2Fse;
    Series {
        kind: SeriesKind::Axial,
        contrast,
        rows: size,
        columns: size,
        thickness,
        pitch,
        repetition_time: round(rng.random_range(if spin_echo {
            3000.0..4500.0
        } else {
            450.0..800.0
        })),
        echo_time: round(rng.random_range(if spin_echo { 90.0..120.0 } else { 11.0..20.0 })),
        echo_train: if spin_echo { rng.random_range(15..=25) } else { 1 },
        flip_angle: if spin_echo { 150.0 } else { round(rng.random_range(20.0..35.0)) },
        stacks,
    }
}

fn sagittal(rng: &mut impl Rng, spine: &Spine) -> Series {
    let mm = (rng.random_range(0.75..0.95) * 1000.0_f64).round() / 1000.0;
    let size = even(180.0 / mm);
    let count = rng.random_range(11..=13);
    let right = spine.frame.direction(0.0, [1.0, 0.0, 0.0]);
    // Square to the patient's left, as far as the operator sees it.
    let normal = leaning(rng, right, 2.5);
    let down = -spine.frame.direction(0.0, [0.0, 0.0, 1.0]);
    let down = (down - normal * down.dot(normal)).unit().unwrap_or(Vector::new(0.0, 0.0, -1.0));
    let back = down.cross(normal);
    let back = if back.y < 0.0 { -back } else { back };
    let centre = spine.frame.point(Local { u: 0.0, v: -6.0, w: 4.0 });
    let pitch = 3.3;
    let stack = (0..count)
        .map(|index| {
            let along = (f64::from(index) - 0.5 * f64::from(count - 1)) * pitch;
            plane(centre + normal * along, back, down, size, size, mm)
        })
        .collect();
    Series {
        kind: SeriesKind::Sagittal,
        contrast: Contrast::T2Fse,
        rows: size,
        columns: size,
        thickness: 3.0,
        pitch,
        repetition_time: round(rng.random_range(2800.0..4000.0)),
        echo_time: round(rng.random_range(90.0..120.0)),
        echo_train: rng.random_range(15..=25),
        flip_angle: 150.0,
        stacks: vec![stack],
    }
}

/// A 3D fast spin echo with cubic voxels (SPACE, CUBE, VISTA), as wide as those of the neck
/// usually are: some 51 mm (spine-generic, 10.1038/s41596-021-00588-0, has 64 slices of
/// 0.8 mm).
fn volume(rng: &mut impl Rng, spine: &Spine) -> Series {
    let mm = (rng.random_range(0.80..0.95) * 1000.0_f64).round() / 1000.0;
    let size = even(190.0 / mm);
    let count = count(rng.random_range(51.0..58.0) / mm);
    let right = spine.frame.direction(0.0, [1.0, 0.0, 0.0]);
    let normal = leaning(rng, right, 2.5);
    let down = -spine.frame.direction(0.0, [0.0, 0.0, 1.0]);
    let down = (down - normal * down.dot(normal)).unit().unwrap_or(Vector::new(0.0, 0.0, -1.0));
    let back = down.cross(normal);
    let back = if back.y < 0.0 { -back } else { back };
    let aside = rng.random_range(-2.0..2.0);
    let centre = spine.frame.point(Local { u: aside, v: -6.0, w: 4.0 });
    let stack = (0..count)
        .map(|index| {
            let along = (index as f64 - 0.5 * (count as f64 - 1.0)) * mm;
            plane(centre + normal * along, back, down, size, size, mm)
        })
        .collect();
    Series {
        kind: SeriesKind::Volume,
        contrast: Contrast::T2Fse,
        rows: size,
        columns: size,
        thickness: mm,
        pitch: mm,
        repetition_time: round(rng.random_range(1500.0..2200.0)),
        echo_time: round(rng.random_range(100.0..140.0)),
        echo_train: rng.random_range(60..=90),
        flip_angle: 120.0,
        stacks: vec![stack],
    }
}

/// Three quick images at right angles, aligned with the scanner.
fn scout(spine: &Spine) -> Series {
    let (x, y, z) =
        (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0), Vector::new(0.0, 0.0, 1.0));
    let centre = spine.frame.point(Local { u: 0.0, v: 0.0, w: 0.0 });
    let pairs = [(x, y), (y, -z), (x, -z)];
    Series {
        kind: SeriesKind::Scout,
        contrast: Contrast::Other,
        rows: 128,
        columns: 128,
        thickness: 8.0,
        pitch: 8.0,
        repetition_time: 9.0,
        echo_time: 4.0,
        echo_train: 1,
        flip_angle: 20.0,
        stacks: pairs
            .into_iter()
            .map(|(row, column)| vec![plane(centre, row, column, 128, 128, 2.2)])
            .collect(),
    }
}

struct View {
    rows: usize,
    columns: usize,
    mm: f64,
    shift: (f64, f64),
}

/// Parallel planes around `centre`, whose rows run along the patient's left as far as the normal
/// allows.
fn planes(view: &View, centre: Point, normal: Vector, count: usize, pitch: f64) -> Vec<Plane> {
    let left = Vector::new(1.0, 0.0, 0.0);
    let along_row = (left - normal * left.dot(normal)).unit().unwrap_or(left);
    let along_column = normal.cross(along_row);
    let centre = centre + along_row * view.shift.0 + along_column * view.shift.1;
    (0..count)
        .map(|index| {
            let along = (index as f64 - 0.5 * (count as f64 - 1.0)) * pitch;
            plane(
                centre + normal * along,
                along_row,
                along_column,
                view.rows,
                view.columns,
                view.mm,
            )
        })
        .collect()
}

fn plane(
    centre: Point,
    row: Vector,
    column: Vector,
    rows: usize,
    columns: usize,
    mm: f64,
) -> Plane {
    let corner = centre
        - row * (0.5 * (columns as f64 - 1.0) * mm)
        - column * (0.5 * (rows as f64 - 1.0) * mm);
    // Headers hold decimals: what is drawn lies exactly where the header says.
    let corner = Point::new(decimal(corner.x, 4), decimal(corner.y, 4), decimal(corner.z, 4));
    let cosines = |v: Vector| Vector::new(decimal(v.x, 7), decimal(v.y, 7), decimal(v.z, 7));
    Plane::new(corner, cosines(row), cosines(column), Spacing { row: mm, column: mm })
        .expect("the directions are orthonormal and the spacing is positive")
}

/// A direction turned by up to `degrees` about each of two axes.
fn leaning(rng: &mut impl Rng, direction: Vector, degrees: f64) -> Vector {
    let mut by = || rng.random_range(-degrees..degrees).to_radians();
    let (a, b) = (by(), by());
    let side = Vector::new(direction.y, direction.z, direction.x).cross(direction);
    let side = side.unit().unwrap_or(Vector::new(1.0, 0.0, 0.0));
    let other = direction.cross(side);
    (direction + side * a.tan() + other * b.tan()).unit().unwrap_or(direction)
}

fn decimal(value: f64, places: i32) -> f64 {
    let scale = 10f64.powi(places);
    (value * scale).round() / scale
}

fn round(value: f64) -> f64 {
    value.round()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few hundred at most, and positive"
)]
fn even(pixels: f64) -> usize {
    2 * (pixels / 2.0).round() as usize
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few dozen at most, and positive"
)]
fn count(slices: f64) -> usize {
    slices.ceil().max(1.0) as usize
}
