//! Unpacking wheels, which are zip archives.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

/// Unpacks the files of `wheel` that `keep` gives a place, relative to `into`.
/// Returns how many there were. The zip reader checks each file's CRC.
pub(crate) fn unpack(
    wheel: &Path,
    into: &Path,
    keep: impl Fn(&str) -> Option<PathBuf>,
) -> Result<usize> {
    let mut archive = open(wheel)?;
    let mut files = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        let Some(place) = keep(&name).filter(|_| entry.is_file()) else { continue };
        if !place.components().all(|part| matches!(part, Component::Normal(_))) {
            bail!("{} holds the unsafe path {name}", wheel.display());
        }
        let target = into.join(place);
        let cannot = || format!("cannot write {}", target.display());
        let folder = target.parent().expect("a place is below `into`");
        fs::create_dir_all(folder).with_context(cannot)?;
        let mut file = BufWriter::new(File::create(&target).with_context(cannot)?);
        io::copy(&mut entry, &mut file)
            .with_context(|| format!("cannot unpack {name} of {}", wheel.display()))?;
        file.into_inner().with_context(cannot)?;
        #[cfg(unix)]
        if entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0) {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).with_context(cannot)?;
        }
        files += 1;
    }
    Ok(files)
}

/// The text of the first file whose name ends in `suffix`.
pub(crate) fn read(wheel: &Path, suffix: &str) -> Result<String> {
    let mut archive = open(wheel)?;
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.ends_with(suffix))
        .map(|name| name.into_owned())
        .with_context(|| format!("{} holds no {suffix}", wheel.display()))?;
    Ok(io::read_to_string(archive.by_name(&name)?)?)
}

fn open(wheel: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let cannot = || format!("cannot read the wheel {}", wheel.display());
    let file = File::open(wheel).with_context(cannot)?;
    ZipArchive::new(BufReader::new(file)).with_context(cannot)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write_wheel(folder: &Path, names: &[&str]) -> PathBuf {
        let path = folder.join("a.whl");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        for name in names {
            let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
            zip.start_file(*name, options).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    #[test]
    fn only_kept_files_are_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = write_wheel(folder.path(), &["torch/lib/a.so", "torch/bin/b"]);
        let into = folder.path().join("out");
        let keep = |name: &str| name.strip_prefix("torch/lib/").map(PathBuf::from);
        assert_eq!(unpack(&wheel, &into, keep).unwrap(), 1);
        assert_eq!(fs::read_to_string(into.join("a.so")).unwrap(), "torch/lib/a.so");
        assert!(!into.join("b").exists());
        assert_eq!(read(&wheel, "bin/b").unwrap(), "torch/bin/b");
    }

    #[test]
    fn a_path_that_climbs_out_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = write_wheel(folder.path(), &["../escaped"]);
        let into = folder.path().join("out");
        assert!(unpack(&wheel, &into, |name| Some(PathBuf::from(name))).is_err());
        assert!(!folder.path().join("escaped").exists());
    }
}
