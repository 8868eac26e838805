use foramen_types::{Level, Side};

use crate::frame::Local;
use crate::perineural::Perineural;
use crate::tissue::Tissue;

/// The cause of a foramen's narrowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Disc material bulging from the front wall.
    SoftDisc,
    /// Bone: a spur of the uncinate process and a thick facet.
    Bony,
}

impl Cause {
    /// The name as it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SoftDisc => "soft_disc",
            Self::Bony => "bony",
        }
    }
}

/// The extent of the channel along its axis from its narrowest place: to the canal and to the
/// outside, millimetres. The length is that of the literature, 4–5 mm, and its rounded mouths.
const REACH: (f64, f64) = (-4.5, 4.5);

/// One neural foramen: a channel from the canal to the outside between a front
/// wall (uncinate process, disc) and a back wall (superior articular process),
/// roofed and floored by pedicles.
///
/// In the channel's own coordinates `t` runs along the axis, outwards and down,
/// `c` across it from the front wall to the back, `h` upwards from the axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Channel {
    pub level: Level,
    pub side: Side,
    /// Height of the disc on the centre line.
    pub height: f64,
    /// Middle of the channel at disc height; `u` counts outwards on its side.
    pub centre: (f64, f64),
    /// Direction of the axis in the plane, outwards and forwards.
    pub axis: (f64, f64),
    /// Fall of the axis per millimetre outwards.
    pub fall: f64,
    /// Width without the narrowing, at the narrowest height.
    pub clear: f64,
    /// Height above the axis at which the channel is narrowest.
    pub narrow_at: f64,
    /// Growth of the width per square millimetre above and below.
    pub growth: (f64, f64),
    /// Depth of the narrowing structure.
    pub encroachment: f64,
    /// Share of this depth on the front wall.
    pub front_share: f64,
    /// Half-length of the narrowing structure along the spine (one standard deviation).
    pub spread: f64,
    pub cause: Cause,
    /// Undersides of the upper and upper sides of the lower pedicle, above the axis.
    pub roof: f64,
    pub floor: f64,
    /// Radii of the rounded front and back wall in the plane.
    pub radii: (f64, f64),
    /// Radius of the nerve root, and its height above the axis.
    pub root: f64,
    pub root_at: f64,
    /// The tissue around the root, if it differs between foramina.
    pub perineural: Option<Perineural>,
}

/// A place in the coordinates of a channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Along {
    pub t: f64,
    pub c: f64,
    pub h: f64,
}

impl Channel {
    /// A point of the spine in the channel's coordinates.
    pub(crate) fn along(&self, at: Local) -> Along {
        let (du, dv) = (at.u * self.side.sign() - self.centre.0, at.v - self.centre.1);
        let t = du * self.axis.0 + dv * self.axis.1;
        // Across is the axis turned to the back: (cos, sin) for (sin, −cos).
        let c = -du * self.axis.1 + dv * self.axis.0;
        Along { t, c, h: at.w - self.height + t * self.fall }
    }

    /// The point of the spine for a point in the channel's coordinates.
    pub(crate) fn local(&self, at: Along) -> Local {
        let du = at.t * self.axis.0 - at.c * self.axis.1;
        let dv = at.t * self.axis.1 + at.c * self.axis.0;
        Local {
            u: (self.centre.0 + du) * self.side.sign(),
            v: self.centre.1 + dv,
            w: self.height + at.h - at.t * self.fall,
        }
    }

    /// Whether a height above the axis is between the pedicles.
    pub(crate) fn is_between_pedicles(&self, h: f64) -> bool {
        self.clearance(h) > 0.0
    }

    /// Distance of a height above the axis from the nearest pedicle, negative within the pedicle.
    pub(crate) fn clearance(&self, h: f64) -> f64 {
        (self.roof - h).min(h - self.floor)
    }

    /// Whether a place along the axis is within the walls.
    pub(crate) fn is_within(t: f64) -> bool {
        t > REACH.0 && t < REACH.1
    }

    /// The radius of the root outside the foramen: the ganglion makes it thicker.
    pub(crate) fn root_radius(&self, t: f64) -> f64 {
        let swelling = self.perineural.map_or(1.0, Perineural::swelling);
        swelling * self.root * (1.0 + 0.35 * (-((t - 7.0) / 2.5).powi(2)).exp())
    }

