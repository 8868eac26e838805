//! The user cache: what is put there appears whole or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// Folders under construction begin with this.
const STAGING: &str = ".staging-";

/// The folder that libtorch, CMake and the synthetic cohorts are kept in.
pub(crate) fn folder() -> Result<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "foramen")
        .context("this user has no home folder; set HOME")?;
    Ok(folders.cache_dir().to_owned())
}

/// The cache, held by this process alone until it is dropped.
pub(crate) struct Cache {
    folder: PathBuf,
    _lock: File,
}

impl Cache {
    /// Waits for another `setup` to end, and clears away what an interrupted
    /// one left.
    pub(crate) fn lock() -> Result<Self> {
        Self::lock_at(folder()?)
    }

    fn lock_at(folder: PathBuf) -> Result<Self> {
        let cannot = || format!("cannot use the cache folder {}", folder.display());
        fs::create_dir_all(&folder).with_context(cannot)?;
        let lock = File::create(folder.join("setup.lock")).with_context(cannot)?;
        if lock.try_lock().is_err() {
            println!("waiting for another `cargo xtask setup` to end …");
            lock.lock().with_context(cannot)?;
        }
        for entry in fs::read_dir(&folder).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            if entry.file_name().to_string_lossy().starts_with(STAGING) {
                fs::remove_dir_all(entry.path()).with_context(cannot)?;
            }
        }
        Ok(Self { folder, _lock: lock })
    }

    /// Where `name` is or would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn contains(&self, path: &Path) -> bool {
        path.starts_with(&self.folder)
    }

    /// An empty folder to build something in, on the cache's own disk.
    pub(crate) fn stage(&self) -> Result<TempDir> {
        tempfile::Builder::new()
            .prefix(STAGING)
            .tempdir_in(&self.folder)
            .with_context(|| format!("cannot write into {}", self.folder.display()))
    }

    /// Moves a finished folder to its name in one step; a damaged one that
    /// stood there before goes away with `staging`.
    pub(crate) fn place(&self, built: &Path, name: &str, staging: &TempDir) -> Result<PathBuf> {
        let target = self.path(name);
        let cannot = || format!("cannot put {} in place", target.display());
        if target.exists() {
            fs::rename(&target, staging.path().join("replaced")).with_context(cannot)?;
        }
        fs::rename(built, &target).with_context(cannot)?;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_of_an_interrupted_run_are_cleared() {
        let home = tempfile::tempdir().unwrap();
        let left = home.path().join(".staging-abc/half");
        fs::create_dir_all(&left).unwrap();
        Cache::lock_at(home.path().to_owned()).unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn a_damaged_folder_is_replaced_whole() {
        let home = tempfile::tempdir().unwrap();
        let cache = Cache::lock_at(home.path().to_owned()).unwrap();
        fs::create_dir(cache.path("thing")).unwrap();
        fs::write(cache.path("thing").join("old"), "").unwrap();
        let staging = cache.stage().unwrap();
        let built = staging.path().join("built");
        fs::create_dir(&built).unwrap();
        fs::write(built.join("new"), "").unwrap();
        let placed = cache.place(&built, "thing", &staging).unwrap();
        assert!(placed.join("new").exists());
        assert!(!placed.join("old").exists());
    }
}
