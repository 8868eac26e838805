use foramen_image::{Contrast, Plane};
use foramen_types::{Point, Vector};

use super::Unit;
use crate::block::breaks;
use crate::{
    DicomError, FatSignal, Loaded, Remark, SliceHeader, StackHeader, StackReport, Tolerances, load,
};

/// Images at an angle of more than this to each other, in degrees, are different views of one
/// place, so both are kept.
const SAME_ANGLE: f64 = 5.0;

/// One image of a set.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PooledImage<'a> {
    /// The stack that holds it.
    pub stack: &'a StackHeader,
    /// The index of its slice in that stack.
    pub slice: usize,
}

/// An image at the same position as an image of the set.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SetAside<'a> {
    /// The image that is not used.
    pub image: PooledImage<'a>,
    /// The later image, which is used.
    pub kept: PooledImage<'a>,
}

/// Images of one kind that together cover a neck, no two at the same position.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImageSet<'a> {
    /// From the feet to the head.
    pub images: Vec<PooledImage<'a>>,
    /// The weighting of all images.
    pub contrast: Contrast,
    /// The appearance of fat in all images.
    pub fat: FatSignal,
    /// Whether they were computed from other images.
    pub derived: bool,
    /// Whether it is a volume from which axial slices have to be made ([`StackHeader::is_volume`]);
    /// its images are the acquired slices of that volume.
    pub reformat: bool,
    /// The height covered by slices, in millimetres, including gaps between neighbours but not gaps
    /// of missing slices.
    pub covered: f64,
    /// Images not used because another image is at their position.
    pub set_aside: Vec<SetAside<'a>>,
    /// Remarks for the person who measures the set.
    pub remarks: Vec<Remark>,
    /// Sharpness of its images, if measured ([`crate::Pool::measure_sharpness`]): the energy of the
    /// differences between neighbouring pixels relative to the variance.
    pub sharpness: Option<f64>,
    runs: Vec<StackHeader>,
}

impl<'a> PooledImage<'a> {
    /// The images of a stack, in its order.
    pub(crate) fn of(stack: &'a StackHeader) -> Vec<Self> {
        (0..stack.slices.len()).map(|slice| Self { stack, slice }).collect()
    }

    /// The header of the image.
    #[must_use]
    pub fn header(&self) -> &'a SliceHeader {
        &self.stack.slices[self.slice]
    }

    /// The centre of the image in the patient, in LPS millimetres.
    #[must_use]
    pub fn centre(&self) -> Point {
        let middle = |n: usize| (n as f64 - 1.0) / 2.0;
        self.header().plane.point(middle(self.stack.rows), middle(self.stack.columns))
    }

    /// The image among these that shows the same place: nearly parallel, less than half a slice
    /// away, overlapping, and not of the same acquisition.
    pub(crate) fn twin(&self, among: &[Self]) -> Option<Self> {
        among.iter().copied().find(|other| self.is_twin(other))
    }

    fn is_twin(&self, other: &Self) -> bool {
        let (a, b) = (self.header(), other.header());
        let of_one = self.stack.series_uid == other.stack.series_uid
            && self.stack.study_uid == other.stack.study_uid
            && self.stack.blocks == other.stack.blocks
            && self.stack.blocks.len() > 1;
        if of_one || a.plane.angle(&b.plane) > SAME_ANGLE {
            return false;
        }
        let thin = |stack: &StackHeader, slice: &SliceHeader| {
            slice.thickness.or(stack.report.spacing).unwrap_or(2.0)
        };
        let limit = thin(self.stack, a).min(thin(other.stack, b)) / 2.0;
        let (row, column) = b.plane.pixel(self.centre());
        let over = |at: f64, n: usize| at > -0.5 && at < n as f64 - 0.5;
        b.plane.distance(self.centre()).abs() < limit - 1e-6
            && over(row, other.stack.rows)
            && over(column, other.stack.columns)
    }
}

