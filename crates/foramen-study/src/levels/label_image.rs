use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use foramen_types::Point;
use nifti::{InMemNiftiVolume, NiftiHeader, RandomAccessNiftiVolume};

use crate::StudyError;

/// A label image with more bytes than this is refused before memory is allocated: a whole spine at
/// half a millimetre needs less.
const LIMIT: u64 = 1 << 30;
/// A region counts as a single place when it is no longer than this, in millimetres, and has no
/// more voxels than this: points are often enlarged to be visible.
const PLACE: (f64, usize) = (8.0, 125);
/// An image with more values than this is not a label image.
const VALUES: usize = 200;

/// The regions of a label image.
#[derive(Debug)]
pub(super) struct LabelImage {
    /// The regions by value, without 0.
    pub(super) regions: BTreeMap<u32, Region>,
    /// Where a region touches the region with the next value, LPS millimetres: the mean of all
    /// faces between their voxels.
    pub(super) meetings: BTreeMap<(u32, u32), Point>,
}

/// All voxels of one value.
#[derive(Debug)]
pub(super) struct Region {
    /// Their mean, LPS millimetres.
    pub(super) centre: Point,
    voxels: usize,
    /// Length of the diagonal of their box, millimetres.
    length: f64,
}

impl Region {
    /// Whether the region marks a single place rather than a body.
    pub(super) fn is_place(&self) -> bool {
        self.length <= PLACE.0 && self.voxels <= PLACE.1
    }
}

impl LabelImage {
    pub(super) fn read(mut file: impl Read) -> Result<Self, StudyError> {
        let unreadable = |what| StudyError::LabelImage { what };
        let mut bytes = Vec::new();
        let read = |reader: &mut dyn Read, bytes: &mut Vec<u8>| {
            reader.take(LIMIT + 1).read_to_end(bytes).map_err(|_| unreadable("it ends too early"))
        };
        read(&mut file, &mut bytes)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut inflated = Vec::new();
            read(&mut GzDecoder::new(bytes.as_slice()), &mut inflated)?;
            bytes = inflated;
        }
        if bytes.len() as u64 > LIMIT {
            return Err(unreadable("it is larger than 1 GiB"));
        }
        let nifti = |source| StudyError::Nifti { source };
        let header = NiftiHeader::from_reader(bytes.as_slice()).map_err(nifti)?;
        let place = Affine::of(&header).ok_or(unreadable(
            "its header has neither an sform nor a qform, so its place in the patient is not known",
        ))?;
        let size = header.dim().map_err(nifti)?.to_vec();
        if size.len() < 3 || size[3..].iter().any(|n| *n != 1) {
            return Err(unreadable("it does not have three dimensions"));
        }
        let [columns, rows, slices] = [0, 1, 2].map(|axis| usize::from(size[axis]));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an offset in bytes; a negative one becomes 0"
        )]
        let offset = header.vox_offset as usize;
        let voxels = bytes.get(offset..).ok_or(unreadable("it ends before its voxels"))?;
        let volume = InMemNiftiVolume::from_reader(voxels, &header).map_err(nifti)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be a whole number from 0 to 65535"
        )]
        let label = |value: f64| {
            let is_label = (0.0..65_536.0).contains(&value) && value.fract() == 0.0;
            is_label.then_some(value as u32)
        };
        let mut labels = Vec::with_capacity(columns * rows * slices);
        let mut at = vec![0; size.len()];
        for k in 0..size[2] {
            for j in 0..size[1] {
                for i in 0..size[0] {
                    (at[0], at[1], at[2]) = (i, j, k);
                    let value = volume.get_f64(&at).map_err(nifti)?;
                    labels.push(
                        label(value)
                            .ok_or(unreadable("its values are not whole numbers from 0 on"))?,
                    );
                }
            }
        }
        Self::of(&labels, [columns, rows, slices], &place)
            .ok_or(unreadable("it has more than 200 different values"))
    }

    /// The region of each voxel, in the order of the file: the column index varies fastest.
    fn of(labels: &[u32], size: [usize; 3], place: &Affine) -> Option<Self> {
        let mut sums: BTreeMap<u32, Sum> = BTreeMap::new();
        let mut faces: BTreeMap<(u32, u32), Sum> = BTreeMap::new();
        let strides = [1, size[0], size[0] * size[1]];
        for (index, &label) in labels.iter().enumerate().filter(|(_, label)| **label > 0) {
            let at = [0, 1, 2].map(|axis| ((index / strides[axis]) % size[axis]) as f64);
            sums.entry(label).or_default().add(at);
            if sums.len() > VALUES {
                return None;
            }
            for axis in 0..3 {
                let Some(&next) = labels.get(index + strides[axis]) else { continue };
                if at[axis] + 1.5 > size[axis] as f64 || next.abs_diff(label) != 1 || next == 0 {
                    continue;
                }
                let mut face = at;
                face[axis] += 0.5;
                faces.entry((label.min(next), label.max(next))).or_default().add(face);
            }
        }
        let region = |sum: &Sum| Region {
            centre: place.point(sum.mean()),
            voxels: sum.n,
            length: place.length(sum.low, sum.high),
        };
        Some(Self {
            regions: sums.iter().map(|(label, sum)| (*label, region(sum))).collect(),
            meetings: faces.iter().map(|(pair, sum)| (*pair, place.point(sum.mean()))).collect(),
        })
    }

    /// The values and regions found, for a person to judge.
    pub(super) fn evidence(&self) -> String {
        let one = |(value, region): (&u32, &Region)| {
            format!("{value} ({} voxels, {:.0} mm)", region.voxels, region.length)
        };
        let mut values: Vec<String> = self.regions.iter().map(one).collect();
        if values.len() > 12 {
            let more = values.len() - 12;
            values.truncate(12);
            values.push(format!("{more} more"));
        }
        match values.len() {
            0 => "it is empty".to_owned(),
            _ if self.meetings.is_empty() => {
                format!("its values are {}; neighbouring values do not touch", values.join(", "))
            }
            _ => format!("its values are {}; neighbouring values touch", values.join(", ")),
        }
    }
}

