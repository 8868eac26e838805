use foramen_types::{Level, Point, Vector};

use crate::atlas;
use crate::channel::{Along, Cause, Channel};
use crate::frame::{Frame, Local};
use crate::neck::Neck;
use crate::shape::{capsule, circle, ellipse, joined};
use crate::specimen::Specimen;
use crate::tissue::Tissue;

/// Thickness of the cortex, millimetres.
const CORTEX: f64 = 0.8;

/// A cervical spine in a neck: every tissue at every place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spine {
    pub frame: Frame,
    /// Heights of the discs C2/3 to T3/4 on the centre line, falling.
    pub discs: Vec<f64>,
    /// Half-height of each disc, and how bright its nucleus still is, 0 to 1.
    pub disc_heights: Vec<(f64, f64)>,
    /// The foramina C2/3 to C7/T1: left, right.
    pub channels: Vec<[Channel; 2]>,
    /// Half-width and depth of the vertebral bodies.
    pub body: (f64, f64),
    /// Half axes of the dural sac and of the cord.
    pub sac: (f64, f64),
    pub cord: (f64, f64),
    /// Radii of the vertebral arteries, left and right.
    pub arteries: [f64; 2],
    /// How far the facet joints lie above (+) or below (−) their discs.
    pub facets: Vec<[f64; 2]>,
    pub neck: Neck,
    /// Real vertebrae in place of the analytic ones.
    pub specimen: Option<Specimen>,
}

impl Spine {
    /// Centre and cranial normal of a cervical disc, in the patient.
    pub(crate) fn disc(&self, level: Level) -> (Point, Vector) {
        let w = self.discs[level.index()];
        let centre = self.frame.point(Local { u: 0.0, v: self.body_centre(), w });
        let slope = self.specimen.as_ref().map_or(0.0, |s| s.slope(w, level.index()));
        (centre, self.frame.direction(w, [0.0, -slope, 1.0]))
    }

    /// Centre of the canal at the height of a cervical disc, in the patient.
    pub(crate) fn canal(&self, level: Level) -> Point {
        self.frame.point(Local { u: 0.0, v: 0.0, w: self.discs[level.index()] })
    }

    /// The tissue at a place in the patient.
    pub(crate) fn tissue(&self, at: [f64; 3]) -> Tissue {
        let local = self.frame.local(at);
        let near = local.u.abs() < 30.0 && local.v > -26.0 && local.v < 36.0;
        near.then(|| self.inner(local)).flatten().unwrap_or_else(|| self.neck.tissue(local))
    }

    /// Whether bone, disc or what grew on them fills a place in the patient.
    pub(crate) fn is_hard(&self, at: [f64; 3]) -> bool {
        let local = self.frame.local(at);
        if let Some(specimen) = &self.specimen {
            return specimen.is_hard(self, local);
        }
        self.inner(local).is_some_and(Tissue::is_hard)
    }

    /// The index of the disc nearest a height.
    pub(crate) fn nearest(&self, w: f64) -> usize {
        let above = self.discs.partition_point(|disc| *disc > w);
        if above == 0 {
            0
        } else if above == self.discs.len() || self.discs[above - 1] - w < w - self.discs[above] {
            above - 1
        } else {
            above
        }
    }

    /// The outline of a vertebral body in the plane: an oval with a flat back.
    fn body_outline(&self, at: Local) -> f64 {
        let (half, depth) = self.body;
        let (a, v, centre) = (at.u.abs(), at.v, self.body_centre());
        let oval = ellipse(a, v, (0.0, centre + 0.8), (half, 0.5 * depth + 0.8));
        oval.max(v - centre - 0.5 * depth)
    }

    fn body_centre(&self) -> f64 {
        if let Some(specimen) = &self.specimen {
            return specimen.body_centre();
        }
        -self.sac.1 - 0.7 - 0.5 * self.body.1
    }

