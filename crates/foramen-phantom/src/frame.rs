use foramen_types::{Point, Vector};

/// The curvature of the spine and the position of the patient: the map from the spine's own
/// coordinates to LPS millimetres and back.
///
/// Along the spine, `w` is the height on the centre line of the canal, `v` the distance behind it
/// and `u` the distance to the patient's left. The centre line is an arc of a circle, so both
/// directions have a closed form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    /// Radius of the lordosis in millimetres, positive when the neck is convex
    /// to the front.
    radius: f64,
    /// Rows of the rotation from the neck to the patient.
    rotation: [[f64; 3]; 3],
    /// LPS position of the middle of the centre line.
    shift: [f64; 3],
}

/// A point in the spine's own coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Local {
    pub u: f64,
    pub v: f64,
    pub w: f64,
}

impl Frame {
    /// A frame from the curvature of the canal (1/mm), rotations about the LPS
    /// axes (radians: nod, tilt to the shoulder, turn) and a shift.
    pub(crate) fn new(curvature: f64, nod: f64, tilt: f64, turn: f64, shift: [f64; 3]) -> Self {
        // A straight neck is an arc of 100 m: nothing bends by a micrometre.
        let curvature =
            if curvature.abs() < 1e-5 { 1e-5_f64.copysign(curvature) } else { curvature };
        let about_x = [[1.0, 0.0, 0.0], [0.0, nod.cos(), -nod.sin()], [0.0, nod.sin(), nod.cos()]];
        let about_y =
            [[tilt.cos(), 0.0, tilt.sin()], [0.0, 1.0, 0.0], [-tilt.sin(), 0.0, tilt.cos()]];
        let about_z =
            [[turn.cos(), -turn.sin(), 0.0], [turn.sin(), turn.cos(), 0.0], [0.0, 0.0, 1.0]];
        let rotation = product(&about_z, &product(&about_y, &about_x));
        Self { radius: 1.0 / curvature, rotation, shift }
    }

    /// The point of the spine for a point in the patient.
    pub(crate) fn local(&self, at: [f64; 3]) -> Local {
        let d = [at[0] - self.shift[0], at[1] - self.shift[1], at[2] - self.shift[2]];
        let r = &self.rotation;
        let neck = |i: usize| r[0][i] * d[0] + r[1][i] * d[1] + r[2][i] * d[2];
        let (x, y, z) = (neck(0), neck(1), neck(2));
        let behind = self.radius - y;
        let away = (behind * behind + z * z).sqrt();
        Local {
            u: x,
            v: self.radius - away.copysign(self.radius),
            w: self.radius * (z / behind).atan(),
        }
    }

    /// The point in the patient for a point of the spine.
    pub(crate) fn point(&self, at: Local) -> Point {
        let (sine, cosine) = (at.w / self.radius).sin_cos();
        let arm = self.radius - at.v;
        let neck = [at.u, self.radius - arm * cosine, arm * sine];
        let [x, y, z] = self.turned(neck);
        Point::new(x + self.shift[0], y + self.shift[1], z + self.shift[2])
    }

    /// The direction in the patient in which a displacement `(u, v, w)` at
    /// height `w` points.
    pub(crate) fn direction(&self, w: f64, along: [f64; 3]) -> Vector {
        let (sine, cosine) = (w / self.radius).sin_cos();
        let neck =
            [along[0], along[1] * cosine + along[2] * sine, -along[1] * sine + along[2] * cosine];
        let [x, y, z] = self.turned(neck);
        Vector::new(x, y, z)
    }

    fn turned(&self, neck: [f64; 3]) -> [f64; 3] {
        let r = &self.rotation;
        [0, 1, 2].map(|i| r[i][0] * neck[0] + r[i][1] * neck[1] + r[i][2] * neck[2])
    }
}

fn product(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    [0, 1, 2].map(|i| [0, 1, 2].map(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_go_to_the_patient_and_back(
            curvature in -0.004..0.008, nod in -0.2..0.2, tilt in -0.1..0.1, turn in -0.26..0.26,
            u in -60.0..60.0, v in -50.0..50.0, w in -90.0..90.0,
        ) {
            let frame = Frame::new(curvature, nod, tilt, turn, [12.0, -30.0, 400.0]);
            let there = frame.point(Local { u, v, w });
            let back = frame.local([there.x, there.y, there.z]);
            prop_assert!((back.u - u).abs() < 1e-6);
            prop_assert!((back.v - v).abs() < 1e-6);
            prop_assert!((back.w - w).abs() < 1e-6);
        }
    }

    #[test]
    fn directions_are_derivatives_of_places() {
        let frame = Frame::new(0.006, 0.1, -0.05, 0.2, [1.0, 2.0, 3.0]);
        let at = Local { u: 0.0, v: 0.0, w: 30.0 };
        let up = frame.point(Local { w: 30.001, ..at }) - frame.point(at);
        let difference = up * 1000.0 - frame.direction(30.0, [0.0, 0.0, 1.0]);
        assert!(difference.length() < 1e-4);
        let back = frame.point(Local { v: 0.001, ..at }) - frame.point(at);
        let difference = back * 1000.0 - frame.direction(30.0, [0.0, 1.0, 0.0]);
        assert!(difference.length() < 1e-4);
    }

    #[test]
    fn a_lordosis_is_convex_to_the_front() {
        let frame = Frame::new(0.006, 0.0, 0.0, 0.0, [0.0; 3]);
        let middle = frame.point(Local { u: 0.0, v: 0.0, w: 0.0 });
        let top = frame.point(Local { u: 0.0, v: 0.0, w: 40.0 });
        assert!(top.y > middle.y + 3.0);
    }
}
