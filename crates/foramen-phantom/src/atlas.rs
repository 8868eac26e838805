//! The structures above the body of C2: dens, atlas, base of the skull. Axial series hardly reach
//! them; on the sagittal series they identify C2.

use crate::frame::Local;
use crate::shape::{capsule, ellipse, joined};

/// Height above the disc C2/3 at which the body of C2 narrows to the dens.
pub(crate) const SHOULDER: f64 = 15.0;

/// Height of the tip of the dens above the disc C2/3.
const TIP: f64 = 37.0;

/// Height of the base of the skull above the disc C2/3.
const SKULL: f64 = 43.0;

/// The signed distance from bone at height `up` above the disc C2/3, given the
/// back edge of the vertebral bodies.
pub(crate) fn bone(at: Local, up: f64, back_edge: f64) -> f64 {
    let (a, v) = (at.u.abs(), at.v);
    let dens_at = back_edge - 5.0;
    // The dens: a peg with a round tip.
    let above = (up - (TIP - 5.0)).max(0.0);
    let peg = ((a * a + (v - dens_at).powi(2) + above * above).sqrt() - 5.0).max(12.0 - up);
    // The arch of the atlas in front and behind, its side masses between.
    let front = capsule(a, v, (0.0, dens_at - 8.0), (11.0, dens_at - 2.0), 2.4)
        .max((up - 29.0).abs() - 5.0);
    let side = ellipse(a, v, (17.5, -5.0), (7.0, 8.0)).max((up - 27.0).abs() - 6.5);
    let behind = capsule(a, v, (17.0, 2.0), (0.0, 15.5), 2.6).max((up - 27.5).abs() - 3.5);
    let facet = ellipse(a, v, (18.0, -3.0), (7.0, 6.5)).max(up - 19.0);
    // The clivus and the back rim of the great foramen.
    let clivus = ((v - dens_at + 0.7 * (up - SKULL)).abs() - 4.0).max(SKULL - up).max(a - 12.0);
    let rim = ((v - 22.0 - 0.5 * (up - SKULL)).abs() - 4.5).max(SKULL - 2.0 - up);
    let masses = joined(side, front, 1.0).min(behind).min(facet);
    peg.min(masses).min(clivus).min(rim)
}

/// The widening of the dural sac and the cord, which become the cistern and the brain stem.
pub(crate) fn widening(up: f64) -> (f64, f64) {
    let over = (up - 20.0).max(0.0);
    let stem = (up - 36.0).max(0.0);
    (1.0 + 0.012 * over, 1.0 + 0.03 * stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dens_stands_between_the_arch_and_the_canal() {
        let at = |v: f64| Local { u: 0.0, v, w: 0.0 };
        assert!(bone(at(-11.5), 28.0, -6.5) < 0.0, "the dens itself");
        assert!(bone(at(-19.5), 28.0, -6.5) < 0.0, "the front arch");
        assert!(bone(at(0.0), 28.0, -6.5) > 3.0, "the canal");
        assert!(bone(at(-11.5), TIP + 2.0, -6.5) > 0.0, "above the tip");
    }
}
