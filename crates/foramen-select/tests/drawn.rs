//! Facts about measuring, shown on plain drawn necks whose widths are known.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests stop at the first surprise, and draw small pictures"
)]

use foramen_image::{Contrast, Plane, Slice, Spacing, Stack, Window};
use foramen_select::{
    MeasureOptions, MeasuredStack, PointKind, SelectOptions, SliceMeasurement, State, Target, draw,
    measure, naive_width, narrowest, of_reader,
};
use foramen_types::{Level, Point, Side, Vector};
use proptest::prelude::*;

const PIXEL: f64 = 0.5;
const SIZE: usize = 180;

/// The intensity of a plain T2* neck at millimetres (left, back) from the middle
/// of its canal: bone around the canal, a channel of given width on each side
/// (0: none) with parallel walls at 50° to the coronal plane, muscle outside.
fn tissue(left: f64, back: f64, widths: (f64, f64)) -> f32 {
    let ellipse = |x: f64, y: f64| (left / x).powi(2) + (back / y).powi(2) < 1.0;
    if ellipse(6.0, 4.0) {
        return 700.0;
    }
    if ellipse(9.5, 6.2) {
        return 1000.0;
    }
    if ellipse(11.0, 7.7) {
        return 650.0;
    }
    let width = if left > 0.0 { widths.0 } else { widths.1 };
    let (sin, cos) = 50_f64.to_radians().sin_cos();
    let (x, y) = (left.abs() - 11.5, back + 5.5);
    let (along, across) = (x * cos - y * sin, x * sin + y * cos);
    if along > -4.0 && across.abs() < width / 2.0 {
        return 640.0;
    }
    let bone = (left / 24.0).powi(2) + ((back + 4.0) / 17.0).powi(2) < 1.0;
    if bone { 60.0 } else { 550.0 }
}

/// A slice at a height, turned by degrees within its plane, with a little
/// reproducible noise.
fn neck(z: f64, widths: (f64, f64), turn: f64, pixel: f64) -> Slice {
    let half = (SIZE as f64 - 1.0) / 2.0;
    let plane = Plane::new(
        Point::new(-half * pixel, -half * pixel, z),
        Vector::new(1.0, 0.0, 0.0),
        Vector::new(0.0, 1.0, 0.0),
        Spacing { row: pixel, column: pixel },
    )
    .unwrap();
    let (sin, cos) = turn.to_radians().sin_cos();
    let mut values = Vec::with_capacity(SIZE * SIZE);
    for row in 0..SIZE {
        for column in 0..SIZE {
            let mut sum = 0.0;
            for i in 0..4 {
                for j in 0..4 {
                    let sub = |k: i32| (f64::from(k) - 1.5) / 4.0;
                    let x = (column as f64 - half + sub(j)) * PIXEL;
                    let y = (row as f64 - half + sub(i)) * PIXEL;
                    sum += tissue(x * cos - y * sin, x * sin + y * cos, widths);
                }
            }
            let noise = ((row * 7919 + column * 104_729) % 41) as f32 - 20.0;
            values.push(sum / 16.0 + noise);
        }
    }
    Slice::from_vec(plane, (SIZE, SIZE), values, Some(3.0)).unwrap()
}

fn stack(widths: &[(f64, f64)], turn: f64) -> Stack {
    let slices = widths.iter().enumerate();
    let slices = slices.map(|(i, w)| neck(3.0 * i as f64, *w, turn, PIXEL)).collect();
    Stack::new(slices, Contrast::T2Star).unwrap()
}

fn measured(widths: (f64, f64), turn: f64) -> SliceMeasurement {
    measure(&stack(&[widths], turn), &MeasureOptions::default()).remove(0)
}

#[test]
fn parallel_walls_are_measured_to_a_fraction_of_a_pixel() {
    for width in [1.5, 2.0, 3.0, 4.5, 6.0] {
        let seen = measured((width, width), 0.0);
        for side in Side::BOTH {
            let foramen = seen.side(side);
            assert_eq!(foramen.state, State::Open, "{width} {side}");
            let error = foramen.width.unwrap() - width;
            assert!(error.abs() < 0.3, "{width} {side}: {error:.2}");
        }
    }
}

#[test]
fn the_canal_is_found_and_the_walls_lie_on_their_side() {
    let seen = measured((3.0, 3.0), 0.0);
    assert!(seen.canal.unwrap().distance(Point::default()) < 1.0);
    let (left, right) = (seen.left.front.unwrap(), seen.right.front.unwrap());
    assert!(left.x > 8.0 && right.x < -8.0);
    assert!(seen.left.back.unwrap().y > left.y && seen.right.back.unwrap().y > right.y);
}

#[test]
fn a_pedicle_is_closed_and_has_no_width() {
    let seen = measured((0.0, 0.0), 0.0);
    for side in Side::BOTH {
        assert_eq!((seen.side(side).state, seen.side(side).width), (State::Pedicle, None));
        assert!(seen.side(side).evidence.unwrap().bone_mm > 3.0);
    }
}

