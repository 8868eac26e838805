//! Where the data lie that tests read and the repository does not hold: real images and
//! published tables.
//!
//! A test that reads them is `#[ignore = "reads test data (FORAMEN_TEST_DATA)"]`;
//! `cargo xtask test` runs it where [`root`] is there.

use std::path::{Path, PathBuf};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The folder of the test data: what `FORAMEN_TEST_DATA` names, by default
/// `../shared/data` beside the checkout.
#[must_use]
pub fn root() -> PathBuf {
    of_checkout(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

/// The same for a checkout that is not the one this was compiled in.
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
