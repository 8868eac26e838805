use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use dicom_dictionary_std::tags;
use foramen_types::{SubjectId, SubjectKey};
use thiserror::Error;

use crate::RejectReason;
use crate::set::Set;

/// The source of a file's subject id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SubjectFrom {
    /// Patient ID (0010,0020).
    #[default]
    PatientId,
    /// The name of a folder on the path from the scanned folder to the file, instead of the Patient
    /// ID: for exports whose Patient IDs were emptied or made the same.
    Folder {
        /// The folder's level: 1 is directly below the scanned folder. An archive counts as a
        /// folder with its name without `.zip`.
        depth: usize,
    },
    /// A table of paths, relative to the scanned folder, and ids. A file gets the id of the longest
    /// path at or above it.
    Paths(BTreeMap<PathBuf, String>),
}

/// A text is not the name of a [`SubjectFrom`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{text}\" is no source of subjects; write patient-id, folder, or folder:DEPTH with 1 for \
     the folders directly below DIR"
)]
pub struct UnknownSubjectFrom {
    text: String,
}

impl FromStr for SubjectFrom {
    type Err = UnknownSubjectFrom;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownSubjectFrom { text: text.to_owned() };
        match text.split_once(':') {
            None if text == "patient-id" => Ok(Self::PatientId),
            None if text == "folder" => Ok(Self::Folder { depth: 1 }),
            Some(("folder", depth)) => {
                let depth = depth.parse().ok().filter(|&depth| depth > 0).ok_or_else(unknown)?;
                Ok(Self::Folder { depth })
            }
            _ => Err(unknown()),
        }
    }
}

/// How the files below one folder get their subject.
#[derive(Clone, Copy)]
pub(crate) struct Naming<'a> {
    pub(crate) key: &'a SubjectKey,
    pub(crate) from: &'a SubjectFrom,
    /// The folder (or archive) that is scanned.
    pub(crate) root: &'a Path,
}

impl Naming<'_> {
    pub(crate) fn subject(&self, path: &Path, set: &Set) -> Result<SubjectId, RejectReason> {
        let inside = path.strip_prefix(self.root).unwrap_or(path);
        let id = match self.from {
            SubjectFrom::PatientId => patient_id(set)?,
            SubjectFrom::Folder { depth } => {
                let folders = inside.parent().unwrap_or(Path::new(""));
                let mut names = folders.components().filter_map(|part| match part {
                    Component::Normal(name) => Some(name),
                    _ => None,
                });
                let name = names.nth(depth - 1).ok_or(RejectReason::NoFolder { depth: *depth })?;
                // A name that is no Unicode would be another name if replaced.
                let name = name.to_str().ok_or(RejectReason::NoFolder { depth: *depth })?;
                let is_zip = name.len() > 4 && name.to_lowercase().ends_with(".zip");
                name[..if is_zip { name.len() - 4 } else { name.len() }].to_owned()
            }
            SubjectFrom::Paths(table) => {
                let found = inside.ancestors().find_map(|path| table.get(path));
                found.ok_or(RejectReason::NoPath)?.clone()
            }
        };
        self.key.of_patient(&id).map_err(RejectReason::Subject)
    }
}

/// The Patient ID in the declared character set: a wrong character would make
/// another patient.
fn patient_id(set: &Set) -> Result<String, RejectReason> {
    let undecodable = |bytes: &[u8]| RejectReason::Undecodable {
        name: "Patient ID (0010,0020)",
        declared: set.text(tags::SPECIFIC_CHARACTER_SET).unwrap_or_else(|| "none".to_owned()),
        hex: bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" "),
    };
    set.decoded(tags::PATIENT_ID).map_err(undecodable)?.ok_or(RejectReason::NoPatientId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_subjects_are_written_as_words() {
        assert_eq!("patient-id".parse(), Ok(SubjectFrom::PatientId));
        assert_eq!("folder".parse(), Ok(SubjectFrom::Folder { depth: 1 }));
        assert_eq!("folder:3".parse(), Ok(SubjectFrom::Folder { depth: 3 }));
        for text in ["folder:0", "folder:", "Folder:x", "path"] {
            let error = text.parse::<SubjectFrom>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("folder:DEPTH"), "{error}");
        }
    }

    #[test]
    fn archives_and_depths_are_folders() {
        let key = SubjectKey::identity();
        let named = |depth, path: &str| {
            let from = SubjectFrom::Folder { depth };
            let naming = Naming { key: &key, from: &from, root: Path::new("/data") };
            naming.subject(Path::new(path), &Set::new(false)).map(|id| id.to_string())
        };
        assert_eq!(named(1, "/data/P1/a/1.dcm").unwrap(), "P1");
        assert_eq!(named(2, "/data/site/P1/1.dcm").unwrap(), "P1");
        assert_eq!(named(1, "/data/P2.zip/a/1").unwrap(), "P2");
        assert!(matches!(named(1, "/data/1.dcm"), Err(RejectReason::NoFolder { depth: 1 })));
        assert!(matches!(named(2, "/data/P1/1.dcm"), Err(RejectReason::NoFolder { depth: 2 })));
    }
}
