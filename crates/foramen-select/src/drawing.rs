use foramen_image::{Colour, Picture, Plane, Slice, Spacing, Window};
use foramen_types::{Point, Vector};

use crate::SliceMeasurement;

/// Half the width and height of a picture in millimetres.
const HALF: (f64, f64) = (32.0, 22.0);
/// Millimetres per pixel of a picture: four to eight times enlarged.
const PIXEL: f64 = 0.125;

const WALL: Colour = Colour(80, 200, 255);
const WIDTH: Colour = Colour(255, 80, 60);
const ROOT: Colour = Colour(90, 230, 120);
const LETTER: Colour = Colour(255, 220, 90);

/// Draws the measurement of a slice: an enlarged crop around the canal in radiological orientation
/// (the patient's left at the picture's right, marked R and L), with the path and the width lines
/// of both sides, of the foramen in red and of the root in green.
#[must_use]
pub fn draw(slice: &Slice, measurement: &SliceMeasurement, window: Window) -> Picture {
    let plane = slice.plane();
    let (rows, columns) = slice.pixels().dim();
    let centre = measurement
        .canal
        .unwrap_or_else(|| plane.point((rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0));
    let normal = plane.normal();
    let left = Vector::new(1.0, 0.0, 0.0);
    let Some(lateral) = (left - normal * normal.dot(left)).unit() else {
        return Picture::from_pixels(slice.pixels(), window);
    };
    let posterior = plane.cranial_normal().cross(lateral);
    let corner = centre - lateral * HALF.0 - posterior * HALF.1;
    let spacing = Spacing { row: PIXEL, column: PIXEL };
    let Ok(target) = Plane::new(corner, lateral, posterior, spacing) else {
        return Picture::from_pixels(slice.pixels(), window);
    };
    let size = |half: f64| crate::frame::whole(2.0 * half / PIXEL) + 1;
    let pixels = slice.resample(&target, size(HALF.1), size(HALF.0), window.low());
    let mut picture = Picture::from_pixels(&pixels, window);
    let at = |point: &Point| target.pixel(*point);
    for foramen in [&measurement.left, &measurement.right] {
        let path: Vec<(f64, f64)> = foramen.path.iter().map(at).collect();
        picture.polyline(&path, 1.0, WALL);
        if let (Some(_), Some(front), Some(back)) = (foramen.width, foramen.front, foramen.back) {
            picture.line(at(&front), at(&back), 2.0, WIDTH);
        }
        if let (Some(_), Some([front, back])) = (foramen.width, &foramen.root) {
            picture.line(at(front), at(back), 2.0, ROOT);
        }
    }
    letters(&mut picture);
    picture
}

/// R at the left edge of the picture and L at its right.
fn letters(picture: &mut Picture) {
    let right = picture.columns() as f64 - 26.0;
    let mut stroke = |from: (f64, f64), to: (f64, f64), left: f64| {
        picture.line((from.0 + 12.0, from.1 + left), (to.0 + 12.0, to.1 + left), 2.5, LETTER);
    };
    stroke((0.0, 0.0), (22.0, 0.0), 12.0);
    stroke((0.0, 0.0), (0.0, 9.0), 12.0);
    stroke((0.0, 9.0), (3.0, 12.0), 12.0);
    stroke((3.0, 12.0), (8.0, 12.0), 12.0);
    stroke((8.0, 12.0), (11.0, 9.0), 12.0);
    stroke((11.0, 9.0), (11.0, 0.0), 12.0);
    stroke((11.0, 6.0), (22.0, 13.0), 12.0);
    stroke((0.0, 0.0), (22.0, 0.0), right);
    stroke((22.0, 0.0), (22.0, 12.0), right);
}