#[test]
fn one_side_shut_beside_an_open_one_is_not_called_a_pedicle() {
    let seen = measured((0.0, 3.0), 0.0);
    assert_eq!((seen.left.state, seen.left.width), (State::Shut, None));
    assert_eq!(seen.right.state, State::Open);
    assert!(seen.right.evidence.unwrap().bone_mm < 0.5);
}

#[test]
fn a_turned_neck_measures_the_same() {
    for turn in [-15.0, -8.0, 8.0, 15.0] {
        let seen = measured((2.0, 4.0), turn);
        let (left, right) = (seen.left.width.unwrap(), seen.right.width.unwrap());
        assert!((left - 2.0).abs() < 0.35 && (right - 4.0).abs() < 0.35, "{turn}: {left} {right}");
    }
}

#[test]
fn an_unknown_weighting_is_refused_with_its_reason() {
    let t1 = Stack::new(vec![neck(0.0, (3.0, 3.0), 0.0, PIXEL)], Contrast::T1).unwrap();
    let seen = measure(&t1, &MeasureOptions::default()).remove(0);
    assert_eq!(seen.left.state, State::Refused);
    assert!(seen.left.reason.unwrap().to_string().contains("weighting"));
}

fn target(z: f64) -> Target {
    Target {
        level: Level::C5C6,
        side: Side::Left,
        disc: Point::new(0.0, -14.0, z),
        kind: PointKind::Disc,
        normal: None,
        heights: None,
    }
}

fn measured_stack(widths: &[(f64, f64)]) -> [MeasuredStack; 1] {
    [MeasuredStack::new(stack(widths, 0.0), &MeasureOptions::default())]
}

#[test]
fn a_stack_carries_its_measurements() {
    let widths = [(4.0, 5.0), (2.5, 5.0)];
    let [measured] = measured_stack(&widths);
    let alone = measure(measured.stack(), &MeasureOptions::default());
    assert!(measured.slices().map(|(_, seen)| seen).eq(&alone));
    let (slice, seen) = measured.slice(1).unwrap();
    assert_eq!((slice, seen), (&measured.stack().slices()[1], &alone[1]));
    assert!(measured.slice(2).is_none());
}

#[test]
fn a_reader_s_slice_that_is_not_there_is_no_choice() {
    let stacks = measured_stack(&[(4.0, 5.0)]);
    assert_eq!(of_reader(&stacks, (0, 0), Side::Left, None).unwrap().slice, 0);
    assert_eq!(of_reader(&stacks, (0, 1), Side::Left, None), None);
    assert_eq!(of_reader(&stacks, (1, 0), Side::Left, None), None);
}

#[test]
fn the_narrowest_slice_within_reach_is_chosen() {
    // The narrowest of all lies 9 mm above the disc: it belongs to another level.
    let widths = [(4.0, 5.0), (2.5, 5.0), (3.5, 5.0), (4.0, 5.0), (1.5, 5.0)];
    let stacks = measured_stack(&widths);
    let selection = narrowest(&stacks, &target(3.0), &SelectOptions::default());
    let chosen = selection.chosen.unwrap();
    assert_eq!((chosen.stack, chosen.slice), (0, 1));
    assert!((chosen.foramen.width.unwrap() - 2.5).abs() < 0.3);
    assert!((chosen.contralateral.width.unwrap() - 5.0).abs() < 0.4);
    assert!(selection.profile.iter().all(|choice| (-5.0..=7.0).contains(&choice.offset)));
    assert_eq!(selection.runner_up.unwrap().slice, 2);
}

#[test]
fn shut_in_the_middle_of_a_foramen_is_occluded_and_shut_at_pedicle_height_is_closed() {
    let stacks = measured_stack(&[(0.0, 3.0), (3.0, 3.0), (0.0, 3.0), (3.0, 3.0)]);
    let options = SelectOptions::default();
    // A foramen is usually centred 2 mm above its disc.
    let in_middle = narrowest(&stacks, &target(4.0), &options).chosen.unwrap();
    assert_eq!((in_middle.slice, in_middle.foramen.state), (2, State::Occluded));
    assert_eq!(in_middle.foramen.width, Some(0.0));
    let beside = narrowest(&stacks, &target(10.5), &options).chosen.unwrap();
    assert_eq!((beside.slice, beside.foramen.state), (3, State::Open));
}

#[test]
fn too_far_away_is_refused_with_the_distance() {
    let stacks = measured_stack(&[(3.0, 3.0)]);
    let selection = narrowest(&stacks, &target(30.0), &SelectOptions::default());
    assert!(selection.chosen.is_none());
    assert!(selection.refusal.unwrap().to_string().contains("30.0 mm"));
}

#[test]
fn nothing_in_nothing_out() {
    let selection = narrowest(&[], &target(0.0), &SelectOptions::default());
    assert!(selection.refusal.unwrap().to_string().contains("no axial stack"));
}

