//! Lists the MR stacks below a folder with their geometry, and what is not used.
//!
//! ```text
//! cargo run --release --example scan -- DIR --explain --json scan.json
//! ```
//!
//! With no arguments it writes a small synthetic cohort to a temporary folder
//! and scans that. It prints one line per stack (subject, series, plane,
//! contrast, slices, matrix, spacing in millimetres, problems), then how many
//! files are rejected for which reason; with `--explain` also why each contrast
//! was given and every rejected file. Where there is no stack at all, it ends
//! with a message and an exit code other than 0.

use std::fs;
use std::io::BufWriter;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use foramen_dicom::{Rejected, Scan, ScanOptions, StackHeader, scan};
use foramen_examples::Failure;
use foramen_phantom::{CohortConfig, write_cohort};
use indicatif::ProgressBar;
use serde_json::{Value, json};

/// Lists the MR stacks below a folder, and what is not used.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with DICOM files [default: a small synthetic cohort].
    dir: Option<PathBuf>,
    /// Say why each contrast was given, and list every rejected file.
    #[arg(long)]
    explain: bool,
    /// Write the result for a program to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> Result<(), Failure> {
    Ok(run(Arguments::parse())?)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut drawn = None;
    let dir = if let Some(dir) = arguments.dir {
        dir
    } else {
        let dir = std::env::temp_dir().join(format!("foramen-scan-{}", std::process::id()));
        let config = CohortConfig::default().with_analysable(2).with_defects(2);
        write_cohort(&config, &dir, &|_, _| ())
            .with_context(|| format!("no cohort was written to {}", dir.display()))?;
        drawn.insert(dir).join("dicom")
    };

    let bar = ProgressBar::new_spinner();
    let shown = bar.clone();
    let options = ScanOptions::default().with_progress(move |files| {
        shown.set_message(format!("{files} files"));
        shown.tick();
    });
    let found = scan(&dir, &options);
    bar.finish_and_clear();
    if let Some(drawn) = drawn {
        // The result holds all that is shown; the synthetic files are done with.
        fs::remove_dir_all(&drawn).with_context(|| format!("{} stays", drawn.display()))?;
    }
    let found = found?;

    if let Some(file) = arguments.json {
        let write = || -> anyhow::Result<()> {
            let out = BufWriter::new(fs::File::create(&file)?);
            Ok(serde_json::to_writer_pretty(out, &as_json(&found))?)
        };
        write().with_context(|| format!("could not write {}", file.display()))?;
    }
    print_stacks(&found, arguments.explain);
    print_rejected(&found, arguments.explain);
    if found.stacks.is_empty() {
        let (dir, files) = (dir.display(), found.files);
        bail!("no MR stack below {dir} ({files} files looked at); see why with --explain");
    }
    Ok(())
}

fn print_stacks(found: &Scan, explain: bool) {
    if found.stacks.is_empty() {
        return;
    }
    println!(
        "{:<16} {:>12} {:>5} {:<8} {:<7} {:>6} {:>9} {:<17} problems",
        "subject", "series", "stack", "plane", "image", "slices", "matrix", "spacing (mm)"
    );
    for stack in &found.stacks {
        let uid = &stack.series_uid;
        // The end of a UID is what tells series of one study apart.
        let tail = uid.get(uid.len().saturating_sub(12)..).unwrap_or(uid);
        let between = stack.slice_spacing().map_or_else(|| "–".into(), |mm| format!("{mm:.2}"));
        let spacing = format!("{:.3} × {:.3} × {between}", stack.spacing.row, stack.spacing.column);
        println!(
            "{:<16} {tail:>12} {:>5} {:<8} {:<7} {:>6} {:>9} {spacing:<17} {}",
            stack.subject,
            stack.stack,
            stack.orientation,
            stack.contrast,
            stack.slices.len(),
            format!("{} × {}", stack.rows, stack.columns),
            remarks(stack).join("; ")
        );
        if explain {
            println!("{:>36} {}: {}", "", stack.contrast, stack.evidence.join(", "));
        }
    }
}

fn remarks(stack: &StackHeader) -> Vec<String> {
    let kind = [(stack.localizer, "localizer"), (stack.derived, "derived")];
    let kind = kind.into_iter().filter(|kind| kind.0).map(|kind| kind.1.to_owned());
    kind.chain(stack.problems.iter().map(ToString::to_string)).collect()
}

fn print_rejected(found: &Scan, explain: bool) {
    println!(
        "{} files, {} stacks, {} rejected",
        found.files,
        found.stacks.len(),
        found.rejected.len()
    );
    for (reason, count) in found.rejected_counts() {
        println!("{count:>8}  {reason}");
    }
    for Rejected { path, reason, .. } in found.rejected.iter().filter(|_| explain) {
        println!("{}: {reason}", path.display());
    }
}

fn as_json(found: &Scan) -> Value {
    let stacks: Vec<Value> = found.stacks.iter().map(|stack| json!({
        "subject_id": stack.subject.as_str(), "series_uid": stack.series_uid, "stack": stack.stack,
        "plane": stack.orientation.name(), "contrast": stack.contrast.name(),
        "evidence": stack.evidence, "localizer": stack.localizer, "derived": stack.derived,
        "n_slices": stack.slices.len(), "rows": stack.rows, "columns": stack.columns,
        "spacing_mm": {"row": stack.spacing.row, "column": stack.spacing.column, "slice": stack.slice_spacing()},
        "problems": stack.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })).collect();
    let rejected: Vec<Value> = found.rejected.iter().map(|rejected| json!({
        "path": rejected.path, "frame": rejected.frame, "reason": rejected.reason.to_string(),
    })).collect();
    json!({"files": found.files, "stacks": stacks, "rejected": rejected})
}
