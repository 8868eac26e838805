//! Measures the neural foramina of a DICOM folder and, with an outcome table,
//! chooses the slice of each injection.
//!
//! Without `--outcomes` it measures every slice of each axial T2 stack on both sides and writes
//! `profile.csv`, a picture per slice and `slices.html` with all of them; with it, it writes the
//! files of the stage, the patches and a page of decisions. With no arguments it works on a small
//! synthetic cohort. It prints how many foramina were open, closed, occluded and refused, and where
//! the files are. With `--shard K/N` it works on the K-th of N parts of the subjects in a separate
//! folder, so that N processes can share the work; `merge` joins the parts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use clap::Parser;
use foramen_study::{files, profile_scan};

use crate::contact_page::{Shown, contact_page};
use crate::drawn_folder::prepare_study;
use crate::files::{create, write};
use crate::folder_arguments::DicomFolder;
use crate::inputs::{Inputs, read_key, scan_shown};
use crate::progress::counter;
use crate::scan_arguments::{ImageArguments, ScanArguments};
use crate::shard::Shard;
use crate::sharded_selection::select_shard;
use crate::stages::{run_selection, say_excluded};
use crate::terminal::say;

/// Measures the neural foramina of a DICOM folder.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    dicom: DicomFolder,
    /// Table of injections and pain scores.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    outcomes: Option<PathBuf>,
    /// Mapping of the table's columns (TOML).
    #[arg(long, value_name = "FILE", requires = "outcomes")]
    mapping: Option<PathBuf>,
    /// The data dictionary of a REDCap project (CSV).
    #[arg(long, value_name = "FILE", requires = "outcomes")]
    dictionary: Option<PathBuf>,
    /// Disc positions: levels.csv or JSON, 3D Slicer markups, label images, or a folder.
    #[arg(long, value_name = "FILE", requires = "outcomes")]
    levels: Option<PathBuf>,
    /// Table `patient_id,subject_id` that links the images to the outcome table.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    link: Option<PathBuf>,
    #[command(flatten)]
    scan: ScanArguments,
    #[command(flatten)]
    images: ImageArguments,
    /// Numeric columns of the table for the CNN, such as age,duration_weeks.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "outcomes")]
    covariates: Vec<String>,
    /// Folder for the files.
    #[arg(long, value_name = "DIR", default_value = "foramen-study-select")]
    out: PathBuf,
    /// Write into a folder that is not empty.
    #[arg(long)]
    force: bool,
    /// Select only for the subjects in part K of N, in a separate folder within `--out`, for
    /// `merge` to join; `slurm` takes the part from the task of a Slurm array.
    #[arg(long, value_name = "K/N", requires = "outcomes")]
    shard: Option<Shard>,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let config = arguments.images.config(&arguments.scan);
    if let Some(shard) = arguments.shard {
        let inputs = inputs(arguments);
        return select_shard(&inputs, &config, &arguments.out, shard, arguments.force);
    }
    let drawn = arguments.dicom.path().is_none();
    let _lock = prepare_study(&arguments.out, arguments.force, drawn)?;
    let mut included = 1;
    let states = match (arguments.dicom.path(), &arguments.outcomes) {
        (Some(dicom), None) => measure_all(arguments, dicom)?,
        _ => {
            let study = run_selection(&inputs(arguments).open()?, &config, &arguments.out)?;
            let selected = study.selected;
            let [subject, level, side, status] = ["subject", "level", "side", "status"];
            say!("{subject:>10} {level:<6} {side:<6} {status:<9} width (mm)  remarks");
            for episode in &selected.selections.episodes {
                let width = episode.chosen.as_ref().and_then(|chosen| chosen.foramen.width);
                let width = width.map_or("–".to_owned(), |mm| format!("{mm:.1}"));
                let why = episode.refusal.clone().unwrap_or_default();
                let (subject, level, side) = (&episode.subject, episode.level, episode.side);
                let status = episode.status();
                let mut remarks: Vec<&str> = episode.remarks.iter().map(|r| r.name()).collect();
                remarks.sort_unstable();
                remarks.dedup();
                let remarks = remarks.join(" ");
                say!("{subject:>10} {level:<6} {side:<6} {status:<9} {width:>10}  {why}{remarks}");
            }
            say_excluded(&selected);
            included = selected.included().len();
            study.states
        }
    };
    let counts: Vec<String> = states.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let measured: usize = states.values().sum();
    say!("{measured} slice sides measured: {}", counts.join(", "));
    say!("written to {}", arguments.out.display());
    anyhow::ensure!(measured > 0, "nothing was measured; manifest.json gives the reasons");
    anyhow::ensure!(
        included > 0,
        "no slice was chosen; manifest.json gives the reason of each row"
    );
    Ok(())
}

