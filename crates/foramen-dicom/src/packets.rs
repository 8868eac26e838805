/// Start of tile-part, start of data, coding style (default, of a component).
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const COD: u16 = 0xFF52;
const COC: u16 = 0xFF53;

/// Whether a JPEG 2000 code stream is long enough for the packets that it declares (ITU-T T.800
/// B.10: each takes a byte at least). A decoder visits every declared packet, so a few bytes could
/// make it run for minutes.
pub(crate) fn are_possible(coded: &[u8]) -> bool {
    most_declared(coded).is_some_and(|packets| packets <= coded.len() as u64)
}

/// The largest number of packets that the coding styles in the headers allow; `None` when the
/// headers cannot be parsed.
fn most_declared(coded: &[u8]) -> Option<u64> {
    let long = |at: usize| Some(u64::from(u32::from_be_bytes(*coded.get(at..)?.first_chunk()?)));
    let short = |at: usize| Some(u16::from_be_bytes(*coded.get(at..)?.first_chunk()?));
    // SIZ follows SOC: size, offset, tile size, tile offset, each wide then high.
    let (wide, high) = (long(8)?.checked_sub(long(16)?)?, long(12)?.checked_sub(long(20)?)?);
    let (tile_wide, tile_high) = (long(24)?.clamp(1, wide.max(1)), long(28)?.clamp(1, high.max(1)));
    // A tile offset may add a tile on either axis.
    let tiles = (wide.div_ceil(tile_wide) + 1).checked_mul(high.div_ceil(tile_high) + 1)?;
    if tiles > 4 && tiles > coded.len() as u64 {
        return Some(u64::MAX);
    }
    let (mut layers, mut precincts) = (1_u64, 1_u64);
    let (mut at, mut part) = (2, (0, 0));
    loop {
        let (mark, length) = (short(at)?, usize::from(short(at + 2)?));
        match mark {
            SOT => part = (at, usize::try_from(long(at + 6)?).ok()?),
            SOD => {
                // The next tile-part begins where this one says; the last says 0.
                at = if part.1 < 14 { coded.len() } else { part.0.checked_add(part.1)? };
                if short(at) != Some(SOT) {
                    break;
                }
                continue;
            }
            COD => {
                layers = layers.max(u64::from(short(at + 6)?));
                let own = *coded.get(at + 4)? & 1 == 1;
                precincts = precincts.max(of_tile(coded, at + 9, own, tile_wide, tile_high)?);
            }
            COC => {
                let own = *coded.get(at + 5)? & 1 == 1;
                precincts = precincts.max(of_tile(coded, at + 6, own, tile_wide, tile_high)?);
            }
            _ => {}
        }
        at += 2 + length.max(2);
    }
    layers.checked_mul(precincts)?.checked_mul(tiles.max(4) / 4)
}

/// Precincts of one component of one tile, over all resolutions. `at` is the
/// number of decomposition levels; precinct sizes follow four bytes later where
/// the style has its own.
fn of_tile(coded: &[u8], at: usize, own: bool, wide: u64, high: u64) -> Option<u64> {
    let levels = u32::from(*coded.get(at)?).min(32);
    let mut sum = 0_u64;
    for resolution in 0..=levels {
        let size = if own { *coded.get(at + 5 + resolution as usize)? } else { 0xFF };
        let reduced = |n: u64| n.div_ceil(1 << (levels - resolution));
        let across = reduced(wide).div_ceil(1 << (size & 15)) + 1;
        let down = reduced(high).div_ceil(1 << (size >> 4)) + 1;
        // An offset may add a precinct on either axis; a small image has one.
        sum = sum.checked_add((across * down / 4).max(1))?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SOC, SIZ of 16 × 16 in one tile, COD of 5 levels, SOT, SOD, some bytes.
    fn stream(layers: u16, precinct: Option<u8>, data: usize) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
        for value in [16_u32, 16, 0, 0, 16, 16, 0, 0] {
            bytes.extend(value.to_be_bytes());
        }
        bytes.extend([0, 1, 11, 1, 1]);
        let sizes = precinct.map_or(Vec::new(), |size| vec![size; 6]);
        let length = 12 + u8::try_from(sizes.len()).unwrap();
        bytes.extend([0xFF, 0x52, 0, length, u8::from(precinct.is_some()), 0]);
        bytes.extend(layers.to_be_bytes());
        bytes.extend([0, 5, 4, 4, 0, 1]);
        bytes.extend(sizes);
        bytes.extend([0xFF, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0x93]);
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    #[test]
    fn a_stream_cannot_declare_more_packets_than_it_has_bytes() {
        assert!(are_possible(&stream(1, None, 20)));
        assert!(are_possible(&stream(20, None, 100)));
        assert!(!are_possible(&stream(60_000, None, 1_000)));
        // Precincts of one pixel: 16 × 16 of them at the finest resolution.
        assert!(!are_possible(&stream(100, Some(0x00), 1_000)));
        assert!(are_possible(&stream(2, Some(0x77), 20)));
        assert!(!are_possible(&stream(1, None, 20)[..60]));
    }
}
