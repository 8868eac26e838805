use crate::RejectReason;
use crate::format::PixelFormat;

/// Expands RLE Lossless (PS3.5 annex G) to little endian pixels.
///
/// Each byte of a pixel is its own segment, sample by sample, the highest first. A segment that is
/// too short or too long is refused: its missing pixels cannot be recovered.
pub(crate) fn expand(coded: &[u8], format: &PixelFormat) -> Result<Vec<u8>, RejectReason> {
    let broken = |what| RejectReason::Decode { what };
    let number = |index: usize| -> Option<usize> {
        let four = coded.get(index * 4..index * 4 + 4)?;
        usize::try_from(u32::from_le_bytes([four[0], four[1], four[2], four[3]])).ok()
    };
    let (samples, depth) = (format.colour.samples(), format.sample_bytes());
    let planes = samples * depth;
    if coded.len() < 64 || number(0) != Some(planes) {
        return Err(broken("the RLE header does not fit the bits of a pixel"));
    }
    let mut bytes = vec![0; format.frame_bytes()];
    for plane in 0..planes {
        let begin = number(plane + 1).ok_or(broken("an RLE segment has no offset"))?;
        let end = if plane + 1 < planes { number(plane + 2) } else { Some(coded.len()) };
        let segment = end
            .and_then(|end| coded.get(begin..end))
            .filter(|_| begin >= 64)
            .ok_or(broken("an RLE segment lies outside the frame"))?;
        let (sample, from_highest) = (plane / depth, plane % depth);
        let first = sample * depth + depth - 1 - from_highest;
        let target = bytes.iter_mut().skip(first).step_by(planes);
        unpack(segment, target).ok_or(broken("an RLE segment does not fill the image"))?;
    }
    Ok(bytes)
}

/// Unpacks one segment into exactly as many bytes as `target` yields.
fn unpack<'a>(segment: &[u8], mut target: impl Iterator<Item = &'a mut u8>) -> Option<()> {
    let mut at = 0;
    let mut next = target.next();
    while next.is_some() {
        let control = usize::from(*segment.get(at)?);
        at += 1;
        // 0 to 127: that many and one more bytes as they are; 129 to 255: the
        // next byte 257 − n times; 128: nothing.
        let (count, step) = match control {
            0..=127 => (control + 1, 1),
            128 => continue,
            _ => (257 - control, 0),
        };
        for k in 0..count {
            let byte = *segment.get(at + k * step)?;
            // A run may end in the padding after the last pixel, never beyond it.
            *next? = byte;
            next = target.next();
        }
        at += if step == 1 { count } else { 1 };
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::Colour;

    fn coded(segments: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut word = |n: usize| bytes.extend(u32::try_from(n).unwrap().to_le_bytes());
        word(segments.len());
        let mut offset = 64;
        for index in 0..15 {
            word(if index < segments.len() { offset } else { 0 });
            offset += segments.get(index).map_or(0, |s| s.len());
        }
        segments.iter().for_each(|s| bytes.extend_from_slice(s));
        bytes
    }

    fn format(columns: u16) -> PixelFormat {
        PixelFormat {
            rows: 1,
            columns,
            frames: 1,
            colour: Colour::Grey,
            planar: false,
            allocated: 16,
            stored: 16,
            signed: false,
            inverted: false,
        }
    }

    #[test]
    fn high_bytes_come_first() {
        // Highs 1 1 1, lows 7 8 9: 0x0107, 0x0108, 0x0109.
        let bytes = expand(&coded(&[&[254, 1], &[2, 7, 8, 9]]), &format(3)).unwrap();
        assert_eq!(bytes, [7, 1, 8, 1, 9, 1]);
    }

    #[test]
    fn samples_follow_each_other_in_a_pixel() {
        let format = PixelFormat { colour: Colour::Rgb, allocated: 8, stored: 8, ..format(2) };
        let bytes = expand(&coded(&[&[1, 1, 2], &[1, 3, 4], &[1, 5, 6]]), &format).unwrap();
        assert_eq!(bytes, [1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn missing_pixels_are_not_invented() {
        let short = coded(&[&[254, 1], &[1, 7, 8]]);
        assert!(matches!(expand(&short, &format(3)), Err(RejectReason::Decode { .. })));
        let long = coded(&[&[253, 1], &[2, 7, 8, 9]]);
        assert!(matches!(expand(&long, &format(3)), Err(RejectReason::Decode { .. })));
        assert!(expand(&[2, 0, 0, 0], &format(3)).is_err());
    }
}
