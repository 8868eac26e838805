use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use foramen_image::ndarray::Array2;

use crate::RejectReason;
use crate::format::{PixelFormat, PixelSource};
use crate::fragments::frame_fragments;
use crate::image::Rescale;
use crate::read::read_header;
use crate::syntax::Coding;

/// Decodes one frame, counted from 1, to output values.
pub(crate) fn decode(
    path: &Path,
    source: &PixelSource,
    frame: u32,
    rescale: Rescale,
) -> Result<Array2<f32>, RejectReason> {
    let format = &source.format;
    let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
    let mut file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() != source.file_length {
        return Err(RejectReason::Changed);
    }
    let big = source.syntax.is_big_endian();
    let values = match source.syntax.coding() {
        Coding::Native => {
            let at = u64::from(frame - 1) * format.frame_bytes() as u64 + source.element.at;
            if source.syntax.is_deflated() {
                let header = read_header(BufReader::new(file), source.file_length)?;
                let start = usize::try_from(at).unwrap_or(usize::MAX);
                let bytes = header
                    .inflated
                    .as_deref()
                    .and_then(|all| all.get(start..start.checked_add(format.frame_bytes())?))
                    .ok_or(RejectReason::Changed)?;
                values(bytes, format, false, rescale)?
            } else {
                file.seek(SeekFrom::Start(at)).map_err(io)?;
                let mut bytes = vec![0; format.frame_bytes()];
                file.read_exact(&mut bytes).map_err(io)?;
                values(&bytes, format, big, rescale)?
            }
        }
        coding => {
            let coded = frame_fragments(&mut file, source, frame)?;
            let bytes = match coding {
                Coding::RunLength => crate::run_length::expand(&coded, format)?,
                _ => crate::compressed::expand(coded, source)?,
            };
            values(&bytes, format, false, rescale)?
        }
    };
    let shape = (usize::from(format.rows), usize::from(format.columns));
    Array2::from_shape_vec(shape, values)
        .map_err(|_| RejectReason::Decode { what: "the pixels do not fill the image" })
}

/// Turns uncompressed bytes into output values. The value is in the lowest
/// `stored` bits; what a file puts above them (overlays, noise) is masked.
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
    let top = top(format);
    let to_output =
        |stored: i64| output(if format.inverted { top - stored } else { stored }, rescale);
    Ok(match (format.allocated, format.signed) {
        (8, _) if big => {
            // Two pixels share a word whose bytes are swapped (PS3.5 annex D).
            return Err(RejectReason::Decode { what: "8-bit pixels in big endian words" });
        }
        (8, false) => bytes.iter().map(|&b| to_output(i64::from(b << spare >> spare))).collect(),
        (8, true) => {
            bytes.iter().map(|&b| to_output(i64::from(b.cast_signed() << spare >> spare))).collect()
        }
        (16, signed) => bytes
            .chunks_exact(2)
            .map(|pair| {
                let pair = [pair[0], pair[1]];
                let word = if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
                let shifted = word << spare;
                to_output(if signed {
                    i64::from(shifted.cast_signed() >> spare)
                } else {
                    i64::from(shifted >> spare)
                })
            })
            .collect(),
        (_, signed) => bytes
            .chunks_exact(4)
            .map(|four| {
                let four = [four[0], four[1], four[2], four[3]];
                let word = if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
                let shifted = word << spare;
                to_output(if signed {
                    i64::from(shifted.cast_signed() >> spare)
                } else {
                    i64::from(shifted >> spare)
                })
            })
            .collect(),
    })
}

/// The sum of the lowest and the highest stored value: stored values are turned
/// over by subtracting them from it.
fn top(format: &PixelFormat) -> i64 {
    if format.signed { -1 } else { (1_i64 << format.stored) - 1 }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "output values of 16 bits are exact in f32 unless the header rescales them"
)]
fn output(stored: i64, rescale: Rescale) -> f32 {
    (stored as f64 * rescale.slope + rescale.intercept) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Rescale = Rescale { slope: 1.0, intercept: 0.0 };

    fn format(allocated: u8, stored: u8, signed: bool, inverted: bool) -> PixelFormat {
        PixelFormat { rows: 1, columns: 2, frames: 1, allocated, stored, signed, inverted }
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
