use std::sync::Arc;

use foramen_types::{Level, Point, Vector};

use crate::anatomy::Anatomy;
use crate::atlas;
use crate::channel::{Along, Cause, Channel};
use crate::cortex::Cortex;
use crate::frame::{Frame, Local};
use crate::neck::Neck;
use crate::seed::{Purpose, stream};
use crate::shape::{capsule, circle, ellipse, joined};
use crate::soft_parts::SoftParts;
use crate::specimen::Specimen;
use crate::tissue::Tissue;

/// Half the extent of a pedicle across its foramen, millimetres, and how far along the axis of
/// the foramen the wall of the canal and the transverse process lie from its middle.
const PEDICLE: (f64, f64, f64) = (4.2, -5.5, 7.0);
/// Fat around the root differs between foramina from here outwards, millimetres along the axis.
/// Farther inwards it would affect the measurement of the width.
const LATERAL: f64 = 1.0;
/// Position at which a pedicle of published width begins: beside the canal.
const MEDIAL: f64 = -4.2;

/// A cervical spine in a neck: every tissue at every place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spine {
    pub frame: Frame,
    pub soft: SoftParts,
    /// Half-width and depth of the vertebral bodies.
    pub body: (f64, f64),
    /// Height of the facet joints above (+) or below (−) their discs.
    pub facets: Vec<[f64; 2]>,
    pub neck: Neck,
    pub cortex: Cortex,
    /// How much wider the pedicles are than the mean of their level, millimetres; `None` where
    /// they reach from the canal to the transverse process.
    pub pedicles: Option<f64>,
    /// Real vertebrae in place of the analytic ones.
    pub specimen: Option<Specimen>,
}

impl Spine {
    /// The same subject with the vertebrae of a person in place of the analytic ones.
    pub(crate) fn on(mut self, anatomy: &Arc<Anatomy>, seed: u64, subject: usize) -> Self {
        let mut rng = stream(seed, subject, Purpose::Specimen, 0);
        self.specimen = Some(Specimen::fit(&mut rng, anatomy, &mut self.soft));
        self
    }

    /// Centre and cranial normal of a cervical disc, in the patient.
    pub(crate) fn disc(&self, level: Level) -> (Point, Vector) {
        let w = self.soft.discs[level.index()];
        let centre = self.frame.point(Local { u: 0.0, v: self.body_centre(), w });
        let slope = self.specimen.as_ref().map_or(0.0, |s| s.slope(w, level.index()));
        (centre, self.frame.direction(w, [0.0, -slope, 1.0]))
    }

    /// Centre of the canal at the height of a cervical disc, in the patient.
    pub(crate) fn canal(&self, level: Level) -> Point {
        self.frame.point(Local { u: 0.0, v: 0.0, w: self.soft.discs[level.index()] })
    }

    /// The tissue at a place in the patient.
    pub(crate) fn tissue(&self, at: [f64; 3]) -> Tissue {
        let local = self.frame.local(at);
        let near = local.u.abs() < 30.0 && local.v > -26.0 && local.v < 36.0;
        near.then(|| self.inner(local)).flatten().unwrap_or_else(|| self.neck.tissue(local))
    }

    /// Whether bone, disc or a growth on them fills a point in the patient.
    pub(crate) fn is_hard(&self, at: [f64; 3]) -> bool {
        let local = self.frame.local(at);
        if let Some(specimen) = &self.specimen {
            return specimen.is_hard(&self.soft, local);
        }
        self.inner(local).is_some_and(Tissue::is_hard)
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
        -self.soft.sac.1 - 0.7 - 0.5 * self.body.1
    }

