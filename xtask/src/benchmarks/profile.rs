//! Where the time of a study goes: each stage under `perf`, and how near it comes to what the
//! machine can do.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::record::{Costs, Record};
use super::{Options, Places, Subject, foramen};
use crate::peers::{answers, program, run};

/// Functions of a stage that are told of.
const TOP: usize = 8;
/// Longer names are cut.
const LONGEST: usize = 90;
/// Folds of a study, and steps of an epoch.
const FOLDS: usize = 5;
const STEPS: usize = 16;

/// What `probe.py` measures.
#[derive(Deserialize)]
struct Probe {
    bytes_per_second: f64,
    multiplications_per_second: f64,
    heads_s: f64,
    files: f64,
    file_bytes: f64,
    step: f64,
}

/// Runs the stages of a study of `cohort` one by one and writes the record.
pub(crate) fn profile(
    options: &Options,
    places: &Places,
    cohort: &Path,
    epochs: usize,
    mut probe: Command,
) -> Result<()> {
    let work = places.work.join("profile");
    let told = work.join("probe.json");
    run(probe.arg("--cohort").arg(cohort).arg("--record").arg(&told))?;
    let probe: Probe = serde_json::from_str(&fs::read_to_string(&told)?)?;

    let study = work.join("study");
    if study.exists() {
        fs::remove_dir_all(&study)?;
    }
    let (dicom, outcomes) = (cohort.join("dicom"), cohort.join("outcomes.csv"));
    let (epochs_word, threads) = (epochs.to_string(), options.threads().to_string());
    let paths = [&dicom, &outcomes, &study].map(|path| path.to_string_lossy().into_owned());
    let [dicom, outcomes, study] = paths.each_ref().map(String::as_str);
    let (scan, all) = (program("dicom_peers"), foramen());
    let select = ["select", "--dicom", dicom, "--outcomes", outcomes, "--out", study];
    let train = ["train", "--study", study, "--device", "cpu", "--epochs", &epochs_word];
    let stages: [(&str, &Path, Vec<&str>); 4] = [
        ("scan", &scan, vec!["scan", dicom]),
        ("select", &all, select.to_vec()),
        ("train", &all, [&train[..], &["--threads", &threads]].concat()),
        ("report", &all, vec!["report", "--study", study]),
    ];
    let has_perf = answers(Command::new("perf").arg("--version"));
    if !has_perf {
        println!("`perf` is not here (Debian: linux-perf); only the times of stages are told");
    }
    let mut profile = Vec::new();
    for (stage, program, arguments) in stages {
        let data = work.join(format!("{stage}.perf"));
        // `perf` takes about a second of its own, so that it samples a second run.
        let seconds = timed(None, program, &arguments)?;
        let top = if has_perf {
            let force = matches!(stage, "select" | "train").then_some("--force");
            timed(Some(&data), program, &arguments.into_iter().chain(force).collect::<Vec<_>>())?;
            top(&data)?
        } else {
            Vec::new()
        };
        let roofline = roofline(stage, seconds, &probe, (FOLDS * epochs * STEPS) as f64);
        println!("   {stage}: {seconds:.1} s");
        profile.push(Costs { stage: stage.to_owned(), seconds, top, roofline });
    }
    let record = Record {
        subject: Subject::Profile.name(),
        threads: options.threads(),
        quick: options.quick,
        notes: vec![
            format!(
                "The machine at its best: a copy of 256 MiB moves {:.1} GB/s (read and written), \
                 a matrix product in f32 makes {:.0} · 10⁹ multiplications a second.",
                probe.bytes_per_second / 1e9,
                probe.multiplications_per_second / 1e9
            ),
            "Each stage is a process of its own here, with the start of the program, which loads \
             libtorch but for the scan. `select` scans the folder again."
                .to_owned(),
        ],
        profile,
        ..Record::default()
    };
    record.write(&places.record(Subject::Profile))
}

/// Runs a program, where asked for under `perf`, and gives its seconds.
fn timed(data: Option<&Path>, program: &Path, arguments: &[&str]) -> Result<f64> {
    let mut command = match data {
        Some(data) => {
            let mut perf = Command::new("perf");
            // Software events count where the hardware's are hidden, as in virtual machines.
            perf.args(["record", "--quiet", "--event", "cpu-clock", "--freq", "499", "--output"]);
            perf.arg(data).arg("--").arg(program);
            perf
        }
        None => Command::new(program),
    };
    command.args(arguments).stdout(Stdio::null());
    let started = Instant::now();
    run(&mut command)?;
    Ok(started.elapsed().as_secs_f64())
}

/// The functions with most samples.
fn top(data: &Path) -> Result<Vec<(f64, String)>> {
    let mut perf = Command::new("perf");
    perf.args(["report", "--stdio", "--no-children", "--sort", "symbol", "--input"]).arg(data);
    let output = perf.stdin(Stdio::null()).output().context("cannot start perf")?;
    Ok(costs(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads lines such as `    12.34%  [.] foramen_select::canal::track`.
fn costs(report: &str) -> Vec<(f64, String)> {
    let of_line = |line: &str| {
        let (share, rest) = line.trim().split_once('%')?;
        // Columns that perf adds follow after many spaces.
        let name = rest.trim().split_once("] ")?.1.trim().split("   ").next()?;
        let mut name: String = name.replace('|', "\\|").chars().take(LONGEST).collect();
        // Names of instances end with a hash.
        if let Some(at) = name.rfind("::h").filter(|at| name.len() - at == 19) {
            name.truncate(at);
        }
        Some((share.trim().parse().ok()?, name))
    };
    report.lines().filter_map(of_line).take(TOP).collect()
}

/// One sentence about what bounds a stage, with numbers.
fn roofline(stage: &str, seconds: f64, probe: &Probe, steps: f64) -> String {
    let Probe { bytes_per_second, multiplications_per_second, files, .. } = *probe;
    match stage {
        "scan" => format!(
            "It reads the headers of {files:.0} files, {:.0} files a second; to open each and \
             read 4 KiB of it one after another takes {:.2} s, so that the scan takes {:.1} times \
             as long as reading alone.",
            files / seconds,
            probe.heads_s,
            seconds / probe.heads_s
        ),
        "select" => {
            let rate = probe.file_bytes / seconds;
            format!(
                "It goes through {:.0} MB of images at {:.1} MB/s, {:.3} % of what memory moves: \
                 arithmetic bounds it, not memory or disk.",
                probe.file_bytes / 1e6,
                rate / 1e6,
                100.0 * rate / bytes_per_second
            )
        }
        "train" => {
            let rate = steps * probe.step / seconds;
            format!(
                "Its convolutions make {:.0} · 10⁹ multiplications at {:.1} · 10⁹ a second, {:.0} % of \
                 a matrix product in f32 (training takes bf16 where the processor has it, which can be \
                 faster); the rest are steps that move memory (batch norms, \
                 augmentation, the optimiser), the tune sets and predictions.",
                steps * probe.step / 1e9,
                rate / 1e9,
                100.0 * rate / multiplications_per_second
            )
        }
        _ => "Statistics with bootstrap, figures and one page; nothing of the machine bounds it."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_read_from_the_report() {
        let report = "# Samples: 3K\n#\n    61.50%  [.] foramen_select::canal::track::h0123456789abcdef\n     \
                      9.00%  [k] clear_page_rep          -      -  \n\n";
        let expected = vec![
            (61.5, "foramen_select::canal::track".to_owned()),
            (9.0, "clear_page_rep".to_owned()),
        ];
        assert_eq!(costs(report), expected);
    }
}
