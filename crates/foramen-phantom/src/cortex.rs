use rand::{Rng, RngExt};

/// Thickness of the cortex by place, millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cortex {
    body: f64,
    pedicle: f64,
    arch: f64,
}

impl Cortex {
    /// The same thickness everywhere.
    pub(crate) const EVEN: Self = Self { body: 0.8, pedicle: 0.8, arch: 0.8 };

    /// Thin on bodies, thick on pedicles, whose core of marrow is often at most 2 mm wide
    /// (Karaikovic, Spine 1997;22:493).
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
        Self {
            body: rng.random_range(0.4..0.9),
            pedicle: rng.random_range(1.1..1.8),
            arch: rng.random_range(0.7..1.3),
        }
    }

    /// The thickness at `a` millimetres beside and `v` behind the middle of the canal.
    pub(crate) fn at(self, a: f64, v: f64) -> f64 {
        let rest = if v < -8.0 && a < 10.0 { self.body } else { self.arch };
        let near = (-((a - 11.5) / 3.0).powi(2) - ((v + 5.5) / 3.5).powi(2)).exp();
        rest + (self.pedicle - rest) * near
    }
}