    fn inner(&self, at: Local) -> Option<Tissue> {
        if let Some(specimen) = &self.specimen {
            return specimen.tissue(&self.soft, at);
        }
        if let Some(tissue) = self.soft.canal_tissue(at) {
            return Some(tissue);
        }
        let disc = self.soft.nearest(at.w);
        let side = usize::from(at.u < 0.0);
        let up = at.w - self.soft.discs[0];
        if up > atlas::SHOULDER {
            let bone = atlas::bone(at, up, -self.soft.sac.1 - 0.7);
            let body = self.body_outline(at).max(up - atlas::SHOULDER - 2.0);
            return self.boned(joined(bone, body, 2.0), at);
        }
        let channel = self.soft.channels.get(disc).map(|pair| &pair[side]);
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

    /// Bone by its signed distance: cortex outside, marrow inside.
    fn boned(&self, distance: f64, at: Local) -> Option<Tissue> {
        let deep = distance <= -self.cortex.at(at.u.abs(), at.v);
        (distance < 0.0).then_some(if deep { Tissue::Marrow } else { Tissue::Cortex })
    }

    /// The signed distance from the pedicles above and below a disc, in the plane.
    fn pedicle(&self, disc: usize, t: f64, c: f64) -> f64 {
        let across = c.abs() - PEDICLE.0;
        let Some(wider) = self.pedicles else { return across };
        // 4.4 mm at C3 to 6.1 mm at C7 (Int J Spine Surg 2021;15:413).
        let half = 0.5 * (4.4 + 0.34 * disc as f64 + wider).max(3.0);
        across.max((t - MEDIAL - half).abs() - half)
    }

    fn artery(&self, at: Local, channel: Option<&Channel>, along: Option<Along>) -> Option<Tissue> {
        let side = usize::from(at.u < 0.0);
        let radius = self.soft.arteries[side];
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
                return Some(channel.root_tissue());
            }
            if t < 10.0 && (c - 0.3).abs() < 3.2 - 0.2 * (t - 3.5) && channel.is_between_pedicles(h)
            {
                return Some(channel.filling(root - channel.root_radius(t)));
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
        let dw = at.w - self.soft.discs[disc];
        let (half, depth) = self.body;
        let centre = self.body_centre();
        // The body, its disc cut out; at the sides the uncinate process rises.
        let outline = self.body_outline(at);
        let (disc_half, bright) = self.soft.disc_heights[disc];
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
        let lamina = capsule(a, v, (16.5, 3.0), (2.0, self.soft.sac.1 + 6.5), 2.3);
        let lamina_height = (dw.abs() - 3.0).min(1.0);
        bone = bone.min(lamina.max(-lamina_height));
        let below = at.w - self.soft.discs[disc] + 0.45 * (v - 13.0);
        let spinous = capsule(a, v, (0.0, 12.0), (0.0, 27.0), 2.6);
        let body_mid = if dw > 0.0 { 8.0 } else { -9.0 };
        bone = bone.min(spinous.max((below - body_mid).abs() - 5.0));
        let transverse = capsule(a, v, (10.0, -11.5), (19.0, -10.0), 3.4);
        let mut between = false;
        if let (Some(channel), Some(Along { t, c, h })) = (channel, along) {
            between = channel.is_between_pedicles(h);
            if t > PEDICLE.1 && t < PEDICLE.2 {
                let (front, back) = channel.bare_walls(0.0, h);
                let (f, b) = channel.radii;
                let bumps = circle(t, c, (0.0, front - f), f).min(circle(t, c, (0.0, back + b), b));
                bone = joined(bone, bumps, 0.4);
                let pedicle = self.pedicle(disc, t, c);
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
            let hole =
                circle(a, v, (16.0, -12.6), self.soft.arteries[usize::from(at.u < 0.0)] + 0.8);
            bone = bone.min(transverse.max(-hole));
        }
        if bone < 0.0 {
            // The facet joint runs down and back through the pillar.
            let joint = self.facets.get(disc).map_or(0.0, |pair| pair[usize::from(at.u < 0.0)]);
            let from_joint = (dw - joint + (v + 0.5)) * std::f64::consts::FRAC_1_SQRT_2;
            if pillar < -0.4 && from_joint.abs() < 1.0 {
                return Some(if from_joint.abs() < 0.5 { Tissue::Joint } else { Tissue::Cortex });
            }
            return self.boned(bone, at);
        }
        // The yellow ligament closes the back of the canal between laminae.
        (lamina < -0.6).then_some(Tissue::Ligament)
    }
}

/// The tissue between a channel's walls: fat, veins and the root.
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
        return Some(channel.root_tissue());
    }
    let vein = c - front < 0.28 * (back - front) && h > channel.root_at;
    // Where the foramen is narrowest there is no room for anything else.
    let lateral = t > LATERAL;
    let from_root = (root.sqrt() - 1.0) * 0.5 * (flat + tall);
    Some(match (vein, lateral) {
        (true, _) => Tissue::Vein,
        (false, true) => channel.filling(from_root),
        (false, false) => Tissue::LooseFat,
    })
}
