use std::collections::BTreeMap;
use std::path::Path;

use foramen_types::{Outcome, SubjectId};
use serde::{Deserialize, Serialize};

use super::choice_json::ChoiceRow;
use super::write_atomically;
use crate::{
    AxialSeries, Excluded, Exclusion, Kept, LevelEdits, Manifest, SameImages, SameStudy,
    StudyError, UnreadImages,
};

/// Version of the file's format.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct ManifestFile {
    schema_version: u32,
    rows: usize,
    included: usize,
    kept: Vec<KeptRow>,
    excluded: Vec<ExcludedRow>,
    /// Excluded rows for which no slice was chosen, with the data that a model needs if a person
    /// finds the foramen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unselected: Vec<KeptRow>,
    studies_without_row: Vec<String>,
    near_misses: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level_edits: Option<LevelEdits>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unread: Vec<UnreadRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    choices: Vec<ChoiceRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    same_images: Vec<SameImagesRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    same_studies: Vec<SameStudyRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    table_near_misses: Vec<String>,
}

/// Two subjects with measured images in common.
#[derive(Serialize, Deserialize)]
struct SameImagesRow {
    subject_ids: [String; 2],
    images: usize,
}

/// Two subjects with images of one examination.
#[derive(Serialize, Deserialize)]
struct SameStudyRow {
    subject_ids: [String; 2],
    study_uid: String,
}

/// Images of a measured series that could not be decoded.
#[derive(Serialize, Deserialize)]
struct UnreadRow {
    subject_id: String,
    series_uid: String,
    images: usize,
    reason: String,
}

#[derive(Serialize, Deserialize)]
struct KeptRow {
    row: u64,
    subject_id: String,
    level: String,
    side: String,
    injection_date: Option<jiff::civil::Date>,
    label: Option<u8>,
    slice_hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    series_hint: Option<String>,
    series_uids: Vec<String>,
    scan_age_days: Option<i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    covariates: BTreeMap<String, Option<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    site: Option<String>,
}

