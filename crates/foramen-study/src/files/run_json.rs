use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use foramen_select::SELECTION_VERSION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::write_atomically;
use crate::StudyError;

/// Version of the file's format.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct RunFile<'a> {
    schema_version: u32,
    foramen_version: &'static str,
    /// Version of the measurement and selection: [`SELECTION_VERSION`].
    selection_version: u32,
    provenance: &'a serde_json::Value,
    /// SHA-256 of each stage file, by its name.
    files: BTreeMap<String, String>,
}

/// Writes `run.json` beside the stage files of a folder: the provenance, and the SHA-256 of each
/// `.csv`, `.json` and `.safetensors` among them.
///
/// # Errors
/// [`StudyError::Read`] and [`StudyError::Write`].
pub fn write_run(folder: &Path, provenance: &serde_json::Value) -> Result<(), StudyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StudyError::Read { path, source }
    };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let is_stage_file = path
            .extension()
            .is_some_and(|ending| ending == "csv" || ending == "json" || ending == "safetensors");
        if let (Some(name), true) = (name, is_stage_file)
            && name != "run.json"
        {
            // The patches of a large study do not fit into memory.
            let mut digest = Sha256::new();
            let mut file = fs::File::open(&path).map_err(failed(&path))?;
            std::io::copy(&mut file, &mut digest).map_err(failed(&path))?;
            files.insert(name, format!("{:x}", digest.finalize()));
        }
    }
    let file = RunFile {
        schema_version: SCHEMA_VERSION,
        foramen_version: env!("CARGO_PKG_VERSION"),
        selection_version: SELECTION_VERSION,
        provenance,
        files,
    };
    write_atomically(&folder.join("run.json"), |writer| {
        Ok(serde_json::to_writer_pretty(writer, &file)?)
    })
}

/// Reads a JSON file that the stage `stage` writes.
pub(super) fn read_json<T: DeserializeOwned>(
    path: &Path,
    what: &'static str,
    stage: &'static str,
) -> Result<T, StudyError> {
    let text = read_stage_file(path, stage)?;
    serde_json::from_slice(&text).map_err(|source| StudyError::Json {
        path: path.to_owned(),
        what,
        source,
    })
}

/// The bytes of a file that the stage `stage` writes.
pub(in crate::files) fn read_stage_file(
    path: &Path,
    stage: &'static str,
) -> Result<Vec<u8>, StudyError> {
    fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => StudyError::MissingStage { path: path.to_owned(), stage },
        _ => StudyError::Read { path: path.to_owned(), source },
    })
}
