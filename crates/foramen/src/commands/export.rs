//! Writes each stack as NIfTI and as a contact sheet, for other programs.
//!
//! With no arguments it exports a synthetic subject to a temporary folder. It prints the files, one
//! `.nii.gz` (output values) and one PNG (every slice as a radiologist hangs it, marked R and L)
//! per stack, and lists them in `export.json`. The affine of a stack without an even grid can only
//! be an average: such a stack is marked, with the deviation of its slices.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Parser;
use flate2::{Compression, write::GzEncoder};
use foramen_dicom::{Policy, load_volume};
use foramen_phantom::{CohortConfig, write_cohort};
use foramen_types::SubjectKey;
use serde_json::json;

use crate::contact_sheet::contact_sheet;
use crate::files::create;
use crate::folder_arguments::DicomFolder;
use crate::inputs::scan_shown;
use crate::scan_arguments::ScanArguments;
use crate::terminal::say;

/// Writes each stack as NIfTI and as a contact sheet.
#[derive(Debug, Parser)]
pub struct Arguments {
    #[command(flatten)]
    dicom: DicomFolder,
    /// Folder for the files, new or empty [default: a temporary one].
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    scan: ScanArguments,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let temporary = std::env::temp_dir().join(format!("foramen-export-{}", std::process::id()));
    let dir = if let Some(dir) = arguments.dicom.path() {
        dir.to_owned()
    } else {
        let cohort = temporary.join("cohort");
        fs::create_dir_all(&temporary)?;
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, &cohort, &|_, _| ())
            .with_context(|| format!("no cohort was written to {}", cohort.display()))?;
        cohort.join("dicom")
    };
    let out = arguments.out.clone().unwrap_or_else(|| temporary.join("exported"));
    fs::create_dir_all(&out).with_context(|| format!("could not make {}", out.display()))?;
    ensure!(fs::read_dir(&out)?.next().is_none(), "{} holds something already", out.display());

    let found = scan_shown(&dir, &arguments.scan, SubjectKey::identity())?;
    ensure!(!found.stacks.is_empty(), "no MR stack below {}; see scan --explain", dir.display());
    let mut listed = Vec::new();
    for (index, header) in found.stacks.iter().enumerate() {
        let volume = match load_volume(header, Policy::Lenient) {
            Ok(volume) => volume,
            Err(error) => {
                eprintln!("{:#}", anyhow::Error::from(error));
                continue;
            }
        };
        // Subject ids may hold characters that file names cannot.
        let subject = header.subject.as_str();
        let safe = subject.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
        let name = format!("{index:03}_{safe}_{}_{}", header.orientation, header.contrast);
        let file = format!("{name}.nii.gz");
        create(&out.join(&file), |packed| {
            let mut packed = GzEncoder::new(packed, Compression::fast());
            volume.write_nifti(&mut packed)?;
            packed.finish()?;
            Ok(())
        })?;
        let sheet = contact_sheet(&volume);
        create(&out.join(format!("{name}.png")), |png| Ok(sheet.write_png(png)?))?;
        let even = volume.report.is_even() && volume.rejected.is_empty();
        let off = volume.deviation;
        let problems = header.problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        let remark = format!("  ({}; slices up to {off:.2} mm off the grid)", problems.join("; "));
        say!("{file}{}", if even { "" } else { &remark });
        listed.push(json!({
            "series_uid": header.series_uid, "stack": header.stack, "file": file,
            "n_slices": volume.voxels.shape()[0], "even": even, "deviation_mm": off,
        }));
    }
    create(&out.join("export.json"), |json| Ok(serde_json::to_writer_pretty(json, &listed)?))?;
    ensure!(!listed.is_empty(), "no stack below {} could be written", dir.display());
    say!("{} stacks in {}", listed.len(), out.display());
    Ok(())
}