    fn inner(&self, at: Local) -> Option<Tissue> {
        if let Some(specimen) = &self.specimen {
            return specimen.tissue(self, at);
        }
        if let Some(tissue) = self.canal_tissue(at) {
            return Some(tissue);
        }
        let disc = self.nearest(at.w);
        let side = usize::from(at.u < 0.0);
        let up = at.w - self.discs[0];
        if up > atlas::SHOULDER {
            let bone = atlas::bone(at, up, -self.sac.1 - 0.7);
            let body = self.body_outline(at).max(up - atlas::SHOULDER - 2.0);
            return boned(joined(bone, body, 2.0));
        }
        let channel = self.channels.get(disc).map(|pair| &pair[side]);
        let along = channel.map(|channel| channel.along(at));
        if let (Some(channel), Some(along)) = (channel, along)
            && let Some(tissue) = content(channel, along)
        {
            return Some(tissue);
        }
        if let Some(tissue) = self.artery(at, channel, along) {
            return Some(tissue);
        }
        self.bone(at, disc, channel, along)
    }

    /// Cord, CSF, dura and the fat of the canal.
    pub(crate) fn canal_tissue(&self, at: Local) -> Option<Tissue> {
        let (u, v) = (at.u, at.v);
        if u.abs() > 16.0 || v.abs() > 13.0 {
            return None;
        }
        let (wide, stem) = atlas::widening(at.w - self.discs[0]);
        let sac = ellipse(u, v, (0.0, 0.0), (self.sac.0 * wide, self.sac.1 * wide));
        if sac < 0.0 {
            let cord = ellipse(u, v, (0.0, -0.3), (self.cord.0 * stem, self.cord.1 * stem));
            if cord >= 0.0 {
                return Some(Tissue::Csf);
            }
            // The butterfly of grey matter.
            let a = u.abs();
            let horn = capsule(a, v, (1.6, 1.2), (2.2, -1.6), 0.7);
            let bar = capsule(a, v, (0.0, -0.3), (1.8, -0.3), 0.45);
            return Some(if horn.min(bar) < 0.0 { Tissue::GreyMatter } else { Tissue::Cord });
        }
        if sac < 0.25 {
            return Some(Tissue::Ligament);
        }
        let canal = ellipse(u, v, (0.0, 0.3), (self.sac.0 + 1.8, self.sac.1 + 0.9));
        (canal < 0.0).then_some(if v < -2.0 && u.abs() > 7.0 {
            Tissue::Vein
        } else {
            Tissue::LooseFat
        })
    }

    fn artery(&self, at: Local, channel: Option<&Channel>, along: Option<Along>) -> Option<Tissue> {
        let side = usize::from(at.u < 0.0);
        let radius = self.arteries[side];
        let d = circle(at.u.abs(), at.v, (16.0, -12.6), radius);
        if d < 0.0 {
            return Some(Tissue::Artery);
        }
        // The root on its way out behind the artery, in loose fat.
        let (channel, along) = (channel?, along?);
        let Along { t, c, h } = along;
        if t > 3.5 && t < 15.0 {
            let bend = 0.6 + 0.04 * (t - 3.5).powi(2);
            let root = ((c - bend).powi(2) + (h - channel.root_at).powi(2)).sqrt();
            if root < channel.root_radius(t) {
                return Some(Tissue::Root);
            }
            if t < 10.0 && (c - 0.3).abs() < 3.2 - 0.2 * (t - 3.5) && channel.is_between_pedicles(h)
            {
                return Some(Tissue::LooseFat);
            }
        }
        (d < 0.9 && channel.is_between_pedicles(h)).then_some(Tissue::Vein)
    }

