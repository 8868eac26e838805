//! A hospital archive: the memory of a scan grows by a few kilobytes a file.
//!
//! `FORAMEN_FILES=100000 cargo test -p foramen-dicom --release --test many_files --
//! --nocapture` scans as many.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    dead_code,
    reason = "a test stops at the first surprise, and its numbers are small"
)]

#[path = "guards/written.rs"]
mod written;

use std::time::Instant;

use foramen_dicom::{ScanOptions, scan};
use peak_alloc::PeakAlloc;
use written::File;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[test]
fn memory_stays_within_four_kilobytes_a_file() {
    let files = std::env::var("FORAMEN_FILES").map_or(5000, |n| n.parse::<i32>().unwrap());
    let dir = tempfile::tempdir().unwrap();
    for number in 0..files {
        // Series of twenty slices, three hundred files to a folder.
        let series = format!("2.25.4.{}", number / 20);
        let file = File::new(number)
            .at(0.0, 3.0 * f64::from(number % 20))
            .with(0x0020, 0x000E, b"UI", &series);
        let file = File { series: "", ..file };
        let folder = dir.path().join((number / 300).to_string());
        if number % 300 == 0 {
            std::fs::create_dir(&folder).unwrap();
        }
        std::fs::write(folder.join(number.to_string()), file.bytes()).unwrap();
    }
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage_as_mb();
    let begin = Instant::now();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    let took = begin.elapsed();
    let peak = f64::from(MEMORY.peak_usage_as_mb() - before);
    println!("{files} files in {took:.1?}, most memory {peak:.0} MB");
    let stacks = usize::try_from(files / 20).unwrap();
    assert_eq!((found.stacks.len(), found.rejected.len()), (stacks, 0));
    assert!(found.stacks.iter().all(|stack| stack.slices.len() == 20));
    // Ten megabytes are for threads and their buffers.
    assert!(peak * 1e6 < 1e7 + 4096.0 * f64::from(files), "{peak} MB");
}
