use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::absent::AbsentImages;
use crate::image::Image;
use crate::read::read_keeping;
use crate::wanted::Keep;
use crate::{RejectReason, Rejected};

/// The attributes of a DICOMDIR (PS3.3 annex F) that are kept.
const DIRECTORY: Keep = Keep { wanted, is_sequence, begin_of_long_values: false };

fn wanted(tag: Tag) -> bool {
    let plain = [
        tags::DIRECTORY_RECORD_TYPE,
        tags::REFERENCED_FILE_ID,
        tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE,
        tags::SERIES_INSTANCE_UID,
    ];
    plain.contains(&tag) || is_sequence(tag)
}

fn is_sequence(tag: Tag) -> bool {
    tag == tags::DIRECTORY_RECORD_SEQUENCE
}

/// Records for each DICOMDIR on disk which of its images are missing: neither at the stated path
/// nor, under another name, among `images`. Returns the number of lost images of each series. If no
/// image of an index is present, the index may belong to other files.
pub(crate) fn note_absent(rejected: &mut [Rejected], images: &[Image]) -> BTreeMap<String, usize> {
    let mut lost = BTreeMap::new();
    let is_index = |one: &&mut Rejected| matches!(one.reason, RejectReason::Dicomdir { .. });
    let mut indices = rejected.iter_mut().filter(is_index).peekable();
    if indices.peek().is_none() {
        return lost;
    }
    let seen: HashSet<&str> = images.iter().map(|image| &*image.instance.sop_uid).collect();
    for index in indices {
        let folder = index.path.parent().unwrap_or(Path::new("")).to_owned();
        let named = named(&index.path);
        let mut files = Files::default();
        let is_absent = |one: &&Named| {
            let is_seen = one.uid.as_ref().is_some_and(|uid| seen.contains(&**uid));
            !is_seen && !files.hold(&folder, &one.file)
        };
        let absent: Vec<&Named> = named.iter().filter(is_absent).collect();
        let Some(first) = absent.first() else { continue };
        if absent.len() < named.len() {
            for series_uid in absent.iter().filter_map(|one| one.series_uid.clone()) {
                *lost.entry(series_uid).or_default() += 1;
            }
        }
        let first = first.file.iter().collect();
        let absent = AbsentImages { images: absent.len(), of: named.len(), first };
        index.reason = RejectReason::Dicomdir { absent: Some(absent) };
    }
    lost
}

/// An image that a DICOMDIR names.
struct Named {
    /// The folders of its file, and the file name.
    file: Vec<String>,
    uid: Option<String>,
    series_uid: Option<String>,
}

/// The images that a DICOMDIR names; empty if it cannot be read.
fn named(path: &Path) -> Vec<Named> {
    let read = || {
        let file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        read_keeping(BufReader::new(file), length, &DIRECTORY).ok()
    };
    let Some(header) = read() else { return Vec::new() };
    let mut series_uid = None;
    let mut named = Vec::new();
    // Records follow each other as they hang together: each series before its images.
    for record in header.set.items(tags::DIRECTORY_RECORD_SEQUENCE) {
        match record.text(tags::DIRECTORY_RECORD_TYPE).as_deref() {
            Some("SERIES") => series_uid = record.text(tags::SERIES_INSTANCE_UID),
            Some("IMAGE") => {
                let Some(file) = record.text(tags::REFERENCED_FILE_ID) else { continue };
                named.push(Named {
                    file: file.split('\\').map(|part| part.trim().to_owned()).collect(),
                    uid: record.text(tags::REFERENCED_SOP_INSTANCE_UID_IN_FILE),
                    series_uid: series_uid.clone(),
                });
            }
            _ => {}
        }
    }
    named
}

/// The contents of folders, each listed once: in lower case, and files also without extension,
/// since copying media can change both.
#[derive(Default)]
struct Files {
    listed: HashMap<PathBuf, HashMap<String, PathBuf>>,
}

impl Files {
    /// Whether a file with these folders exists below a folder.
    fn hold(&mut self, folder: &Path, parts: &[String]) -> bool {
        let mut at = folder.to_owned();
        for part in parts {
            let listed = self.listed.entry(at.clone()).or_insert_with(|| list(&at));
            match listed.get(&part.to_lowercase()) {
                Some(next) => at.clone_from(next),
                None => return false,
            }
        }
        !parts.is_empty()
    }
}

fn list(folder: &Path) -> HashMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut listed = HashMap::new();
    for path in entries.map(|entry| entry.path()) {
        for name in [path.file_stem(), path.file_name()].into_iter().flatten() {
            listed.insert(name.to_string_lossy().to_lowercase(), path.clone());
        }
    }
    listed
}
