//! Writes each stack as NIfTI and as a contact sheet, to look at elsewhere.
//!
//! ```text
//! cargo run --release --example export -- DIR --out exported
//! ```
//!
//! With no arguments it exports a synthetic subject to a temporary folder. It
//! prints the files, one `.nii.gz` (output values) and one PNG (rows and columns
//! as stored) per stack, and lists them in `export.json`. The affine of a stack
//! with uneven gaps can only be an average: such a stack is marked.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Parser;
use flate2::{Compression, write::GzEncoder};
use foramen_dicom::{Problem, ScanOptions, StackHeader, load, scan};
use foramen_examples::Failure;
use foramen_image::{Colour, Picture, Stack, Window};
use foramen_phantom::{CohortConfig, write_cohort};
use foramen_types::{Point, Vector};
use serde_json::json;

/// Writes each stack as NIfTI and as a contact sheet.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with DICOM files [default: a small synthetic cohort].
    dir: Option<PathBuf>,
    /// Folder for the files, new or empty [default: a temporary one].
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<(), Failure> {
    Ok(run(Arguments::parse())?)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let temporary = std::env::temp_dir().join(format!("foramen-export-{}", std::process::id()));
    let dir = if let Some(dir) = arguments.dir {
        dir
    } else {
        let cohort = temporary.join("cohort");
        fs::create_dir_all(&temporary)?;
        let config = CohortConfig::default().with_analysable(1).with_defects(0);
        write_cohort(&config, &cohort, &|_, _| ())
            .with_context(|| format!("no cohort was written to {}", cohort.display()))?;
        cohort.join("dicom")
    };
    let out = arguments.out.unwrap_or_else(|| temporary.join("exported"));
    fs::create_dir_all(&out).with_context(|| format!("could not make {}", out.display()))?;
    ensure!(fs::read_dir(&out)?.next().is_none(), "{} holds something already", out.display());

    let found = scan(&dir, &ScanOptions::default())?;
    ensure!(!found.stacks.is_empty(), "no MR stack below {}; see scan --explain", dir.display());
    let mut listed = Vec::new();
    for (index, header) in found.stacks.iter().enumerate() {
        let loaded = match load(header) {
            Ok(loaded) => loaded,
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
        write_nifti(&loaded.stack, &out.join(&file))?;
        write_sheet(&loaded.stack, &out.join(format!("{name}.png")))?;
        let even = is_even(header) && loaded.rejected.is_empty();
        println!("{file}{}", if even { "" } else { "  (uneven: the affine is an average)" });
        listed.push(json!({
            "series_uid": header.series_uid, "stack": header.stack, "file": file,
            "n_slices": loaded.stack.slices().len(), "even": even,
        }));
    }
    serde_json::to_writer_pretty(BufWriter::new(File::create(out.join("export.json"))?), &listed)?;
    println!("{} stacks in {}", listed.len(), out.display());
    Ok(())
}

fn is_even(header: &StackHeader) -> bool {
    !header.problems.iter().any(|problem| {
        matches!(problem, Problem::Missing { .. } | Problem::Uneven { .. } | Problem::Shear { .. })
    })
}

/// Writes NIfTI-1: columns, rows, slices; the sform maps them to RAS, which is
/// LPS with x and y negated.
#[expect(clippy::cast_possible_truncation, reason = "NIfTI keeps its affine as 32-bit floats")]
fn write_nifti(stack: &Stack, path: &Path) -> anyhow::Result<()> {
    let slices = stack.slices();
    let (first, last) = (slices[0].plane(), slices[slices.len() - 1].plane());
    let spacing = first.spacing();
    let span = (last.origin() - first.origin()) * (1.0 / (slices.len().max(2) - 1) as f64);
    let alone = first.cranial_normal() * slices[0].thickness.unwrap_or(1.0);
    let step = if slices.len() == 1 { alone } else { span };
    let sides = [first.along_row() * spacing.column, first.along_column() * spacing.row, step];
    let columns = [sides[0], sides[1], sides[2], first.origin() - Point::default()];

    let mut header = [0_u8; 352];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &348_i32.to_le_bytes());
    let size = [3, slices[0].columns(), slices[0].rows(), slices.len(), 1, 1, 1, 1];
    for (index, length) in size.into_iter().enumerate() {
        put(40 + 2 * index, &i16::try_from(length)?.to_le_bytes());
    }
    put(70, &16_i16.to_le_bytes()); // 32-bit float
    put(72, &32_i16.to_le_bytes());
    let float = |value: f64| (value as f32).to_le_bytes();
    for (index, length) in [1.0].into_iter().chain(sides.map(Vector::length)).enumerate() {
        put(76 + 4 * index, &float(length));
    }
    put(108, &352_f32.to_le_bytes());
    put(123, &[2]); // millimetres
    put(254, &1_i16.to_le_bytes()); // scanner coordinates
    for (index, column) in columns.into_iter().enumerate() {
        for (row, value) in [-column.x, -column.y, column.z].into_iter().enumerate() {
            put(280 + 16 * row + 4 * index, &float(value));
        }
    }
    put(344, b"n+1\0");

    let mut file = GzEncoder::new(BufWriter::new(File::create(path)?), Compression::fast());
    file.write_all(&header)?;
    for slice in slices {
        file.write_all(&slice.pixels().iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())?;
    }
    file.finish()?.flush()?;
    Ok(())
}

/// Draws all slices in rows of six.
fn write_sheet(stack: &Stack, path: &Path) -> anyhow::Result<()> {
    let slices = stack.slices();
    let (rows, columns, wide) = (slices[0].rows(), slices[0].columns(), slices.len().min(6));
    let window = Window::from_quantiles(slices, 0.01, 0.995);
    let size = (slices.len().div_ceil(6) * rows, wide * columns);
    let mut sheet = Picture::filled(size.0, size.1, Colour(0, 0, 0));
    for (index, slice) in slices.iter().enumerate() {
        let picture = Picture::from_pixels(slice.pixels(), window);
        sheet.paste(&picture, index / 6 * rows, index % 6 * columns);
    }
    Ok(sheet.write_png(BufWriter::new(File::create(path)?))?)
}
