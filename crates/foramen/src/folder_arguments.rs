//! How a folder is named on the command line: as `DIR`, in every command.

use std::path::{Path, PathBuf};

use clap::Args;

/// Where images lie: `DIR` or, as before, `--dicom DIR`.
///
/// Other arguments require or exclude the group `DicomFolder`.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct DicomFolder {
    /// Folder of DICOM files, searched through and through; a zip archive is taken too. Without
    /// it, subjects are drawn.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The same as DIR.
    #[arg(long, value_name = "DIR")]
    dicom: Option<PathBuf>,
}

impl DicomFolder {
    /// The folder, where one is named.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.dir.as_deref().or(self.dicom.as_deref())
    }
}

impl From<PathBuf> for DicomFolder {
    fn from(dir: PathBuf) -> Self {
        Self { dir: Some(dir), dicom: None }
    }
}

/// The folder of a study: `DIR` or, as before, `--study DIR`.
///
/// Other arguments require or exclude the group `StudyFolder`.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub(crate) struct StudyFolder {
    /// Folder that `select` or `study` has written; without it, a small synthetic study is
    /// prepared.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The same as DIR.
    #[arg(long, value_name = "DIR")]
    study: Option<PathBuf>,
}

impl StudyFolder {
    /// The folder, where one is named.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.dir.as_deref().or(self.study.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Parser, error::ErrorKind};

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        folder: DicomFolder,
        #[arg(long, requires = "DicomFolder")]
        levels: Option<PathBuf>,
    }

    #[test]
    fn a_folder_is_named_in_one_of_two_ways() {
        let parse = |arguments: &[&str]| {
            Command::try_parse_from([&["x"], arguments].concat()).map_err(|error| error.kind())
        };
        let path = |arguments: &[&str]| parse(arguments).unwrap().folder.path().map(Path::to_owned);
        assert_eq!(path(&[]), None);
        for arguments in [&["a"][..], &["--dicom", "a"], &["a", "--levels", "b"]] {
            assert_eq!(path(arguments), Some("a".into()));
        }
        assert_eq!(path(&["--dicom", "a", "--levels", "b"]), Some("a".into()));
        assert_eq!(parse(&["a", "--dicom", "a"]).unwrap_err(), ErrorKind::ArgumentConflict);
        assert_eq!(parse(&["--levels", "b"]).unwrap_err(), ErrorKind::MissingRequiredArgument);
    }
}
