use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::{CompressionMethod, ZipArchive};

use crate::item::{Entry, Item};
use crate::{RejectReason, Rejected};

/// The largest entry taken, unpacked, in bytes: 256 frames of 512² pixels of 16
/// bits fit. An entry is held in memory while its pixels are decoded.
const LARGEST_ENTRY: u64 = 256 * 1024 * 1024;
/// Deflate expands a byte to at most this many bytes; an entry that claims more is false.
const MOST_DEFLATED: u64 = 1032;

/// Whether a file begins as a zip archive does (an entry, or the end of an
/// archive without any).
pub(crate) fn is_archive(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && begins_as_archive(start)
}

pub(crate) fn begins_as_archive(start: [u8; 4]) -> bool {
    matches!(&start, b"PK\x03\x04" | b"PK\x05\x06")
}

/// The entries of an archive in order of name, without unpacking any, and the refused ones.
///
/// Zip bombs are refused: entries that overlap, that claim to expand more than deflate can, or that
/// are larger than any MR image. So the work is bounded by the length of the archive.
pub(crate) fn entries(path: &Path) -> Result<(Vec<Item>, Vec<Rejected>), RejectReason> {
    let broken = |_| RejectReason::Archive { what: "its directory cannot be read" };
    let io = |error: std::io::Error| RejectReason::Io { kind: error.kind() };
    let file = BufReader::new(File::open(path).map_err(io)?);
    let mut zip = ZipArchive::new(file).map_err(broken)?;
    if zip.has_overlapping_entries().map_err(broken)? {
        return Err(RejectReason::Archive {
            what: "its entries overlap, as in a decompression bomb",
        });
    }
    if zip.has_duplicate_names() {
        return Err(RejectReason::Archive { what: "several of its entries have the same name" });
    }
    let archive: Arc<Path> = Arc::from(path);
    let (mut items, mut rejected) = (Vec::new(), Vec::new());
    for index in 0..zip.len() {
        let found = zip.by_index_raw(index).map_err(broken)?;
        if found.is_dir() {
            continue;
        }
        let inside = found.enclosed_name().unwrap_or_else(|| PathBuf::from(format!("#{index}")));
        let shown = path.join(inside);
        let deflated = found.compression() == CompressionMethod::Deflated;
        let (stored, length) = (found.compressed_size(), found.size());
        let refused = if found.encrypted() {
            Some("an entry is encrypted; unpack the archive")
        } else if !deflated && found.compression() != CompressionMethod::Stored {
            Some("an entry is compressed in another way than deflate; unpack the archive")
        } else if length > LARGEST_ENTRY {
            Some("an entry is larger than 256 MiB; unpack the archive")
        } else if length > stored.saturating_mul(MOST_DEFLATED) || !deflated && length != stored {
            Some("an entry claims a size that it cannot have")
        } else {
            None
        };
        let entry = found.data_start().map(|at| {
            let (archive, crc) = (archive.clone(), found.crc32());
            Entry { archive, at, stored, deflated, crc }
        });
        match (refused, entry) {
            (None, entry @ Some(_)) => items.push(Item { path: Arc::from(shown), length, entry }),
            (what, _) => {
                let what = what.unwrap_or("an entry has no data");
                rejected.push(Rejected::file(&shown, RejectReason::Archive { what }));
            }
        }
    }
    items.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((items, rejected))
}
