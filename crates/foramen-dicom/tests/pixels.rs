//! Pixels in every encoding, and descriptions that do not fit them: no pixel is
//! invented.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    dead_code,
    reason = "a test stops at the first surprise, and its numbers are small"
)]

#[path = "guards/folder.rs"]
mod folder;
#[path = "guards/written.rs"]
mod written;

use folder::{folder, refusal, written as written_bytes};
use foramen_dicom::{DicomError, RejectReason, load, read_picture};
use written::{Coding, File};

#[test]
fn every_native_encoding_reads_the_same() {
    for coding in [
        Coding::Explicit,
        Coding::Implicit,
        Coding::BigEndian,
        Coding::Deflated,
        Coding::Bare,
        Coding::NoPreamble,
    ] {
        let (_dir, found) = folder(&[File::new(0).coded(coding)]);
        assert!(found.rejected.is_empty(), "{coding:?}: {}", found.rejected[0].reason);
        let loaded = load(&found.stacks[0]).unwrap();
        let pixels = loaded.stack.slices()[0].pixels();
        assert!(pixels.iter().enumerate().all(|(i, &v)| v == 100.0 + i as f32), "{coding:?}");
    }
}

#[test]
fn every_lossless_syntax_reads_the_same() {
    for coding in [
        Coding::RunLength,
        Coding::JpegLossless,
        Coding::Jpeg2000,
        Coding::HighThroughput,
        Coding::JpegXl,
        Coding::JpegLs,
    ] {
        let (_dir, found) = folder(&[File::new(0).coded(coding)]);
        if coding == Coding::JpegLs && !cfg!(feature = "jpeg-ls") {
            let reason = found.rejected[0].reason.to_string();
            assert!(reason.contains("JPEG-LS") && reason.contains("`jpeg-ls`"), "{reason}");
            continue;
        }
        let loaded = load(&found.stacks[0]).unwrap_or_else(|error| panic!("{coding:?}: {error:?}"));
        let pixels = loaded.stack.slices()[0].pixels();
        assert!(pixels.iter().enumerate().all(|(i, &v)| v == 100.0 + i as f32), "{coding:?}");
    }
}

#[test]
fn what_has_no_decoder_says_so_and_names_the_file() {
    // The scan tells it, before anybody counts on the series.
    let (dir, found) = folder(&[File::new(0).coded(Coding::Jpeg12)]);
    assert!(found.stacks.is_empty());
    assert_eq!(found.rejected[0].path, dir.path().join("000"));
    let reason = found.rejected[0].reason.to_string();
    assert!(reason.contains("lossy JPEG of 12 bits has no decoder"), "{reason}");
}

#[test]
fn the_cause_of_the_decoder_is_told() {
    // The tables of the scan are overwritten: the stream keeps its frame header.
    let mut bytes = File::new(0).coded(Coding::Jpeg).bytes();
    let table = bytes.windows(4).position(|four| four == [0xFF, 0xC4, 0x00, 0x15]).unwrap();
    bytes[table + 4..table + 20].fill(0xFF);
    let (_dir, found) = written_bytes(&[bytes]);
    let error = load(&found.stacks[0]).unwrap_err();
    let whole = error.with_causes();
    assert!(whole.starts_with("could not decode any of the 1 slices"), "{whole}");
    assert!(whole.contains("000: the compressed pixel data do not decode: "), "{whole}");
    let DicomError::NoSlice { source, .. } = error else { panic!("{error}") };
    let RejectReason::Decoder { cause } = *source else { panic!("{source}") };
    assert!(cause.contains("DHT"), "{cause}");
}

