use std::path::Path;

use serde::{Deserialize, Serialize};

use super::run_json::read_json;
use super::write_atomically;
use crate::StudyError;

/// Version of the file's format.
const SCHEMA_VERSION: u32 = 1;

/// Facts about earlier stages that a report needs and no other file holds: `stages.json`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StageNotes {
    /// Whether the cohort is synthetic.
    pub synthetic: bool,
    /// The comparison of the selections with the truth of a synthetic cohort; null without a truth.
    pub truth: serde_json::Value,
    /// The trained models, the main one first.
    pub models: Vec<ModelNotes>,
    /// Seconds of each stage, in order.
    pub timing_s: Vec<(String, f64)>,
    /// How the results were computed.
    pub provenance: serde_json::Value,
    /// Seed of the split, and of the resampling of intervals.
    pub seed: u64,
}

/// A trained model, whose predictions are in a file of the same folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelNotes {
    /// Its name in files.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// A description for people.
    pub description: String,
    /// The probability from which the model predicts a favourable outcome.
    pub threshold: Option<f64>,
    /// The file with its predictions.
    pub predictions: String,
    /// The model's role.
    #[serde(default)]
    pub role: ModelRole,
    /// The temperature of each fold, by which its log-odds were divided; empty where nothing was
    /// recalibrated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub temperatures: Vec<FoldTemperature>,
    /// For a point of a learning curve: the mean number of subjects on which a fold was trained and
    /// tuned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subjects: Option<f64>,
}

/// The temperature of one fold, chosen on its tune set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FoldTemperature {
    /// The repeat, from 0.
    pub repeat: usize,
    /// The fold, from 0.
    pub fold: usize,
    /// The divisor of the log-odds.
    pub temperature: f64,
}

/// The role of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelRole {
    /// A model whose performance is reported.
    #[default]
    Model,
    /// A control, with which the other models are compared.
    Control,
    /// A control trained and tested on outcomes that were permuted among subjects.
    Permuted,
    /// The first model, trained on fewer subjects.
    LearningCurve,
}

#[derive(Serialize, Deserialize)]
struct StagesFile {
    schema_version: u32,
    synthetic: bool,
    truth: serde_json::Value,
    models: Vec<ModelNotes>,
    timing_s: Vec<(String, f64)>,
    provenance: serde_json::Value,
    seed: u64,
}

/// Writes `stages.json` into the folder of a study.
///
/// # Errors
/// [`StudyError::Write`].
pub fn write_stages(study: &Path, notes: &StageNotes) -> Result<(), StudyError> {
    let StageNotes { synthetic, truth, models, timing_s, provenance, seed } = notes.clone();
    let schema_version = SCHEMA_VERSION;
    let file = StagesFile { schema_version, synthetic, truth, models, timing_s, provenance, seed };
    write_atomically(&study.join("stages.json"), |writer| {
        Ok(serde_json::to_writer_pretty(writer, &file)?)
    })
}

/// Reads `stages.json` from the folder of a study; `None` where there is no such file, as in older
/// studies.
///
/// # Errors
/// [`StudyError::Read`], [`StudyError::Json`] and [`StudyError::SchemaVersion`].
pub fn read_stages(study: &Path) -> Result<Option<StageNotes>, StudyError> {
    let path = study.join("stages.json");
    let file: StagesFile = match read_json(&path, "record of stages", "select") {
        Err(StudyError::MissingStage { .. }) => return Ok(None),
        read => read?,
    };
    if file.schema_version != SCHEMA_VERSION {
        let (found, expected) = (file.schema_version, SCHEMA_VERSION);
        return Err(StudyError::SchemaVersion { path, found, expected });
    }
    let StagesFile { synthetic, truth, models, timing_s, provenance, seed, .. } = file;
    Ok(Some(StageNotes { synthetic, truth, models, timing_s, provenance, seed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_stages(folder.path()).unwrap(), None);
        let threshold = Some(0.1 + 0.2);
        let role = ModelRole::Permuted;
        let model = ModelNotes { name: "cnn".into(), threshold, role, ..ModelNotes::default() };
        let notes = StageNotes {
            synthetic: true,
            models: vec![model],
            timing_s: vec![("scan".into(), 1.0 / 3.0)],
            seed: 7,
            ..StageNotes::default()
        };
        write_stages(folder.path(), &notes).unwrap();
        assert_eq!(read_stages(folder.path()).unwrap(), Some(notes));
    }
}
