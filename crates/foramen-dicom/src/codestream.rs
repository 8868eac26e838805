use crate::RejectReason;
use crate::coded_size::CodedSize;
use crate::syntax::Coding;

/// The code stream in the boxes of a JP2 or JPEG XL file, or the input itself if it has no boxes;
/// `None` if the code stream is in several parts.
pub(crate) fn unboxed(coded: &[u8], coding: Coding) -> Option<&[u8]> {
    let (kind, bare) = match coding {
        Coding::JpegXl => (b"jxlc", [0xFF, 0x0A]),
        Coding::Jpeg2000 => (b"jp2c", [0xFF, 0x4F]),
        _ => return Some(coded),
    };
    let mut rest = coded;
    while !rest.starts_with(&bare) {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        rest = match (rest.get(4..8)? == kind, length) {
            // 0: up to the end.
            (true, 0) => rest.get(8..)?,
            (true, _) => return rest.get(8..length),
            (false, 0..8) => return None,
            (false, _) => rest.get(length..)?,
        };
    }
    Some(rest)
}

/// Reads the size from the frame header of a code stream, and checks that the stream has its end
/// marker: without it, decoders fill missing pixels with guesses.
pub(crate) fn coded_size(coded: &[u8], coding: Coding) -> Result<CodedSize, RejectReason> {
    let size = match coding {
        Coding::Jpeg2000 => jpeg2000(coded),
        // There is no end marker; the decoder refuses what is cut off.
        Coding::JpegXl => {
            let size = crate::jpeg_xl::coded_size(coded);
            return size.ok_or(RejectReason::Decode { what: "no plain grey JPEG XL image" });
        }
        _ => jpeg(coded),
    };
    let size = size.ok_or(RejectReason::Decode { what: "the code stream has no frame header" })?;
    if coding == Coding::Jpeg2000 && !crate::packets::are_possible(coded) {
        return Err(RejectReason::Decode {
            what: "the code stream declares more than it can hold",
        });
    }
    // One marker of both families, then at most padding: zeros, or one byte.
    let end = coded.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let coded = &coded[..end];
    if !coded.ends_with(&[0xFF, 0xD9]) && !coded.ends_with(&[0xFF, 0xD9, 0xFF]) {
        return Err(RejectReason::Decode { what: "the code stream is cut off" });
    }
    Ok(size)
}

/// The SOF segment of JPEG (ITU-T T.81 B.2.2) and JPEG-LS (T.87 C.2.2).
fn jpeg(coded: &[u8]) -> Option<CodedSize> {
    let mut at = 2;
    if coded.get(..2)? != [0xFF, 0xD8] {
        return None;
    }
    loop {
        let &[mark, kind, high, low] = coded.get(at..at + 4)? else { return None };
        if mark != 0xFF {
            return None;
        }
        match kind {
            // Fill bytes may stand before any marker.
            0xFF => at += 1,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xF7 => {
                let body = coded.get(at + 4..at + 10)?;
                let word = |i: usize| u32::from(u16::from_be_bytes([body[i], body[i + 1]]));
                return Some(CodedSize {
                    precision: u32::from(body[0]),
                    rows: word(1),
                    columns: word(3),
                    components: u32::from(body[5]),
                    lossy_jpeg: matches!(kind, 0xC0..=0xC2 | 0xC5 | 0xC6 | 0xC9 | 0xCA),
                });
            }
            // The scan begins, or the image ends, before any frame header.
            0xDA | 0xD9 => return None,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
}

/// Whether the first scan of a JPEG or JPEG-LS stream holds one component of
/// several: then a decoder may give plane after plane.
pub(crate) fn has_scan_per_component(coded: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, kind, high, low]) = coded.get(at..at + 4) {
        match kind {
            0xFF => at += 1,
            0xDA => return coded.get(at + 4) == Some(&1),
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

/// The SIZ segment of JPEG 2000 (ITU-T T.800 A.5.1), which follows SOC.
fn jpeg2000(coded: &[u8]) -> Option<CodedSize> {
    let head = coded.get(..43)?;
    if head[..4] != [0xFF, 0x4F, 0xFF, 0x51] {
        return None;
    }
    let long = |i: usize| u32::from_be_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]);
    Some(CodedSize {
        columns: long(8).checked_sub(long(16))?,
        rows: long(12).checked_sub(long(20))?,
        components: u32::from(u16::from_be_bytes([head[40], head[41]])),
        precision: u32::from(head[42] & 0x7F) + 1,
        lossy_jpeg: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_in_the_frame_header() {
        // SOI, a comment of one byte, SOF3 of 16 bits, 384 rows, 320 columns, EOI.
        let coded = [
            0xFF, 0xD8, 0xFF, 0xFE, 0, 3, 9, 0xFF, 0xC3, 0, 11, 16, 1, 0x80, 1, 0x40, 1, 1, 0x11,
            0, 0xFF, 0xD9, 0,
        ];
        let size = coded_size(&coded, Coding::Jpeg).unwrap();
        assert_eq!((size.rows, size.columns, size.precision), (384, 320, 16));
        assert!(!size.lossy_jpeg && size.components == 1);
        assert!(!has_scan_per_component(&coded));
        let scan = [&coded[..20], &[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0]].concat();
        assert!(has_scan_per_component(&scan));
        assert!(coded_size(&coded[..20], Coding::Jpeg).is_err());
        assert!(coded_size(&coded, Coding::Jpeg2000).is_err());
    }
}