#[test]
#[cfg(feature = "jpeg-ls")]
fn a_zero_before_the_end_marker_of_jpeg_ls_is_tolerated() {
    let plain = File::new(0).coded(Coding::JpegLs).bytes();
    let end = plain.windows(2).rposition(|pair| pair == [0xFF, 0xD9]).unwrap();
    // The stream of 262 bytes grows to 263 and is padded to 264.
    let padded = [&plain[..end], &[0, 0xFF, 0xD9, 0], &plain[end + 2..]].concat();
    let length = padded.windows(4).position(|four| four == 262_u32.to_le_bytes()).unwrap();
    let mut padded = padded;
    padded[length..length + 4].copy_from_slice(&264_u32.to_le_bytes());
    let (_dir, found) = written_bytes(&[padded]);
    let loaded = load(&found.stacks[0]).unwrap_or_else(|error| panic!("{}", error.with_causes()));
    let pixels = loaded.stack.slices()[0].pixels();
    assert!(pixels.iter().enumerate().all(|(i, &v)| v == 100.0 + i as f32));
}

#[test]
fn a_forgotten_delimiter_loses_no_image() {
    let plain = File::new(0).bytes();
    // Before Patient Name: a sequence that nobody reads, and one that is read.
    let at = plain.windows(4).position(|four| four == [0x10, 0, 0x10, 0]).unwrap();
    let item = [0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF];
    let item_end = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0];
    let end = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
    let code = *b"\x08\x00\x00\x01SH\x04\x00none";
    for (name, number) in [("passed", 0x1140_u16), ("read", 0x2218)] {
        let mut open = vec![0x08, 0x00];
        open.extend(number.to_le_bytes());
        open.extend(*b"SQ\0\0\xFF\xFF\xFF\xFF");
        open.extend(item);
        open.extend(code);
        let with = |ends: &[&[u8]]| [&plain[..at], &open, &ends.concat(), &plain[at..]].concat();
        for ends in [&[&item_end[..], &end][..], &[&end], &[&item_end]] {
            let (_dir, found) = written_bytes(&[with(ends)]);
            assert_eq!(found.stacks.len(), 1, "{name}: {:?}", found.rejected);
        }
        // Without any end the rest of the file is inside.
        let (_dir, found) = written_bytes(&[with(&[])]);
        let reason = found.rejected[0].reason.to_string();
        assert!(reason.contains("is not closed by its delimiter"), "{name}: {reason}");
        assert!(!reason.contains("copy it again"), "{name}: {reason}");
    }
}

#[test]
fn a_cut_code_stream_is_no_picture() {
    for coding in [
        Coding::RunLength,
        Coding::JpegLossless,
        Coding::Jpeg2000,
        Coding::HighThroughput,
        Coding::JpegXl,
    ] {
        let (_dir, found) = folder(&[File { stream_cut: 40, ..File::new(0).coded(coding) }]);
        let Err(DicomError::NoSlice { source, .. }) = load(&found.stacks[0]) else {
            panic!("{coding:?}")
        };
        assert!(matches!(*source, RejectReason::Decode { .. }), "{coding:?}: {source}");
    }
}

#[test]
fn a_compressed_image_must_have_the_size_of_its_header() {
    // A grey JPEG of 16 × 16 pixels of value 100; dicom-pixeldata 0.10.1 panics
    // where the header says less, and fills with zeros where it says more.
    for (rows, fits) in [(16, true), (8, false), (32, false)] {
        let file = File { rows, columns: rows, ..File::new(0).coded(Coding::Jpeg) };
        let (_dir, found) = folder(&[file]);
        match load(&found.stacks[0]) {
            Ok(loaded) => {
                assert!(fits && loaded.stack.slices()[0].pixels().iter().all(|&v| v == 100.0));
            }
            Err(DicomError::NoSlice { source, .. }) => assert!(
                !fits && matches!(*source, RejectReason::CompressedSize { rows: 16, columns: 16 }),
                "{source}"
            ),
            Err(other) => panic!("{other}"),
        }
    }
    // Cut off inside the scan.
    let (_dir, found) = folder(&[File { stream_cut: 4, ..File::new(0).coded(Coding::Jpeg) }]);
    let Err(DicomError::NoSlice { source, .. }) = load(&found.stacks[0]) else { panic!() };
    assert!(source.to_string().contains("cut off"), "{source}");
}

