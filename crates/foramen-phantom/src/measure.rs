use foramen_image::Plane;
use foramen_types::{Point, Side, Vector};

use crate::channel::{Along, Channel};
use crate::spine::Spine;
use crate::truth::{ForamenTruth, SliceTruth};

/// How far from a foramen's middle a slice is still said to cut it, millimetres:
/// half the distance between discs.
const NEAR: f64 = 9.0;

/// Stations along the axis at which the passage is measured, millimetres apart.
const STEP: f64 = 0.1;

/// The stations reach this far to the canal and to the outside: beyond, the
/// walls have opened.
const REACH: f64 = 3.0;

/// A passage this narrow is shut, millimetres: no image could show it.
const SHUT: f64 = 0.05;

/// What the mid-plane of one slice cuts.
pub(crate) fn slice_truth(
    spine: &Spine,
    plane: &Plane,
    sop_instance_uid: String,
    series_uid: String,
    stack: usize,
) -> SliceTruth {
    let [left, right] = Side::BOTH.map(|side| {
        let place = usize::from(side == Side::Right);
        spine
            .channels
            .iter()
            .filter_map(|pair| foramen_truth(spine, &pair[place], plane))
            .filter(|foramen| foramen.offset_mm.abs() <= NEAR)
            .collect()
    });
    let canal = canal_point(spine, plane);
    SliceTruth { sop_instance_uid, series_uid, stack, canal, left, right }
}

/// The centre line of the canal where the plane cuts it.
fn canal_point(spine: &Spine, plane: &Plane) -> [f64; 3] {
    let at = |w: f64| spine.frame.point(crate::frame::Local { u: 0.0, v: 0.0, w });
    let (mut low, mut high) = (-120.0, 120.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        // The slice lies above a place whose distance is negative.
        if plane.distance(at(middle)) < 0.0 { low = middle } else { high = middle }
    }
    triple(at(0.5 * (low + high)))
}

/// The narrowest passage of one channel in a plane.
fn foramen_truth(spine: &Spine, channel: &Channel, plane: &Plane) -> Option<ForamenTruth> {
    let place = |at: Along| spine.frame.point(channel.local(at));
    let middle = place(Along { t: 0.0, c: 0.0, h: 0.0 });
    let offset_mm = -plane.distance(middle);
    let normal = plane.cranial_normal();
    let in_plane = |v: Vector| (v - normal * v.dot(normal)).unit();
    // The axis as it lies in the plane, and across it.
    let outwards = place(Along { t: 1.0, c: 0.0, h: channel.fall }) - middle;
    let axis = in_plane(outwards)?;
    let to_back = place(Along { t: 0.0, c: 1.0, h: 0.0 }) - middle;
    let across = normal.cross(axis);
    let across = if across.dot(to_back) < 0.0 { -across } else { across };
    let start = middle + normal * offset_mm;
    let along = |p: Point| channel.along(spine.frame.local([p.x, p.y, p.z]));

    let mut narrowest: Option<(f64, Point, Point)> = None;
    let mut closed = false;
    let steps = 60;
    for step in 0..=steps {
        let station = start + axis * (f64::from(step - steps / 2) * STEP);
        let here = along(station);
        if here.t.abs() > REACH {
            continue;
        }
        closed |= !channel.is_between_pedicles(here.h);
        // Signed depth behind the front wall, and before the back wall.
        let front = |c: f64| {
            let at = along(station + across * c);
            at.c - channel.walls(at.t, at.h).0
        };
        let back = |c: f64| {
            let at = along(station + across * c);
            channel.walls(at.t, at.h).1 - at.c
        };
        let (from, to) = (root_of(|c| front(c)), root_of(|c| -back(c)));
        let width = to - from;
        if narrowest.is_none_or(|(least, _, _)| width < least) {
            narrowest = Some((width, station + across * from, station + across * to));
        }
    }
    let level = channel.level.to_string();
    let (width, front, back) = narrowest?;
    let shut = ForamenTruth {
        level,
        state: "closed".to_owned(),
        width_mm: None,
        front: None,
        back: None,
        offset_mm,
    };
    Some(if closed {
        shut
    } else if width < SHUT {
        ForamenTruth { state: "occluded".to_owned(), width_mm: Some(0.0), ..shut }
    } else {
        ForamenTruth {
            state: "open".to_owned(),
            width_mm: Some(width),
            front: Some(triple(front)),
            back: Some(triple(back)),
            ..shut
        }
    })
}

/// Where a rising function crosses zero between 12 mm before and behind.
fn root_of(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-12.0, 12.0);
    for _ in 0..28 {
        let middle = 0.5 * (low + high);
        if rising(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

pub(crate) fn triple(point: Point) -> [f64; 3] {
    [point.x, point.y, point.z]
}