impl KeptRow {
    fn of(kept: &Kept) -> Self {
        Self {
            row: kept.row,
            subject_id: kept.subject.to_string(),
            level: kept.level.to_string(),
            side: kept.side.to_string(),
            injection_date: kept.injection_date,
            label: kept.outcome.map(Outcome::label),
            slice_hint: kept.slice_hint.clone(),
            series_hint: kept.series_hint.clone(),
            series_uids: kept.series.iter().map(|one| one.series_uid.clone()).collect(),
            scan_age_days: kept.scan_age,
            covariates: kept.covariates.clone(),
            site: kept.site.clone(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ExcludedRow {
    row: u64,
    subject_id: Option<String>,
    reason: String,
    detail: String,
}

/// Writes `manifest.json`.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_manifest(path: &Path, manifest: &Manifest) -> Result<(), StudyError> {
    let file = ManifestFile {
        schema_version: SCHEMA_VERSION,
        rows: manifest.rows,
        included: manifest.kept.len(),
        kept: manifest.kept.iter().map(KeptRow::of).collect(),
        unselected: manifest.unselected.iter().map(KeptRow::of).collect(),
        excluded: manifest
            .excluded
            .iter()
            .map(|excluded| ExcludedRow {
                row: excluded.row,
                subject_id: excluded.subject.as_ref().map(SubjectId::to_string),
                reason: excluded.reason.name().to_owned(),
                detail: excluded.detail.clone(),
            })
            .collect(),
        studies_without_row: manifest
            .studies_without_row
            .iter()
            .map(SubjectId::to_string)
            .collect(),
        near_misses: manifest
            .near_misses
            .iter()
            .map(|(row, images)| (row.to_string(), images.to_string()))
            .collect(),
        level_edits: manifest.level_edits,
        choices: manifest.choices.iter().map(ChoiceRow::from).collect(),
        same_images: manifest
            .same_images
            .iter()
            .map(|same| SameImagesRow {
                subject_ids: [same.first.to_string(), same.second.to_string()],
                images: same.images,
            })
            .collect(),
        same_studies: manifest
            .same_studies
            .iter()
            .map(|same| SameStudyRow {
                subject_ids: [same.first.to_string(), same.second.to_string()],
                study_uid: same.study_uid.clone(),
            })
            .collect(),
        table_near_misses: manifest.table_near_misses.clone(),
        unread: manifest
            .unread
            .iter()
            .map(|unread| UnreadRow {
                subject_id: unread.subject.to_string(),
                series_uid: unread.series_uid.clone(),
                images: unread.images,
                reason: unread.reason.clone(),
            })
            .collect(),
    };
    write_atomically(path, |writer| Ok(serde_json::to_writer_pretty(writer, &file)?))
}

/// Reads `manifest.json`, including files of older versions, which describe the reasons in words.
///
/// # Errors
/// [`StudyError::MissingStage`], [`StudyError::Json`],
/// [`StudyError::SchemaVersion`] and [`StudyError::Value`].
pub fn read_manifest(path: &Path) -> Result<Manifest, StudyError> {
    let file: ManifestFile = super::run_json::read_json(path, "manifest", "select")?;
    if file.schema_version != SCHEMA_VERSION {
        return Err(StudyError::SchemaVersion {
            path: path.to_owned(),
            found: file.schema_version,
            expected: SCHEMA_VERSION,
        });
    }
    let series = |series_uid| AxialSeries { series_uid, stacks: Vec::new() };
    let bad = |row: u64| move |source| StudyError::Value { table: "manifest", row, source };
    let kept = |row: KeptRow| {
        Ok(Kept {
            row: row.row,
            subject: row.subject_id.parse().map_err(bad(row.row))?,
            level: row.level.parse().map_err(bad(row.row))?,
            side: row.side.parse().map_err(bad(row.row))?,
            injection_date: row.injection_date,
            outcome: row.label.map(|label| Outcome::from_favourable(label == 1)),
            slice_hint: row.slice_hint,
            series_hint: row.series_hint,
            series: row.series_uids.into_iter().map(series).collect(),
            scan_age: row.scan_age_days,
            covariates: row.covariates,
            site: row.site,
        })
    };
    let excluded = |row: ExcludedRow| {
        Ok(Excluded {
            row: row.row,
            subject: row.subject_id.map(|id| id.parse()).transpose().map_err(bad(row.row))?,
            reason: Exclusion::from_name(&row.reason),
            detail: row.detail,
        })
    };
    let unread = |row: UnreadRow| {
        Ok(UnreadImages {
            subject: row.subject_id.parse().map_err(bad(0))?,
            series_uid: row.series_uid,
            images: row.images,
            reason: row.reason,
        })
    };
    let subject = |id: String| SubjectId::new(&id).map_err(bad(0));
    let same_images = |row: SameImagesRow| {
        let [first, second] = row.subject_ids;
        Ok(SameImages { first: subject(first)?, second: subject(second)?, images: row.images })
    };
    let same_studies = |row: SameStudyRow| {
        let [first, second] = row.subject_ids;
        let (first, second) = (subject(first)?, subject(second)?);
        Ok(SameStudy { first, second, study_uid: row.study_uid })
    };
    Ok(Manifest {
        rows: file.rows,
        kept: file.kept.into_iter().map(kept).collect::<Result<_, StudyError>>()?,
        unselected: file.unselected.into_iter().map(kept).collect::<Result<_, StudyError>>()?,
        excluded: file.excluded.into_iter().map(excluded).collect::<Result<_, StudyError>>()?,
        studies_without_row: file
            .studies_without_row
            .into_iter()
            .map(subject)
            .collect::<Result<_, _>>()?,
        near_misses: file
            .near_misses
            .into_iter()
            .map(|(row, images)| Ok((subject(row)?, subject(images)?)))
            .collect::<Result<_, StudyError>>()?,
        level_edits: file.level_edits,
        choices: file.choices.into_iter().map(ChoiceRow::read).collect::<Result<_, _>>()?,
        unread: file.unread.into_iter().map(unread).collect::<Result<_, StudyError>>()?,
        same_images: file
            .same_images
            .into_iter()
            .map(same_images)
            .collect::<Result<_, StudyError>>()?,
        same_studies: file
            .same_studies
            .into_iter()
            .map(same_studies)
            .collect::<Result<_, StudyError>>()?,
        table_near_misses: file.table_near_misses,
    })
}
