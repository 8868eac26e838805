use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use foramen_dicom::SubjectFrom;
use serde::{Deserialize, Serialize};

use crate::scan_arguments::ScanArguments;

/// The name of the file.
const FILE: &str = "source.json";
/// Version of the file's format.
const SCHEMA_VERSION: u32 = 1;

/// The images of a study, and how they were read: `source.json`. A review uses it to find them
/// again.
#[derive(Debug, Clone)]
pub struct StudySource {
    /// The folder of DICOM files.
    pub dicom: PathBuf,
    /// The linkage table.
    pub link: Option<PathBuf>,
    /// How the folder was read.
    pub scan: ScanArguments,
    /// The series that were named (`--series`).
    pub series: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct SourceFile {
    schema_version: u32,
    dicom: PathBuf,
    link: Option<PathBuf>,
    subject_from: String,
    assume_one_frame: bool,
    #[serde(default)]
    accept: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    series: Vec<String>,
}

impl StudySource {
    /// Writes `source.json` into the folder of a study.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, study: &Path) -> Result<()> {
        let absolute = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let file = SourceFile {
            schema_version: SCHEMA_VERSION,
            dicom: absolute(&self.dicom),
            link: self.link.as_ref().map(absolute),
            subject_from: match self.scan.subject_from {
                SubjectFrom::Folder { depth } => format!("folder:{depth}"),
                _ => "patient-id".to_owned(),
            },
            assume_one_frame: self.scan.assume_one_frame,
            accept: self.scan.accept.iter().map(ToString::to_string).collect(),
            series: self.series.clone(),
        };
        let path = study.join(FILE);
        Ok(foramen_study::files::write_atomically(&path, |writer| {
            Ok(serde_json::to_writer_pretty(writer, &file)?)
        })?)
    }

    /// Reads `source.json` from the folder of a study; `None` if there is none, as in older
    /// studies.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(study: &Path) -> Result<Option<Self>> {
        let path = study.join(FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("could not read {}", path.display()))?,
        };
        let unusable = || format!("{} cannot be used; give --dicom DIR", path.display());
        let file: SourceFile = serde_json::from_slice(&text).with_context(unusable)?;
        anyhow::ensure!(file.schema_version == SCHEMA_VERSION, "{}", unusable());
        let scan = ScanArguments {
            subject_from: file
                .subject_from
                .parse()
                .map_err(anyhow::Error::from)
                .with_context(unusable)?,
            assume_one_frame: file.assume_one_frame,
            accept: file
                .accept
                .iter()
                .map(|name| name.parse().map_err(anyhow::Error::from))
                .collect::<Result<_>>()
                .with_context(unusable)?,
        };
        Ok(Some(Self { dicom: file.dicom, link: file.link, scan, series: file.series }))
    }
}
