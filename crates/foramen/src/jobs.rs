//! Trains several folds at once on one machine, each in its own process.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use foramen_learn::Dataset;
use foramen_study::files::remove_later_stages;

use crate::shard::{Shard, folder_of_shards};
use crate::shard_record::ShardRecord;
use crate::sharded_training::{STAGE, merge_training};
#[cfg(feature = "torch")]
use crate::threads::free_cores;
use crate::train_arguments::TrainArguments;
use crate::trained_model::TrainedModel;
use crate::training::train_models;

/// Trains all models of a study, in one process or in the number given by `--jobs`.
///
/// # Errors
/// Those of [`train_models`]; when a process cannot be started or fails, with its message.
pub(crate) fn train_study(
    dataset: &Dataset,
    arguments: &TrainArguments,
    study: &Path,
) -> Result<Vec<TrainedModel>> {
    match arguments.jobs {
        Some(jobs) if jobs > 1 => train_in_processes(study, arguments, jobs.into()),
        _ => train_models(dataset, arguments, study),
    }
}

/// Trains the folds in several processes, and joins their parts.
fn train_in_processes(
    study: &Path,
    arguments: &TrainArguments,
    jobs: usize,
) -> Result<Vec<TrainedModel>> {
    let jobs = jobs.min(arguments.folds);
    remove_later_stages(study)?;
    let shards: Vec<Shard> = (1..=jobs).filter_map(|number| Shard::new(number, jobs)).collect();
    if !arguments.resume {
        remove_parts(study)?;
    }
    let threads = arguments.threads.map_or_else(|| (free_cores() / jobs).max(1), usize::from);
    let (program, first) = this_train()?;
    let command = |shard: &Shard| {
        let mut command = Command::new(&program);
        command.args(&first).args(part(study, arguments, *shard, threads));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    };
    // A part that was finished before an interruption stays as it is.
    let open = shards.iter().filter(|shard| {
        !(arguments.resume && ShardRecord::is_written(&shard.folder(study, STAGE)))
    });
    let ended: Vec<(Shard, std::io::Result<Output>)> = thread::scope(|scope| {
        let started = open.map(|shard| {
            let mut command = command(shard);
            (*shard, scope.spawn(move || command.output()))
        });
        let started: Vec<_> = started.collect();
        let ended = started.into_iter().map(|(shard, process)| {
            let output = process.join().unwrap_or_else(|_| Err(std::io::Error::other("it ended")));
            (shard, output)
        });
        ended.collect()
    });
    for (shard, output) in ended {
        let output = output.with_context(|| format!("could not start {}", program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("part {shard} of the training failed ({}):\n{}", output.status, said.trim());
        }
    }
    let merged = merge_training(study)?.context("the parts that were trained are not there")?;
    remove_parts(study)?;
    Ok(merged)
}

/// The cores for training without libtorch, which needs one core.
#[cfg(not(feature = "torch"))]
fn free_cores() -> usize {
    1
}

/// Removes the parts of trainings; those of a selection stay.
fn remove_parts(study: &Path) -> Result<()> {
    let shared = folder_of_shards(study);
    for entry in fs::read_dir(&shared).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if Shard::of_folder(&name.to_string_lossy()).is_some_and(|(stage, _)| stage == STAGE) {
            let path = entry.path();
            fs::remove_dir_all(&path)
                .with_context(|| format!("could not remove {}", path.display()))?;
        }
    }
    // Where it holds parts of a selection it stays.
    let _ = fs::remove_dir(&shared);
    Ok(())
}

/// The program for training with its first arguments: this program, or the example `train` beside
/// the running example.
fn this_train() -> Result<(PathBuf, Vec<OsString>)> {
    let program = env::current_exe().context("could not tell which program this is")?;
    let name = program.file_stem().unwrap_or_default();
    if name == "foramen" {
        return Ok((program, vec!["train".into()]));
    }
    let beside = program.with_file_name(format!("train{}", env::consts::EXE_SUFFIX));
    ensure!(
        beside.is_file(),
        "--jobs starts the example `train`, which is not there ({}); build it, or use the \
         program `foramen`",
        beside.display()
    );
    Ok((beside, Vec::new()))
}

/// The arguments of the process that trains one part.
fn part(study: &Path, arguments: &TrainArguments, shard: Shard, threads: usize) -> Vec<OsString> {
    let mut part: Vec<OsString> = vec!["--study".into(), study.into()];
    let mut say = |name: &str, value: String| part.extend([name.into(), value.into()]);
    say("--shard", shard.to_string());
    say("--device", arguments.device.clone());
    say("--kernels", arguments.kernels.clone());
    say("--folds", arguments.folds.to_string());
    say("--seed", arguments.seed.to_string());
    say("--threads", threads.to_string());
    if let Some(epochs) = arguments.epochs {
        say("--epochs", epochs.to_string());
    }
    for overlap in &arguments.allow_overlap {
        say("--allow-overlap", overlap.name().to_owned());
    }
    part.push(if arguments.resume { "--resume" } else { "--force" }.into());
    part
}
