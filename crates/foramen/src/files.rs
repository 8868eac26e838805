use std::fs::File;
use std::path::Path;

use anyhow::Context;

/// Opens a file and reads it, naming it where that fails.
///
/// # Errors
/// When it cannot be opened or read.
pub(crate) fn open<T, E: std::error::Error + Send + Sync + 'static>(
    path: &Path,
    read: impl FnOnce(File) -> Result<T, E>,
) -> anyhow::Result<T> {
    let file = File::open(path).map_err(anyhow::Error::new);
    file.and_then(|file| Ok(read(file)?))
        .with_context(|| format!("could not use {}", path.display()))
}

/// Creates a file and writes it, naming it where that fails.
///
/// # Errors
/// When it cannot be created or written.
pub fn create(path: &Path, write: impl FnOnce(File) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let file = File::create(path).map_err(anyhow::Error::new);
    file.and_then(write).with_context(|| format!("could not write {}", path.display()))
}
