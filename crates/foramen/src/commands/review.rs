//! Lets a person review and correct every choice of a study.
//!
//! It serves a page on this machine only, under an address with a secret, for a folder written by
//! `select` or `study`. Every answer is stored at once in `review.sqlite` in that folder.
//! `--export` (or the page) writes `reviewed/readings.csv` for `agreement`, and
//! `reviewed/selections.csv` and the patches for `train --reviewed`. With no arguments it prepares
//! a small synthetic study first.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use foramen_dicom::scan;
use foramen_review::{Exported, Session, Store, Study, export, serve};
use foramen_study::StudyConfig;

use crate::drawn_folder::prepare_drawn;
use crate::folder_arguments::StudyFolder;
use crate::inputs::{Inputs, read_key};
use crate::scan_arguments::ScanArguments;
use crate::stages::run_selection;
use crate::study_source::StudySource;
use crate::terminal::say;

/// Shows every choice of a study to a person, and stores the answers.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    study: StudyFolder,
    /// Folder of DICOM files that the study was made from [default: the one it names].
    #[arg(long, value_name = "DIR", requires = "StudyFolder")]
    dicom: Option<PathBuf>,
    /// Table `patient_id,subject_id` as for `select`.
    #[arg(long, value_name = "FILE", requires = "dicom")]
    link: Option<PathBuf>,
    #[command(flatten)]
    scan: ScanArguments,
    /// Port of the page; 0 selects a free one.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Name of the reader: letters, digits, dots, hyphens, underscores.
    #[arg(long, value_name = "ID", default_value = "reader")]
    reader: String,
    /// Hide the automatic choice until the reader has answered, and shuffle the cases.
    #[arg(long)]
    blind: bool,
    /// Share of cases that are shown twice without being recognisable, to measure how well a reader
    /// agrees with themselves: 0 to 0.4.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, requires = "blind")]
    repeats: f64,
    /// Show only cases on which readers disagree; answers settle them.
    #[arg(long, conflicts_with = "blind")]
    adjudicate: bool,
    /// Write the tables and patches of all answers so far, and end.
    #[arg(long, conflicts_with_all = ["blind", "adjudicate", "open"])]
    export: bool,
    /// Open the page in the browser.
    #[arg(long)]
    open: bool,
}

/// Runs the command.
///
/// # Errors
/// When the study or its images cannot be used, or the page cannot be served.
pub fn run(arguments: &Arguments) -> Result<()> {
    ensure!((0.0..=0.4).contains(&arguments.repeats), "--repeats is a share from 0 to 0.4");
    let mut session = Session::new(&arguments.reader)?;
    if arguments.blind {
        session = session.blinded(arguments.repeats);
    }
    if arguments.adjudicate {
        session = session.adjudicating();
    }
    let folder = match arguments.study.path() {
        Some(folder) => folder.to_owned(),
        None => synthetic()?,
    };
    let study = open_study(arguments, &folder)?;
    for missing in study.missing() {
        eprintln!("note: {missing}");
    }
    if arguments.export {
        ensure!(
            Store::exists(&folder),
            "nobody has reviewed {} yet; run `review {}` first",
            folder.display(),
            folder.display()
        );
        let store = Store::open(&folder)?;
        tell(&export(&study, &store.rows(0)?, &store.discs()?)?);
        say!("written to {}", folder.join(foramen_study::review::REVIEWED).display());
        return Ok(());
    }
    let cases = study.cases();
    let server = serve(study, session, arguments.port)?;
    let address = server.address();
    say!("{cases} cases, reader {}", arguments.reader);
    say!("{address}");
    eprintln!("the page works until this command is ended (Ctrl-C); answers are kept at once");
    if arguments.open {
        open_browser(&address);
    }
    Ok(server.run()?)
}

fn synthetic() -> Result<PathBuf> {
    let folder = PathBuf::from("foramen-study-review");
    if !folder.join("selections.csv").is_file() {
        let _lock = prepare_drawn(&folder)?;
        run_selection(&Inputs::synthetic(12).open()?, &StudyConfig::default(), &folder)?;
    }
    Ok(folder)
}

/// The study with its images, at their present location.
fn open_study(arguments: &Arguments, folder: &Path) -> Result<Study> {
    let named = StudySource::read(folder)?;
    let source = match (&arguments.dicom, named) {
        (Some(dicom), named) => StudySource {
            dicom: dicom.clone(),
            link: arguments.link.clone(),
            scan: arguments.scan.clone(),
            series: named.map(|named| named.series).unwrap_or_default(),
        },
        (None, Some(source)) => source,
        (None, None) => anyhow::bail!(
            "{} does not say which images it was made from; give --dicom DIR",
            folder.display()
        ),
    };
    let key = read_key(source.link.as_deref())?;
    let found = scan(&source.dicom, &source.scan.options().with_key(key)).with_context(|| {
        format!("the images lie in {} no more; give --dicom DIR", source.dicom.display())
    })?;
    let config = StudyConfig::default()
        .with_accepted(source.scan.accepted())
        .with_series(source.series.clone());
    Ok(Study::open(folder, &source.dicom, found, config)?)
}

fn tell(exported: &Exported) {
    say!(
        "{} of {} cases reviewed, {} readings",
        exported.reviewed,
        exported.cases,
        exported.readings
    );
    for (correction, n) in &exported.corrections {
        say!("{n:>6} {correction}");
    }
    if exported.spines > 0 {
        say!("discs of {} people in levels.csv", exported.spines);
    }
    say!(
        "{} patches changed, {} added, {} left out",
        exported.patches,
        exported.added,
        exported.left_out
    );
    for problem in &exported.problems {
        eprintln!("note: {problem}");
    }
}

/// Opens the browser. If this fails, the address is on the terminal.
fn open_browser(address: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(target_os = "windows") {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let started = std::process::Command::new(program)
        .args(arguments)
        .arg(address)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    if let Err(error) = started {
        eprintln!("note: no browser could be opened ({program}: {error}); open the address above");
    }
}
