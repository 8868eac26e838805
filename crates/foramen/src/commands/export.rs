//! Writes each stack as NIfTI and as a contact sheet, to look at elsewhere.
//!
//! With no arguments it exports a synthetic subject to a temporary folder. It
//! prints the files, one `.nii.gz` (output values) and one PNG (every slice as a
//! radiologist hangs it, marked R and L) per stack, and lists them in
//! `export.json`. The affine of a stack that is no even grid can only be an
//! average: such a stack is marked, with how far its slices are off.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Parser;
use flate2::{Compression, write::GzEncoder};
use foramen_dicom::{Policy, Volume, load_volume, scan};
use foramen_phantom::{CohortConfig, write_cohort};
use foramen_types::Vector;
use serde_json::json;

use crate::contact_sheet::contact_sheet;
use crate::scan_arguments::ScanArguments;
use crate::terminal::say;

/// Writes each stack as NIfTI and as a contact sheet.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// Folder with DICOM files [default: a small synthetic cohort].
    dir: Option<PathBuf>,
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
    let dir = if let Some(dir) = &arguments.dir {
        dir.clone()
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

    let found = scan(&dir, &arguments.scan.options())?;
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
        write_nifti(&volume, &out.join(&file))?;
        let sheet = File::create(out.join(format!("{name}.png")))?;
        contact_sheet(&volume).write_png(BufWriter::new(sheet))?;
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
    serde_json::to_writer_pretty(BufWriter::new(File::create(out.join("export.json"))?), &listed)?;
    ensure!(!listed.is_empty(), "no stack below {} could be written", dir.display());
    say!("{} stacks in {}", listed.len(), out.display());
    Ok(())
}

/// Writes NIfTI-1: columns, rows, slices, in RAS millimetres.
#[expect(clippy::cast_possible_truncation, reason = "NIfTI keeps its affine as 32-bit floats")]
fn write_nifti(volume: &Volume, path: &Path) -> anyhow::Result<()> {
    let (slices, rows, columns) = volume.voxels.dim();
    let sides = [volume.grid.column, volume.grid.row, volume.grid.slice].map(Vector::length);
    let mut header = [0_u8; 352];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &348_i32.to_le_bytes());
    let size = [3, columns, rows, slices, 1, 1, 1, 1];
    for (index, length) in size.into_iter().enumerate() {
        put(40 + 2 * index, &i16::try_from(length)?.to_le_bytes());
    }
    put(70, &16_i16.to_le_bytes()); // 32-bit float
    put(72, &32_i16.to_le_bytes());
    let float = |value: f64| (value as f32).to_le_bytes();
    for (index, length) in [1.0].into_iter().chain(sides).enumerate() {
        put(76 + 4 * index, &float(length));
    }
    put(108, &352_f32.to_le_bytes());
    put(123, &[2]); // millimetres
    put(254, &1_i16.to_le_bytes()); // scanner coordinates
    for (index, value) in volume.grid.to_ras().into_iter().flatten().enumerate() {
        put(280 + 4 * index, &float(value));
    }
    put(344, b"n+1\0");

    let mut file = GzEncoder::new(BufWriter::new(File::create(path)?), Compression::fast());
    file.write_all(&header)?;
    for slice in volume.voxels.outer_iter() {
        file.write_all(&slice.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())?;
    }
    file.finish()?.flush()?;
    Ok(())
}
