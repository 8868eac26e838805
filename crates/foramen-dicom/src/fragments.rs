use std::io::{Read, Seek, SeekFrom};

use crate::RejectReason;
use crate::format::PixelSource;

/// Most compressed bytes accepted for one frame.
const LARGEST_FRAME: u64 = 128 * 1024 * 1024;

/// The compressed bytes of one frame, counted from 1 (PS3.5 A.4): for a single frame all fragments;
/// for several frames one fragment each, or those in the basic offset table.
pub(crate) fn frame_fragments(
    file: &mut (impl Read + Seek),
    source: &PixelSource,
    frame: u32,
) -> Result<Vec<u8>, RejectReason> {
    let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
    let start = source.element.at;
    let end = start + source.element.present;
    let mut at = start;
    // First byte of each fragment's item header and of its value, and its length.
    let mut items: Vec<(u64, u64, u64)> = Vec::new();
    loop {
        let mut head = [0_u8; 8];
        if end < at + 8 {
            return Err(RejectReason::Truncated { at });
        }
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        file.read_exact(&mut head).map_err(io)?;
        let length = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        match &head[..4] {
            [0xFE, 0xFF, 0xDD, 0xE0] => break,
            [0xFE, 0xFF, 0x00, 0xE0] => {}
            _ => return Err(RejectReason::Broken { at, what: "pixel fragments hold no item" }),
        }
        if length > end - (at + 8) {
            return Err(RejectReason::Truncated { at });
        }
        items.push((at, at + 8, length));
        at += 8 + length;
    }
    let broken = |what| RejectReason::Broken { at: start, what };
    let Some((table, fragments)) = items.split_first() else {
        return Err(broken("pixel fragments lack the offset table"));
    };
    let frames = usize::try_from(source.format.frames).unwrap_or(usize::MAX);
    let index = usize::try_from(frame - 1).unwrap_or(usize::MAX);
    let of_frame = if frames == 1 {
        fragments
    } else if fragments.len() == frames {
        fragments.get(index..=index).unwrap_or_default()
    } else if table.2 == frames as u64 * 4 {
        let mut offset = |entry: usize| -> Result<u64, RejectReason> {
            let mut bytes = [0; 4];
            file.seek(SeekFrom::Start(table.1 + entry as u64 * 4)).map_err(io)?;
            file.read_exact(&mut bytes).map_err(io)?;
            Ok(u64::from(u32::from_le_bytes(bytes)) + table.1 + table.2)
        };
        let from = offset(index)?;
        let to = if index + 1 < frames { offset(index + 1)? } else { u64::MAX };
        let first = fragments.partition_point(|item| item.0 < from);
        let last = fragments.partition_point(|item| item.0 < to);
        fragments.get(first..last).unwrap_or_default()
    } else {
        return Err(broken("pixel fragments cannot be told apart by frame"));
    };
    let total: u64 = of_frame.iter().map(|item| item.2).sum();
    if total == 0 || total > LARGEST_FRAME {
        return Err(broken("a compressed frame is empty or beyond 128 MiB"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
    for &(_, value, length) in of_frame {
        file.seek(SeekFrom::Start(value)).map_err(io)?;
        file.take(length).read_to_end(&mut bytes).map_err(io)?;
    }
    Ok(bytes)
}
