//! The test images of pydicom, which its wheel ships (`cargo xtask test-data`).

use std::fs;
use std::path::{Path, PathBuf};

use foramen_dicom::{Scan, ScanOptions, load, scan};
use foramen_test_data::shipped;

fn scanned(path: &Path) -> Scan {
    scan(path, &ScanOptions::default()).expect("the files can be read")
}

#[test]
#[ignore = "reads test data (cargo xtask test-data)"]
fn every_encoding_of_an_mr_image_gives_the_same_pixels() {
    let folder = shipped("pydicom");
    let mut names = vec![
        "MR_small",
        "MR_small_RLE",
        "MR_small_bigendian",
        "MR_small_expb",
        "MR_small_implicit",
        "MR_small_jp2klossless",
        "MR_small_padded",
    ];
    if cfg!(feature = "jpeg-ls") {
        names.push("MR_small_jpeg_ls_lossless");
    }
    let pixels = |name: &str| {
        let found = scanned(&folder.join(format!("{name}.dcm")));
        let [header] = &found.stacks[..] else { panic!("{name}: {:?}", found.rejected) };
        let loaded = load(header).unwrap();
        let [slice] = loaded.stack.slices() else { panic!("{name}") };
        slice.pixels().clone()
    };
    let first = pixels(names[0]);
    // pydicom 3.0.2: a = dcmread("MR_small.dcm").pixel_array; a.min(), a.max(), a.sum()
    let (low, high) = first.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    assert_eq!(first.dim(), (64, 64));
    assert_eq!((low, high, first.iter().map(|v| f64::from(*v)).sum::<f64>()), EXPECTED);
    for name in &names[1..] {
        assert_eq!(pixels(name), first, "{name}");
    }
}

/// Least and greatest value, and the sum.
const EXPECTED: (f32, f32, f64) = (127.0, 2145.0, 2_125_338.0);

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let entries = entries.map(|entry| entry.expect("the folder can be read").path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
#[ignore = "reads test data (cargo xtask test-data)"]
fn every_file_of_pydicom_is_part_of_a_stack_or_rejected() {
    let folder = shipped("pydicom");
    let all = files_below(&folder);
    let found = scanned(&folder);
    // Entries of an archive count as files, and the archive does not.
    assert!(found.files >= all.len() - 5, "{} {}", found.files, all.len());
    let used = |path: &PathBuf| {
        let slices = found.stacks.iter().flat_map(|stack| &stack.slices);
        slices.map(|slice| &slice.path).any(|at| at.starts_with(path))
            || found.rejected.iter().any(|rejected| rejected.path.starts_with(path))
    };
    for path in all {
        assert!(used(&path), "nothing is said of {}", path.display());
    }
    // What looks sound in its header and is not says so when it is loaded.
    for header in &found.stacks {
        match load(header) {
            Ok(loaded) => {
                let images = loaded.stack.slices().len() + loaded.rejected.len();
                assert_eq!(images, header.slices.len(), "{}", header.slices[0].path.display());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