    fn bone(
        &self,
        at: Local,
        disc: usize,
        channel: Option<&Channel>,
        along: Option<Along>,
    ) -> Option<Tissue> {
        let (a, v) = (at.u.abs(), at.v);
        let dw = at.w - self.discs[disc];
        let (half, depth) = self.body;
        let centre = self.body_centre();
        // The body, its disc cut out; at the sides the uncinate process rises.
        let outline = self.body_outline(at);
        let (disc_half, bright) = self.disc_heights[disc];
        let gap = disc_half * (1.0 - (a / (half - 1.2)).powi(4)).max(0.12);
        if outline < 0.0 && dw.abs() < gap {
            let core = ellipse(a, v, (0.0, centre), (0.65 * half, 0.3 * depth));
            return Some(if core < 0.0 && bright > 0.3 {
                Tissue::Nucleus
            } else {
                Tissue::Annulus
            });
        }
        let mut bone = outline.max(gap - dw.abs());
        // The articular pillar, the lamina and the spinous process.
        let pillar = ellipse(a, v, (20.5, -0.8), (7.0, 5.4));
        bone = joined(bone, pillar, 0.5);
        let lamina = capsule(a, v, (16.5, 3.0), (2.0, self.sac.1 + 6.5), 2.3);
        let lamina_height = (dw.abs() - 3.0).min(1.0);
        bone = bone.min(lamina.max(-lamina_height));
        let below = at.w - self.discs[disc] + 0.45 * (v - 13.0);
        let spinous = capsule(a, v, (0.0, 12.0), (0.0, 27.0), 2.6);
        let body_mid = if dw > 0.0 { 8.0 } else { -9.0 };
        bone = bone.min(spinous.max((below - body_mid).abs() - 5.0));
        let transverse = capsule(a, v, (10.0, -11.5), (19.0, -10.0), 3.4);
        let mut between = false;
        if let (Some(channel), Some(Along { t, c, h })) = (channel, along) {
            between = channel.is_between_pedicles(h);
            if t > -5.5 && t < 7.0 {
                let (front, back) = channel.bare_walls(0.0, h);
                let (f, b) = channel.radii;
                let bumps = circle(t, c, (0.0, front - f), f).min(circle(t, c, (0.0, back + b), b));
                bone = joined(bone, bumps, 0.4);
                let pedicle = c.abs() - 4.2;
                bone = bone.min(pedicle.max((channel.roof - h).min(h - channel.floor)));
                if between && Channel::is_within(t) {
                    let (front, back) = channel.walls(t, h);
                    let (bare_front, bare_back) = channel.bare_walls(t, h);
                    if c < front && c > bare_front {
                        return Some(match channel.cause {
                            Cause::SoftDisc => Tissue::SoftDisc,
                            Cause::Bony => Tissue::Osteophyte,
                        });
                    }
                    if c > back && c < bare_back {
                        return Some(Tissue::Osteophyte);
                    }
                    bone = bone.max((c - front).min(back - c));
                }
            }
        }
        if !between {
            let hole = circle(a, v, (16.0, -12.6), self.arteries[usize::from(at.u < 0.0)] + 0.8);
            bone = bone.min(transverse.max(-hole));
        }
        if bone < 0.0 {
            // The facet joint runs down and back through the pillar.
            let joint = self.facets.get(disc).map_or(0.0, |pair| pair[usize::from(at.u < 0.0)]);
            let from_joint = (dw - joint + (v + 0.5)) * std::f64::consts::FRAC_1_SQRT_2;
            if pillar < -0.4 && from_joint.abs() < 1.0 {
                return Some(if from_joint.abs() < 0.5 { Tissue::Joint } else { Tissue::Cortex });
            }
            return boned(bone);
        }
        // The yellow ligament closes the back of the canal between laminae.
        (lamina < -0.6).then_some(Tissue::Ligament)
    }
}

/// Bone by its signed distance: cortex outside, marrow inside.
fn boned(distance: f64) -> Option<Tissue> {
    (distance < 0.0).then_some(if distance > -CORTEX { Tissue::Cortex } else { Tissue::Marrow })
}

/// What lies within a channel's walls: fat, veins and the root.
fn content(channel: &Channel, along: Along) -> Option<Tissue> {
    let Along { t, c, h } = along;
    if !Channel::is_within(t) || !channel.is_between_pedicles(h) {
        return None;
    }
    let (front, back) = channel.walls(t, h);
    if c <= front || c >= back {
        return None;
    }
    // A tight passage flattens the root to what it leaves.
    let width = channel.walls(0.0, channel.root_at);
    let flat = channel.root.min(0.42 * (width.1 - width.0).max(0.2));
    let tall = (channel.root * channel.root / flat).min(1.6 * channel.root);
    let middle = 0.5 * (front + back) + 0.1 * (back - front);
    let root = ((c - middle) / flat).powi(2) + ((h - channel.root_at) / tall).powi(2);
    if root < 1.0 {
        return Some(Tissue::Root);
    }
    let vein = c - front < 0.28 * (back - front) && h > channel.root_at;
    Some(if vein { Tissue::Vein } else { Tissue::LooseFat })
}
