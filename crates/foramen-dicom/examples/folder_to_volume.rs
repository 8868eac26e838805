//! A folder of DICOM files becomes volumes in patient space.
//!
//! ```text
//! cargo run --package foramen-dicom --example folder_to_volume -- DIR
//! ```
//!
//! It prints each stack with its plane, contrast and size, and the step from slice to slice
//! in millimetres; then how many files were not used for which reason. With no argument it
//! reads a synthetic patient.

use std::path::PathBuf;

use foramen_dicom::{Policy, ScanOptions, load_volume, scan};
use foramen_phantom::{CohortConfig, write_cohort};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let drawn = tempfile::tempdir()?;
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    if folder.is_none() {
        let one = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&one, drawn.path(), &|_, _| ())?;
    }
    let found = scan(folder.as_deref().unwrap_or(drawn.path()), &ScanOptions::default())?;
    for stack in &found.stacks {
        let volume = load_volume(stack, Policy::Lenient)?;
        let (size, step) = (volume.voxels.shape(), volume.grid.slice);
        println!("{} {} {} {size:?}, {step:?}", stack.subject, stack.orientation, stack.contrast);
    }
    for (reason, files) in found.rejected_counts() {
        println!("{files} files: {reason}");
    }
    Ok(())
}
