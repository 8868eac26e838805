//! Any bytes as the one file of a folder: scanned, every stack loaded, and read as
//! a picture.
//!
//! ```text
//! cd crates/foramen-dicom
//! ASAN_OPTIONS=detect_leaks=0 cargo +nightly fuzz run -O scan_load \
//!     fuzz/corpus/scan_load fuzz/seeds -- \
//!     -timeout=5 -malloc_limit_mb=256 -rss_limit_mb=2048 -max_len=65536
//! ```
//!
//! A decoder of another library may panic where it is caught and named, and then
//! leaks; our own reader may not. `-O` leaves out the checks of unsafe code in
//! debug builds, which openjp2 0.6.1 fails on intact images; overflow of numbers
//! is still checked.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use foramen_dicom::{RejectReason, ScanOptions, load, read_picture, scan};
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    // libFuzzer ends the process at a panic, also at one that is caught.
    std::panic::set_hook(Box::new(|_| {}));
    tempfile::tempdir().expect("there is a temporary folder").keep()
});

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(FOLDER.join("file"), bytes).expect("the temporary folder can be written");
    let found = scan(&FOLDER, &ScanOptions::default()).expect("the folder is there");
    let panicked = |reason: &RejectReason| matches!(reason, RejectReason::Panicked);
    assert_none(found.rejected.iter().any(|rejected| panicked(&rejected.reason)), "scan panicked");
    let used: usize = found.stacks.iter().map(|stack| stack.slices.len()).sum();
    assert_none(found.files > 0 && used + found.rejected.len() == 0, "a file was lost");
    for stack in &found.stacks {
        if let Ok(loaded) = load(stack) {
            let slices = loaded.stack.slices().len() + loaded.rejected.len();
            assert_none(slices != stack.slices.len(), "a slice was lost");
        }
    }
    if let Ok(picture) = read_picture(&FOLDER.join("file"), 1) {
        assert_none(picture.is_empty(), "a picture without pixels");
    }
});

/// Ends the process: the hook above is silent.
fn assert_none(wrong: bool, what: &str) {
    if wrong {
        eprintln!("{what}");
        std::process::abort();
    }
}
