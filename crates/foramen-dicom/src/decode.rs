use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};

use foramen_image::ndarray::Array3;

use crate::RejectReason;
use crate::colour::{Colour, interleaved, to_rgb, unshared};
use crate::format::{PixelFormat, PixelSource};
use crate::fragments::frame_fragments;
use crate::read::read_header;
use crate::rescale::Rescale;
use crate::syntax::Coding;

/// The bytes of a file whose frames are decoded: on disk if they can be read in place, in memory if
/// they had to be inflated.
pub(crate) enum Content {
    OnDisk,
    InMemory(Vec<u8>),
}

impl Content {
    pub(crate) fn open(source: &PixelSource) -> Result<Self, RejectReason> {
        let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
        let item = &source.item;
        if !item.is_unchanged().map_err(io)? {
            return Err(RejectReason::Changed);
        }
        let unpacked = item.entry.as_ref().map(|entry| item.unpack(entry)).transpose()?;
        if !source.syntax.is_deflated() {
            return Ok(unpacked.map_or(Self::OnDisk, Self::InMemory));
        }
        let header = match unpacked {
            Some(bytes) => read_header(Cursor::new(bytes), item.length)?,
            None => read_header(BufReader::new(item.open().map_err(io)?), item.length)?,
        };
        header.inflated.map(Self::InMemory).ok_or(RejectReason::Changed)
    }

    /// Decodes one frame, counted from 1, to output values, `[row, column, sample]`.
    pub(crate) fn frame(
        &self,
        source: &PixelSource,
        frame: u32,
        rescale: Rescale,
    ) -> Result<Array3<f32>, RejectReason> {
        let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
        match self {
            Self::OnDisk => decode(source.item.open().map_err(io)?, source, frame, rescale),
            Self::InMemory(bytes) => decode(Cursor::new(bytes), source, frame, rescale),
        }
    }
}

fn decode(
    mut file: impl Read + Seek,
    source: &PixelSource,
    frame: u32,
    rescale: Rescale,
) -> Result<Array3<f32>, RejectReason> {
    let format = &source.format;
    let bytes = match source.syntax.coding() {
        Coding::Native => native(&mut file, source, frame)?,
        Coding::RunLength => {
            crate::run_length::expand(&frame_fragments(&mut file, source, frame)?, format)?
        }
        _ => crate::compressed::expand(frame_fragments(&mut file, source, frame)?, source)?,
    };
    let mut values = values(&bytes, format, source.syntax.is_big_endian(), rescale)?;
    // A JPEG decoder has made RGB of it already.
    if format.colour.is_ybr() && source.syntax.coding() != Coding::Jpeg {
        to_rgb(&mut values);
    }
    let shape = (usize::from(format.rows), usize::from(format.columns), format.colour.samples());
    Array3::from_shape_vec(shape, values)
        .map_err(|_| RejectReason::Decode { what: "the pixels do not fill the image" })
}

/// The bytes of a native frame, sample by sample.
fn native(
    file: &mut (impl Read + Seek),
    source: &PixelSource,
    frame: u32,
) -> Result<Vec<u8>, RejectReason> {
    let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
    let format = &source.format;
    let length = format.native_bytes();
    // Small pixels written as big endian words: two share a word whose bytes are
    // swapped, and the last of an odd number stands behind its padding (PS3.5
    // annex D).
    let swapped = source.syntax.is_big_endian() && source.element.words && format.allocated <= 8;
    if swapped && format.frames > 1 && !length.is_multiple_of(2) {
        return Err(RejectReason::Decode { what: "frames that begin within a big endian word" });
    }
    let before = u64::from(frame - 1) * length as u64;
    file.seek(SeekFrom::Start(source.element.at + before)).map_err(io)?;
    let mut bytes = vec![0; if swapped { length.next_multiple_of(2) } else { length }];
    file.read_exact(&mut bytes).map_err(io)?;
    if swapped {
        bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|word| word.swap(0, 1));
        bytes.truncate(length);
    }
    Ok(match format.colour {
        Colour::HalfYbr => unshared(&bytes),
        Colour::Rgb | Colour::Ybr if format.planar => interleaved(&bytes, format.sample_bytes()),
        _ => bytes,
    })
}

