use std::collections::BTreeMap;

use foramen_image::{Colour, Picture, Plane, Slice, SliceSource, Spacing, Stack};
use foramen_select::PointKind;
use foramen_types::{Level, Point, Vector};

use crate::DiscPosition;
use crate::levels::normal_of;

mod canal;

use canal::Canal;

/// How axial slices are made from a sagittal T2 volume.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReformatOptions {
    /// Thickness over which each slice is averaged, in millimetres. Default 2: about the thinnest
    /// axial T2 images of the neck, and enough to reduce the noise of thin voxels.
    pub thickness: f64,
    /// Distance between slices, in millimetres. Default 2, so that slices do not overlap: among
    /// overlapping slices, noise more often decides which is narrowest.
    pub step: f64,
    /// Edge of a pixel, in millimetres. Default 0.5, as axial images have.
    pub pixel: f64,
    /// How far slices extend above and below each disc, in millimetres. Default 8: this includes
    /// the foramen and the pedicles around it, by which the foramen is recognised.
    pub reach: f64,
}

impl Default for ReformatOptions {
    fn default() -> Self {
        Self { thickness: 2.0, step: 2.0, pixel: 0.5, reach: 8.0 }
    }
}

impl ReformatOptions {
    /// The same options with slices of another thickness, in millimetres.
    #[must_use]
    pub fn with_thickness(mut self, mm: f64) -> Self {
        self.thickness = mm;
        self
    }
}

/// Axial slices around one disc that were made from a volume.
#[derive(Debug, Clone, PartialEq)]
pub struct ReformattedBlock {
    /// The level.
    pub level: Level,
    /// Parallel slices, perpendicular to the canal at the height of the disc. Their sources are not
    /// images in a file; [`is_reformatted`] recognises them by their name.
    pub stack: Stack,
    /// A place in the canal at that height.
    pub canal: Point,
}

/// Prefix of the names of slices made from a volume.
const NAME: &str = "reformatted-";

/// Whether a name in place of a SOP Instance UID is that of a slice made from a volume:
/// `reformatted-C5-6-`, then the Series Instance UID of the volume. The frame number counts the
/// slices of the level from the feet up.
#[must_use]
pub fn is_reformatted(sop_instance_uid: &str) -> bool {
    sop_instance_uid.starts_with(NAME)
}

/// The volume from which a slice with such a name was made.
pub(crate) fn volume_of(sop_instance_uid: &str) -> Option<&str> {
    let rest = sop_instance_uid.strip_prefix(NAME)?;
    rest.rsplit_once('-').map(|(_, series_uid)| series_uid)
}

/// The content of the name of a slice made from a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeOf<'a> {
    /// The level of the disc around which it was made.
    pub level: Level,
    /// Series Instance UID of the volume.
    pub series_uid: &'a str,
}

/// The level and volume of a slice made from a volume; `None` for an image of a file.
#[must_use]
pub fn made_of(image: &SliceSource) -> Option<MadeOf<'_>> {
    let series_uid = volume_of(&image.sop_instance_uid)?;
    let level = image.sop_instance_uid.strip_prefix(NAME)?.strip_suffix(series_uid)?;
    Some(MadeOf { level: level.trim_end_matches('-').parse().ok()?, series_uid })
}

const MARK: Colour = Colour(255, 220, 90);

/// Writes `reformatted` at the upper edge of a picture.
pub(crate) fn mark_reformatted(picture: &mut Picture) {
    const SCALE: usize = 2;
    let text = NAME.trim_end_matches('-');
    let width = 6 * SCALE * text.len();
    picture.text(text, (10, picture.columns().saturating_sub(width) / 2), SCALE, MARK);
}

