use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use foramen_dicom::Scan;
use foramen_types::{SubjectId, SubjectKey};

use super::frames::frames_of;
use crate::{DiscPositions, LabelTable, StudyError};

/// Disc positions read from files of any supported format.
#[derive(Debug, Clone, Default)]
pub struct GivenLevels {
    /// The positions.
    pub levels: DiscPositions,
    /// Files of a folder that could not be used, with their reasons.
    pub unread: Vec<UnreadLevels>,
}

/// A file of disc positions that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadLevels {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Reads disc positions from a file, or from every file of a folder: `levels.csv`, the same table
/// as JSON, 3D Slicer markups (`.json`), label images (`.nii`, `.nii.gz`).
///
/// Markups and label images hold neither subject nor frame of reference. The file belongs to the
/// subject of `scan` whose id begins the file name, or to the only subject of the scan. The frame
/// of reference is that of the subject's images. If these have several frames, the frame of the
/// points is unknown and the file is refused: enter its points in `levels.csv`, with
/// `frame_of_reference_uid`.
///
/// # Errors
/// [`StudyError::Read`], [`StudyError::LevelsFormat`], [`StudyError::LevelsSubject`],
/// [`StudyError::LevelsFrames`], and those of [`DiscPositions::read`],
/// [`DiscPositions::read_markups`] and [`DiscPositions::read_labels`], with the file in
/// [`StudyError::LevelsFile`]. For a folder, the errors are listed in [`GivenLevels::unread`]
/// instead.
pub fn open_levels(path: &Path, key: &SubjectKey, scan: &Scan) -> Result<GivenLevels, StudyError> {
    if !path.is_dir() {
        return Ok(GivenLevels { levels: read_file(path, key, scan)?, unread: Vec::new() });
    }
    let read = |source| StudyError::Read { path: path.to_owned(), source };
    let mut files = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>())
        .map_err(read)?;
    files.sort();
    let mut given = GivenLevels::default();
    for file in files.into_iter().filter(|file| file.is_file()) {
        let kept = read_file(&file, key, scan).and_then(|levels| given.levels.join(levels));
        if let Err(error) = kept {
            given.unread.push(UnreadLevels { path: file, reason: sentence(&error) });
        }
    }
    Ok(given)
}

/// An error and its cause.
fn sentence(error: &StudyError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn read_file(path: &Path, key: &SubjectKey, scan: &Scan) -> Result<DiscPositions, StudyError> {
    let open = || {
        let failed = |source| StudyError::Read { path: path.to_owned(), source };
        File::open(path).map(BufReader::new).map_err(failed)
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let ends = |ending: &str| name.ends_with(ending);
    let named = |error: StudyError| match error {
        StudyError::Read { .. } => error,
        _ => StudyError::LevelsFile { path: path.to_owned(), source: Box::new(error) },
    };
    let levels = if ends(".csv") {
        DiscPositions::read(open()?, key)
    } else if ends(".json") && is_list(path)? {
        DiscPositions::read_json(open()?, key)
    } else if ends(".json") {
        in_frame_of(path, scan, |subject| DiscPositions::read_markups(open()?, subject))
    } else if ends(".nii") || ends(".nii.gz") {
        let table = LabelTable::named_in(path);
        in_frame_of(path, scan, |subject| DiscPositions::read_labels(open()?, subject, table))
    } else {
        Err(StudyError::LevelsFormat)
    };
    levels.map_err(named)
}

/// Whether a JSON file is a list, as foramen writes, rather than an object, as in 3D Slicer
/// markups.
fn is_list(path: &Path) -> Result<bool, StudyError> {
    let text =
        fs::read(path).map_err(|source| StudyError::Read { path: path.to_owned(), source })?;
    Ok(text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'['))
}

/// Reads a file that names neither its subject nor its frame of reference.
fn in_frame_of(
    path: &Path,
    scan: &Scan,
    read: impl FnOnce(&SubjectId) -> Result<DiscPositions, StudyError>,
) -> Result<DiscPositions, StudyError> {
    let subject = subject_of(path, scan)?;
    let of_subject = scan.stacks.iter().filter(|stack| stack.subject == *subject);
    let frames: Vec<&str> = frames_of(of_subject).into_iter().collect();
    let &[frame] = frames.as_slice() else {
        return Err(StudyError::LevelsFrames { subject: subject.clone(), frames: frames.len() });
    };
    let mut levels = read(subject)?;
    for disc in levels.discs.values_mut() {
        disc.frame_of_reference_uid = Some(frame.to_owned());
    }
    Ok(levels)
}

/// The subject whose id begins a file name (the longest such id), or the only subject of the scan.
fn subject_of<'a>(path: &Path, scan: &'a Scan) -> Result<&'a SubjectId, StudyError> {
    let subjects: BTreeSet<&SubjectId> = scan.stacks.iter().map(|stack| &stack.subject).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let opens = |subject: &&&SubjectId| {
        let rest = name.strip_prefix(subject.as_str());
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let named = subjects.iter().filter(opens).max_by_key(|subject| subject.as_str().len());
    match (named, subjects.len()) {
        (Some(subject), _) => Ok(subject),
        (None, 1) => Ok(subjects.first().expect("there is one")),
        (None, n) => Err(StudyError::LevelsSubject { subjects: n }),
    }
}