#[test]
fn pictures_show_the_width_in_red() {
    let slice = neck(0.0, (3.0, 3.0), 0.0, PIXEL);
    let seen = measured((3.0, 3.0), 0.0);
    let picture = draw(&slice, &seen, Window::from_quantiles([&slice], 0.01, 0.99));
    let red = (0..picture.rows())
        .flat_map(|row| (0..picture.columns()).map(move |column| (row, column)))
        .filter(|(row, column)| {
            picture.colour(*row, *column).is_some_and(|c| c.0 > 200 && c.1 < 120 && c.2 < 120)
        })
        .count();
    assert!(red > 40, "{red}");
}

#[test]
fn the_naive_ruler_reads_a_plain_channel() {
    let slice = neck(0.0, (3.0, 3.0), 0.0, PIXEL);
    let width = naive_width(&slice, Point::default(), Side::Left).unwrap();
    assert!((width - 3.0).abs() < 1.0, "{width}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_mirrored_image_swaps_left_and_right(left in 1.5..5.0_f64, right in 1.5..5.0_f64) {
        let slice = neck(0.0, (left, right), 0.0, PIXEL);
        let mut pixels = slice.pixels().clone();
        pixels.invert_axis(foramen_image::ndarray::Axis(1));
        let pixels = pixels.as_standard_layout().to_owned();
        let mirrored = Slice::new(*slice.plane(), pixels, slice.thickness).unwrap();
        let options = MeasureOptions::default();
        let one = |slice| measure(&Stack::new(vec![slice], Contrast::T2Star).unwrap(), &options).remove(0);
        let (a, b) = (one(slice), one(mirrored));
        prop_assert_eq!(a.left.state, b.right.state);
        prop_assert!((a.left.width.unwrap() - b.right.width.unwrap()).abs() < 1e-6);
        prop_assert!((a.right.width.unwrap() - b.left.width.unwrap()).abs() < 1e-6);
    }

    #[test]
    fn reversed_rows_change_nothing(width in 1.5..5.0_f64) {
        let slice = neck(0.0, (width, 3.0), 0.0, PIXEL);
        let plane = slice.plane();
        let last = plane.point(SIZE as f64 - 1.0, 0.0);
        let reversed =
            Plane::new(last, plane.along_row(), -plane.along_column(), plane.spacing()).unwrap();
        let mut pixels = slice.pixels().clone();
        pixels.invert_axis(foramen_image::ndarray::Axis(0));
        let flipped = Slice::new(reversed, pixels.as_standard_layout().to_owned(), slice.thickness).unwrap();
        let options = MeasureOptions::default();
        let one = |slice| measure(&Stack::new(vec![slice], Contrast::T2Star).unwrap(), &options).remove(0);
        let (a, b) = (one(slice), one(flipped));
        prop_assert!((a.left.width.unwrap() - b.left.width.unwrap()).abs() < 1e-6);
    }

    #[test]
    fn a_larger_spacing_makes_a_wider_foramen(width in 2.0..4.0_f64, scale in 0.9..1.15_f64) {
        let width = |pixel| {
            let slice = neck(0.0, (width, width), 0.0, pixel);
            let stack = Stack::new(vec![slice], Contrast::T2Star).unwrap();
            measure(&stack, &MeasureOptions::default()).remove(0).left.width.unwrap()
        };
        let (seen, expected) = (width(PIXEL * scale), width(PIXEL) * scale);
        prop_assert!((seen - expected).abs() < 0.3, "{seen} {expected}");
    }

    #[test]
    fn a_wider_channel_never_measures_narrower(width in 1.2..4.5_f64, more in 0.3..1.5_f64) {
        let narrow = measured((width, 3.0), 0.0).left.width.unwrap();
        let wide = measured((width + more, 3.0), 0.0).left.width.unwrap();
        prop_assert!(wide > narrow, "{wide} {narrow}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn measurements_and_choices_are_written_and_read_back() {
    let stack = stack(&[(3.0, 2.0), (2.5, 2.0), (3.5, 0.0)], 0.0);
    let stacks = [MeasuredStack::new(stack, &MeasureOptions::default())];
    let target = Target {
        level: Level::C5C6,
        side: Side::Left,
        disc: Point::new(0.0, -10.0, 3.0),
        kind: PointKind::Disc,
        normal: None,
        heights: None,
    };
    let selection = narrowest(&stacks, &target, &SelectOptions::default());
    assert!(selection.chosen.is_some());
    let measured: Vec<SliceMeasurement> =
        stacks[0].slices().map(|(_, measured)| measured.clone()).collect();
    let text = serde_json::to_string(&(&measured, &selection, &target)).unwrap();
    let back: (Vec<SliceMeasurement>, foramen_select::Selection, Target) =
        serde_json::from_str(&text).unwrap();
    assert_eq!((&back.0, &back.1, &back.2), (&measured, &selection, &target));
    assert!(text.contains(r#""state":"open""#) && text.contains(r#""level":"C5/6""#), "{text}");
}
