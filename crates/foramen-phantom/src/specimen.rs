//! One subject's spine around the surfaces of a person's vertebrae.

use std::sync::Arc;

use foramen_types::{Level, Side};
use rand::seq::IteratorRandom;
use rand::{Rng, RngExt};

use crate::anatomy::Anatomy;
use crate::channel::Cause;
use crate::cortex::Cortex;
use crate::frame::Local;
use crate::neck::wave;
use crate::passage::{Passage, by_axis, passage};
use crate::shape::{capsule, circle, ellipse};
use crate::soft_parts::SoftParts;
use crate::tissue::Tissue;

/// Steps of height at which a foramen is searched, from its disc, and their size in millimetres.
const HEIGHTS: std::ops::RangeInclusive<i32> = -14..=14;
const HEIGHT_STEP: f64 = 0.5;

/// Two vertebrae this close behind the channel meet in a joint, millimetres.
const JOINT: f64 = 2.8;

/// Least length of a channel, in steps.
const SHORTEST: usize = 6;

/// The changes that turn a person's vertebrae into a subject's, and the growths on them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Specimen {
    anatomy: Arc<Anatomy>,
    /// Left and right exchanged.
    mirrored: bool,
    /// Size to the side, to the back and upwards, relative to the person's.
    size: [f64; 3],
    /// Displacement of each vertebra, millimetres in the person's axes.
    shifts: Vec<[f64; 3]>,
    /// Distance of the bone inside the surfaces.
    excess: f64,
    /// Waves that bend the bone: height, and phases, of each axis.
    waves: [[f64; 4]; 3],
    cortex: Cortex,
    /// Slope of the discs C2/3 to C7/T1 to the front.
    slopes: Vec<f64>,
    /// The foramina C2/3 to C7/T1: left, right.
    pub foramina: Vec<[Foramen; 2]>,
}

/// One foramen of a specimen, in straightened coordinates; `u` counts outwards.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Foramen {
    /// Height of its middle.
    pub height: f64,
    /// Wall points at its middle height, or where they would be if bone closes it.
    front: [f64; 2],
    back: [f64; 2],
    growths: Vec<Growth>,
    cause: Cause,
    /// Radius of the root, and its height against the middle.
    root: f64,
    root_at: f64,
}

/// A growth on a wall: half an ellipsoid.
#[derive(Debug, Clone, PartialEq)]
struct Growth {
    /// Its middle on the wall, height last.
    at: [f64; 3],
    /// Into the channel.
    normal: [f64; 2],
    /// Its extent into the channel, along the wall, and up and down.
    reach: [f64; 3],
}

impl Growth {
    fn holds(&self, a: f64, v: f64, w: f64) -> bool {
        let (du, dv, dw) = (a - self.at[0], v - self.at[1], w - self.at[2]);
        let into = du * self.normal[0] + dv * self.normal[1];
        let along = dv * self.normal[0] - du * self.normal[1];
        let [x, y, z] = [into / self.reach[0], along / self.reach[1], dw / self.reach[2]];
        // It is rooted in the wall.
        into > -1.5 && x.max(0.0).powi(2) + y * y + z * z < 1.0
    }
}

/// The bone nearest to a point.
#[derive(Debug, Clone, Copy)]
struct Bone {
    distance: f64,
    /// Distance of the nearest other vertebra.
    other: f64,
}

impl Specimen {
    /// Simulates a specimen, and fits the discs, the sac and the cord of its subject to these
    /// vertebrae.
    pub(crate) fn fit(rng: &mut impl Rng, anatomy: &Arc<Anatomy>, soft: &mut SoftParts) -> Self {
        let mut specimen = Self::draw(rng, anatomy);
        let size = specimen.size;
        let bodies: Vec<_> = anatomy.vertebrae.iter().map(|vertebra| vertebra.body).collect();
        soft.discs.clear();
        let old = std::mem::take(&mut soft.disc_heights);
        for pair in bodies.windows(2) {
            soft.discs.push(0.5 * size[2] * (pair[0].lower + pair[1].upper));
            let half = 0.5 * size[2] * (pair[0].lower - pair[1].upper).max(1.0);
            let (_, bright) = old[soft.disc_heights.len()];
            soft.disc_heights.push((half + specimen.excess, bright));
        }
        let lumen = bodies.iter().take(7).map(|body| -body.back).fold(f64::INFINITY, f64::min);
        // The sac fills most of the canal, as in the living; bone dents it.
        soft.sac.0 *= 1.1 * size[0];
        soft.sac.1 = (1.1 * soft.sac.1).min(size[1] * lumen + 0.3);
        soft.cord.1 = soft.cord.1.min(0.75 * soft.sac.1);
        specimen.slopes = (0..6).map(|level| specimen.slope(soft.discs[level], level)).collect();
        for level in Level::ALL {
            let pair = Side::BOTH.map(|side| specimen.foramen(rng, soft, level, side));
            specimen.foramina.push(pair);
        }
        specimen
    }

