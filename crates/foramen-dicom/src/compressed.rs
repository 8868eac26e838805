use std::panic::{AssertUnwindSafe, catch_unwind};

use dicom_core::value::{PixelFragmentSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_pixeldata::PixelDecoder;

use crate::RejectReason;
use crate::coded_size::CodedSize;
use crate::codestream::{coded_size, has_scan_per_component, unboxed};
use crate::colour::Colour;
use crate::format::{NO_LOSSY_12_BITS, PixelFormat, PixelSource};
use crate::syntax::Coding;

/// Expands a JPEG, JPEG-LS, JPEG 2000 or JPEG XL frame to little endian pixels.
///
/// The decoders trust the header about the size of the image: a larger code
/// stream makes them panic, a smaller one leaves zeros. So the size in the code
/// stream is compared with the header before, the length of the result after,
/// and a panic is caught.
pub(crate) fn expand(coded: Vec<u8>, source: &PixelSource) -> Result<Vec<u8>, RejectReason> {
    let (format, coding) = (&source.format, source.syntax.coding());
    let failed = |what| RejectReason::Decode { what };
    // Decoders stumble over the byte that pads a container.
    let coded = unboxed(&coded, coding).ok_or(failed("the code stream has no frame header"))?;
    let size = coded_size(coded, coding)?;
    check(size, format)?;
    if coding == Coding::JpegXl && size.precision != u32::from(format.allocated) {
        // The decoder would spread the values over all allocated bits.
        return Err(failed("the bits of the JPEG XL image are not Bits Allocated (0028,0100)"));
    }
    let in_colour = format.colour.samples() > 1;
    if coding == Coding::JpegLs && in_colour && has_scan_per_component(coded) {
        return Err(failed("JPEG-LS colours in a scan each; convert the file to another syntax"));
    }
    let bytes = match coding {
        Coding::Jpeg if format.colour == Colour::Rgb => decoded(marked_as_rgb(coded), source)?,
        // Some encoders pad with a zero before the end marker, which CharLS takes
        // for pixels too many.
        Coding::JpegLs => decoded(coded.to_vec(), source).or_else(|refused| {
            without_last_zero(coded).map_or(Err(refused), |coded| decoded(coded, source))
        })?,
        _ => decoded(coded.to_vec(), source)?,
    };
    if bytes.len() != format.frame_bytes() {
        let (described, present) = (format.frame_bytes() as u64, bytes.len() as u64);
        return Err(RejectReason::PixelLength { described, present });
    }
    Ok(bytes)
}

/// The result of the transfer syntax's decoder for a code stream.
fn decoded(coded: Vec<u8>, source: &PixelSource) -> Result<Vec<u8>, RejectReason> {
    let object = frame_object(coded, &source.format)
        .with_meta(
            FileMetaTableBuilder::new()
                .transfer_syntax(source.syntax.uid())
                .media_storage_sop_class_uid(uids::MR_IMAGE_STORAGE)
                .media_storage_sop_instance_uid("2.25.1"),
        )
        .map_err(|_| RejectReason::Decode { what: "no decoder took the frame" })?;
    catch_unwind(AssertUnwindSafe(|| {
        object.decode_pixel_data_frame(0).map(|decoded| decoded.data().to_vec())
    }))
    .map_err(|_| RejectReason::Decode { what: "the decoder failed in an unforeseen way" })?
    .map_err(|error| RejectReason::Decoder { cause: causes(&error) })
}

/// The message of an error and of all its causes, each once.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !said.ends_with(&cause) {
            said = format!("{said}: {cause}");
        }
        next = error.source();
    }
    said
}

/// A stream without the zero before its end marker (ITU-T T.87 C.2.1), if there is one.
fn without_last_zero(coded: &[u8]) -> Option<Vec<u8>> {
    let end = coded.windows(3).rposition(|bytes| bytes == [0x00, 0xFF, 0xD9])?;
    Some([&coded[..end], &coded[end + 1..]].concat())
}

/// The stream with an Adobe marker (ITU-T T.872 6.5.3) in front that declares RGB: without a
/// marker, decoders treat three components as YBR. If the stream has its own marker, that comes
/// later and takes effect.
fn marked_as_rgb(coded: &[u8]) -> Vec<u8> {
    let marker = *b"\xFF\xEE\x00\x0EAdobe\x00\x64\x00\x00\x00\x00\x00";
    let (start, rest) = coded.split_at(2);
    [start, &marker, rest].concat()
}

fn check(size: CodedSize, format: &PixelFormat) -> Result<(), RejectReason> {
    let (rows, columns) = (u32::from(format.rows), u32::from(format.columns));
    if (size.rows, size.columns) != (rows, columns) {
        return Err(RejectReason::CompressedSize { rows: size.rows, columns: size.columns });
    }
    let what = if usize::try_from(size.components) != Ok(format.colour.samples()) {
        "the code stream has other samples than Samples per Pixel (0028,0002)"
    } else if size.lossy_jpeg && size.precision != 8 {
        NO_LOSSY_12_BITS
    } else if size.precision.div_ceil(8) * 8 != u32::from(format.allocated) {
        "the bits of the code stream do not fit Bits Allocated (0028,0100)"
    } else {
        return Ok(());
    };
    Err(RejectReason::Decode { what })
}

/// A data set of one frame, with only the attributes that the decoders need.
fn frame_object(coded: Vec<u8>, format: &PixelFormat) -> InMemDicomObject {
    let short = |tag, value: u16| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    let grey = format.colour.samples() == 1;
    let mut object = InMemDicomObject::from_element_iter([
        short(tags::SAMPLES_PER_PIXEL, if grey { 1 } else { 3 }),
        short(tags::PLANAR_CONFIGURATION, 0),
        DataElement::new(
            tags::PHOTOMETRIC_INTERPRETATION,
            VR::CS,
            PrimitiveValue::from(if grey { "MONOCHROME2" } else { "RGB" }),
        ),
        short(tags::ROWS, format.rows),
        short(tags::COLUMNS, format.columns),
        short(tags::BITS_ALLOCATED, u16::from(format.allocated)),
        short(tags::BITS_STORED, u16::from(format.stored)),
        short(tags::HIGH_BIT, u16::from(format.stored) - 1),
        short(tags::PIXEL_REPRESENTATION, u16::from(format.signed)),
    ]);
    let fragments = PixelFragmentSequence::new_fragments(vec![coded]);
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, Value::PixelSequence(fragments)));
    object
}
