//! Files that are written completely or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::StudyError;

/// Writes a file completely or not at all: to a temporary file beside it, which is then renamed.
///
/// # Errors
/// [`StudyError::Write`] with the path.
pub fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), StudyError> {
    let mut file = AtomicFile::create(path)?;
    fill(&mut file).map_err(|source| StudyError::Write { path: path.to_owned(), source })?;
    file.finish()
}

/// A temporary file beside the final one, which it replaces when it is finished.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    path: PathBuf,
    partial: PathBuf,
    /// `None` when it is finished.
    file: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Creates the temporary file and the folders above it.
    pub(crate) fn create(path: &Path) -> Result<Self, StudyError> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let create = || {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            Ok(Some(BufWriter::new(File::create(&partial)?)))
        };
        match create() {
            Ok(file) => Ok(Self { path: path.to_owned(), partial, file }),
            Err(source) => Err(StudyError::Write { path: path.to_owned(), source }),
        }
    }

    /// Flushes the file to the disk and renames it.
    pub(crate) fn finish(mut self) -> Result<(), StudyError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let place = || {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(&self.partial, &self.path)
        };
        place().map_err(|source| StudyError::Write { path: self.path.clone(), source })
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        // Of a file that was not finished nothing stays; there is nobody to tell.
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/file.txt");
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 0);
        write_atomically(&path, |file| file.write_all(b"whole")).unwrap();
        let failed = write_atomically(&path, |_| Err(io::Error::other("full")));
        assert!(failed.unwrap_err().to_string().contains("file.txt"));
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
    }
}