    fn draw(rng: &mut impl Rng, anatomy: &Arc<Anatomy>) -> Self {
        let all = rng.random_range(0.93..1.09);
        let size = [0; 3].map(|_| all * rng.random_range(0.96..1.04));
        let shifts = (0..anatomy.vertebrae.len())
            .map(|_| [0.5, 0.5, 0.6].map(|most: f64| rng.random_range(-most..most)))
            .collect();
        let turn = std::f64::consts::TAU;
        let waves = [0; 3].map(|_| {
            let phases = [0; 3].map(|_| rng.random_range(0.0..turn));
            [rng.random_range(0.2..0.7), phases[0], phases[1], phases[2]]
        });
        Self {
            anatomy: Arc::clone(anatomy),
            mirrored: rng.random_bool(0.5),
            size,
            shifts,
            excess: anatomy.excess + rng.random_range(-0.3..0.3),
            waves,
            cortex: Cortex::draw(rng),
            slopes: Vec::new(),
            foramina: Vec::new(),
        }
    }

    /// Distance of the middle of the bodies behind the middle of the canal.
    pub(crate) fn body_centre(&self) -> f64 {
        let bodies = self.anatomy.vertebrae[1..6].iter().map(|vertebra| vertebra.body);
        0.1 * self.size[1] * bodies.map(|body| body.front + body.back).sum::<f64>()
    }

    /// Slope of a disc: how far it rises to the back, per millimetre.
    pub(crate) fn slope(&self, height: f64, level: usize) -> f64 {
        if let Some(slope) = self.slopes.get(level) {
            return *slope;
        }
        // The middle of the gap between the endplates, in front and behind.
        let body = self.anatomy.vertebrae[level].body;
        let middle = |v: f64| {
            let free =
                |w: &f64| self.bone(Local { u: 0.0, v: self.size[1] * v, w: *w }).distance > 0.0;
            let heights = || (-60..=60).map(|step| height + 0.1 * f64::from(step));
            let inside: Vec<f64> = heights().filter(free).collect();
            Some(0.5 * (inside.first()? + inside.last()?))
        };
        let (front, back) = (body.front + 4.0, body.back - 3.0);
        let rise = middle(back).zip(middle(front)).map_or(0.0, |(back, front)| back - front);
        (rise / (self.size[1] * (back - front))).clamp(-0.5, 0.5)
    }

    fn foramen(&self, rng: &mut impl Rng, soft: &SoftParts, level: Level, side: Side) -> Foramen {
        let drawn = &soft.channels[level.index()][usize::from(side == Side::Right)];
        let disc = soft.discs[level.index()];
        let slope = self.slopes[level.index()];
        // Cuts along the disc, as a slice that follows it.
        let found: Vec<(f64, Option<Passage>)> = HEIGHTS
            .map(|step| {
                let height = disc + HEIGHT_STEP * f64::from(step);
                (height, passage(|at| self.is_bare(soft, side, at, height, slope)))
            })
            .collect();
        // The longest run of open cuts.
        let runs = found.chunk_by(|a, b| a.1.is_some() == b.1.is_some());
        let run = runs.filter(|run| run[0].1.is_some()).max_by_key(|run| run.len());
        let run = run.filter(|run| run.len() >= SHORTEST).unwrap_or_default();
        let middle = run.get(run.len() / 2);
        let (height, at) = middle.map_or((disc, None), |(height, passage)| (*height, *passage));
        let shut = Passage { width: 0.0, front: [11.5, -7.0], back: [13.5, -5.0] };
        let Passage { front, back, .. } = at.unwrap_or(shut);
        let mut growths = Vec::new();
        // It grows by the uncovertebral joint: in the middle half of the channel.
        let central = run.get(run.len() / 4..run.len() - run.len() / 4).unwrap_or_default();
        let central = central.iter().filter_map(|(at, bare)| Some((*at, (*bare)?)));
        let (spread, along) = (rng.random_range(2.0..4.0), rng.random_range(2.2..4.5));
        let waist = drawn.clear - drawn.encroachment;
        if let Some((at_height, bare)) = central.choose(rng) {
            let lost = (bare.width - waist).max(0.0);
            let [du, dv] = [0, 1].map(|i| (bare.back[i] - bare.front[i]) / bare.width);
            let walls = [
                (bare.front, [du, dv], drawn.front_share),
                (bare.back, [-du, -dv], 1.0 - drawn.front_share),
            ];
            for (wall, normal, share) in walls {
                if lost * share > 0.1 {
                    let lift = slope * wall[1];
                    growths.push(Growth {
                        at: [wall[0], wall[1], at_height + lift],
                        normal,
                        reach: [lost * share, along, spread],
                    });
                }
            }
        }
        Foramen {
            height,
            front,
            back,
            growths,
            cause: drawn.cause,
            root: drawn.root,
            root_at: drawn.root_at,
        }
    }

