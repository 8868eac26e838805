use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use foramen_select::SELECTION_VERSION;
use foramen_study::files::write_atomically;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::shard::{Shard, folder_of_shards};

/// The file that marks a finished part.
const FILE: &str = "shard.json";
const SCHEMA_VERSION: u32 = 1;

/// Inputs, settings, versions and result of a part of a stage: parts are joined only if inputs,
/// settings and versions agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShardRecord {
    schema_version: u32,
    /// `select` or `train`.
    pub(crate) stage: String,
    number: usize,
    of: usize,
    /// SHA-256 of each input, by its name.
    pub(crate) inputs: BTreeMap<String, String>,
    /// The requested settings.
    pub(crate) settings: BTreeMap<String, Value>,
    /// Versions of the software; parts of different versions cannot be joined.
    pub(crate) versions: BTreeMap<String, Value>,
    /// The hardware and environment, which may differ between parts.
    pub(crate) computed: Value,
    /// The data needed to join the parts.
    pub(crate) result: Value,
}

impl ShardRecord {
    /// A record with this program's versions.
    pub(crate) fn new(stage: &str, shard: Shard) -> Self {
        let versions = json!({
            "foramen": foramen_study::VERSION,
            "commit": option_env!("FORAMEN_COMMIT"),
            "selection": SELECTION_VERSION,
        });
        Self {
            schema_version: SCHEMA_VERSION,
            stage: stage.to_owned(),
            number: shard.number(),
            of: shard.of(),
            inputs: BTreeMap::new(),
            settings: BTreeMap::new(),
            versions: versions.as_object().cloned().unwrap_or_default().into_iter().collect(),
            computed: Value::Null,
            result: Value::Null,
        }
    }

    /// Notes the hash of an input, a file or a folder, under a name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn with_input(mut self, name: &str, path: &Path) -> Result<Self> {
        self.inputs.insert(name.to_owned(), hash_of(path)?);
        Ok(self)
    }

    /// `3/16`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.number, self.of)
    }

    /// Writes it into the folder of its part.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        Ok(write_atomically(&path, |file| Ok(serde_json::to_writer_pretty(file, self)?))?)
    }

    /// Whether the part in a folder is finished.
    pub(crate) fn is_written(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// Removes the record of a part, which is then unfinished.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(crate) fn remove(folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("could not remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("could not read {}", path.display()))?,
        };
        let unusable = || format!("{} is no record of a part; run the part again", path.display());
        let record: Self = serde_json::from_slice(&bytes).with_context(unusable)?;
        ensure!(record.schema_version == SCHEMA_VERSION, "{}", unusable());
        Ok(Some(record))
    }

    /// Returns an error if another part was made with other inputs, settings or versions.
    fn ensure_alike(&self, other: &Self) -> Result<()> {
        let (first, second, stage) = (self.name(), other.name(), &self.stage);
        let inputs = |record: &Self| -> BTreeMap<String, Value> {
            record.inputs.iter().map(|(name, hash)| (name.clone(), hash.clone().into())).collect()
        };
        let kinds = [
            ("input", inputs(self), inputs(other)),
            ("setting", self.settings.clone(), other.settings.clone()),
            ("version of", self.versions.clone(), other.versions.clone()),
        ];
        for (kind, ours, theirs) in kinds {
            let names = ours.keys().chain(theirs.keys());
            for name in names {
                let [a, b] = [&ours, &theirs].map(|of| of.get(name).unwrap_or(&Value::Null));
                ensure!(
                    a == b,
                    "the parts {first} and {second} of `{stage}` do not go together: the {kind} \
                     {name} is {} in one and {} in the other; run one of them again",
                    short(a),
                    short(b)
                );
            }
        }
        Ok(())
    }
}

/// All parts of a stage, by their number, with their folders; `None` if there are none.
///
/// # Errors
/// When parts are missing or not finished, with their names and the command for them; when the
/// folder also holds parts of another total number; and when two parts were made with different
/// inputs, settings or versions.
pub(crate) fn read_shards(
    study: &Path,
    stage: &str,
) -> Result<Option<Vec<(PathBuf, ShardRecord)>>> {
    let folder = folder_of_shards(study);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("could not read {}", folder.display()))?,
    };
    let mut parts: Vec<(Shard, PathBuf)> = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("could not read {}", folder.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let part = Shard::of_folder(&name).filter(|(of_stage, _)| *of_stage == stage);
        parts.extend(part.map(|(_, shard)| (shard, path.clone())));
    }
    parts.sort();
    let Some((first, _)) = parts.first() else { return Ok(None) };
    let of = first.of();
    if let Some((other, path)) = parts.iter().find(|(shard, _)| shard.of() != of) {
        bail!(
            "{} holds parts of `{stage}` of {of} and of {}; remove those that are not wanted, such \
             as {}",
            folder.display(),
            other.of(),
            path.display()
        );
    }
    let (mut records, mut missing) = (Vec::new(), Vec::new());
    for number in 1..=of {
        let part = parts.iter().find(|(shard, _)| shard.number() == number);
        match part.map(|(_, path)| Ok::<_, anyhow::Error>((path, ShardRecord::read(path)?))) {
            None => missing.push(format!("{number}/{of}")),
            Some(Ok((_, None))) => missing.push(format!("{number}/{of} (not finished)")),
            Some(read) => {
                let (path, record) = read?;
                records.extend(record.map(|record| (path.clone(), record)));
            }
        }
    }
    ensure!(
        missing.is_empty(),
        "of the parts of `{stage}` in {} there are missing: {}; run `{stage} --shard K/{of}` for \
         each",
        folder.display(),
        missing.join(", ")
    );
    for (_, other) in &records[1..] {
        records[0].1.ensure_alike(other)?;
    }
    Ok(Some(records))
}

