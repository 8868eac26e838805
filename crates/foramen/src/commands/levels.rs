//! Drafts `levels.csv`: the positions of the cervical discs of every subject, found on the sagittal
//! series or given by other programs.
//!
//! A person checks the page `levels.html`, which shows every sagittal series with its numbered
//! discs, and corrects errors in the table; `study --levels levels.csv` then uses it. With
//! `--levels` the positions that 3D Slicer, TotalSpineSeg or the Spinal Cord Toolbox wrote are
//! shown and put into the table; if one disc of a subject is given, the others are counted from it;
//! subjects without a given disc are drafted. With no arguments it works on a small synthetic
//! cohort. It prints one line per subject: the discs found, or the reason for a refusal.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use foramen_phantom::Design;
use foramen_study::{StudyConfig, draft_levels, files};

use crate::demo_cohort::demo_cohort;
use crate::drawn_folder::prepare_study;
use crate::files::{create, write};
use crate::folder_arguments::DicomFolder;
use crate::inputs::{note_raw_ids, read_key, read_levels, scan_shown};
use crate::levels_page::render_levels;
use crate::scan_arguments::ScanArguments;
use crate::study_source::StudySource;
use crate::terminal::say;

/// Drafts a table of disc positions from the sagittal series.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    dicom: DicomFolder,
    /// Disc positions: levels.csv or JSON, 3D Slicer markups, label images, or a folder.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    levels: Option<PathBuf>,
    /// Table `patient_id,subject_id` that gives the images their subject ids.
    #[arg(long, value_name = "FILE", requires = "DicomFolder")]
    link: Option<PathBuf>,
    #[command(flatten)]
    scan: ScanArguments,
    /// Folder for the files.
    #[arg(long, value_name = "DIR", default_value = "foramen-study-levels")]
    out: PathBuf,
    /// Write into a folder that is not empty.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let drawn = arguments.dicom.path().is_none();
    let _lock = prepare_study(&arguments.out, arguments.force, drawn)?;
    let dicom = match arguments.dicom.path() {
        Some(dicom) => dicom.to_owned(),
        None => demo_cohort(12, 1, Design::Width)?.join("dicom"),
    };
    let key = read_key(arguments.link.as_deref())?;
    if arguments.dicom.path().is_some() {
        note_raw_ids(&key, &arguments.scan);
    }
    let found = scan_shown(&dicom, &arguments.scan, key.clone())?;
    let given =
        arguments.levels.as_ref().map(|path| read_levels(path, &key, &found)).transpose()?;
    let config = StudyConfig::default().with_accepted(arguments.scan.accepted());
    let draft = draft_levels(&found, given.as_ref(), &config);
    anyhow::ensure!(
        !draft.subjects.is_empty(),
        "{} holds no MR stack; the example `scan` says what it holds",
        dicom.display()
    );
    for subject in &draft.subjects {
        match &subject.refusal {
            None => say!("{:>10} {}", subject.subject, names(&subject.found)),
            Some(refusal) if subject.found.is_empty() => {
                say!("{:>10} refused: {refusal}", subject.subject);
            }
            Some(refusal) => {
                let found = names(&subject.found);
                say!("{:>10} {found}; no others: {refusal}", subject.subject);
            }
        }
    }
    let (link, how) = (arguments.link.clone(), arguments.scan.clone());
    StudySource { dicom, link, scan: how, series: Vec::new() }.write(&arguments.out)?;
    for subject in &draft.subjects {
        if let Some(warning) = &subject.warning {
            eprintln!("warning: {}: {warning}", subject.subject);
        }
    }
    let table = arguments.out.join("levels.csv");
    let before = if drawn { fs::read(&table).ok() } else { None };
    files::write_levels(&table, &draft.levels)?;
    if let Some(before) = before.filter(|before| fs::read(&table).is_ok_and(|now| now != *before)) {
        let kept = arguments.out.join("levels-before.csv");
        create(&kept, |file| Ok(file.write_all(&before)?))?;
        eprintln!("note: levels.csv had been changed; it is kept as {}", kept.display());
    }
    write(&arguments.out.join("levels.html"), &render_levels(&draft)?)?;
    say!("written to {}", arguments.out.display());
    anyhow::ensure!(
        given.is_some() || draft.subjects.iter().any(|subject| !subject.found.is_empty()),
        "no disc was found in any of {} subjects; the reasons are above",
        draft.subjects.len()
    );
    Ok(())
}

fn names(levels: &[foramen_types::Level]) -> String {
    levels.iter().map(|level| level.name()).collect::<Vec<_>>().join(" ")
}
