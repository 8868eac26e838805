use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use foramen_phantom::{Chosen, Truth};
use foramen_study::files::{
    MadeWriter, PatchWriter, read_manifest, write_atomically, write_manifest,
};
use foramen_study::{CohortFlow, Manifest, StudyConfig, files, subjects_with_same_images};
use foramen_types::SubjectId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::inputs::{Inputs, prepare_output};
use crate::shard::Shard;
use crate::shard_record::{ShardRecord, read_shards};
use crate::stages::{ShownDecision, join, select_into, write_decisions, write_notes};
use crate::terminal::say;
use crate::truth::chosen_of;

/// The stage of these parts.
pub(crate) const STAGE: &str = "select";

/// The result of a part of a selection, besides its files.
#[derive(Debug, Serialize, Deserialize)]
struct SelectedPart {
    decisions: Vec<ShownDecision>,
    /// Digests of the measured images of each subject.
    image_digests: BTreeMap<String, BTreeSet<u64>>,
    /// The chosen slice of each subject, if there is a truth for comparison.
    chosen: BTreeMap<String, ChosenSlice>,
    truth: Option<PathBuf>,
}

/// [`Chosen`], in the form of the record.
#[derive(Debug, Serialize, Deserialize)]
struct ChosenSlice {
    sop_instance_uid: Option<String>,
    width: Option<f64>,
    naive_sop_instance_uid: Option<String>,
}

/// Selects the slices of the subjects in a part, in a separate folder within the study's.
///
/// # Errors
/// When another process makes this part, it is done already and `force` is not given, or an
/// input or a file cannot be used.
pub(crate) fn select_shard(
    inputs: &Inputs,
    config: &StudyConfig,
    study: &Path,
    shard: Shard,
    force: bool,
) -> Result<()> {
    let out = shard.folder(study, STAGE);
    let _lock = prepare_output(&out, force)?;
    ShardRecord::remove(&out)?;
    let opened = inputs.open()?;
    let mut record = ShardRecord::new(STAGE, shard);
    for (name, path) in inputs.given() {
        record = record.with_input(name, path)?;
    }
    let mut digest = Sha256::new();
    serde_json::to_writer(&mut digest, &opened.scan)?;
    record.inputs.insert("images".to_owned(), format!("{:x}", digest.finalize()));
    let settings = [("scan", format!("{:?}", inputs.scan)), ("images", format!("{config:?}"))];
    record.settings.extend(settings.map(|(name, text)| (name.to_owned(), text.into())));
    record.settings.insert("covariates".to_owned(), json!(inputs.covariates));

    let manifest = join(&opened, config).with_subjects(|count| shard.range(count));
    let rows = manifest.kept().len();
    let (done, decisions) = select_into(&opened, config, manifest, &out)?;
    let selections = &done.selected.selections;
    let chosen = if opened.truth.is_some() { chosen_of(selections) } else { BTreeMap::new() };
    let digests = &selections.image_digests;
    let part = SelectedPart {
        decisions,
        image_digests: digests.iter().map(|(id, of)| (id.to_string(), of.clone())).collect(),
        chosen: chosen.into_iter().map(|(id, one)| (id, one.into())).collect(),
        truth: opened.truth_file,
    };
    record.result = serde_json::to_value(part)?;
    // Last: what has a record is done.
    record.write(&out)?;
    let included = done.selected.included().len();
    say!("part {shard}: {included} of {rows} rows selected, written to {}", out.display());
    Ok(())
}

