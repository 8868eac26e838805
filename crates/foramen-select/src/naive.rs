use foramen_image::Slice;
use foramen_types::{Point, Side};

/// The width that a fixed threshold gives, in millimetres, for comparison only.
#[must_use]
pub fn naive_width(slice: &Slice, canal: Point, side: Side) -> Option<f64> {
    let _ = (slice, canal, side);
    None
}