/// Makes axial slices from a volume around each disc, perpendicular to the canal there.
///
/// The direction is the canal's own tangent, found on coarse axial slices; where the canal is not
/// visible, the normal of the disc is used. The field of view is 64 mm from side to side and 80 mm
/// from front to back; volumes of the neck are often narrower, and slices are black beyond their
/// sides. A slice is left out where the volume ends within 18 mm of the middle of the canal, so
/// that no foramen is measured outside the volume.
#[must_use]
pub fn reformat(
    volume: &Stack,
    discs: &BTreeMap<Level, DiscPosition>,
    series_uid: &str,
    options: &ReformatOptions,
) -> Vec<ReformattedBlock> {
    let canal = Canal::track(volume, discs);
    discs
        .iter()
        .filter_map(|(level, disc)| {
            let (at, normal) =
                canal.at(disc).unwrap_or_else(|| without_canal(disc, normal_of(discs, *level)));
            let name = format!("{NAME}{}-{series_uid}", level.to_string().replace('/', "-"));
            let stack = block(volume, at, normal, &name, options)?;
            Some(ReformattedBlock { level: *level, stack, canal: at })
        })
        .collect()
}

/// The canal lies about so far behind the middle of a disc, in millimetres.
const BEHIND_DISC: f64 = 14.0;

/// The usual position of the canal, and the plane of a slice, at this disc.
fn without_canal(disc: &DiscPosition, normal: Option<Vector>) -> (Point, Vector) {
    let up = normal.and_then(Vector::unit).unwrap_or(Vector::new(0.0, 0.0, 1.0));
    let up = if up.z < 0.0 { -up } else { up };
    let back = up.cross(lateral(up));
    match disc.kind {
        PointKind::Disc => (disc.point + back * BEHIND_DISC, up),
        PointKind::Canal => (disc.point, up),
    }
}

/// The direction to the patient's left within the plane of a normal.
fn lateral(normal: Vector) -> Vector {
    let left = Vector::new(1.0, 0.0, 0.0);
    (left - normal * left.dot(normal)).unit().unwrap_or(left)
}

/// Half of the field of view from side to side, in millimetres: measuring asks for 26 mm.
const HALF_WIDTH: f64 = 32.0;
/// Half of the field of view from front to back, in millimetres.
const HALF_DEPTH: f64 = 40.0;
/// A foramen and its walls lie within this of the middle of the canal, in millimetres, on
/// either side and to the front.
const FORAMEN_REACH: f64 = 18.0;

fn block(
    volume: &Stack,
    canal: Point,
    normal: Vector,
    name: &str,
    options: &ReformatOptions,
) -> Option<Stack> {
    let left = lateral(normal);
    let back = normal.cross(left);
    let count = whole(2.0 * options.reach / options.step) + 1;
    let mut slices: Vec<Slice> = Vec::new();
    for number in 0..count {
        let height = (number as f64 - 0.5 * (count as f64 - 1.0)) * options.step;
        let middle = canal + normal * height;
        let needed = [
            middle,
            middle + left * FORAMEN_REACH,
            middle - left * FORAMEN_REACH,
            middle - back * FORAMEN_REACH,
        ];
        let lift = normal * (0.5 * options.thickness);
        if !needed.iter().all(|at| volume.holds(*at + lift) && volume.holds(*at - lift)) {
            continue;
        }
        let slice = axial(volume, middle, (left, back), options.pixel, options.thickness)?;
        let frame = u32::try_from(slices.len() + 1).ok()?;
        slices.push(slice.with_source(SliceSource { sop_instance_uid: name.to_owned(), frame }));
    }
    Stack::new(slices, volume.contrast).ok()
}

/// One slice around a place, whose rows run to the left and columns to the back.
fn axial(
    volume: &Stack,
    middle: Point,
    (left, back): (Vector, Vector),
    pixel: f64,
    thickness: f64,
) -> Option<Slice> {
    let corner = middle - left * HALF_WIDTH - back * HALF_DEPTH;
    let plane = Plane::new(corner, left, back, Spacing { row: pixel, column: pixel }).ok()?;
    let size = |half: f64| whole(2.0 * half / pixel) + 1;
    Some(volume.reformat(&plane, size(HALF_DEPTH), size(HALF_WIDTH), thickness))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 to 4000 first"
)]
fn whole(value: f64) -> usize {
    value.round().clamp(0.0, 4000.0) as usize
}