    /// Whether bone or disc, without growths, fills a point of a cut along a disc.
    fn is_bare(
        &self,
        soft: &SoftParts,
        side: Side,
        [a, v]: [f64; 2],
        height: f64,
        slope: f64,
    ) -> bool {
        let at = Local { u: a * side.sign(), v, w: height + slope * v };
        self.is_hard_bare(soft, at)
    }

    /// Whether bone or disc, without growths, fills a point.
    pub(crate) fn is_hard_bare(&self, soft: &SoftParts, at: Local) -> bool {
        let bone = self.bone(at);
        bone.distance < 0.0 || self.is_joint(bone, at) || self.disc(soft, at).is_some()
    }

    /// Whether a place lies in a facet joint: between two vertebrae, behind the channel.
    fn is_joint(&self, bone: Bone, at: Local) -> bool {
        let place = [at.u.abs() / self.size[0], at.v / self.size[1]];
        bone.distance + bone.other < JOINT && by_axis(place).1 > 3.5
    }

    /// Whether a point is impassable for a nerve.
    pub(crate) fn is_hard(&self, soft: &SoftParts, at: Local) -> bool {
        self.is_hard_bare(soft, at) || self.growth(at).is_some()
    }

    /// The bone nearest to a place of the straightened subject.
    fn bone(&self, at: Local) -> Bone {
        let mut at = [at.u / self.size[0], at.v / self.size[1], at.w / self.size[2]];
        let [x, y, z] = at;
        for (axis, [height, a, b, c]) in self.waves.iter().enumerate() {
            at[axis] += height * wave(x / 4.5 + a) * wave(y / 5.5 + b) * wave(z / 5.0 + c);
        }
        let [u, v, w] = at;
        let u = if self.mirrored { -u } else { u };
        let source = self.anatomy.source(Local { u, v, w });
        let size = (self.size[0] + self.size[1] + self.size[2]) / 3.0;
        let mut bone = Bone { distance: f64::INFINITY, other: f64::INFINITY };
        for (index, vertebra) in self.anatomy.vertebrae.iter().enumerate() {
            if (w - self.anatomy.height(index)).abs() > 45.0 {
                continue;
            }
            let shift = &self.shifts[index];
            let place = [0, 1, 2].map(|i| source[i] + shift[i]);
            let distance = size * (vertebra.surface.distance(place) + self.excess);
            if distance < bone.distance {
                bone = Bone { distance, other: bone.distance };
            } else {
                bone.other = bone.other.min(distance);
            }
        }
        bone
    }

    /// The tissue of the disc at a place that is no bone.
    fn disc(&self, soft: &SoftParts, at: Local) -> Option<Tissue> {
        // Only T1/2 and above have bodies on both sides.
        let index = soft.nearest(at.w);
        let pair = self.anatomy.vertebrae.get(index..index + 2)?;
        let [upper, lower] = [pair[0].body, pair[1].body];
        let [x, y, _] = self.size;
        let front = 0.5 * (upper.front + lower.front) * y;
        let back = 0.5 * (upper.back + lower.back) * y;
        let (middle, depth) = (0.5 * (front + back), 0.5 * (back - front));
        let half = lower.half.max(7.0) * x;
        let oval = ellipse(at.u, at.v, (0.0, middle + 0.8), (half, depth + 0.8));
        let outline = oval.max(at.v - back);
        let (gap, bright) = soft.disc_heights[index];
        let slope = self.slopes.get(index).copied().unwrap_or(0.0);
        let from = at.w - soft.discs[index] - slope * (at.v - middle);
        if outline >= 0.0 || from.abs() > gap + 3.0 {
            return None;
        }
        let core = ellipse(at.u, at.v, (0.0, middle), (0.65 * half, 0.6 * depth));
        Some(if core < 0.0 && bright > 0.3 { Tissue::Nucleus } else { Tissue::Annulus })
    }

    /// The growth at a point.
    fn growth(&self, at: Local) -> Option<Cause> {
        let side = usize::from(at.u < 0.0);
        let near = |foramen: &&Foramen| (at.w - foramen.height).abs() < 12.0;
        let foramina = self.foramina.iter().map(|pair| &pair[side]);
        let holds = |foramen: &Foramen| {
            foramen.growths.iter().any(|growth| growth.holds(at.u.abs(), at.v, at.w))
        };
        foramina.filter(near).find(|foramen| holds(foramen)).map(|foramen| foramen.cause)
    }

