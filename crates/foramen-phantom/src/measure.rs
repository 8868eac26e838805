use foramen_image::Plane;
use foramen_types::{Level, Point, Side, Vector};

use crate::channel::{Along, Channel};
use crate::frame::Local;
use crate::passage::{is_open, passage};
use crate::specimen::Specimen;
use crate::spine::Spine;
use crate::tissue::Tissue;
use crate::truth::{ForamenTruth, SliceTruth};

/// Greatest distance from a foramen's middle at which a slice counts as cutting it, millimetres:
/// half the distance between discs.
const NEAR: f64 = 9.0;

/// Stations along the axis at which the passage is measured, millimetres apart.
const STEP: f64 = 0.1;

/// The stations reach this far to the canal and to the outside: beyond, the
/// walls have opened.
const REACH: f64 = 3.0;

/// A passage narrower than this is occluded, millimetres: no image could show it.
const SHUT: f64 = 0.05;

/// The truth at the mid-plane of one slice.
pub(crate) fn slice_truth(
    spine: &Spine,
    plane: &Plane,
    sop_instance_uid: String,
    series_uid: String,
    stack: usize,
    thickness: f64,
) -> SliceTruth {
    let canal = canal_point(spine, plane);
    let [left, right] = Side::BOTH.map(|side| {
        if let Some(specimen) = &spine.specimen {
            return specimen_truth(spine, specimen, plane, thickness, side).into_iter().collect();
        }
        let place = usize::from(side == Side::Right);
        spine
            .soft
            .channels
            .iter()
            .filter_map(|pair| foramen_truth(spine, &pair[place], plane))
            .filter(|foramen| foramen.offset_mm.abs() <= NEAR)
            .collect()
    });
    SliceTruth { sop_instance_uid, series_uid, stack, canal, left, right }
}

/// Axes of a plane from the middle of the canal: outwards on one side, to the back, and
/// along the normal.
struct PlaneAxes {
    canal: Point,
    outwards: Vector,
    back: Vector,
    normal: Vector,
}

impl PlaneAxes {
    fn of(spine: &Spine, plane: &Plane, side: Side) -> Option<Self> {
        let height = canal_height(spine, plane);
        let normal = plane.cranial_normal();
        let outwards = spine.frame.direction(height, [side.sign(), 0.0, 0.0]);
        let outwards = (outwards - normal * outwards.dot(normal)).unit()?;
        let across = normal.cross(outwards);
        let to_back = spine.frame.direction(height, [0.0, 1.0, 0.0]);
        let back = if across.dot(to_back) < 0.0 { -across } else { across };
        let canal = spine.frame.point(Local { u: 0.0, v: 0.0, w: height });
        Some(Self { canal, outwards, back, normal })
    }

    fn place(&self, [x, y]: [f64; 2], lift: f64) -> Point {
        self.canal + self.outwards * x + self.back * y + self.normal * lift
    }
}

/// The passage through the foramen of a specimen nearest to a plane. It is closed if bone alone
/// blocks the way in the mid-plane, or within a quarter of the slice from it.
fn specimen_truth(
    spine: &Spine,
    specimen: &Specimen,
    plane: &Plane,
    thickness: f64,
    side: Side,
) -> Option<ForamenTruth> {
    let place = usize::from(side == Side::Right);
    let offset = |level: &Level| {
        let height = specimen.foramina[level.index()][place].height;
        let middle = spine.frame.point(Local { u: 12.5 * side.sign(), v: -6.0, w: height });
        -plane.distance(middle)
    };
    let level =
        Level::ALL.into_iter().min_by(|a, b| offset(a).abs().total_cmp(&offset(b).abs()))?;
    let offset_mm = offset(&level);
    if offset_mm.abs() > NEAR {
        return None;
    }
    let axes = PlaneAxes::of(spine, plane, side)?;
    let local = |at: [f64; 2], lift: f64| spine.frame.local(triple(axes.place(at, lift)));
    let is_bare_open = |lift: f64| {
        is_open(0.5, |at_plane| specimen.is_hard_bare(&spine.soft, local(at_plane, lift)))
    };
    let bare_open = is_bare_open(0.0);
    // How far the nearest cut lies whose bone shuts the way, or opens it.
    let turn = (1..=8)
        .map(|step| 0.5 * f64::from(step))
        .find(|lift| is_bare_open(*lift) != bare_open || is_bare_open(-lift) != bare_open);
    let clearance = turn.map_or(4.0, |lift| lift - 0.25) * if bare_open { 1.0 } else { -1.0 };
    let is_pedicle = clearance < 0.25 * thickness;
    let found = passage(|at_plane| spine.is_hard(triple(axes.place(at_plane, 0.0))));
    let shut = ForamenTruth {
        level: level.to_string(),
        state: "closed".to_owned(),
        width_mm: None,
        front: None,
        back: None,
        root_width_mm: None,
        offset_mm,
        clearance_mm: Some(clearance),
        area_mm2: None,
    };
    Some(match found.filter(|found| found.width >= SHUT) {
        _ if is_pedicle => shut,
        Some(found) => ForamenTruth {
            state: "open".to_owned(),
            width_mm: Some(found.width),
            front: Some(triple(axes.place(found.front, 0.0))),
            back: Some(triple(axes.place(found.back, 0.0))),
            ..shut
        },
        None => ForamenTruth { state: "occluded".to_owned(), width_mm: Some(0.0), ..shut },
    })
}

