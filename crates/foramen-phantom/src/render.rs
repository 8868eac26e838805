use foramen_image::{Contrast, Plane};
use ndarray::Array2;
use rand::{Rng, RngExt};

use crate::artefact::Artefacts;
use crate::frame::Local;
use crate::protocol::{Series, SeriesKind};
use crate::seed::{Purpose, stream};
use crate::spine::Spine;
use crate::tissue::Tissue;
use crate::variety::Wide;

/// Samples of a pixel near the spine: shares of the slice thickness and of the
/// pixel, so that one pass averages through the slice and smooths the edges.
const FINE: [(f64, f64, f64); 8] = [
    (-0.4375, -0.375, -0.167),
    (-0.3125, 0.125, 0.167),
    (-0.1875, -0.125, 0.389),
    (-0.0625, 0.375, -0.389),
    (0.0625, -0.4375, 0.278),
    (0.1875, 0.0625, -0.278),
    (0.3125, 0.3125, 0.056),
    (0.4375, -0.1875, -0.056),
];

/// Samples of a pixel elsewhere.
const COARSE: [(f64, f64, f64); 2] = [(-0.25, -0.25, 0.2), (0.25, 0.25, -0.2)];

/// Samples of a pixel of the sagittal series.
const SAGITTAL: [(f64, f64, f64); 4] = [
    (-0.375, -0.375, 0.125),
    (-0.125, 0.125, -0.375),
    (0.125, 0.375, 0.375),
    (0.375, -0.125, -0.125),
];

/// The signals of one subject under one contrast.
pub(crate) struct Signals {
    /// Signal and texture of every tissue.
    of: [(f32, f32); Tissue::COUNT],
}

impl Signals {
    pub(crate) fn draw(seed: u64, subject: usize, contrast: Contrast, wide: Option<&Wide>) -> Self {
        if let Some(wide) = wide {
            let texture = |tissue: Tissue| match tissue {
                Tissue::Csf => wide.pulsation,
                _ => wide.texture * tissue.texture(),
            };
            return Self { of: Tissue::ALL.map(|one| (wide.signal[one as usize], texture(one))) };
        }
        let mut rng = stream(seed, subject, Purpose::Artefact, 1000 + contrast as u64);
        let of = Tissue::ALL.map(|tissue| {
            let spread = if tissue == Tissue::Csf { 0.0 } else { 0.12 };
            let factor = 1.0 + rng.random_range(-1.0f32..1.0) * spread;
            (tissue.signal(contrast) * factor, tissue.texture())
        });
        Self { of }
    }

    fn get(&self, tissue: Tissue, texture: f32) -> f32 {
        let (signal, depth) = self.of[tissue as usize];
        signal * (1.0 + depth * texture)
    }
}

/// The appearance of a spine on a scanner with one contrast.
pub(crate) struct Scanner {
    pub signals: Signals,
    pub artefacts: Artefacts,
    pub wide: Option<Wide>,
}

/// Simulates one slice as the scanner stores it: whole numbers from 0 to 4095.
pub(crate) fn render(
    spine: &Spine,
    series: &Series,
    plane: &Plane,
    scanner: &Scanner,
    key: (u64, usize, u64),
) -> Array2<f32> {
    let (seed, subject, part) = key;
    let mut rng = stream(seed, subject, Purpose::Noise, part);
    let Scanner { signals, artefacts, wide } = scanner;
    let shift = wide.as_ref().map_or(0.0, |wide| wide.shift);
    let ideal = ideal(spine, series, plane, signals, shift, &mut rng);
    artefacts.apply(&ideal, wide.as_ref(), &mut rng)
}

/// The slice without noise, bias or ghosts; CSF is about 1.
fn ideal(
    spine: &Spine,
    series: &Series,
    plane: &Plane,
    signals: &Signals,
    shift: f64,
    rng: &mut impl Rng,
) -> Array2<f32> {
    let texture = Texture::draw(series.rows, series.columns, plane.spacing().row, rng);
    let (row, column) =
        (plane.along_column() * plane.spacing().row, plane.along_row() * plane.spacing().column);
    let normal = plane.cranial_normal() * series.thickness;
    let mut water = Array2::zeros((series.rows, series.columns));
    let mut fat = Array2::zeros(water.raw_dim());
    for ((r, c), water) in water.indexed_iter_mut() {
        let at = plane.point(r as f64, c as f64);
        let samples: &[(f64, f64, f64)] = match series.kind {
            SeriesKind::Sagittal => &SAGITTAL,
            SeriesKind::Scout => &COARSE,
            SeriesKind::Axial | SeriesKind::Volume => {
                let Local { u, v, .. } = spine.frame.local([at.x, at.y, at.z]);
                if u.abs() < 27.0 && v > -24.0 && v < 16.0 { &FINE } else { &COARSE }
            }
        };
        let grain = texture.at(r, c);
        let (mut sum, mut of_fat) = (0.0f32, 0.0f32);
        for &(through, down, across) in samples {
            let x = at.x + normal.x * through + row.x * down + column.x * across;
            let y = at.y + normal.y * through + row.y * down + column.y * across;
            let z = at.z + normal.z * through + row.z * down + column.z * across;
            let tissue = spine.tissue([x, y, z]);
            let signal = signals.get(tissue, grain);
            sum += signal;
            of_fat += signal * tissue.fat();
        }
        *water = sum / samples.len() as f32;
        fat[[r, c]] = of_fat / samples.len() as f32;
    }
    if shift == 0.0 { water } else { chemically_shifted(&water, &fat, shift) }
}

