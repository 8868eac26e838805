//! Phantoms broader than any protocol: tissues, scanner and pedicles simulated as widely as physics
//! and published anatomy allow, so that fits and measurements do not depend on one contrast (the
//! idea of SynthSeg, 10.1016/j.media.2023.102789).

use foramen_image::Contrast;
use ndarray::{Array2, Axis};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::seed::{Purpose, stream};
use crate::tissue::Tissue;

/// The variation of tissues, scanner and bone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Variety {
    /// One contrast per sequence, each tissue within 12 %; a cortex of 0.8 mm everywhere.
    /// The demo cohort.
    #[default]
    Usual,
    /// Tissues vary as widely as their order of brightness allows; fat suppression, chemical shift,
    /// zero-filled interpolation with Gibbs ringing, flow and pulsation, low field; cortex and
    /// pedicles as published.
    Wide,
}

impl Variety {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

/// Signals and texture of the tissues, and the effects of the scanner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wide {
    pub signal: [f32; Tissue::COUNT],
    pub texture: f32,
    /// Greatest loss of CSF signal by pulsation.
    pub pulsation: f32,
    /// Shift of fat along the rows, in pixels.
    pub shift: f64,
    /// Share of the rows and of the columns of k-space that were acquired; the rest is filled
    /// with zeros.
    acquired: [f64; 2],
    /// Factor of the noise: low field and short examinations have more.
    noise: f32,
}

impl Wide {
    pub(crate) fn draw(seed: u64, subject: usize, contrast: Contrast) -> Self {
        let mut rng = stream(seed, subject, Purpose::Variety, contrast as u64);
        let rng = &mut rng;
        let signal = if contrast == Contrast::T2Star { gradient_echo(rng) } else { spin_echo(rng) };
        let low_field = rng.random_bool(0.15);
        Self {
            signal,
            texture: rng.random_range(0.5..1.8),
            pulsation: rng.random_range(0.0..0.35),
            shift: rng.random_range(-1.6..1.6),
            acquired: [rng.random_range(0.55..1.0), rng.random_range(0.7..1.0)],
            noise: if low_field { 1.8 } else { rng.random_range(0.6..1.3) },
        }
    }

    /// Factor of the noise before zero filling, which removes a part of the noise.
    pub(crate) fn noise_before_interpolation(&self) -> f32 {
        #[expect(clippy::cast_possible_truncation, reason = "a factor near 1")]
        let kept = self.acquired.iter().product::<f64>().sqrt() as f32;
        self.noise / kept
    }

    /// The image reduced to the acquired part of k-space: this blurs edges and adds ringing, as
    /// zero-filled interpolation does.
    pub(crate) fn interpolated(&self, image: &Array2<f32>) -> Array2<f32> {
        let [rows, columns] = self.acquired;
        let across = band_limited(image, rows, Axis(0));
        band_limited(&across, columns, Axis(1))
    }
}

/// The lanes of an image without the outer part of their spectrum: a product with the matrix
/// of the periodic Dirichlet kernel.
fn band_limited(image: &Array2<f32>, share: f64, axis: Axis) -> Array2<f32> {
    let n = image.len_of(axis);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of the pixels"
    )]
    let kept = 2 * (0.5 * share * n as f64).floor() as usize + 1;
    if kept >= n {
        return image.clone();
    }
    let kernel = Array2::from_shape_fn((n, n), |(i, j)| {
        let (lag, kept) = (i.abs_diff(j), kept as f64);
        let turn = std::f64::consts::PI * lag as f64 / n as f64;
        let ripple = if lag == 0 { kept } else { (kept * turn).sin() / turn.sin() };
        #[expect(clippy::cast_possible_truncation, reason = "pictures are in single precision")]
        let part = (ripple / n as f64) as f32;
        part
    });
    if axis == Axis(0) { kernel.dot(image) } else { image.dot(&kernel) }
}