#[test]
fn impossible_pixel_descriptions_are_refused() {
    let with = |change: fn(&mut File)| {
        let mut file = File::new(0);
        change(&mut file);
        refusal(file)
    };
    let invalid = |reason: RejectReason, text: &str| {
        assert!(matches!(reason, RejectReason::Invalid { name } if name.contains(text)));
    };
    invalid(with(|f| f.stored = 0), "Bits Stored");
    invalid(with(|f| f.stored = 20), "Bits Stored");
    invalid(with(|f| f.allocated = 12), "Bits Allocated");
    invalid(with(|f| f.samples = 3), "Samples per Pixel");
    invalid(with(|f| f.rows = 0), "Rows");
    assert!(matches!(with(|f| f.columns = 15), RejectReason::PixelLength { .. }));
    assert!(matches!(with(|f| f.columns = 17), RejectReason::PixelLength { .. }));
    assert!(matches!(with(|f| f.frames = "1000000"), RejectReason::PixelLength { .. }));
    let huge = with(|f| (f.rows, f.columns) = (60_000, 60_000));
    assert!(matches!(huge, RejectReason::TooLarge { .. }));
}

#[test]
fn colour_is_a_picture_and_no_slice() {
    // The bytes are 100, 0, 101, 0, 102, 0, …
    let small = File { allocated: 8, stored: 8, ..File::new(0) };
    let halved = File { photometric: "YBR_FULL_422", samples: 3, ..small.clone() };
    let palette = File { photometric: "PALETTE COLOR", columns: 32, ..small };
    for (file, shape, first) in [
        (halved, [16, 16, 3], vec![0.0, 201.0, 52.0]),
        (palette, [16, 32, 1], vec![100.0, 0.0, 101.0]),
    ] {
        let (dir, found) = folder(&[file]);
        assert!(found.stacks.is_empty());
        let reason = found.rejected[0].reason.to_string();
        assert!(reason.contains("Photometric Interpretation"), "{reason}");
        let picture = read_picture(&dir.path().join("000"), 1).unwrap();
        assert_eq!(picture.shape(), shape);
        assert_eq!(picture.iter().copied().take(3).collect::<Vec<_>>(), first);
    }
}

#[test]
fn single_bits_are_pixels() {
    let bits = File { allocated: 1, stored: 1, rows: 64, columns: 64, ..File::new(0) };
    let (_dir, found) = folder(&[bits]);
    let loaded = load(&found.stacks[0]).unwrap();
    // 100 is 0b0110_0100, its lowest bit first (PS3.5 8.1.1).
    let row = loaded.stack.slices()[0].pixels().row(0).to_vec();
    assert_eq!(row[..8], [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    // No compression of single bits is decoded.
    let coded = File { allocated: 1, stored: 1, ..File::new(0).coded(Coding::RunLength) };
    assert!(matches!(refusal(coded), RejectReason::Invalid { name } if name.contains("Allocated")));
}

#[test]
fn zeros_after_the_pixels_are_padding_and_no_picture() {
    let (_dir, found) = folder(&[File { padding: 30, ..File::new(0) }]);
    assert_eq!(load(&found.stacks[0]).unwrap().stack.slices()[0].pixels()[[15, 15]], 355.0);
    let huge = refusal(File { padding: 80_000, ..File::new(0) });
    assert!(matches!(huge, RejectReason::PixelLength { .. }));
}

#[test]
fn padding_is_named_and_kept() {
    let padded = File::new(0)
        .with(0x0028, 0x0120, b"US", "d\0")
        .with(0x0028, 0x0121, b"US", "f\0")
        .with(0x0028, 0x1053, b"DS", "2");
    let (_dir, found) = folder(&[padded]);
    assert_eq!(found.stacks[0].slices[0].padding, Some((200.0, 204.0)));
    assert_eq!(load(&found.stacks[0]).unwrap().stack.slices()[0].pixels()[[0, 0]], 200.0);
}