/// SHA-256 of a file, or of the names and hashes of all files of a folder, in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn hash_of(path: &Path) -> Result<String> {
    let unread = || format!("could not read {}", path.display());
    let mut digest = Sha256::new();
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(unread)?;
        let entries = entries.collect::<std::io::Result<Vec<_>>>().with_context(unread)?;
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for one in paths {
            digest.update(one.file_name().unwrap_or_default().as_encoded_bytes());
            digest.update([0]);
            digest.update(hash_of(&one)?);
        }
    } else {
        let mut file = fs::File::open(path).with_context(unread)?;
        std::io::copy(&mut file, &mut digest).with_context(unread)?;
    }
    Ok(format!("{:x}", digest.finalize()))
}

/// A value for a message; a hash is shortened.
fn short(value: &Value) -> String {
    match value {
        Value::Null => "missing".to_owned(),
        Value::String(text) if text.len() == 64 => format!("{}…", &text[..12]),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes parts of 3 with this seed each.
    fn written(study: &Path, parts: &[(usize, usize)]) {
        for (number, seed) in parts {
            let shard = Shard::new(*number, 3).unwrap();
            let folder = shard.folder(study, "train");
            fs::create_dir_all(&folder).unwrap();
            let mut record = ShardRecord::new("train", shard);
            record.settings.insert("seed".to_owned(), (*seed).into());
            record.write(&folder).unwrap();
        }
    }

    fn problem(study: &Path) -> String {
        format!("{:#}", read_shards(study, "train").unwrap_err())
    }

    #[test]
    fn what_is_missing_or_not_finished_is_named() {
        let study = tempfile::tempdir().unwrap();
        let study = study.path();
        assert_eq!(read_shards(study, "train").unwrap(), None);
        written(study, &[(2, 1)]);
        assert!(problem(study).contains("missing: 1/3, 3/3; run `train --shard K/3`"));
        written(study, &[(1, 1)]);
        fs::create_dir_all(Shard::new(3, 3).unwrap().folder(study, "train")).unwrap();
        assert!(problem(study).contains("missing: 3/3 (not finished)"), "{}", problem(study));
        written(study, &[(3, 1)]);
        let parts = read_shards(study, "train").unwrap().unwrap();
        let names: Vec<String> = parts.iter().map(|(_, record)| record.name()).collect();
        assert_eq!(names, ["1/3", "2/3", "3/3"]);
        // Parts of another stage are no parts of this one.
        assert_eq!(read_shards(study, "select").unwrap(), None);
    }

    #[test]
    fn parts_that_do_not_go_together_are_told_apart() {
        let study = tempfile::tempdir().unwrap();
        let study = study.path();
        written(study, &[(1, 1), (2, 7), (3, 1)]);
        let text = problem(study);
        assert!(text.contains("1/3 and 2/3 of `train`"), "{text}");
        assert!(text.contains("the setting seed is 1 in one and 7 in the other"), "{text}");
        written(study, &[(2, 1)]);
        let folder = Shard::new(3, 3).unwrap().folder(study, "train");
        let text = fs::read_to_string(folder.join(FILE)).unwrap();
        let other = text.replace(foramen_study::VERSION, "0.0.1");
        fs::write(folder.join(FILE), other).unwrap();
        assert!(problem(study).contains("the version of foramen is"), "{}", problem(study));
        fs::write(folder.join(FILE), "{}").unwrap();
        assert!(problem(study).contains("run the part again"), "{}", problem(study));
        fs::create_dir_all(Shard::new(1, 4).unwrap().folder(study, "train")).unwrap();
        assert!(
            problem(study).contains("of 3 and of 4") || problem(study).contains("of 4 and of 3")
        );
    }

    #[test]
    fn other_inputs_are_named() {
        let study = tempfile::tempdir().unwrap();
        let patches = study.path().join("patches.csv");
        for number in 1..=2 {
            let shard = Shard::new(number, 2).unwrap();
            let folder = shard.folder(study.path(), "train");
            fs::create_dir_all(&folder).unwrap();
            fs::write(&patches, format!("patches {number}")).unwrap();
            let record =
                ShardRecord::new("train", shard).with_input("patches.csv", &patches).unwrap();
            record.write(&folder).unwrap();
        }
        let text = problem(study.path());
        assert!(text.contains("the input patches.csv is ") && text.contains('…'), "{text}");
    }
}
