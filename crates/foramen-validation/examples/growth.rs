//! How time and memory of scan and selection grow with the number of subjects.
//!
//! Draws cohorts of small studies (three axial T2 slices of about 128 × 128 pixels, disc
//! positions given), and scans and selects each in a process of its own. The files of a
//! cohort are removed when it is measured; 2,880 subjects take 0.3 GB.
//!
//! ```text
//! cargo run --release --example growth -- [--subjects 288,2880] [--scratch DIR] [--json FILE]
//! ```
//! Prints a row per size: seconds of scan and selection, milliseconds a subject, and the most
//! memory that the process held at once.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use foramen::commands::{Inputs, finish, run_selection};
use foramen::say;
use foramen_study::StudyConfig;
use foramen_validation::{peak_memory, write_small_studies};
use serde::{Deserialize, Serialize};

/// Time and memory as cohorts grow.
#[derive(Parser)]
struct Arguments {
    #[arg(long, value_delimiter = ',', default_values_t = [288, 2880], help = "Sizes of cohorts")]
    subjects: Vec<usize>,
    #[arg(long, value_name = "DIR", help = "Where cohorts are drawn [default: temporary]")]
    scratch: Option<PathBuf>,
    #[arg(long, value_name = "FILE", help = "Where to write the rows as JSON")]
    json: Option<PathBuf>,
    #[arg(long, value_name = "DIR", hide = true, help = "Measure the cohort that lies here")]
    measure: Option<PathBuf>,
}

/// What one cohort took.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    subjects: usize,
    included: usize,
    scan_s: f64,
    select_s: f64,
    /// After the scan, then after the selection.
    peak_mib: [Option<f64>; 2],
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    finish(match &arguments.measure {
        Some(folder) => measure(folder),
        None => run(&arguments),
    })
}

fn run(arguments: &Arguments) -> Result<()> {
    let scratch = arguments.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let mut rows: Vec<Row> = Vec::new();
    say!("subjects  included   scan s  select s  ms/subject  peak MiB: scan  select");
    for subjects in &arguments.subjects {
        let folder = scratch.join(format!("foramen-growth-{}-{subjects}", std::process::id()));
        write_small_studies(*subjects, &folder)?;
        let measured = in_a_process(&folder);
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("could not remove {}", folder.display()))?;
        let row = Row { subjects: *subjects, ..measured? };
        let mib = |at: usize| row.peak_mib[at].map_or("-".to_owned(), |mib| format!("{mib:.0}"));
        let each = 1000.0 * (row.scan_s + row.select_s) / *subjects as f64;
        say!(
            "{subjects:>8} {:>9} {:>8.1} {:>9.1} {each:>11.1} {:>15} {:>7}",
            row.included,
            row.scan_s,
            row.select_s,
            mib(0),
            mib(1)
        );
        rows.push(row);
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    }
    Ok(())
}

/// Measures a cohort in a process of its own, whose memory holds nothing else.
fn in_a_process(folder: &Path) -> Result<Row> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.arg("--measure").arg(folder).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the measured process failed: {said}");
    let text = String::from_utf8(output.stdout)?;
    let row = text.lines().last().context("the measured process said nothing")?;
    Ok(serde_json::from_str(row)?)
}

fn measure(folder: &Path) -> Result<()> {
    let inputs = Inputs {
        dicom: folder.join("dicom").into(),
        outcomes: Some(folder.join("outcomes.csv")),
        levels: Some(folder.join("levels.csv")),
        ..Inputs::synthetic(0)
    };
    let start = Instant::now();
    let opened = inputs.open()?;
    let (scan_s, after_scan) = (start.elapsed().as_secs_f64(), peak_memory());
    let start = Instant::now();
    let selected = run_selection(&opened, &StudyConfig::default(), &folder.join("study"))?;
    let row = Row {
        subjects: 0,
        included: selected.selected.included().len(),
        scan_s,
        select_s: start.elapsed().as_secs_f64(),
        peak_mib: [after_scan, peak_memory()],
    };
    say!("{}", serde_json::to_string(&row)?);
    Ok(())
}
