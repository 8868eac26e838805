use foramen_dicom::{RejectReason, Scan, ScanOptions, scan};
use tempfile::TempDir;

use crate::written::File;

pub(crate) fn folder(files: &[File]) -> (TempDir, Scan) {
    written(&files.iter().map(File::bytes).collect::<Vec<_>>())
}

pub(crate) fn written(files: &[Vec<u8>]) -> (TempDir, Scan) {
    let dir = TempDir::new().unwrap();
    for (index, bytes) in files.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{index:03}")), bytes).unwrap();
    }
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    (dir, found)
}

pub(crate) fn refusal(file: File) -> RejectReason {
    let (_dir, mut found) = folder(&[file]);
    assert!(found.stacks.is_empty());
    found.rejected.pop().unwrap().reason
}

/// Five axial slices of 3 mm, 16 × 16 pixels of value 100.
pub(crate) fn series() -> Vec<File> {
    (0..5).map(|k| File::new(k).at(0.0, 3.0 * f64::from(k))).collect()
}