impl<'a> ImageSet<'a> {
    pub(super) fn new(
        units: Vec<Unit<'a>>,
        mut images: Vec<PooledImage<'a>>,
        set_aside: Vec<SetAside<'a>>,
        limits: &Tolerances,
    ) -> Self {
        images.sort_by(|a, b| a.centre().z.total_cmp(&b.centre().z));
        let first = units[0].stack;
        let reformat = first.is_volume();
        let runs = if reformat { vec![first.clone()] } else { runs(&images, limits) };
        let covered = if reformat {
            height(first)
        } else {
            let of_run = |run: &StackHeader| {
                let step = run.report.spacing.or(run.report.thickness).unwrap_or(0.0);
                step * run.slices.len() as f64
            };
            runs.iter().map(of_run).sum()
        };
        let mut remarks: Vec<Remark> = Vec::new();
        let of_units = units.iter().flat_map(|unit| {
            unit.stack.remarks.iter().filter(|remark| !is_geometry(remark)).chain(&unit.remarks)
        });
        let of_runs: Vec<Remark> = runs.iter().flat_map(StackHeader::remarks_on_geometry).collect();
        for remark in of_units.chain(&of_runs) {
            if !remarks.contains(remark) {
                remarks.push(remark.clone());
            }
        }
        Self {
            contrast: first.contrast,
            fat: first.fat,
            derived: first.derived,
            images,
            reformat,
            covered,
            set_aside,
            remarks,
            sharpness: None,
            runs,
        }
    }

    /// The Series Instance UIDs of its images, each once, from the feet up.
    #[must_use]
    pub fn series(&self) -> Vec<&'a str> {
        let mut uids: Vec<&str> = Vec::new();
        for image in &self.images {
            let uid = image.stack.series_uid.as_str();
            if !uids.contains(&uid) {
                uids.push(uid);
            }
        }
        uids
    }

    /// Frame of Reference UID (0020,0052), if known: the same for all images.
    #[must_use]
    pub fn frame_of_reference_uid(&self) -> Option<&'a str> {
        self.images.first()?.stack.frame_of_reference_uid.as_deref()
    }

    /// The images as stacks of parallel slices, whatever their series, for loading and measuring.
    /// Series UID and index of a stack are those of its first image; each slice has its own SOP
    /// Instance UID.
    #[must_use]
    pub fn runs(&self) -> &[StackHeader] {
        &self.runs
    }

    /// Decodes the pixels as one stack for each of [`Self::runs`].
    ///
    /// # Errors
    /// Those of [`load`], for the first run that cannot be loaded.
    pub fn load(&self) -> Result<Vec<Loaded>, DicomError> {
        self.runs.iter().map(load).collect()
    }

    /// The share, 0 to 1, of the height from `reach` millimetres below a point to `reach` above it
    /// that its slices cover.
    #[must_use]
    pub fn coverage(&self, place: Point, reach: f64) -> f64 {
        if let Some(volume) = self.runs.first().filter(|_| self.reformat) {
            let heights = (-8..=8).map(|step| reach * f64::from(step) / 8.0);
            let up = Vector::new(0.0, 0.0, 1.0);
            let shown = heights.filter(|height| holds(volume, place + up * *height)).count();
            return shown as f64 / 17.0;
        }
        let mut spans: Vec<(f64, f64)> = Vec::new();
        for run in &self.runs {
            let step = run.report.spacing.or(run.report.thickness).unwrap_or(0.0);
            let half = step.max(run.report.thickness.unwrap_or(0.0)) / 2.0;
            for slice in &run.slices {
                // The distance runs against the height of the slice.
                let height = -slice.plane.distance(place);
                let (low, high) = ((height - half).max(-reach), (height + half).min(reach));
                if low < high {
                    spans.push((low, high));
                }
            }
        }
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut covered, mut to) = (0.0, -reach);
        for (low, high) in spans {
            covered += (high - low.max(to)).max(0.0);
            to = to.max(high);
        }
        if reach > 0.0 { covered / (2.0 * reach) } else { 0.0 }
    }
}

