//! What the network of `foramen-select` learns from.

use foramen_image::{Contrast, Stack};
use foramen_phantom::{SliceTruth, SubjectTruth};
use foramen_select::{Network, reader_crops};
use foramen_types::{Point, Side};

/// One side of one slice, and what is true there.
pub struct ReaderSample {
    /// Rows and columns of a square crop.
    pub pixels: Vec<f32>,
    /// Whether it is T2*.
    pub is_t2_star: bool,
    /// 1 for a foramen, 0 for none; its width; 1 where it has walls, and their rows and
    /// columns from the middle of the crop, front first; how far the nearest pedicle is,
    /// from −[`ReaderSample::CLEAR`] within it to as much; all in millimetres.
    pub truth: [f32; 8],
}

impl ReaderSample {
    /// A slice this far from the edge of a pedicle, in millimetres, leaves no doubt.
    pub const CLEAR: f64 = 2.5;
}

/// Slices farther than this from every disc, in millimetres, belong to no level.
const FARTHEST: f64 = 9.0;

/// Every slice and side of a subject, in crops of `edge` rows and columns.
#[must_use]
pub fn reader_samples(axial: &[Stack], truth: &SubjectTruth, edge: usize) -> Vec<ReaderSample> {
    let mut samples = Vec::new();
    let middle = 0.5 * (edge - 1) as f64;
    let [x, y, z] = truth.discs[0].centre;
    let highest = Point::new(x, y, z);
    for stack in axial {
        for (slice, crops) in stack.slices().iter().zip(reader_crops(stack, edge)) {
            let (Some(crops), Some(source)) = (crops, &slice.source) else { continue };
            let of = |truth: &&SliceTruth| truth.sop_instance_uid == source.sop_instance_uid;
            let Some(truth) = truth.slices.iter().find(of) else { continue };
            // There is no foramen above the highest; below the lowest nothing is known.
            let is_above = -slice.plane().distance(highest) > FARTHEST;
            for (side, crop) in Side::BOTH.into_iter().zip(crops) {
                let foramina = truth.side(side).iter();
                let nearest = foramina
                    .min_by(|a, b| a.offset_mm.abs().total_cmp(&b.offset_mm.abs()))
                    .filter(|foramen| foramen.offset_mm.abs() < FARTHEST);
                if nearest.is_none() && !is_above {
                    continue;
                }
                let foramen = nearest.filter(|foramen| foramen.state != "closed");
                let front = foramen.and_then(|foramen| foramen.front);
                let back = foramen.and_then(|foramen| foramen.back);
                let place = |point: Option<[f64; 3]>| {
                    let [x, y, z] = point.unwrap_or_default();
                    let (row, column) = crop.plane().pixel(Point::new(x, y, z));
                    [row, column].map(|at| (at - middle) * Network::PIXEL)
                };
                let ([a, b], [c, d]) = (place(front), place(back));
                let known = |is: bool| f64::from(u8::from(is));
                let clearance = nearest.and_then(|foramen| foramen.clearance_mm);
                let clearance = clearance.unwrap_or(-ReaderSample::CLEAR);
                let clearance = clearance.clamp(-ReaderSample::CLEAR, ReaderSample::CLEAR);
                let truth = [
                    known(foramen.is_some()),
                    foramen.and_then(|foramen| foramen.width_mm).unwrap_or(0.0),
                    known(front.is_some()),
                    a,
                    b,
                    c,
                    d,
                    clearance,
                ];
                #[expect(clippy::cast_possible_truncation, reason = "networks learn in f32")]
                let truth = truth.map(|value| value as f32);
                samples.push(ReaderSample {
                    pixels: crop.pixels().iter().copied().collect(),
                    is_t2_star: stack.contrast == Contrast::T2Star,
                    truth,
                });
            }
        }
    }
    samples
}
