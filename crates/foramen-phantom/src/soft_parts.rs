use crate::atlas;
use crate::channel::Channel;
use crate::frame::Local;
use crate::shape::{capsule, ellipse};
use crate::tissue::Tissue;

/// The soft parts of a spine, which are the same for analytic bones and for those of a person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SoftParts {
    /// Heights of the discs C2/3 to T3/4 on the centre line, falling.
    pub discs: Vec<f64>,
    /// Half-height of each disc, and how bright its nucleus still is, 0 to 1.
    pub disc_heights: Vec<(f64, f64)>,
    /// The foramina C2/3 to C7/T1: left, right.
    pub channels: Vec<[Channel; 2]>,
    /// Half axes of the dural sac and of the cord.
    pub sac: (f64, f64),
    pub cord: (f64, f64),
    /// Radii of the vertebral arteries, left and right.
    pub arteries: [f64; 2],
}

impl SoftParts {
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
}