/// Turns uncompressed bytes into output values. The value is in the lowest `stored` bits; higher
/// bits (overlays, noise) are masked.
fn values(
    bytes: &[u8],
    format: &PixelFormat,
    big: bool,
    rescale: Rescale,
) -> Result<Vec<f32>, RejectReason> {
    if bytes.len() != format.frame_bytes() {
        let (described, present) = (format.frame_bytes() as u64, bytes.len() as u64);
        return Err(RejectReason::PixelLength { described, present });
    }
    let spare = u32::from(format.allocated - format.stored);
    Ok(match (format.allocated, format.signed) {
        (1, _) => {
            let bits = bytes.iter().flat_map(|&byte| (0..8).map(move |bit| byte >> bit & 1));
            output(bits.take(format.pixels()).map(i32::from), format, rescale)
        }
        (8, signed) => {
            let stored = bytes.iter().map(|&byte| {
                let byte = byte << spare;
                if signed {
                    i32::from(byte.cast_signed() >> spare)
                } else {
                    i32::from(byte >> spare)
                }
            });
            output(stored, format, rescale)
        }
        // The order of bytes and the sign are settled outside the loops over
        // pixels, which the compiler then turns into vector instructions.
        (16, false) if big => {
            output(words(bytes, |w| i32::from(w.swap_bytes() << spare >> spare)), format, rescale)
        }
        (16, false) => output(words(bytes, |w| i32::from(w << spare >> spare)), format, rescale),
        (16, true) if big => output(
            words(bytes, |w| i32::from((w.swap_bytes() << spare).cast_signed() >> spare)),
            format,
            rescale,
        ),
        (16, true) => output(
            words(bytes, |w| i32::from((w << spare).cast_signed() >> spare)),
            format,
            rescale,
        ),
        (_, signed) => {
            let stored = bytes.chunks_exact(4).map(|four| {
                let four = [four[0], four[1], four[2], four[3]];
                let word = if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
                let shifted = word << spare;
                if signed {
                    i64::from(shifted.cast_signed() >> spare)
                } else {
                    i64::from(shifted >> spare)
                }
            });
            stored
                .map(|v| rescale.apply((if format.inverted { format.turned(v) } else { v }) as f64))
                .collect()
        }
    })
}

fn words<'a>(bytes: &'a [u8], stored: impl Fn(u16) -> i32 + 'a) -> impl Iterator<Item = i32> + 'a {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(move |&pair| stored(u16::from_le_bytes(pair)))
}

/// Stored values of at most 16 bits to output values.
#[expect(clippy::cast_precision_loss, reason = "16 bits are exact in f32")]
fn output(stored: impl Iterator<Item = i32>, format: &PixelFormat, rescale: Rescale) -> Vec<f32> {
    let ends = i32::try_from(format.turned(0)).expect("at most 16 bits are stored");
    let plain = rescale == Rescale { slope: 1.0, intercept: 0.0 };
    match (format.inverted, plain) {
        (false, true) => stored.map(|v| v as f32).collect(),
        (true, true) => stored.map(|v| (ends - v) as f32).collect(),
        (false, false) => stored.map(|v| rescale.apply(f64::from(v))).collect(),
        (true, false) => stored.map(|v| rescale.apply(f64::from(ends - v))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Rescale = Rescale { slope: 1.0, intercept: 0.0 };

    fn format(allocated: u8, stored: u8, signed: bool, inverted: bool) -> PixelFormat {
        let (colour, planar) = (Colour::Grey, false);
        PixelFormat {
            rows: 1,
            columns: 2,
            frames: 1,
            colour,
            planar,
            allocated,
            stored,
            signed,
            inverted,
        }
    }

    #[test]
    fn bits_above_the_stored_ones_are_masked() {
        let bytes = [0x07, 0xF0, 0xFF, 0x0F];
        let unsigned = values(&bytes, &format(16, 12, false, false), false, IDENTITY).unwrap();
        assert_eq!(unsigned, [7.0, 4095.0]);
        let signed = values(&bytes, &format(16, 12, true, false), false, IDENTITY).unwrap();
        assert_eq!(signed, [7.0, -1.0]);
    }

    #[test]
    fn monochrome1_is_turned_over() {
        let bytes = [0, 0, 0xFF, 0x0F];
        let values = values(&bytes, &format(16, 12, false, true), false, IDENTITY).unwrap();
        assert_eq!(values, [4095.0, 0.0]);
    }

    #[test]
    fn rescale_is_slope_then_intercept() {
        let rescale = Rescale { slope: 2.0, intercept: -10.0 };
        assert_eq!(
            values(&[3, 250], &format(8, 8, false, false), false, rescale).unwrap(),
            [-4.0, 490.0]
        );
        let signed = values(&[0xFF, 0x80], &format(8, 8, true, false), false, IDENTITY).unwrap();
        assert_eq!(signed, [-1.0, -128.0]);
    }

    #[test]
    fn big_endian_words_are_swapped() {
        let words = values(&[0x01, 0x02, 0xFF, 0xFE], &format(16, 16, true, false), true, IDENTITY);
        assert_eq!(words.unwrap(), [258.0, -2.0]);
    }
}
