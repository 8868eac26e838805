use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

/// Opens a file and reads it, naming it in errors.
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

/// Creates and writes a file, naming it in errors.
///
/// The file appears only when it is complete, even if the program is killed: it is written as
/// `NAME.partial` and then renamed.
///
/// # Errors
/// When it cannot be created or written.
pub fn create(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let fill = || -> anyhow::Result<()> {
        let mut file = BufWriter::new(File::create(partial)?);
        write(&mut file)?;
        file.flush()?;
        Ok(fs::rename(partial, path)?)
    };
    fill()
        // Of a file that could not be written nothing stays.
        .inspect_err(|_| drop(fs::remove_file(partial)))
        .with_context(|| format!("could not write {}", path.display()))
}

/// The same of a text.
///
/// # Errors
/// When it cannot be created or written.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    create(path, |file| Ok(file.write_all(text.as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        write(&path, "before").unwrap();
        let failed = create(&path, |file| {
            file.write_all(b"half")?;
            anyhow::bail!("no more")
        });
        let said = format!("{:#}", failed.unwrap_err());
        assert!(said.contains("could not write") && said.contains("no more"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
