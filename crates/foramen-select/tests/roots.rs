//! Facts about the root outside the foramen, on drawn necks.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests stop at the first surprise, and draw small pictures"
)]

use foramen_image::{Contrast, Plane, Slice, Spacing, Stack};
use foramen_select::{MeasureOptions, SliceMeasurement, State, measure};
use foramen_types::{Point, Side, Vector};
use proptest::prelude::*;

const PIXEL: f64 = 0.5;
const SIZE: usize = 180;

/// The intensity of a plain T2 FSE neck at millimetres (left, back) from the
/// middle of its canal: foramina 3 mm wide at 50° to the coronal plane, and
/// outside them roots of given widths (0: none) in fat, 0.8 mm behind the axis.
fn tissue(left: f64, back: f64, roots: (f64, f64)) -> f32 {
    let ellipse = |x: f64, y: f64| (left / x).powi(2) + (back / y).powi(2) < 1.0;
    if ellipse(6.0, 4.0) {
        return 420.0;
    }
    if ellipse(9.5, 6.2) {
        return 1000.0;
    }
    if ellipse(11.0, 7.7) {
        return 600.0;
    }
    let root = if left > 0.0 { roots.0 } else { roots.1 };
    let (sin, cos) = 50_f64.to_radians().sin_cos();
    let (x, y) = (left.abs() - 11.5, back + 5.5);
    let (along, across) = (x * cos - y * sin, x * sin + y * cos);
    let beside = (across - 0.8).abs();
    if along > 3.0 && beside < root / 2.0 {
        return 330.0;
    }
    if (along > -4.0 && across.abs() < 1.5) || (along > 3.0 && beside < root / 2.0 + 1.5) {
        return 640.0;
    }
    let bone = (left / 24.0).powi(2) + ((back + 4.0) / 17.0).powi(2) < 1.0;
    if bone { 50.0 } else { 140.0 }
}

fn neck(roots: (f64, f64)) -> Slice {
    let half = (SIZE as f64 - 1.0) / 2.0;
    let plane = Plane::new(
        Point::new(-half * PIXEL, -half * PIXEL, 0.0),
        Vector::new(1.0, 0.0, 0.0),
        Vector::new(0.0, 1.0, 0.0),
        Spacing { row: PIXEL, column: PIXEL },
    )
    .unwrap();
    let mut values = Vec::with_capacity(SIZE * SIZE);
    for row in 0..SIZE {
        for column in 0..SIZE {
            let mut sum = 0.0;
            for part in 0..16 {
                let sub = |k: i32| (f64::from(k) - 1.5) / 4.0;
                let x = (column as f64 - half + sub(part % 4)) * PIXEL;
                let y = (row as f64 - half + sub(part / 4)) * PIXEL;
                sum += tissue(x, y, roots);
            }
            let noise = ((row * 7919 + column * 104_729) % 41) as f32 - 20.0;
            values.push(sum / 16.0 + noise);
        }
    }
    Slice::from_vec(plane, (SIZE, SIZE), values, None).unwrap()
}

fn measured(slice: Slice, contrast: Contrast) -> SliceMeasurement {
    measure(&Stack::new(vec![slice], contrast).unwrap(), &MeasureOptions::default()).remove(0)
}

#[test]
fn a_root_in_fat_is_measured_on_its_side() {
    for width in [2.0, 3.0, 4.5] {
        let seen = measured(neck((width, width)), Contrast::T2Fse);
        for side in Side::BOTH {
            let foramen = seen.side(side);
            assert_eq!(foramen.state, State::Open, "{width} {side}");
            let error = foramen.root_width.unwrap() - width;
            assert!(error.abs() < 0.3, "{width} {side}: {error:.2}");
            let [front, back] = foramen.root.unwrap();
            assert!((front.distance(back) - foramen.root_width.unwrap()).abs() < 1e-6);
            assert!(front.x * side.sign() > 10.0 && front.y < back.y);
        }
    }
}

#[test]
fn where_no_root_is_seen_there_is_a_width_and_no_grade() {
    let seen = measured(neck((3.0, 0.0)), Contrast::T2Fse);
    assert!(seen.left.kim().is_some() && seen.left.modified_kim().is_some());
    assert!(seen.right.width.is_some());
    assert_eq!((seen.right.root_width, seen.right.kim()), (None, None));
}

#[test]
fn a_slice_without_thickness_has_narrower_roots_and_says_so() {
    let plain = measured(neck((3.5, 3.5)), Contrast::T2Fse).left;
    let thick = measured(neck((3.5, 3.5)).with_thickness(3.0), Contrast::T2Fse).left;
    assert!(plain.root_uncorrected && !thick.root_uncorrected);
    let [plain, thick] = [plain, thick].map(|foramen| foramen.root_width.unwrap());
    assert!(thick - plain > 0.2, "{plain} {thick}");
    assert!(!measured(neck((0.0, 0.0)), Contrast::T2Fse).left.root_uncorrected);
}

#[test]
fn no_root_is_measured_on_gradient_echo() {
    let seen = measured(neck((3.0, 3.0)), Contrast::T2Star);
    assert_eq!((seen.left.root_width, seen.right.root_width), (None, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_mirrored_image_swaps_the_roots(left in 1.8..4.5_f64, right in 1.8..4.5_f64) {
        let slice = neck((left, right));
        let mut pixels = slice.pixels().clone();
        pixels.invert_axis(foramen_image::ndarray::Axis(1));
        let mirrored = Slice::new(*slice.plane(), pixels.as_standard_layout().to_owned(), None).unwrap();
        let (a, b) = (measured(slice, Contrast::T2Fse), measured(mirrored, Contrast::T2Fse));
        for (one, other) in [(&a.left, &b.right), (&a.right, &b.left)] {
            prop_assert_eq!(one.root_width.is_some(), other.root_width.is_some());
            let apart = one.root_width.zip(other.root_width).map_or(0.0, |(a, b)| (a - b).abs());
            prop_assert!(apart < 1e-6, "{}", apart);
            prop_assert_eq!(one.kim(), other.kim());
        }
    }
}