/// Places that are averaged.
#[derive(Default)]
struct Sum {
    n: usize,
    sum: [f64; 3],
    low: [f64; 3],
    high: [f64; 3],
}

impl Sum {
    fn add(&mut self, at: [f64; 3]) {
        let (low, high) = if self.n == 0 { (at, at) } else { (self.low, self.high) };
        for (axis, place) in at.into_iter().enumerate() {
            self.sum[axis] += place;
            self.low[axis] = low[axis].min(place);
            self.high[axis] = high[axis].max(place);
        }
        self.n += 1;
    }

    fn mean(&self) -> [f64; 3] {
        self.sum.map(|sum| sum / self.n as f64)
    }
}

/// Rows of the transform from voxels to RAS millimetres.
struct Affine([[f64; 4]; 3]);

impl Affine {
    /// Reads the sform if present, else the qform (nifti1.h, methods 3 and 2).
    fn of(header: &NiftiHeader) -> Option<Self> {
        if header.sform_code > 0 {
            return Some(Self(
                [header.srow_x, header.srow_y, header.srow_z].map(|row| row.map(f64::from)),
            ));
        }
        if header.qform_code <= 0 {
            return None;
        }
        let [b, c, d] = [header.quatern_b, header.quatern_c, header.quatern_d].map(f64::from);
        let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
        let turn = [
            [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
            [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
            [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ];
        let flip = if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
        let step = [1, 2, 3].map(|axis| f64::from(header.pixdim[axis]));
        let shift = [header.quatern_x, header.quatern_y, header.quatern_z].map(f64::from);
        Some(Self([0, 1, 2].map(|row| {
            let [x, y, z] = turn[row];
            [x * step[0], y * step[1], z * step[2] * flip, shift[row]]
        })))
    }

    /// The place of a voxel, LPS millimetres.
    fn point(&self, at: [f64; 3]) -> Point {
        let [x, y, z] = self.0.map(|[a, b, c, shift]| a * at[0] + b * at[1] + c * at[2] + shift);
        Point::new(-x, -y, z)
    }

    fn length(&self, low: [f64; 3], high: [f64; 3]) -> f64 {
        self.point(low).distance(self.point(high))
    }
}