    /// The tissue of the root.
    pub(crate) fn root_tissue(&self) -> Tissue {
        match self.perineural {
            Some(Perineural { swollen: true, .. }) => Tissue::SwollenRoot,
            _ => Tissue::Root,
        }
    }

    /// The tissue at this distance from the surface of the root, millimetres, outside veins and
    /// root.
    pub(crate) fn filling(&self, from_root: f64) -> Tissue {
        let is_scar = self.perineural.is_some_and(|around| around.is_scar(from_root));
        if is_scar { Tissue::Scar } else { Tissue::LooseFat }
    }

    /// The positions `c` of the front wall and of the back wall, the second is less than the first
    /// where they overlap.
    pub(crate) fn walls(&self, t: f64, h: f64) -> (f64, f64) {
        let (front, back) = self.bare_walls(t, h);
        let narrowed = self.encroachment * self.bulge(t, h);
        (front + narrowed * self.front_share, back - narrowed * (1.0 - self.front_share))
    }

    /// The same positions without the narrowing structure.
    pub(crate) fn bare_walls(&self, t: f64, h: f64) -> (f64, f64) {
        let d = h - self.narrow_at;
        let growth = if d > 0.0 { self.growth.0 } else { self.growth.1 } * d * d;
        // The widening levels off: it reaches 3 mm, never a cave in the bone.
        let half = 0.5 * (self.clear + growth / (1.0 + growth / 3.0));
        (-half - round_off(t, self.radii.0), half + round_off(t, self.radii.1))
    }

    /// The shape of the narrowing structure: 1 at its summit.
    fn bulge(&self, t: f64, h: f64) -> f64 {
        let along = t / 2.4;
        let up = (h - self.narrow_at) / self.spread;
        (-0.5 * (along * along + up * up)).exp()
    }
}

/// How far a circle has fallen away at distance `t` from its summit.
fn round_off(t: f64, radius: f64) -> f64 {
    let t = t.abs().min(0.97 * radius);
    radius - (radius * radius - t * t).sqrt()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A simple right foramen, 3 mm wide, with an axis at 45° without fall.
    pub(crate) fn plain() -> Channel {
        let half = std::f64::consts::FRAC_1_SQRT_2;
        Channel {
            level: Level::C5C6,
            side: Side::Right,
            height: 0.0,
            centre: (12.5, -6.0),
            axis: (half, -half),
            fall: 0.0,
            clear: 3.0,
            narrow_at: 0.0,
            growth: (0.0, 0.0),
            encroachment: 0.0,
            front_share: 1.0,
            spread: 3.0,
            cause: Cause::Bony,
            roof: 4.5,
            floor: -4.5,
            radii: (4.5, 6.5),
            root: 1.0,
            root_at: -1.0,
            perineural: None,
        }
    }

    #[test]
    fn coordinates_round_trip() {
        let channel = Channel { fall: 0.2, ..plain() };
        let at = Along { t: 1.5, c: -0.7, h: 2.0 };
        let back = channel.along(channel.local(at));
        assert!((back.t - at.t).abs() < 1e-12);
        assert!((back.c - at.c).abs() < 1e-12);
        assert!((back.h - at.h).abs() < 1e-12);
    }

    #[test]
    fn the_axis_runs_outwards_and_forwards_and_the_back_wall_is_behind() {
        let channel = plain();
        let middle = channel.local(Along { t: 0.0, c: 0.0, h: 0.0 });
        let outside = channel.local(Along { t: 3.0, c: 0.0, h: 0.0 });
        let back = channel.local(Along { t: 0.0, c: 1.0, h: 0.0 });
        assert!(outside.u < middle.u && outside.v < middle.v);
        assert!(back.v > middle.v);
    }

    #[test]
    fn the_waist_is_the_clear_width_less_the_encroachment() {
        let channel = Channel { encroachment: 1.2, front_share: 0.6, ..plain() };
        let (front, back) = channel.walls(0.0, 0.0);
        assert!((back - front - 1.8).abs() < 1e-12);
        assert!((front - (-1.5 + 0.72)).abs() < 1e-12);
    }
}
