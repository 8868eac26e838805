use foramen_types::{Level, Side};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::seed::{Purpose, stream};

/// Share of foramina with a swollen root.
const SWOLLEN: f64 = 0.4;

/// The surroundings of the root of one foramen, if they differ between foramina
/// ([`Design::Picture`](crate::Design::Picture)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Perineural {
    /// Thickness of the fat around the root in standard deviations: below 0 there is scar close to
    /// the root, as with loss of perineural fat (Park 2013, PMC3635796).
    pub fat: f64,
    /// Whether the root is bright and thick.
    pub swollen: bool,
}

impl Perineural {
    /// Draws the surroundings of a foramen's root, independently for each foramen.
    pub(crate) fn draw(seed: u64, subject: usize, level: Level, side: Side) -> Self {
        let part = 2 * level.index() as u64 + u64::from(side == Side::Right);
        let mut rng = stream(seed, subject, Purpose::Perineural, part);
        let fat: f64 = StandardNormal.sample(&mut rng);
        Self { fat: fat.clamp(-2.0, 2.0), swollen: rng.random_bool(SWOLLEN) }
    }

    /// Whether a point at this distance from the surface of the root, millimetres, is scar rather
    /// than fat.
    pub(crate) fn is_scar(self, from_root: f64) -> bool {
        from_root > (1.1 + 0.9 * self.fat).max(0.0)
    }

    /// Factor by which the radius of the root outside the foramen is multiplied.
    pub(crate) fn swelling(self) -> f64 {
        if self.swollen { 1.25 } else { 1.0 }
    }
}
