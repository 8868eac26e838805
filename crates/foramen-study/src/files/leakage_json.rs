use std::path::Path;

use foramen_learn::{Closest, Crossing, Leakage, Overlap, Shared};
use foramen_types::SubjectId;
use serde::{Deserialize, Serialize};

use super::run_json::read_json;
use super::write_atomically;
use crate::StudyError;

/// Version of the file's format.
const SCHEMA_VERSION: u32 = 1;
const FILE: &str = "leakage.json";

#[derive(Serialize, Deserialize)]
struct LeakageFile {
    schema_version: u32,
    /// Folds of all repeats.
    folds: usize,
    subjects: usize,
    images: usize,
    blank_images: usize,
    /// Pairs of images that are in different parts of some fold.
    pairs: usize,
    /// Pairs whose perceptual hashes are close enough for the correlation to be computed.
    pairs_correlated: usize,
    /// The correlation from which two images count as near-duplicates.
    near_duplicate_from: f64,
    /// The most alike pair that does not count as one.
    closest: Option<ClosestRow>,
    shared: Vec<SharedRow>,
    /// The kinds of overlap that were allowed by name.
    allowed: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct ClosestRow {
    first: String,
    second: String,
    similarity: f64,
}

#[derive(Serialize, Deserialize)]
struct SharedRow {
    kind: String,
    subject_ids: [String; 2],
    first: String,
    second: String,
    parts: String,
    images: usize,
    similarity: Option<f64>,
}

/// What was compared between a study's folds, what they share, and which overlaps were allowed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LeakageNotes {
    /// Folds of all repeats.
    pub folds: usize,
    /// What was compared, and what the folds share.
    pub leakage: Leakage,
    /// The kinds of overlap that were allowed by name.
    pub allowed: Vec<Overlap>,
}

/// Writes `leakage.json` into the folder of a study.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_leakage(study: &Path, notes: &LeakageNotes) -> Result<(), StudyError> {
    write_leakage_as(&study.join(FILE), notes)
}

/// Writes the same content into a file of any name.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_leakage_as(path: &Path, notes: &LeakageNotes) -> Result<(), StudyError> {
    let LeakageNotes { folds, leakage, allowed } = notes;
    let shared = leakage.shared.iter().map(|shared| SharedRow {
        kind: shared.kind.name().to_owned(),
        subject_ids: shared.subjects.each_ref().map(ToString::to_string),
        first: shared.first.clone(),
        second: shared.second.clone(),
        parts: shared.crossing.name().to_owned(),
        images: shared.images,
        similarity: shared.similarity,
    });
    let closest = leakage.closest.as_ref().map(|closest| ClosestRow {
        first: closest.first.clone(),
        second: closest.second.clone(),
        similarity: closest.similarity,
    });
    let file = LeakageFile {
        schema_version: SCHEMA_VERSION,
        folds: *folds,
        subjects: leakage.subjects,
        images: leakage.images,
        blank_images: leakage.blank,
        pairs: leakage.pairs,
        pairs_correlated: leakage.correlated,
        near_duplicate_from: leakage.threshold,
        closest,
        shared: shared.collect(),
        allowed: allowed.iter().map(|kind| kind.name().to_owned()).collect(),
    };
    write_atomically(path, |writer| Ok(serde_json::to_writer_pretty(writer, &file)?))
}

/// Reads `leakage.json` from the folder of a study; `None` where there is no such file, as in older
/// studies.
///
/// # Errors
/// [`StudyError::Read`], [`StudyError::Json`], [`StudyError::SchemaVersion`],
/// [`StudyError::Value`], and [`StudyError::Learn`] for a kind of overlap that is not known.
pub fn read_leakage(study: &Path) -> Result<Option<LeakageNotes>, StudyError> {
    let path = study.join(FILE);
    let file: LeakageFile = match read_json(&path, "record of leakage", "train") {
        Err(StudyError::MissingStage { .. }) => return Ok(None),
        read => read?,
    };
    if file.schema_version != SCHEMA_VERSION {
        let (found, expected) = (file.schema_version, SCHEMA_VERSION);
        return Err(StudyError::SchemaVersion { path, found, expected });
    }
    let subject = |id: String| {
        SubjectId::new(&id).map_err(|source| StudyError::Value { table: FILE, row: 0, source })
    };
    let shared = |row: SharedRow| {
        let [first, second] = row.subject_ids;
        Ok(Shared {
            kind: row.kind.parse::<Overlap>()?,
            subjects: [subject(first)?, subject(second)?],
            first: row.first,
            second: row.second,
            crossing: Crossing::from_name(&row.parts).ok_or_else(|| StudyError::Cell {
                table: FILE,
                row: 0,
                column: "parts".to_owned(),
                value: row.parts.clone(),
                remedy: "run `train` again",
            })?,
            images: row.images,
            similarity: row.similarity,
        })
    };
    let closest = file.closest.map(|row| Closest {
        first: row.first,
        second: row.second,
        similarity: row.similarity,
    });
    let leakage = Leakage {
        subjects: file.subjects,
        images: file.images,
        blank: file.blank_images,
        pairs: file.pairs,
        correlated: file.pairs_correlated,
        threshold: file.near_duplicate_from,
        closest,
        shared: file.shared.into_iter().map(shared).collect::<Result<_, StudyError>>()?,
    };
    let allowed = file.allowed.iter().map(|name| name.parse::<Overlap>());
    let allowed = allowed.collect::<Result<_, _>>()?;
    Ok(Some(LeakageNotes { folds: file.folds, leakage, allowed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_leakage(folder.path()).unwrap(), None);
        let subjects = ["A", "B"].map(|id| SubjectId::new(id).unwrap());
        let shared = Overlap::ALL.map(|kind| Shared {
            kind,
            subjects: subjects.clone(),
            first: "A C5/6 left".to_owned(),
            second: "B C6/7 right".to_owned(),
            crossing: Crossing::TuneTest,
            images: 3,
            similarity: (kind == Overlap::NearDuplicate).then_some(0.1 + 0.2),
        });
        let leakage = Leakage {
            subjects: 2,
            images: 12,
            blank: 1,
            pairs: 36,
            correlated: 5,
            threshold: 0.85,
            closest: Some(Closest { first: "A".into(), second: "B".into(), similarity: 1.0 / 3.0 }),
            shared: shared.to_vec(),
        };
        let notes = LeakageNotes { folds: 5, leakage, allowed: vec![Overlap::Pixels] };
        write_leakage(folder.path(), &notes).unwrap();
        assert_eq!(read_leakage(folder.path()).unwrap(), Some(notes));
    }
}