/// The inputs of a study.
fn inputs(arguments: &Arguments) -> Inputs {
    Inputs {
        dicom: arguments.dicom.clone(),
        outcomes: arguments.outcomes.clone(),
        mapping: arguments.mapping.clone(),
        dictionary: arguments.dictionary.clone(),
        levels: arguments.levels.clone(),
        link: arguments.link.clone(),
        scan: arguments.scan.clone(),
        images: arguments.images.clone(),
        covariates: arguments.covariates.clone(),
        ..Inputs::synthetic(12)
    }
}

fn measure_all(arguments: &Arguments, dicom: &Path) -> Result<BTreeMap<&'static str, usize>> {
    let key = read_key(arguments.link.as_deref())?;
    let found = scan_shown(dicom, &arguments.scan, key)?;
    let pictures = arguments.out.join("pictures");
    fs::create_dir_all(&pictures)
        .with_context(|| format!("could not make {}", pictures.display()))?;
    let config = arguments.images.config(&arguments.scan);
    let shown = Mutex::new(Vec::new());
    let progress = counter("measure");
    let profiled = profile_scan(&found, &config, &|slice| {
        progress.inc(1);
        // The ends of UIDs can be alike; its place in the scan is a stack's own.
        let stack = found.stacks.iter().position(|stack| std::ptr::eq(stack, slice.header));
        let name = format!(
            "{}-{:03}-{:03}.png",
            slice.header.subject.as_str().replace(['/', '\\'], "_"),
            stack.unwrap_or_default(),
            slice.slice
        );
        let written = create(&pictures.join(&name), |file| Ok(slice.picture.write_png(file)?));
        if let Err(error) = written {
            eprintln!("{error:#}");
        }
        let title = format!("{} slice {}", slice.header.subject, slice.slice);
        let file = Some(format!("pictures/{name}"));
        let all = shown.lock();
        all.expect("no thread panics while it holds the list").push(Shown {
            file,
            title,
            text: format!("series {}, stack {}", slice.header.series_uid, slice.header.stack),
        });
    });
    progress.finish_with_message("slices");
    let mut shown = shown.into_inner().expect("no thread panics while it holds the list");
    shown.sort_by(|a, b| a.file.cmp(&b.file));
    let note = "Every slice, from the feet to the head. Red: widths; green: roots.";
    write(&arguments.out.join("slices.html"), &contact_page("Measured slices", note, &shown))?;
    for unread in &profiled.unread {
        eprintln!("note: {unread}");
    }
    for (subject, why) in &profiled.not_reformatted {
        eprintln!("note: {subject}: {why}");
    }
    for (subject, why) in &profiled.without {
        eprintln!("note: {subject}: {why}");
    }
    anyhow::ensure!(
        !profiled.rows.is_empty(),
        "{} holds no axial T2 stack ({} stacks, {} files rejected); the example `scan` says what \
         it holds",
        dicom.display(),
        found.stacks.len(),
        found.rejected.len()
    );
    files::write_profile(&arguments.out.join("profile.csv"), &profiled.rows)?;
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &profiled.rows {
        *states.entry(row.foramen.state.name()).or_default() += 1;
    }
    Ok(states)
}
