//! Checkpoints after every epoch. The folder of a checkpoint appears only when it is complete.
//!
//! `<folder>/<data>/network-N/epoch-NNNN/` holds `checkpoint.json` (what it is),
//! `tensors.safetensors` (weights, average, best, moments) and `SHA256SUMS`, which `sha256sum -c`
//! reads. `<data>` is a fingerprint of images and labels, so that each fold of a study finds its
//! own checkpoint.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::environment::Environment;
use crate::records::{ConfigFile, EnvironmentFile};
use crate::training::state::{Position, State};
use crate::{CnnConfig, CnnError, tensors};

/// The value of `format` in `checkpoint.json`.
const FORMAT: &str = "foramen-cnn checkpoint";
/// The version that this program writes, and the only one it reads.
const VERSION: u32 = 2;
const RECORD: &str = "checkpoint.json";
const TENSORS: &str = "tensors.safetensors";
const SUMS: &str = "SHA256SUMS";

/// Settings that say where to compute, on which nothing hangs, or what came of which
/// is in the environment.
const CHOICES: [&str; 5] = ["device", "precision", "kernels", "threads", "data_threads"];

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    format: String,
    version: u32,
    data: String,
    position: Position,
    config: Value,
    environment: Value,
}

/// The checkpoints of one training set.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    data: String,
    resume: bool,
}

impl Checkpoints {
    /// Checkpoints of the data with this fingerprint below `folder`; training resumes from earlier
    /// checkpoints or, without `resume`, replaces them.
    pub(crate) fn new(folder: &Path, resume: bool, data: &str) -> Self {
        Self { folder: below(folder, data), data: data.to_owned(), resume }
    }

    fn of_network(&self, number: usize) -> PathBuf {
        self.folder.join(format!("network-{}", number + 1))
    }

    /// Restores the state from the last checkpoint of a network, if there is one.
    pub(crate) fn resume(
        &self,
        number: usize,
        state: &mut State,
        config: &CnnConfig,
        environment: &Environment,
    ) -> Result<(), CnnError> {
        let folder = self.of_network(number);
        if !self.resume {
            return match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(CnnError::Io { action: "remove", path: folder, source: error })
                }
                _ => Ok(()),
            };
        }
        let Some((_, path)) = epochs(&folder).into_iter().max() else { return Ok(()) };
        let bytes = |name: &str| {
            let path = path.join(name);
            fs::read(&path).map_err(|source| CnnError::Io { action: "read", path, source })
        };
        let (record, file, sums) = (bytes(RECORD)?, bytes(TENSORS)?, bytes(SUMS)?);
        let refused = |problem: String| CnnError::Checkpoint { path: path.clone(), problem };
        if sums != checksums(&record, &file).as_bytes() {
            return Err(refused("its files are not those that were written".to_owned()));
        }
        let record: Record =
            serde_json::from_slice(&record).map_err(|error| refused(error.to_string()))?;
        let expected = self.record(state, config, environment);
        if let Some(problem) = difference(&record, &expected) {
            return Err(refused(problem));
        }
        let tensors =
            SafeTensors::deserialize(&file).map_err(|error| refused(error.to_string()))?;
        state.fill(&tensors, environment, record.position).map_err(refused)
    }

    /// Writes the state and, once it is on the disk, removes the previous checkpoint.
    pub(crate) fn write(
        &self,
        number: usize,
        state: &State,
        config: &CnnConfig,
        environment: &Environment,
    ) -> Result<(), CnnError> {
        let record = self.record(state, config, environment);
        let mut record = serde_json::to_vec_pretty(&record).expect("numbers and texts only");
        record.push(b'\n');
        let file = tensors::to_bytes(state.tensors(environment)?)?;
        let folder = self.of_network(number);
        let path = folder.join(format!("epoch-{:04}", state.position.epoch));
        let put = || -> io::Result<()> {
            fs::create_dir_all(&folder)?;
            let fresh = folder.join("unfinished");
            if fresh.exists() {
                fs::remove_dir_all(&fresh)?;
            }
            fs::create_dir(&fresh)?;
            let sums = checksums(&record, &file);
            for (name, bytes) in [(RECORD, &*record), (TENSORS, &file), (SUMS, sums.as_bytes())] {
                let mut out = File::create(fresh.join(name))?;
                out.write_all(bytes)?;
                out.sync_all()?;
            }
            sync(&fresh)?;
            fs::rename(&fresh, &path)?;
            sync(&folder)?;
            for (_, earlier) in epochs(&folder).into_iter().filter(|(_, other)| *other != path) {
                fs::remove_dir_all(&earlier)?;
            }
            Ok(())
        };
        put().map_err(|source| CnnError::Io { action: "write", path: path.clone(), source })
    }

    fn record(&self, state: &State, config: &CnnConfig, environment: &Environment) -> Record {
        let mut environment = environment.clone();
        environment.device.reason = None;
        Record {
            format: FORMAT.to_owned(),
            version: VERSION,
            data: self.data.clone(),
            position: state.position.clone(),
            config: settings(config),
            environment: to_value(EnvironmentFile::of(&environment)),
        }
    }
}

/// The settings that affect the outcome of a training.
pub(crate) fn settings(config: &CnnConfig) -> Value {
    let mut settings = to_value(ConfigFile(config.clone()));
    if let Value::Object(settings) = &mut settings {
        settings.retain(|name, _| !CHOICES.contains(&&**name));
    }
    settings
}

fn to_value(record: impl Serialize) -> Value {
    serde_json::to_value(record).expect("numbers and texts only")
}

/// Why a checkpoint belongs to another training than the present one.
fn difference(saved: &Record, now: &Record) -> Option<String> {
    if saved.format != now.format {
        return Some(format!("its format is {:?}", saved.format));
    }
    if saved.version != now.version {
        return Some(format!("its version is {}, and this program reads {VERSION}", saved.version));
    }
    if saved.data != now.data {
        return Some("it is of other data".to_owned());
    }
    let sections = [(&saved.config, &now.config), (&saved.environment, &now.environment)];
    sections.into_iter().find_map(|(saved, now)| {
        let (saved, now) = (saved.as_object()?, now.as_object()?);
        let names = now.keys().chain(saved.keys());
        let changed = |name: &&String| saved.get(*name) != now.get(*name);
        let said = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
        names.into_iter().find(changed).map(|name| {
            format!("{name} was {} and is {}", said(saved.get(name)), said(now.get(name)))
        })
    })
}

/// Epochs that have a complete checkpoint, with their folders.
fn epochs(folder: &Path) -> Vec<(usize, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let numbered = entries.filter_map(|entry| {
        let number = entry.file_name().to_str()?.strip_prefix("epoch-")?.parse().ok()?;
        Some((number, entry.path()))
    });
    numbered.collect()
}

/// The lines of `SHA256SUMS`.
fn checksums(record: &[u8], tensors: &[u8]) -> String {
    let mut lines = String::new();
    for (name, bytes) in [(RECORD, record), (TENSORS, tensors)] {
        let _ = writeln!(lines, "{}  {name}", tensors::hex(&Sha256::digest(bytes)));
    }
    lines
}

/// The folder for the data with a fingerprint, below a folder shared by several trainings.
pub(crate) fn below(folder: &Path, fingerprint: &str) -> PathBuf {
    folder.join(&fingerprint[..16])
}

/// Flushes a file, or the entries of a folder, to the disk, where the system supports it.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