/// The centre line of the canal where the plane cuts it.
fn canal_point(spine: &Spine, plane: &Plane) -> [f64; 3] {
    triple(spine.frame.point(Local { u: 0.0, v: 0.0, w: canal_height(spine, plane) }))
}

/// The height on the centre line of the canal at which the plane cuts it.
pub(crate) fn canal_height(spine: &Spine, plane: &Plane) -> f64 {
    let (mut low, mut high) = (-120.0, 120.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        let at = spine.frame.point(Local { u: 0.0, v: 0.0, w: middle });
        // The slice lies above a place whose distance is negative.
        if plane.distance(at) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
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
    let mut clearance = f64::INFINITY;
    let steps = 60;
    for step in 0..=steps {
        let station = start + axis * (f64::from(step - steps / 2) * STEP);
        let here = along(station);
        if here.t.abs() > REACH {
            continue;
        }
        clearance = clearance.min(channel.clearance(here.h));
        // Signed depth behind the front wall, and before the back wall.
        let front = |c: f64| {
            let at = along(station + across * c);
            at.c - channel.walls(at.t, at.h).0
        };
        let back = |c: f64| {
            let at = along(station + across * c);
            channel.walls(at.t, at.h).1 - at.c
        };
        let (from, to) = (root_of(front), root_of(|c| -back(c)));
        let width = to - from;
        if narrowest.is_none_or(|(least, _, _)| width < least) {
            narrowest = Some((width, station + across * from, station + across * to));
        }
    }
    let level = channel.level.to_string();
    let root_width_mm = root_width(spine, channel, start, axis, across);
    let (width, front, back) = narrowest?;
    let shut = ForamenTruth {
        level,
        state: "closed".to_owned(),
        width_mm: None,
        front: None,
        back: None,
        root_width_mm,
        offset_mm,
        clearance_mm: Some(clearance),
        area_mm2: None,
    };
    Some(if clearance <= 0.0 {
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

/// Positions at which the root is measured, millimetres outwards along the axis: at the front of
/// the superior articular process.
const ROOT: [f64; 5] = [5.0, 5.5, 6.0, 6.5, 7.0];

/// A root is visible if the mid-plane cuts at least this part of its diameter: within 0.6 of its
/// radius from its axis.
const SHOWN: f64 = 0.8;

/// The mean width of the simulated root across the axis in a plane.
fn root_width(
    spine: &Spine,
    channel: &Channel,
    start: Point,
    axis: Vector,
    across: Vector,
) -> Option<f64> {
    let fine = 0.02;
    let mut sum = 0.0;
    for station in ROOT {
        let at = |step: i32| start + axis * station + across * (fine * f64::from(step));
        let is_root = |step: &i32| {
            let at = at(*step);
            spine.tissue([at.x, at.y, at.z]) == Tissue::Root
        };
        let width = fine * f64::from(i32::try_from((-250..=250).filter(is_root).count()).ok()?);
        let middle = at(0);
        let along = channel.along(spine.frame.local([middle.x, middle.y, middle.z]));
        if width < SHOWN * 2.0 * channel.root_radius(along.t) {
            return None;
        }
        sum += width;
    }
    Some(sum / ROOT.len() as f64)
}

/// Half the length of the channel over which the area is measured, and the sampling step, in
/// millimetres.
const HALF_CHANNEL: f64 = 2.0;
const SAMPLING: f64 = 0.1;
/// Greatest distance from the middle of the passage at which a wall is searched, in millimetres.
const WALL_WITHIN: f64 = 8.0;

/// The area between the walls of an open foramen, over 4 mm of its channel.
pub(crate) fn area(spine: &Spine, plane: &Plane, foramen: &ForamenTruth) -> Option<f64> {
    let (front, back) = foramen.front.zip(foramen.back)?;
    let [front, back] = [front, back].map(|[x, y, z]| Point::new(x, y, z));
    let across = (back - front).unit()?;
    let axis = plane.cranial_normal().cross(across).unit()?;
    let middle = front + (back - front) * 0.5;
    let steps = |length: f64| {
        (0..).map(|step| SAMPLING * (f64::from(step) + 0.5)).take_while(move |mm| *mm < length)
    };
    let stations = steps(2.0 * HALF_CHANNEL).map(|mm| middle + axis * (mm - HALF_CHANNEL));
    let widths = stations.map(|from| {
        let hard = |mm: f64| spine.is_hard(triple(from + across * mm));
        let free = |towards: f64| {
            steps(WALL_WITHIN)
                .find(|mm| hard(towards * mm))
                .map_or(WALL_WITHIN, |mm| mm - SAMPLING / 2.0)
        };
        if hard(0.0) { 0.0 } else { free(1.0) + free(-1.0) }
    });
    Some(SAMPLING * widths.sum::<f64>())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::tests::plain;
    use crate::frame::Frame;
    use crate::population::Complaint;
    use foramen_image::Spacing;
    use foramen_types::Level;

    /// A straight spine at the origin with one simple right foramen.
    fn spine(channel: Channel) -> Spine {
        let mut spine = Spine::draw(1, 0, &Complaint::draw(1, 0));
        spine.frame = Frame::new(0.0, 0.0, 0.0, 0.0, [0.0; 3]);
        spine.soft.channels[Level::C5C6.index()][1] = channel;
        spine
    }

    /// A plane through a height, turned by an angle about the foramen's axis.
    fn plane(z: f64, angle: f64) -> Plane {
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let axis = Vector::new(-half, -half, 0.0);
        let across = Vector::new(-half * angle.cos(), half * angle.cos(), angle.sin());
        let at = Point::new(-12.5, -6.0, z);
        Plane::new(at, axis, across, Spacing { row: 0.5, column: 0.5 }).unwrap()
    }

    fn measured(channel: Channel, plane: &Plane) -> ForamenTruth {
        let spine = spine(channel);
        foramen_truth(&spine, &spine.soft.channels[Level::C5C6.index()][1], plane).unwrap()
    }

    #[test]
    fn a_plain_foramen_has_its_width() {
        let truth = measured(plain(), &plane(0.0, 0.0));
        assert_eq!(truth.state, "open");
        assert!((truth.width_mm.unwrap() - 3.0).abs() < 1e-3);
        // 1.5 mm to either side of (−12.5, −6) along (∓1, ±1)/√2.
        let (front, back) = (truth.front.unwrap(), truth.back.unwrap());
        let step = 1.5 * std::f64::consts::FRAC_1_SQRT_2;
        assert!((front[0] - (-12.5 + step)).abs() < 1e-2, "{front:?}");
        assert!((front[1] - (-6.0 - step)).abs() < 1e-2, "{front:?}");
        assert!((back[0] - (-12.5 - step)).abs() < 1e-2, "{back:?}");
        assert!((back[1] - (-6.0 + step)).abs() < 1e-2, "{back:?}");
    }

    #[test]
    fn a_plain_foramen_has_the_area_of_its_channel() {
        let spine = spine(plain());
        let height = spine.soft.discs[Level::C5C6.index()];
        let mut spine = spine;
        spine.soft.channels[Level::C5C6.index()][1].height = height;
        let plane = plane(height, 0.0);
        let channel = &spine.soft.channels[Level::C5C6.index()][1];
        let truth = foramen_truth(&spine, channel, &plane).unwrap();
        // 3 mm wide, a little more at its mouths.
        let area = area(&spine, &plane, &truth).unwrap();
        assert!((12.0 - 0.5..=13.5).contains(&area), "{area}");
    }

    #[test]
    fn a_slanting_cut_is_wider_by_the_cosine() {
        let angle = 20f64.to_radians();
        let truth = measured(plain(), &plane(0.0, angle));
        assert!((truth.width_mm.unwrap() - 3.0 / angle.cos()).abs() < 2e-3);
    }

    #[test]
    fn the_width_grows_away_from_the_narrowest_height() {
        let channel = Channel { growth: (0.1, 0.1), narrow_at: 0.5, ..plain() };
        // 2 mm above: 0.1 · 2² = 0.4, levelled off to 0.4 / (1 + 0.4 / 3).
        let truth = measured(channel.clone(), &plane(2.5, 0.0));
        assert!((truth.width_mm.unwrap() - (3.0 + 0.4 / (1.0 + 0.4 / 3.0))).abs() < 1e-3);
        assert!((truth.offset_mm - 2.5).abs() < 1e-9);
        let at_waist = measured(channel, &plane(0.5, 0.0));
        assert!((at_waist.width_mm.unwrap() - 3.0).abs() < 1e-3);
    }

    #[test]
    fn a_cut_through_the_pedicle_is_closed_and_a_full_encroachment_occludes() {
        assert_eq!(measured(plain(), &plane(4.6, 0.0)).state, "closed");
        assert_eq!(measured(plain(), &plane(4.6, 0.0)).width_mm, None);
        let shut = Channel { encroachment: 3.2, ..plain() };
        let truth = measured(shut, &plane(0.0, 0.0));
        assert_eq!((truth.state.as_str(), truth.width_mm), ("occluded", Some(0.0)));
    }

    #[test]
    fn walls_and_surfaces_tell_the_same_width() {
        let mut differences = Vec::new();
        for index in 0..12 {
            let plan = crate::subject::Plan::draw(&crate::CohortConfig::default(), index);
            for plane in plan.protocol.axial.stacks.iter().flatten() {
                let axes = PlaneAxes::of(&plan.spine, plane, Side::Left).unwrap();
                let truth = slice_truth(&plan.spine, plane, String::new(), String::new(), 0, 3.0);
                let clear = |f: &&ForamenTruth| {
                    f.state == "open" && f.clearance_mm > Some(0.5) && f.width_mm > Some(0.5)
                };
                let Some(truth) = truth.left.iter().find(clear) else { continue };
                let found = passage(|at| plan.spine.is_hard(triple(axes.place(at, 0.0))));
                differences.push(found.unwrap().width - truth.width_mm.unwrap());
            }
        }
        differences.sort_by(f64::total_cmp);
        let n = differences.len();
        assert!(n > 60, "{n}");
        let [low, median, high] = [n / 5, n / 2, n - 1 - n / 20].map(|i| differences[i]);
        // In the rest the surfaces tell a narrower place, at a mouth of the channel.
        assert!(low > -0.1 && median.abs() < 0.02 && high < 0.05, "{low} {median} {high}");
    }

    #[test]
    fn the_root_is_as_wide_as_it_is_drawn_and_only_where_the_slice_shows_it() {
        let mut spine = spine(plain());
        spine.soft.arteries = [1.3; 2];
        let height = spine.soft.discs[Level::C5C6.index()];
        spine.soft.channels[Level::C5C6.index()][1].height = height;
        let channel = &spine.soft.channels[Level::C5C6.index()][1];
        let cut = |z: f64| foramen_truth(&spine, channel, &plane(height + z, 0.0)).unwrap();
        let width = |z: f64| cut(z).root_width_mm;
        // Radius 1, its axis 1 mm below the middle; swollen to 1.18456, 1.24419,
        // 1.29825, 1.33628 and 1.35 at 5 to 7 mm: a mean diameter of 2.5653.
        assert!((width(-1.0).unwrap() - 2.5653).abs() < 0.03);
        // 0.5 mm beside the axis the chords are 2 √(r² − 0.25): 2.3616.
        assert!((width(-0.5).unwrap() - 2.3616).abs() < 0.03);
        assert_eq!(width(0.0), None);
    }
}
