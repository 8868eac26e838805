//! Our side of `cargo xtask peers-test`: what `compare.py` compares and times.
//!
//! `stacks DIR OUT` writes every stack of DIR as 32-bit floats and one line about
//! it; `pictures FILE…` writes every frame of each file likewise to standard
//! output; `scan DIR` and `load DIR` do nothing but that; `cohort DIR N` writes a
//! synthetic cohort.

use std::error::Error;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use foramen_dicom::{Policy, ScanOptions, StackHeader, load_volume, read_picture, scan};
use foramen_phantom::{CohortConfig, write_cohort};
use rayon::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["stacks", dir, out] => stacks(dir.as_ref(), out.as_ref()),
        ["pictures", ref files @ ..] => pictures(files),
        ["scan", dir] => {
            let found = scan(dir.as_ref(), &ScanOptions::default())?;
            println!("{} files, {} stacks", found.files, found.stacks.len());
            Ok(())
        }
        ["load", dir] => {
            let found = scan(dir.as_ref(), &ScanOptions::default())?;
            let volumes = found.stacks.par_iter().map(|s| load_volume(s, Policy::Lenient));
            let voxels = volumes.map(|v| v.map(|v| v.voxels.len())).sum::<Result<usize, _>>()?;
            println!("{voxels} voxels");
            Ok(())
        }
        ["cohort", dir, subjects] => {
            let config = CohortConfig::default().with_analysable(subjects.parse()?).with_defects(0);
            write_cohort(&config, dir.as_ref(), &|_, _| ())?;
            Ok(())
        }
        _ => Err("one of: stacks, pictures, scan, load, cohort".into()),
    }
}

fn stacks(dir: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let found = scan(dir, &ScanOptions::default())?;
    for (index, header) in found.stacks.iter().enumerate() {
        let volume = match load_volume(header, Policy::Lenient) {
            Ok(volume) => volume,
            Err(error) => {
                println!("{index}\t{}\tnot loaded: {error}", header.series_uid);
                continue;
            }
        };
        let bytes: Vec<u8> = volume.voxels.iter().flat_map(|v| v.to_le_bytes()).collect();
        fs::write(out.join(format!("{index}.f32")), bytes)?;
        let shape = volume.voxels.shape();
        let affine: Vec<String> =
            volume.grid.to_ras().into_iter().flatten().map(|v| v.to_string()).collect();
        println!(
            "{index}\t{}\t{} {} {}\t{}\t{}\t{}",
            header.series_uid,
            shape[0],
            shape[1],
            shape[2],
            affine.join(" "),
            volume.deviation,
            remarks(header)
        );
    }
    Ok(())
}

fn remarks(header: &StackHeader) -> String {
    header.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// For each frame a line, `rows columns samples` or the reason, then the pixels.
fn pictures(files: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for file in files {
        for frame in 1.. {
            match read_picture(file.as_ref(), frame) {
                Ok(picture) => {
                    let (rows, columns, samples) = picture.dim();
                    writeln!(out, "{file}\t{frame}\t{rows} {columns} {samples}")?;
                    for value in &picture {
                        out.write_all(&value.to_le_bytes())?;
                    }
                }
                Err(error) => {
                    let reason = error.source().map(ToString::to_string).unwrap_or_default();
                    writeln!(out, "{file}\t{frame}\t!{reason}")?;
                    break;
                }
            }
        }
    }
    Ok(())
}
