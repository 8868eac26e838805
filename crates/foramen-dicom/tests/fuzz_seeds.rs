//! The seeds of the fuzz target are what the writers of these tests write.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    dead_code,
    reason = "a test stops at the first surprise, and its numbers are small"
)]

#[path = "guards/enhanced.rs"]
mod enhanced;
#[path = "guards/folder.rs"]
mod folder;
#[path = "guards/written.rs"]
mod written;

use std::io::Write as _;
use std::path::Path;

use enhanced::{Frame, enhanced};
use folder::series;
use written::{Coding, File};

/// The seeds of `fuzz/`, written by this test where `FORAMEN_WRITE_SEEDS` is set.
#[test]
fn the_fuzz_seeds_are_what_the_writers_write() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    if !folder.is_dir() {
        println!("skipped: the seeds are no part of the published crate");
        return;
    }
    for (name, bytes) in seeds() {
        let path = folder.join(&name);
        if std::env::var_os("FORAMEN_WRITE_SEEDS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let kept = std::fs::read(&path).unwrap();
        // Deflate may write the same bytes in several ways.
        assert!(name.contains("deflated") || kept == bytes, "{}", path.display());
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let codings = [
        Coding::Explicit,
        Coding::Implicit,
        Coding::BigEndian,
        Coding::Deflated,
        Coding::Bare,
        Coding::NoPreamble,
        Coding::Jpeg,
        Coding::RunLength,
        Coding::JpegLossless,
        Coding::Jpeg2000,
        Coding::HighThroughput,
        Coding::Jpeg12,
        Coding::JpegXl,
    ];
    let mut seeds: Vec<_> = codings
        .into_iter()
        .map(|coding| {
            let name = format!("{coding:?}").to_lowercase();
            (name, File::new(0).coded(coding).bytes())
        })
        .collect();
    let frames: Vec<_> = (1..5).map(|k| Frame::new("1", k, f64::from(k) * 3.0)).collect();
    seeds.push(("enhanced".to_owned(), enhanced(&frames)));
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (index, file) in series().iter().take(3).enumerate() {
            let time = zip::DateTime::default();
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(method)
                .last_modified_time(time);
            zip.start_file(index.to_string(), options).unwrap();
            zip.write_all(&file.bytes()).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        seeds.push((format!("zip_{method:?}").to_lowercase(), bytes));
    }
    seeds
}
