//! What lies in a folder beside images is called what it is.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "a test stops at the first surprise, and writes fewer kinds of files than others"
)]

#[path = "guards/written.rs"]
mod written;

use foramen_dicom::{RejectReason, ScanOptions, scan};
use tempfile::TempDir;
use written::File;

#[test]
fn an_empty_file_is_called_empty() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("nothing.dcm"), b"").unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    assert!(matches!(found.rejected[0].reason, RejectReason::Empty));
    assert!(found.rejected[0].reason.to_string().contains("copy it again"));
    assert_eq!(found.rejected_counts()["empty file"], 1);
}

#[test]
#[cfg(unix)]
fn broken_links_and_loops_are_told_and_cost_no_image() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("image"), File::new(0).bytes()).unwrap();
    std::os::unix::fs::symlink("gone.dcm", dir.path().join("broken")).unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
    let found = scan(dir.path(), &ScanOptions::default()).unwrap();
    assert_eq!((found.stacks.len(), found.rejected.len()), (1, 2));
    let reasons: Vec<_> = found.rejected.iter().map(|r| r.reason.to_string()).collect();
    assert_eq!(reasons[0], "a link to a file that is not there; copy the file itself");
    let shown = dir.path().display();
    assert_eq!(
        reasons[1],
        format!("a link back to {shown}, which holds it; what lies there is read once")
    );
}
