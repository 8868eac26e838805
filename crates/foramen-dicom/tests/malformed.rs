//! 595 crafted files: each ends in a slice or a reason, soon and in little memory.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use foramen_dicom::{RejectReason, ScanOptions, load, read_picture, scan};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn every_malformed_file_ends_in_a_slice_or_a_reason() {
    let archive = foramen_test_data::path("dicom/malformed/fuzz_v3.tar.xz");
    let folder = tempfile::tempdir().unwrap();
    let unpacked =
        Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder.path()).status();
    assert!(unpacked.unwrap().success(), "tar with xz is needed");
    let mut files = Vec::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    assert!(files.len() >= 595, "{} files", files.len());

    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut slowest = Duration::ZERO;
    for file in &files {
        let begin = Instant::now();
        let found = scan(file, &ScanOptions::default()).unwrap();
        assert_eq!(found.files, 1);
        for rejected in &found.rejected {
            assert!(!matches!(rejected.reason, RejectReason::Panicked), "{}", file.display());
            *outcomes.entry(rejected.reason.summary()).or_default() += 1;
        }
        assert!(found.stacks.len() + found.rejected.len() > 0, "{} is lost", file.display());
        for stack in &found.stacks {
            let outcome = if load(stack).is_ok() { "loaded" } else { "scanned, not loaded" };
            *outcomes.entry(outcome).or_default() += 1;
        }
        // What is no MR image may still hold a picture.
        let _ = read_picture(file, 1);
        slowest = slowest.max(begin.elapsed());
    }
    println!("{} files, slowest {slowest:?}, {outcomes:?}", files.len());
    println!("most memory at once: {:.1} MB", MEMORY.peak_usage_as_mb());
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    // All of the process, so no single allocation is larger either.
    assert!(MEMORY.peak_usage_as_mb() < 256.0);
}
