use crate::coded_size::CodedSize;

/// The size and precision of a JPEG XL image (ISO/IEC 18181-1), of one grey channel, upright and
/// without animation; `None` for anything else.
pub(crate) fn coded_size(coded: &[u8]) -> Option<CodedSize> {
    let mut bits = Bits { bytes: coded.strip_prefix(&[0xFF, 0x0A])?, at: 0 };
    let (rows, columns) = size(&mut bits)?;
    // All default is an sRGB image of eight bits.
    if bits.flag()? {
        return None;
    }
    if bits.flag()? {
        let orientation = bits.take(3)?;
        let plain = [bits.flag()?, bits.flag()?, bits.flag()?] == [false; 3];
        if orientation != 0 || !plain {
            return None;
        }
    }
    if bits.flag()? {
        return None; // floating point
    }
    let precision = match bits.take(2)? {
        0 => 8,
        1 => 10,
        2 => 12,
        _ => 1 + bits.take(6)?,
    };
    let _wide_buffers = bits.flag()?;
    if bits.take(2)? != 0 {
        return None; // extra channels
    }
    let _xyb = bits.flag()?;
    let (srgb, profile) = (bits.flag()?, bits.flag()?);
    if srgb || profile || bits.take(2)? != 1 {
        return None; // not grey
    }
    Some(CodedSize { rows, columns, components: 1, precision, lossy_jpeg: false })
}

/// Rows and columns.
fn size(bits: &mut Bits<'_>) -> Option<(u32, u32)> {
    let small = bits.flag()?;
    let side = |bits: &mut Bits<'_>| -> Option<u32> {
        if small {
            return Some((bits.take(5)? + 1) * 8);
        }
        let wide = [9, 13, 18, 30][bits.take(2)? as usize];
        Some(bits.take(wide)? + 1)
    };
    let rows = side(bits)?;
    let columns = match bits.take(3)? {
        0 => side(bits)?,
        ratio => {
            let (a, b) =
                [(1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)][ratio as usize - 1];
            u32::try_from(u64::from(rows) * a / b).ok()?
        }
    };
    Some((rows, columns))
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value |= u32::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Some(value)
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.take(1)? == 1)
    }
}