/// Joins the parts of a selection: the files of the study are then those of a single process.
/// `None` if there are no parts.
///
/// # Errors
/// When parts are missing or do not fit together, or a file cannot be read or written.
pub(crate) fn merge_selection(study: &Path) -> Result<Option<CohortFlow>> {
    let Some(shards) = read_shards(study, STAGE)? else { return Ok(None) };
    let folders: Vec<&Path> = shards.iter().map(|(folder, _)| folder.as_path()).collect();
    let parts = shards.iter().map(|(folder, record)| {
        let unusable = || format!("{} holds no part of a selection", folder.display());
        serde_json::from_value(record.result.clone()).with_context(unusable)
    });
    let parts = parts.collect::<Result<Vec<SelectedPart>>>()?;

    let mut digests: BTreeMap<SubjectId, &BTreeSet<u64>> = BTreeMap::new();
    for (subject, of_subject) in parts.iter().flat_map(|part| &part.image_digests) {
        digests.insert(SubjectId::new(subject)?, of_subject);
    }
    let same_images = subjects_with_same_images(digests.iter().map(|(id, of)| (id, *of)));
    let manifests = folders.iter().map(|folder| read_manifest(&folder.join("manifest.json")));
    let manifests = manifests.collect::<Result<Vec<Manifest>, _>>()?;
    let manifest = Manifest::merged(manifests, same_images).with_context(|| {
        format!(
            "the parts of `{STAGE}` in {} do not hold each row of the outcome table once; run them \
             again",
            study.display()
        )
    })?;
    for same in manifest.same_images() {
        eprintln!("warning: {same}");
    }

    files::remove_later_stages(study)?;
    let rows = manifest.kept().iter().chain(manifest.unselected());
    let names = rows.flat_map(|kept| kept.covariates.keys().cloned()).collect();
    let mut patches = PatchWriter::create(study, names)?;
    for folder in &folders {
        patches.add_written(folder)?;
    }
    patches.finish()?;
    for name in ["selections.csv", "profile.csv", "acquisitions.csv"] {
        write_text(&study.join(name), &one_after_another(&folders, name)?)?;
    }
    // Only where slices were made of volumes; else that of a former selection goes.
    let is_there = |folder: &&&Path| folder.join(MADE).is_file();
    let made: Vec<&Path> = folders.iter().filter(is_there).copied().collect();
    if made.is_empty() {
        MadeWriter::new(&study.join(MADE)).finish()?;
    } else {
        write_text(&study.join(MADE), &one_after_another(&made, MADE)?)?;
    }
    write_text(&study.join("levels.csv"), &levels(&folders)?)?;
    // What does not depend on the part is in each of them.
    for name in ["source.json", "episodes.csv"] {
        write_text(&study.join(name), &read_text(&folders[0].join(name))?)?;
    }
    for folder in &folders {
        copy_files(&folder.join("pictures"), &study.join("pictures"))?;
    }
    write_manifest(&study.join("manifest.json"), &manifest)?;
    let truth = match &parts[0].truth {
        Some(path) => Some(Truth::read(path)?),
        None => None,
    };
    let (mut decisions, mut chosen) = (Vec::new(), BTreeMap::new());
    for part in parts {
        decisions.extend(part.decisions);
        chosen.extend(part.chosen.into_iter().map(|(id, one)| (id, Chosen::from(one))));
    }
    write_decisions(study, decisions, &manifest)?;
    write_notes(study, truth.as_ref().map(|truth| (truth, &chosen)))?;
    Ok(Some(CohortFlow::of(&manifest)))
}

/// The file with the positions of slices made from volumes.
const MADE: &str = "reformatted.csv";

/// Concatenates tables with the same columns.
fn one_after_another(folders: &[&Path], name: &str) -> Result<String> {
    let mut whole = String::new();
    for folder in folders {
        let text = read_text(&folder.join(name))?;
        if whole.is_empty() {
            whole = text;
        } else {
            whole.push_str(rows_of(&text, &whole, folder, name)?);
        }
    }
    Ok(whole)
}

/// The rows of a table without its header, which must be equal to that of another table.
fn rows_of<'a>(text: &'a str, other: &str, folder: &Path, name: &str) -> Result<&'a str> {
    let header = |text: &str| text.find('\n').map_or(text.len(), |end| end + 1);
    ensure!(
        text[..header(text)] == other[..header(other)],
        "{} has other columns than that of the first part; run both again",
        folder.join(name).display()
    );
    Ok(&text[header(text)..])
}

/// Disc positions: those found by any part, then the levels that a person refused and no part
/// found, which each part lists.
fn levels(folders: &[&Path]) -> Result<String> {
    const NAME: &str = "levels.csv";
    let whole = one_after_another(folders, NAME)?;
    // No cell of this table holds a line break.
    let is_refused = |line: &&str| line.split(',').any(|cell| cell == "refused");
    let mut lines = whole.lines();
    let header = lines.next().unwrap_or_default();
    let found = lines.clone().filter(|line| !is_refused(line));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut refused = Vec::new();
    for line in lines.filter(is_refused) {
        let count = counts.entry(line).or_default();
        *count += 1;
        // A part that has found a disc there does not list it.
        if *count == folders.len() {
            refused.push(line);
        }
    }
    let mut text = format!("{header}\n");
    for line in found.chain(refused) {
        writeln!(text, "{line}").expect("writing to a String cannot fail");
    }
    Ok(text)
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

fn write_text(path: &Path, text: &str) -> Result<()> {
    Ok(write_atomically(path, |file| file.write_all(text.as_bytes()))?)
}

/// Copies the files of a folder.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("could not make {}", to.display()))?;
    let entries =
        fs::read_dir(from).with_context(|| format!("could not read {}", from.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("could not read {}", from.display()))?.path();
        let copy = to.join(path.file_name().unwrap_or_default());
        fs::copy(&path, &copy).with_context(|| format!("could not write {}", copy.display()))?;
    }
    Ok(())
}

impl From<Chosen> for ChosenSlice {
    fn from(chosen: Chosen) -> Self {
        let Chosen { sop_instance_uid, width, naive_sop_instance_uid } = chosen;
        Self { sop_instance_uid, width, naive_sop_instance_uid }
    }
}

impl From<ChosenSlice> for Chosen {
    fn from(kept: ChosenSlice) -> Self {
        let ChosenSlice { sop_instance_uid, width, naive_sop_instance_uid } = kept;
        Self { sop_instance_uid, width, naive_sop_instance_uid }
    }
}
