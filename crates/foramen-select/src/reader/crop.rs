use foramen_image::ndarray::Array2;
use foramen_image::{Plane, Slice, Spacing, Stack};
use foramen_types::Side;

use super::Network;
use crate::frame::Frame;
use crate::ring::Levels;
use crate::view::{View, Views};

/// What the network is given of every slice, left and right: `edge` rows and columns
/// of [`Network::PIXEL`] around the place where a foramen is expected, columns running
/// outwards on both sides, rows to the back; 0 is bone and 1 fluid. `None` where
/// no canal was found.
///
/// For those who train a network of their own.
#[must_use]
pub fn reader_crops(stack: &Stack, edge: usize) -> Vec<Option<[Slice; 2]>> {
    let Views { views, expected, .. } = Views::of(stack, None);
    let crops = views.iter().map(|view| {
        let view = view.as_ref()?;
        let [left, right] = Side::BOTH.map(|side| crop(view, side, expected, edge));
        Some([left?, right?])
    });
    crops.collect()
}

/// One crop; `None` when rows and columns of the slice make no plane.
pub(crate) fn crop(view: &View<'_>, side: Side, middle: (f64, f64), edge: usize) -> Option<Slice> {
    let first = -0.5 * (edge - 1) as f64 * Network::PIXEL;
    let place = |row: usize, column: usize| {
        let mm = |index: usize| first + index as f64 * Network::PIXEL;
        Frame::outward(side, (middle.0 + mm(column), middle.1 + mm(row)))
    };
    let Levels { fluid, dark } = view.levels(side);
    let pixels = Array2::from_shape_fn((edge, edge), |(row, column)| {
        let value = view.frame.sample(place(row, column)).map_or(dark, f64::from);
        #[expect(clippy::cast_possible_truncation, reason = "pixels are f32")]
        let part = ((value - dark) / (fluid - dark)).clamp(-0.5, 2.0) as f32;
        part
    });
    let [origin, right, down] =
        [place(0, 0), place(0, 1), place(1, 0)].map(|at| view.frame.point(at));
    let spacing = Spacing { row: Network::PIXEL, column: Network::PIXEL };
    let plane = Plane::new(origin, (right - origin).unit()?, (down - origin).unit()?, spacing);
    Slice::new(plane.ok()?, pixels).ok()
}
