//! The views of a patch: its middle, and a few random placements.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng};

/// The purpose of the random stream for views ([`keyed`]).
pub const VIEW: u64 = 5;

/// The placement of the views of a patch in a prediction, relative to its middle: by up to 5° and
/// 1.5 pixels.
pub const VIEWS: Placement = Placement { rotation: 5.0, shift: 1.5, scale: 0.0 };

/// A generator for one key: the same key always gives the same numbers. The parts are a purpose and
/// two numbers for that purpose, such as epoch and position.
#[must_use]
pub fn keyed(seed: u64, parts: [u64; 3]) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    for (slot, part) in key.chunks_exact_mut(8).zip([seed, parts[0], parts[1], parts[2]]) {
        slot.copy_from_slice(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// The generator of a view, from 1: all patches use the same few views.
#[must_use]
pub fn view_key(seed: u64, view: usize) -> ChaCha8Rng {
    keyed(seed, [VIEW, view as u64, 0])
}

/// Limits of the random placement of a field of view in an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// Largest rotation, degrees.
    pub rotation: f64,
    /// Largest shift along each edge, pixels.
    pub shift: f64,
    /// Largest relative change of scale.
    pub scale: f64,
}

impl Placement {
    /// Draws the position of a field of view in an image of `[rows, columns, crop]` pixels: the six
    /// numbers of an affine map `[2, 3]` of normalised coordinates, as
    /// `torch.nn.functional.affine_grid` takes them with `align_corners=True`.
    #[must_use]
    pub fn draw(&self, [rows, columns, crop]: [f64; 3], generator: &mut ChaCha8Rng) -> [f64; 6] {
        let mut within = |limit: f64| limit * generator.random_range(-1.0..=1.0f64);
        let (sin, cos) = within(self.rotation).to_radians().sin_cos();
        let scale = (1.0 + within(self.scale)) * (crop - 1.0);
        let (width, height) = (columns - 1.0, rows - 1.0);
        // Corners are at ±1: half a field of view times its share of the image,
        // turned in pixels.
        [
            cos * scale / width,
            -sin * scale / width,
            2.0 * within(self.shift) / width,
            sin * scale / height,
            cos * scale / height,
            2.0 * within(self.shift) / height,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_lies_within_its_limits_and_is_always_the_same() {
        for view in 1..20 {
            let map = VIEWS.draw([100.0, 100.0, 64.0], &mut view_key(1, view));
            let [a, b, x, c, d, y] = map;
            // Half a field of view is 31.5 of 49.5 pixels.
            assert!((a.hypot(c) - 63.0 / 99.0).abs() < 1e-12 && a == d && b == -c);
            assert!(c.atan2(a).to_degrees().abs() <= 5.0);
            assert!(x.abs().max(y.abs()) * 49.5 <= 1.5);
            assert_eq!(map, VIEWS.draw([100.0, 100.0, 64.0], &mut view_key(1, view)));
        }
    }
}