    /// The tissue of a place near the spine, or `None` for the neck's.
    pub(crate) fn tissue(&self, soft: &SoftParts, at: Local) -> Option<Tissue> {
        let bone = self.bone(at);
        if bone.distance < 0.0 {
            let (a, v) = (at.u.abs() / self.size[0], at.v / self.size[1]);
            let deep = -bone.distance > self.cortex.at(a, v);
            return Some(if deep { Tissue::Marrow } else { Tissue::Cortex });
        }
        if let Some(tissue) = self.disc(soft, at) {
            return Some(tissue);
        }
        if let Some(cause) = self.growth(at) {
            return Some(match cause {
                Cause::SoftDisc => Tissue::SoftDisc,
                Cause::Bony => Tissue::Osteophyte,
            });
        }
        let canal = soft.canal_tissue(at);
        if let Some(tissue) = canal {
            // Fat and veins part the sac from bone.
            let within = matches!(tissue, Tissue::LooseFat | Tissue::Vein);
            return Some(if within || bone.distance > 1.0 { tissue } else { Tissue::LooseFat });
        }
        let side = usize::from(at.u < 0.0);
        let foramen =
            self.foramina.iter().map(|pair| &pair[side]).min_by(|one, other| {
                (one.height - at.w).abs().total_cmp(&(other.height - at.w).abs())
            });
        foramen.and_then(|foramen| self.around(soft, foramen, bone, at))
    }

    fn around(&self, soft: &SoftParts, foramen: &Foramen, bone: Bone, at: Local) -> Option<Tissue> {
        let (a, v) = (at.u.abs(), at.v);
        let [front, back] = [foramen.front, foramen.back];
        let width = (back[0] - front[0]).hypot(back[1] - front[1]).max(1.0);
        let normal = [(back[0] - front[0]) / width, (back[1] - front[1]) / width];
        // Across from the front wall, and along the channel outwards.
        let across = (a - front[0]) * normal[0] + (v - front[1]) * normal[1];
        let along = (a - front[0]) * normal[1] - (v - front[1]) * normal[0];
        if self.is_joint(bone, at) {
            return Some(Tissue::Joint);
        }
        // The yellow ligament between the arches.
        if v > 2.0
            && ellipse(a, v, (0.0, 2.0), (12.5, soft.sac.1 + 2.5)) < 0.0
            && bone.distance < 3.0
        {
            return Some(Tissue::Ligament);
        }
        // The root comes down from the sac, passes low and swells outside.
        let height = foramen.height + foramen.root_at - 0.25 * along;
        let radius = foramen.root * (1.0 + 0.35 * (-((along - 6.0) / 2.5).powi(2)).exp());
        let bend = 0.03 * along.max(0.0).powi(2);
        let middle = 0.55 * width + bend;
        let flat = radius.min(0.42 * width);
        let tall = (radius * radius / flat).min(1.6 * radius);
        let root = ((across - middle) / flat).powi(2) + ((at.w - height) / tall).powi(2);
        if root < 1.0 && bone.distance > 0.25 && (-7.0..14.0).contains(&along) {
            return Some(Tissue::Root);
        }
        let transverse = self.transverse(soft.nearest(at.w), at.u > 0.0);
        let radius = soft.arteries[usize::from(at.u < 0.0)];
        let artery = circle(a, v, transverse, radius);
        if artery < 0.0 && bone.distance > 0.2 {
            return Some(Tissue::Artery);
        }
        if artery < 0.9 {
            return Some(Tissue::Vein);
        }
        let zone = capsule(a, v, (6.0, -1.0), (16.0, -9.5), 5.5) < 0.0;
        let between = bone.distance < 4.0 && bone.other < 4.0 || bone.distance < 2.5;
        (zone && between).then(|| {
            let vein = across < 0.28 * width && at.w > height && along < 4.0;
            if vein { Tissue::Vein } else { Tissue::LooseFat }
        })
    }

    /// The middle of the vertebral artery on one side of a disc.
    fn transverse(&self, disc: usize, left: bool) -> (f64, f64) {
        let side = usize::from(left == self.mirrored);
        let of = |vertebra: usize| {
            let (u, v) = self.anatomy.vertebrae.get(vertebra)?.transverse[side]?;
            Some((u * self.size[0], v * self.size[1]))
        };
        let usual = (16.5 * self.size[0], -10.5 * self.size[1]);
        let (one, other) = (of(disc).unwrap_or(usual), of(disc + 1).unwrap_or(usual));
        (0.5 * (one.0 + other.0), 0.5 * (one.1 + other.1))
    }
}