impl DiscPositions {
    /// Adds the positions of another file. A disc that both files name is an error.
    fn join(&mut self, other: Self) -> Result<(), StudyError> {
        if let Some((subject, level)) = other.discs.keys().find(|at| self.discs.contains_key(at)) {
            return Err(StudyError::LevelTwice { subject: subject.clone(), level: *level });
        }
        self.discs.extend(other.discs);
        self.refused.extend(other.refused);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_dicom::{ScanOptions, scan};
    use foramen_phantom::{CohortConfig, write_cohort};
    use foramen_types::Level;

    const POINTS: &str = r#"{"markups": [{"type": "Fiducial", "coordinateSystem": "LPS",
        "controlPoints": [{"label": "C5/6", "position": [1, 2, 3]}]}]}"#;

    #[test]
    fn files_find_their_subject_and_its_frame_of_reference() {
        let folder = tempfile::tempdir().unwrap();
        let config = CohortConfig::default().with_analysable(2).with_defects(0);
        write_cohort(&config, folder.path(), &|_, _| ()).unwrap();
        let mut found = scan(&folder.path().join("dicom"), &ScanOptions::default()).unwrap();
        let key = SubjectKey::identity();
        let levels = folder.path().join("levels");
        fs::create_dir(&levels).unwrap();
        for (name, text) in [
            ("P0001.mrk.json", POINTS),
            ("P00012.mrk.json", POINTS),
            (
                "P0002_discs.json",
                r#"[{"subject_id": "P0002", "level": "C6/7", "x_mm": 1, "y_mm": 2,
                "z_mm": 3}]"#,
            ),
            ("notes.txt", ""),
            ("twice.csv", "subject_id,level,x_mm,y_mm,z_mm\nP0002,C6/7,1,2,3\n"),
        ] {
            fs::write(levels.join(name), text).unwrap();
        }
        let given = open_levels(&levels, &key, &found).unwrap();
        let reasons: Vec<(&str, &str)> = given
            .unread
            .iter()
            .map(|file| (file.path.file_name().unwrap().to_str().unwrap(), file.reason.as_str()))
            .collect();
        assert_eq!(reasons.len(), 3, "{reasons:?}");
        assert!(reasons[0].0 == "P00012.mrk.json" && reasons[0].1.contains("there are 2"));
        assert!(reasons[1].0 == "notes.txt" && reasons[1].1.contains(".nii.gz"));
        assert!(reasons[2].0 == "twice.csv" && reasons[2].1.contains("earlier file"));
        let subject = SubjectId::new("P0001").unwrap();
        let disc = given.levels.of(&subject, Level::C5C6).unwrap();
        let frame = found.stacks.iter().find(|stack| stack.subject == subject).unwrap();
        assert_eq!(disc.frame_of_reference_uid, frame.frame_of_reference_uid);
        assert!(disc.frame_of_reference_uid.is_some());
        assert_eq!(given.levels.iter().count(), 2);

        // Moved between two series, a patient is in two frames of reference.
        let axial = found
            .stacks
            .iter_mut()
            .find(|stack| stack.subject == subject && !stack.localizer)
            .unwrap();
        axial.frame_of_reference_uid = Some("1.2.3".to_owned());
        let refused = open_levels(&levels.join("P0001.mrk.json"), &key, &found).unwrap_err();
        assert!(sentence(&refused).contains("frame_of_reference_uid"), "{}", sentence(&refused));
    }
}
