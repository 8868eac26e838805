use foramen_image::Slice;
use foramen_types::{Point, Side, Vector};

/// In-plane millimetres of one slice around a place: `lateral` grows to the
/// patient's left, `posterior` to the back, whichever way rows and columns run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    slice: &'a Slice,
    origin: (f64, f64),
    lateral: (f64, f64),
    posterior: (f64, f64),
}

impl<'a> Frame<'a> {
    /// The frame of a slice around a place projected onto it; `None` when the slice is far from
    /// axial.
    pub(crate) fn new(slice: &'a Slice, at: Point) -> Option<Self> {
        let plane = slice.plane();
        let normal = plane.normal();
        let left = Vector::new(1.0, 0.0, 0.0);
        let lateral = (left - normal * normal.dot(left)).unit()?;
        let posterior = plane.cranial_normal().cross(lateral);
        if posterior.y < 0.3 {
            return None;
        }
        let spacing = plane.spacing();
        let per_mm = |direction: Vector| {
            (
                direction.dot(plane.along_column()) / spacing.row,
                direction.dot(plane.along_row()) / spacing.column,
            )
        };
        Some(Self {
            slice,
            origin: plane.pixel(at),
            lateral: per_mm(lateral),
            posterior: per_mm(posterior),
        })
    }

    /// The same frame turned within the slice: the new lateral direction lies
    /// `angle` (radians) towards the front of the old one.
    pub(crate) fn turned(&self, angle: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        let mix =
            |a: (f64, f64), x: f64, b: (f64, f64), y: f64| (a.0 * x + b.0 * y, a.1 * x + b.1 * y);
        Self {
            lateral: mix(self.lateral, cos, self.posterior, -sin),
            posterior: mix(self.lateral, sin, self.posterior, cos),
            ..*self
        }
    }

    /// Row and column of a place in millimetres (left, back).
    pub(crate) fn pixel(&self, (left, back): (f64, f64)) -> (f64, f64) {
        (
            self.origin.0 + left * self.lateral.0 + back * self.posterior.0,
            self.origin.1 + left * self.lateral.1 + back * self.posterior.1,
        )
    }

    /// The place in the patient of millimetres (left, back).
    pub(crate) fn point(&self, at: (f64, f64)) -> Point {
        let (row, column) = self.pixel(at);
        self.slice.plane().point(row, column)
    }

    /// The intensity at millimetres (left, back); `None` outside the image.
    pub(crate) fn sample(&self, at: (f64, f64)) -> Option<f32> {
        let (row, column) = self.pixel(at);
        self.slice.sample(row, column)
    }

    /// Place (left, back) of a place given outward on a side: `outward` grows
    /// away from the midline.
    pub(crate) fn outward(side: Side, (outward, back): (f64, f64)) -> (f64, f64) {
        (side.sign() * outward, back)
    }
}

/// A non-negative number of steps as an index.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "callers give small non-negative numbers"
)]
pub(crate) fn whole(value: f64) -> usize {
    value as usize
}