/// T2 FSE: fat bright, marrow between fat and muscle, flow black or nearly; in one of five fat
/// is suppressed.
fn spin_echo(rng: &mut impl Rng) -> [f32; Tissue::COUNT] {
    let fat: f32 = rng.random_range(0.5..1.1);
    let marrow = fat * rng.random_range(0.35..0.9);
    let loose = fat * rng.random_range(0.6..1.0);
    let (fat, loose, marrow) = if rng.random_bool(0.2) {
        let left = rng.random_range(0.1..0.35);
        (left * fat, (left + 0.1) * loose, (left + 0.15) * marrow)
    } else {
        (fat, loose, marrow)
    };
    let cord = rng.random_range(0.3..0.6);
    let annulus = rng.random_range(0.05..0.25);
    Tissue::ALL.map(|tissue| match tissue {
        Tissue::Air => 0.0,
        Tissue::Skin => rng.random_range(0.15..0.6),
        Tissue::Fat => fat,
        Tissue::LooseFat => loose,
        Tissue::Muscle => rng.random_range(0.08..0.28),
        Tissue::Marrow => marrow,
        Tissue::Cortex => rng.random_range(0.02..0.08),
        Tissue::Osteophyte => rng.random_range(0.04..0.25),
        Tissue::Nucleus => annulus + rng.random_range(0.05..0.4),
        Tissue::Annulus => annulus,
        Tissue::SoftDisc => annulus + rng.random_range(0.02..0.3),
        Tissue::Csf => 1.0,
        Tissue::Cord => cord,
        Tissue::GreyMatter => cord * rng.random_range(1.02..1.2),
        Tissue::Root => cord * rng.random_range(0.6..1.0),
        Tissue::Vein => rng.random_range(0.15..1.0),
        Tissue::Artery => rng.random_range(0.02..0.35),
        Tissue::Joint => rng.random_range(0.25..0.9),
        Tissue::Ligament => rng.random_range(0.03..0.16),
        Tissue::Mucosa => rng.random_range(0.25..0.7),
        Tissue::Cartilage => rng.random_range(0.1..0.4),
        // Drawn from nothing: what is drawn after these stays what it is.
        Tissue::Scar => 0.5 * cord,
        Tissue::SwollenRoot => 1.2 * cord,
    })
}

/// T2*: bone dark throughout, fluid and flow bright.
fn gradient_echo(rng: &mut impl Rng) -> [f32; Tissue::COUNT] {
    let marrow = rng.random_range(0.05..0.25);
    let cord = rng.random_range(0.5..0.85);
    let annulus = rng.random_range(0.12..0.4);
    Tissue::ALL.map(|tissue| match tissue {
        Tissue::Air => 0.0,
        Tissue::Skin => rng.random_range(0.15..0.5),
        Tissue::Fat => rng.random_range(0.15..0.6),
        Tissue::LooseFat => rng.random_range(0.4..0.9),
        Tissue::Muscle => rng.random_range(0.35..0.75),
        Tissue::Marrow => marrow,
        Tissue::Cortex => marrow * rng.random_range(0.2..0.6),
        Tissue::Osteophyte => marrow * rng.random_range(0.3..1.0),
        Tissue::Nucleus => annulus + rng.random_range(0.03..0.3),
        Tissue::Annulus => annulus,
        Tissue::SoftDisc => annulus + rng.random_range(0.03..0.25),
        Tissue::Csf => 1.0,
        Tissue::Cord => cord,
        Tissue::GreyMatter => cord * rng.random_range(1.05..1.25),
        Tissue::Root => cord * rng.random_range(0.7..0.95),
        Tissue::Vein => rng.random_range(0.5..1.1),
        Tissue::Artery => rng.random_range(0.1..1.1),
        Tissue::Joint => rng.random_range(0.25..0.9),
        Tissue::Ligament => rng.random_range(0.06..0.25),
        Tissue::Mucosa => rng.random_range(0.3..0.7),
        Tissue::Cartilage => rng.random_range(0.15..0.45),
        // Drawn from nothing: what is drawn after these stays what it is.
        Tissue::Scar => 0.6 * cord,
        Tissue::SwollenRoot => 1.1 * cord,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_acquired_is_gone_and_the_mean_stays() {
        let edge = Array2::from_shape_fn((64, 64), |(r, _)| if r < 32 { 1.0 } else { 0.0 });
        let shown = band_limited(&edge, 0.5, Axis(0));
        let mean = shown.mean().unwrap();
        assert!((mean - 0.5).abs() < 1e-4, "{mean}");
        // Gibbs: some 9 % above the edge, however fine the picture.
        let most = shown.iter().copied().fold(0.0f32, f32::max);
        assert!((1.05..1.2).contains(&most), "{most}");
        // Done twice it changes nothing more.
        let twice = band_limited(&shown, 0.5, Axis(0));
        assert!(twice.iter().zip(&shown).all(|(a, b)| (a - b).abs() < 1e-4));
        assert_eq!(band_limited(&edge, 1.0, Axis(0)), edge);
    }

    #[test]
    fn orderings_that_physics_gives_hold() {
        for subject in 0..50 {
            let of =
                |contrast, tissue: Tissue| Wide::draw(3, subject, contrast).signal[tissue as usize];
            for contrast in [Contrast::T2Fse, Contrast::T2Star] {
                assert!(of(contrast, Tissue::Cortex) < of(contrast, Tissue::Marrow));
                assert!(of(contrast, Tissue::Cord) < of(contrast, Tissue::Csf));
                assert!(of(contrast, Tissue::Annulus) < of(contrast, Tissue::SoftDisc));
            }
            assert!(of(Contrast::T2Fse, Tissue::Marrow) < of(Contrast::T2Fse, Tissue::Fat) + 0.2);
        }
    }
}
