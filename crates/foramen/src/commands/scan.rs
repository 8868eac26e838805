//! Lists the MR stacks below a folder with their geometry, and what is not used.
//!
//! With no arguments it writes a small synthetic cohort to a temporary folder and scans that. DIR
//! may be a zip archive, or contain some. It prints one line per stack (subject, series, plane,
//! contrast, slices, matrix, spacing in millimetres, problems), then the number of rejected files
//! for each reason. `--explain` adds the evidence for each plane, contrast, region and kind; the
//! stacks of each study that are its axial T2 images of the cervical spine, or why there are none;
//! their sets and the order of these; and every rejected file. With `--identity` it lists the
//! attributes that could name a patient, without their values; with `--strict` as well, it ends
//! with a non-zero exit code if an attribute identifies a person directly. If there is no stack at
//! all, it ends with a message and a non-zero exit code.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use foramen_phantom::{CohortConfig, write_cohort};
use foramen_types::SubjectKey;

use crate::files::create;
use crate::folder_arguments::DicomFolder;
use crate::inputs::scan_shown;
use crate::scan_arguments::ScanArguments;
use crate::stack_table;

/// Lists the MR stacks below a folder, and what is not used.
#[derive(Debug, Parser)]
pub struct Arguments {
    #[command(flatten)]
    dicom: DicomFolder,
    /// Say why each stack is what it is, and list every rejected file.
    #[arg(long)]
    explain: bool,
    /// List attributes that could name a patient, without their values.
    #[arg(long)]
    identity: bool,
    /// With --identity: fail if a direct identifier is left.
    #[arg(long, requires = "identity")]
    strict: bool,
    #[command(flatten)]
    scan: ScanArguments,
    /// Write the result as JSON for programs to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut drawn = None;
    let dir = if let Some(dir) = arguments.dicom.path() {
        dir.to_owned()
    } else {
        let dir = std::env::temp_dir().join(format!("foramen-scan-{}", std::process::id()));
        let config = CohortConfig::default().with_analysable(2).with_defects(2);
        write_cohort(&config, &dir, &|_, _| ())
            .with_context(|| format!("no cohort was written to {}", dir.display()))?;
        drawn.insert(dir).join("dicom")
    };

    let found = scan_shown(&dir, &arguments.scan, SubjectKey::identity());
    if let Some(drawn) = drawn {
        // The result holds all that is shown; the synthetic files are done with.
        fs::remove_dir_all(&drawn).with_context(|| format!("{} stays", drawn.display()))?;
    }
    let found = found?;

    if let Some(file) = &arguments.json {
        let found = serde_json::to_value(&found)?;
        create(file, |json| Ok(serde_json::to_writer_pretty(json, &found)?))?;
    }
    let direct = if arguments.identity { stack_table::print_residuals(&found)? } else { 0 };
    stack_table::print_stacks(&found, arguments.explain);
    if arguments.explain {
        let accepted = arguments.scan.accepted();
        stack_table::print_studies(&found, &accepted);
        stack_table::print_pools(&found, &accepted);
    }
    stack_table::print_rejected(&found, arguments.explain);
    if found.stacks.is_empty() {
        let (dir, files) = (dir.display(), found.files);
        bail!("no MR stack below {dir} ({files} files looked at); see why with --explain");
    }
    if arguments.strict && direct > 0 {
        bail!("{direct} attributes identify a person directly; empty them and export again");
    }
    Ok(())
}
