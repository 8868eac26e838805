//! The shortest chord across a passage, between bone that is thick enough to be a wall.

use foramen_types::Side;

use crate::frame::Frame;
use crate::ring::{Way, distance};

/// Sampling along a chord, in millimetres, and how many samples each half has.
const STEP: f64 = 0.25;
const SAMPLES: usize = 48;
/// A wall is bone over 2 mm, of which this part is dark: thinner dark lines in a passage are
/// membranes, vessel walls or the root.
const WALL_SAMPLES: usize = 8;
const WALL_DARK: f64 = 0.6;
/// Directions of a chord in degrees, from the lateral to the posterior direction turned
/// forward: across a channel that runs 5° to 75° to the coronal plane.
const DIRECTIONS: std::ops::RangeInclusive<i32> = 15..=85;
const TURN: usize = 5;
/// The first millimetre beside the sac belongs to the canal; beyond this distance from the sac's
/// middle the foramen has ended.
const BESIDE_SAC: usize = 4;
const OUTSIDE: f64 = 17.0;
/// How much longer a chord may be and still be chosen, per square millimetre of its distance from
/// the expected foramen.
const STRAY: f64 = 0.06;

/// The front and the back end (outward, back) of a chord.
type Ends = ((f64, f64), (f64, f64));

/// The shortest chord across a way.
pub(crate) fn shortest_chord(
    frame: &Frame<'_>,
    side: Side,
    way: &Way,
    open: impl Fn(f64) -> f64,
    expected: (f64, f64),
) -> Option<Ends> {
    let bone = |at: (f64, f64)| {
        let value = frame.sample(Frame::outward(side, at));
        1.0 - value.map_or(0.0, |value| open(f64::from(value)))
    };
    let mut best: Option<(f64, Ends)> = None;
    let places = way.places.iter().skip(BESIDE_SAC);
    for &(x, y) in places.filter(|(x, y)| x.hypot(*y) <= OUTSIDE) {
        for degrees in DIRECTIONS.step_by(TURN) {
            let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
            let at = |mm: f64| (x + mm * sin, y + mm * cos);
            let wall = |towards: f64| {
                let along = |k: usize| bone(at(towards * STEP * k as f64));
                let dark: Vec<f64> = (0..SAMPLES).map(along).collect();
                let is_wall = |k: &usize| {
                    let thick = &dark[*k..*k + WALL_SAMPLES];
                    dark[*k] > 0.5 && thick.iter().sum::<f64>() > WALL_DARK * WALL_SAMPLES as f64
                };
                (1..SAMPLES - WALL_SAMPLES).find(is_wall).map(|k| towards * STEP * k as f64)
            };
            let (Some(front), Some(back)) = (wall(-1.0), wall(1.0)) else { continue };
            let rank = back - front + STRAY * distance((x, y), expected).powi(2);
            if best.is_none_or(|best| rank < best.0) {
                best = Some((rank, (at(front), at(back))));
            }
        }
    }
    best.map(|(_, chord)| chord)
}
