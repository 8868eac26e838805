use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;

use dicom_dictionary_std::tags;
use foramen_image::ndarray::{Array3, Axis};
use foramen_image::{Slice, Stack};
use rayon::prelude::*;

use crate::decode::Content;
use crate::format::PixelSource;
use crate::item::Item;
use crate::read::read_header;
use crate::rescale::Rescale;
use crate::{DicomError, RejectReason, Rejected, Remark, SliceHeader, StackHeader};

/// A stack with its pixels, and the slices that could not be decoded.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The slices that were decoded, in the order of the header.
    pub stack: Stack,
    /// The slices that could not be decoded, each with its reason.
    pub rejected: Vec<Rejected>,
}

impl Loaded {
    /// Remarks that follow from decoding.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let images = self.rejected.len();
        if images == 0 { Vec::new() } else { vec![Remark::UndecodableImage { images }] }
    }
}

/// Decodes the pixels of a stack, slices in parallel.
///
/// Intensities are output values: stored value × Rescale Slope + Rescale Intercept, with the values
/// of each frame. MONOCHROME1 is inverted first, so that higher values are always brighter. No
/// pixel is invented: an image whose length or size differs from its header is rejected.
///
/// # Errors
/// [`DicomError::NoSlice`] when no slice can be decoded, and [`DicomError::Stack`] when the slices
/// do not form a stack.
pub fn load(header: &StackHeader) -> Result<Loaded, DicomError> {
    // One file may hold many slices; it is opened (or unpacked) once.
    let mut files: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for (index, slice) in header.slices.iter().enumerate() {
        files.entry(&slice.path).or_default().push(index);
    }
    let mut slices: Vec<(usize, Result<Slice, RejectReason>)> = files
        .into_par_iter()
        .flat_map(|(_, indices)| {
            let source = &header.slices[indices[0]].pixels;
            let content = Content::open(source).ok();
            let load = |index| match &content {
                Some(content) => (index, load_slice(&header.slices[index], content)),
                // Each slice is told why.
                None => (index, Content::open(source).and(Err(RejectReason::Changed))),
            };
            indices.into_par_iter().map(load).collect::<Vec<_>>()
        })
        .collect();
    slices.sort_by_key(|slice| slice.0);
    let mut good = Vec::with_capacity(slices.len());
    let mut rejected = Vec::new();
    for ((_, slice), of) in slices.into_iter().zip(&header.slices) {
        match slice {
            Ok(slice) => good.push(slice),
            Err(reason) => rejected.push(Rejected {
                path: of.path.clone(),
                frame: Some(of.source.frame),
                reason,
                series_uid: Some(header.series_uid.clone()),
            }),
        }
    }
    if good.is_empty() && !rejected.is_empty() {
        let Rejected { path: first, reason: source, .. } = rejected.swap_remove(0);
        let (series_uid, slices) = (header.series_uid.clone(), header.slices.len());
        return Err(DicomError::NoSlice { series_uid, slices, first, source: Box::new(source) });
    }
    let stack = Stack::new(good, header.contrast)
        .map_err(|source| DicomError::Stack { series_uid: header.series_uid.clone(), source })?;
    Ok(Loaded { stack, rejected })
}

fn load_slice(header: &SliceHeader, content: &Content) -> Result<Slice, RejectReason> {
    let pixels = content.frame(&header.pixels, header.source.frame, header.rescale)?;
    // The scan takes grey images alone.
    let pixels = pixels.remove_axis(Axis(2));
    let slice = Slice::new(header.plane, pixels, known(header.thickness));
    Ok(slice.map_err(RejectReason::Plane)?.with_source(header.source.clone()))
}

/// A thickness that a header gives, millimetres: one that is not positive says nothing.
pub(crate) fn known(thickness: Option<f64>) -> Option<f64> {
    thickness.filter(|mm| *mm > 0.0 && mm.is_finite())
}

/// Reads one image of a file, `[row, column, sample]`, even without a position in the patient:
/// mosaics, screenshots and other images that [`crate::scan`] refuses. Colour has three samples,
/// red, green and blue; a palette image gives its indices.
///
/// `frame` counts from 1. Values are as in [`load`]; the rescale is that of the
/// file, not of a functional group.
///
/// # Errors
/// [`DicomError::Picture`] with the reason.
pub fn read_picture(path: &Path, frame: u32) -> Result<Array3<f32>, DicomError> {
    picture(path, frame)
        .map_err(|source| DicomError::Picture { path: path.to_owned(), source: Box::new(source) })
}

fn picture(path: &Path, frame: u32) -> Result<Array3<f32>, RejectReason> {
    let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
    let (item, opened) = Item::on_disk(path.to_owned()).map_err(io)?;
    let header = read_header(BufReader::new(opened), item.length)?;
    let source = PixelSource::new(&header, item)?;
    if frame == 0 || frame > source.format.frames {
        return Err(RejectReason::Frames { frames: source.format.frames, described: 0 });
    }
    let slope = header.set.decimal(tags::RESCALE_SLOPE).unwrap_or(1.0);
    let intercept = header.set.decimal(tags::RESCALE_INTERCEPT).unwrap_or(0.0);
    Content::open(&source)?.frame(&source, frame, Rescale { slope, intercept })
}
