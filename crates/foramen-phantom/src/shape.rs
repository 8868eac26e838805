//! Signed distances in the plane, millimetres: negative inside.

/// A disc.
pub(crate) fn circle(u: f64, v: f64, centre: (f64, f64), radius: f64) -> f64 {
    ((u - centre.0).powi(2) + (v - centre.1).powi(2)).sqrt() - radius
}

/// An upright ellipse; exact on its edge and close to it beside it.
pub(crate) fn ellipse(u: f64, v: f64, centre: (f64, f64), axes: (f64, f64)) -> f64 {
    let (x, y) = ((u - centre.0) / axes.0, (v - centre.1) / axes.1);
    let k = (x * x + y * y).sqrt();
    if k < 1e-9 {
        return -axes.0.min(axes.1);
    }
    // The first-order distance: the level function over its slope.
    let (gx, gy) = (x / axes.0, y / axes.1);
    (k - 1.0) * k / (gx * gx + gy * gy).sqrt()
}

/// A line with a thickness: everything within `radius` of a segment.
pub(crate) fn capsule(u: f64, v: f64, from: (f64, f64), to: (f64, f64), radius: f64) -> f64 {
    let (au, av) = (to.0 - from.0, to.1 - from.1);
    let (pu, pv) = (u - from.0, v - from.1);
    let share = ((pu * au + pv * av) / (au * au + av * av)).clamp(0.0, 1.0);
    ((pu - share * au).powi(2) + (pv - share * av).powi(2)).sqrt() - radius
}

/// The union of two shapes with the corner between them filled over about
/// `width`.
pub(crate) fn joined(a: f64, b: f64, width: f64) -> f64 {
    let mixed = (0.5 + 0.5 * (b - a) / width).clamp(0.0, 1.0);
    b + (a - b) * mixed - width * mixed * (1.0 - mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_right_on_the_axes() {
        assert!((circle(3.0, 0.0, (0.0, 0.0), 2.0) - 1.0).abs() < 1e-12);
        assert!((ellipse(4.1, 0.0, (0.0, 0.0), (4.0, 2.0)) - 0.1).abs() < 0.01);
        assert!((ellipse(0.0, 1.9, (0.0, 0.0), (4.0, 2.0)) + 0.1).abs() < 0.01);
        assert!((capsule(1.0, 3.0, (0.0, 0.0), (2.0, 0.0), 1.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_joined_shape_holds_both() {
        assert!(joined(-1.0, 5.0, 1.0) <= -1.0);
        assert!(joined(0.2, 0.2, 1.0) < 0.0);
    }
}