/// The height from the lowest to the highest corner of the slices of a volume.
fn height(volume: &StackHeader) -> f64 {
    let (bottom, right) = (volume.rows as f64 - 1.0, volume.columns as f64 - 1.0);
    let corners = [(0.0, 0.0), (0.0, right), (bottom, 0.0), (bottom, right)];
    let heights = volume
        .slices
        .iter()
        .flat_map(|slice| corners.map(|(row, column)| slice.plane.point(row, column).z));
    let (low, high) = heights
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), z| (low.min(z), high.max(z)));
    (high - low).max(0.0)
}

/// Whether a place lies within a volume.
fn holds(volume: &StackHeader, place: Point) -> bool {
    let (Some(first), Some(last)) = (volume.slices.first(), volume.slices.last()) else {
        return false;
    };
    let along = first.plane.distance(place);
    let depth = first.plane.distance(last.plane.origin());
    let (row, column) = first.plane.pixel(place);
    let within = |at: f64, n: usize| (0.0..=n as f64 - 1.0).contains(&at);
    (along - depth) * along <= 0.0 && within(row, volume.rows) && within(column, volume.columns)
}

fn is_geometry(remark: &Remark) -> bool {
    matches!(
        remark,
        Remark::MissingSlice { .. } | Remark::UnevenSpacing { .. } | Remark::SingleSlice
    )
}

/// Images as stacks of parallel slices of one matrix, in order along their normal.
fn runs(images: &[PooledImage<'_>], limits: &Tolerances) -> Vec<StackHeader> {
    let mut clusters: Vec<Vec<PooledImage<'_>>> = Vec::new();
    for &image in images {
        let fits = |cluster: &&mut Vec<PooledImage<'_>>| {
            let (first, plane) = (&cluster[0], image.header().plane);
            let (of_first, limit) = (first.header().plane, limits.turned.to_radians().cos());
            let (a, b) = (of_first.spacing(), plane.spacing());
            (first.stack.rows, first.stack.columns) == (image.stack.rows, image.stack.columns)
                && (a.row - b.row).abs() <= limits.pixel_spacing
                && (a.column - b.column).abs() <= limits.pixel_spacing
                && of_first.along_row().dot(plane.along_row()) >= limit
                && of_first.along_column().dot(plane.along_column()) >= limit
        };
        match clusters.iter_mut().find(fits) {
            Some(cluster) => cluster.push(image),
            None => clusters.push(vec![image]),
        }
    }
    let mut runs: Vec<StackHeader> = Vec::new();
    for mut cluster in clusters {
        let along = cluster[0].header().plane.cranial_normal();
        let height =
            |image: &PooledImage<'_>| (image.header().plane.origin() - Point::default()).dot(along);
        cluster.sort_by(|a, b| height(a).total_cmp(&height(b)));
        let planes: Vec<Plane> = cluster.iter().map(|image| image.header().plane).collect();
        let mut rest = cluster.as_slice();
        let mut begin = 0;
        for end in breaks(&planes, limits).into_iter().chain([planes.len()]) {
            let (run, above) = rest.split_at(end - begin);
            runs.extend(as_stack(run, limits));
            (rest, begin) = (above, end);
        }
    }
    runs.sort_by(|a, b| {
        let z = |run: &StackHeader| run.slices[run.slices.len() / 2].plane.origin().z;
        z(a).total_cmp(&z(b))
    });
    runs
}

fn as_stack(run: &[PooledImage<'_>], limits: &Tolerances) -> Option<StackHeader> {
    let first = run.first()?;
    let mut stack = first.stack.clone();
    stack.slices = run.iter().map(|image| image.header().clone()).collect();
    let planes: Vec<Plane> = stack.slices.iter().map(|slice| slice.plane).collect();
    // What is of the stack alone is no more true of the run.
    stack.report = StackReport::new(&planes, first.header().thickness, *limits);
    stack.problems = stack.report.problems();
    stack.remarks.retain(|remark| !is_geometry(remark));
    stack.remarks.extend(stack.remarks_on_geometry());
    stack.blocks = vec![stack.stack];
    Some(stack)
}