/// The image with its fat shifted along the rows by a number of pixels.
fn chemically_shifted(all: &Array2<f32>, fat: &Array2<f32>, shift: f64) -> Array2<f32> {
    let last = all.ncols() as f64 - 1.0;
    Array2::from_shape_fn(all.raw_dim(), |(r, c)| {
        let from = (c as f64 - shift).clamp(0.0, last);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within the row"
        )]
        let (left, part) = (from as usize, from.fract() as f32);
        let right = (left + 1).min(all.ncols() - 1);
        all[[r, c]] - fat[[r, c]] + (1.0 - part) * fat[[r, left]] + part * fat[[r, right]]
    })
}

/// A smooth random field of about −1 to 1, fine enough to look like fibres and
/// lobules.
struct Texture {
    grid: Array2<f32>,
    /// Grid cells per pixel.
    scale: f32,
}

impl Texture {
    fn draw(rows: usize, columns: usize, mm: f64, rng: &mut impl Rng) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "less than 1")]
        let scale = (mm / 1.7) as f32;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few hundred at most, and positive"
        )]
        let cells = |n: usize| (n as f32 * scale).ceil() as usize + 2;
        let grid = Array2::from_shape_simple_fn((cells(rows), cells(columns)), || {
            rng.random_range(-1.0f32..1.0)
        });
        Self { grid, scale }
    }

    fn at(&self, row: usize, column: usize) -> f32 {
        let (r, c) = (row as f32 * self.scale, column as f32 * self.scale);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and within the grid"
        )]
        let (i, j) = (r as usize, c as usize);
        let (fr, fc) = (r - i as f32, c - j as f32);
        let g = |i: usize, j: usize| self.grid[[i, j]];
        let upper = g(i, j) * (1.0 - fc) + g(i, j + 1) * fc;
        let lower = g(i + 1, j) * (1.0 - fc) + g(i + 1, j + 1) * fc;
        upper * (1.0 - fr) + lower * fr
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CohortConfig;
    use crate::subject::Plan;

    /// The mean over a square of 3 × 3 pixels around a place of the spine.
    fn mean_at(image: &Array2<f32>, plane: &Plane, plan: &Plan, at: Local) -> f32 {
        let (r, c) = plane.pixel(plan.spine.frame.point(at));
        let near = |i: usize, at: f64| (i as f64 - at).abs() < 1.5;
        let inside = image.indexed_iter().filter(|((i, j), _)| near(*i, r) && near(*j, c));
        let (sum, n) = inside.fold((0.0, 0.0), |(sum, n), (_, value)| (sum + value, n + 1.0));
        sum / n
    }

    #[test]
    fn csf_is_brightest_and_bone_is_dark_on_gradient_echo() {
        for (index, contrast) in [(0, Contrast::T2Fse), (1, Contrast::T2Star)] {
            let plan = Plan::draw(&CohortConfig::default(), index);
            let series = &plan.protocol.axial;
            assert_eq!(series.contrast, contrast);
            let plane = series.stacks[0][1];
            let signals = Signals::draw(1, index, contrast, None);
            let mut rng = stream(1, index, Purpose::Noise, 0);
            let image = ideal(&plan.spine, series, &plane, &signals, 0.0, &mut rng);
            let canal = crate::measure::canal_height(&plan.spine, &plane);
            let mean = |u: f64, v: f64| mean_at(&image, &plane, &plan, Local { u, v, w: canal });
            let (sac, cord) = (plan.spine.soft.sac, plan.spine.soft.cord);
            let csf = mean(0.5 * (sac.0 + cord.0), 0.0);
            let bone = mean(20.5, -0.8);
            assert!((0.85..1.1).contains(&csf), "{csf}");
            assert!(mean(0.0, 0.0) < 0.9 * csf);
            if contrast == Contrast::T2Star {
                assert!(bone < 0.35, "{bone}");
            } else {
                assert!((0.15..0.6).contains(&bone), "{bone}");
            }
        }
    }
}
