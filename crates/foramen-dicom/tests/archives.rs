//! Zip archives are read where they lie, and bombs are refused.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test stops at the first surprise, and writes fewer kinds of files than others"
)]

#[path = "guards/written.rs"]
mod written;

use std::io::{Cursor, Write as _};
use std::path::Path;

use foramen_dicom::{DicomError, RejectReason, Scan, ScanOptions, load, scan};
use tempfile::TempDir;
use written::{Coding, File};
use zip::CompressionMethod::{self, Deflated, Stored};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn archive(entries: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn scanned(bytes: &[u8]) -> (TempDir, Scan) {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("study.bin"), bytes).unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    (dir, found)
}

fn refusal(bytes: &[u8]) -> String {
    let (_dir, found) = scanned(bytes);
    assert!(found.stacks.is_empty());
    assert!(matches!(found.rejected[0].reason, RejectReason::Archive { .. }));
    found.rejected[0].reason.to_string()
}

/// Four slices, one per native encoding.
fn series() -> Vec<(&'static str, Vec<u8>)> {
    let codings = [Coding::Explicit, Coding::Deflated, Coding::Implicit, Coding::BigEndian];
    let names = ["a/1", "a/2", "b/3.dcm", "4"];
    (0..4)
        .map(|k| {
            let height = 3.0 * f64::from(k);
            let index = usize::try_from(k).unwrap();
            (names[index], File::new(k).coded(codings[index]).at(0.0, height).bytes())
        })
        .collect()
}

#[test]
fn an_archive_reads_as_its_folder_would() {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in series() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let plain = scan(folder.path(), &ScanOptions::default()).unwrap();
    let wanted = load(&plain.stacks[0]).unwrap();
    assert_eq!((wanted.stack.slices().len(), wanted.rejected.len()), (4, 0));
    for method in [Stored, Deflated] {
        let mut entries = series();
        entries.push(("readme.txt", b"an archive may hold anything".to_vec()));
        entries.push(("inner.zip", archive(&series(), method)));
        let (dir, found) = scanned(&archive(&entries, method));
        assert_eq!((found.files, found.stacks.len(), found.rejected.len()), (6, 1, 2));
        let loaded = load(&found.stacks[0]).unwrap();
        assert_eq!(loaded.stack, wanted.stack, "{method:?}");
        let shown = dir.path().join("study.bin").join("a/1");
        assert_eq!(found.stacks[0].slices[0].path, shown);
        // The archive itself may be named too.
        let alone = scan(&dir.path().join("study.bin"), &ScanOptions::default()).unwrap();
        assert_eq!((alone.files, alone.stacks.len()), (6, 1));
        let nested = found.rejected.iter().find(|r| r.path.ends_with("inner.zip")).unwrap();
        assert!(nested.reason.to_string().contains("an archive inside"), "{}", nested.reason);
    }
}

#[test]
fn a_cut_archive_is_one_reason_and_loses_no_other_file() {
    let whole = archive(&series(), Deflated);
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("1.zip"), &whole[..whole.len() - 30]).unwrap();
    std::fs::write(dir.path().join("2"), File::new(0).bytes()).unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    assert_eq!((found.stacks.len(), found.rejected.len()), (1, 1));
    assert!(matches!(found.rejected[0].reason, RejectReason::Archive { .. }));
}

#[test]
fn a_changed_byte_of_an_entry_is_no_pixel() {
    let mut bytes = archive(&series(), Stored);
    // In the middle of the pixels of the first entry: its header reads well.
    bytes[1000] ^= 0x55;
    let (_dir, found) = scanned(&bytes);
    assert_eq!(found.stacks[0].slices.len(), 4);
    let loaded = load(&found.stacks[0]).unwrap();
    assert_eq!((loaded.stack.slices().len(), loaded.rejected.len()), (3, 1));
    assert!(loaded.rejected[0].reason.to_string().contains("checksum"));
}

#[test]
fn an_archive_replaced_after_the_scan_is_refused() {
    let (dir, found) = scanned(&archive(&series(), Deflated));
    std::fs::write(dir.path().join("study.bin"), b"PK").unwrap();
    assert!(matches!(load(&found.stacks[0]), Err(DicomError::NoSlice { .. })));
}

/// The places of `wanted` in `bytes`.
fn places(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    let end = bytes.len() - wanted.len();
    (0..=end).filter(|&at| bytes[at..].starts_with(wanted)).collect()
}

#[test]
fn bombs_are_refused_by_what_they_are_made_of() {
    // Two directory entries that point at one local file, as quines and overlap
    // bombs do: the offset of the second (byte 42 of its record) becomes 0.
    let mut overlapping = archive(&series(), Deflated);
    let second = places(&overlapping, b"PK\x01\x02")[1];
    overlapping[second + 42..second + 46].fill(0);
    assert!(refusal(&overlapping).contains("overlap, as in a decompression bomb"));

    // An entry that says it unpacks to 200 MiB (byte 24 of its record).
    let claims = |size: u32| {
        let mut bytes = archive(&series()[..1], Deflated);
        let record = places(&bytes, b"PK\x01\x02")[0];
        bytes[record + 24..record + 28].copy_from_slice(&size.to_le_bytes());
        refusal(&bytes)
    };
    assert!(claims(200 << 20).contains("a size that it cannot have"));
    assert!(claims(300 << 20).contains("larger than 256 MiB"));

    // A thousandfold entry that is what it says: read, in bounded memory, and no
    // image; one that begins as DICOM is read to its end.
    let zeros = archive(&[("zeros", vec![0; 100 << 20])], Deflated);
    assert!(zeros.len() < 200_000);
    let (_dir, found) = scanned(&zeros);
    assert!(matches!(found.rejected[0].reason, RejectReason::NotDicom));
    let mut image = File::new(0).head();
    image.extend(vec![0; 100 << 20]);
    let (_dir, found) = scanned(&archive(&[("image", image)], Deflated));
    assert!(matches!(found.rejected[0].reason, RejectReason::Broken { .. }));
}

#[test]
fn what_needs_a_password_says_so() {
    // The flag of encryption: bit 0 at byte 8 of a directory record, 6 of a local one.
    let mut bytes = archive(&series()[..1], Stored);
    let record = places(&bytes, b"PK\x01\x02")[0];
    bytes[record + 8] |= 1;
    bytes[6] |= 1;
    assert!(refusal(&bytes).contains("encrypted"));
}

#[test]
fn any_changed_byte_of_an_archive_ends_in_a_slice_or_a_reason() {
    let whole = archive(&series()[..2], Deflated);
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("study.zip");
    for at in (0..whole.len()).step_by(3) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xFF;
        check(&path, &bytes);
        check(&path, &whole[..at]);
    }
}

fn check(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    let found = scan(path.parent().unwrap(), &ScanOptions::default()).unwrap();
    assert!(!found.stacks.is_empty() || !found.rejected.is_empty());
    assert!(!found.rejected.iter().any(|r| matches!(r.reason, RejectReason::Panicked)));
    for stack in &found.stacks {
        let _ = load(stack);
    }
}
