//! The whole path in one command: from a DICOM folder and an outcome table to a
//! trained CNN and a report.
//!
//! With no arguments it simulates the default synthetic cohort once (288 analysable subjects, kept
//! in the user cache) and runs on that. It prints each stage, then one line with the AUC of both
//! models and the path of `report.html`; the files of all stages are in the same folder. Without
//! the feature `torch` only the baseline (width only) is trained.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use foramen_study::CohortFlow;
use foramen_study::files::{self, StageNotes};

use crate::drawn_folder::{is_anew, trained_by};
use crate::inputs::{Inputs, prepare_output};
use crate::jobs::train_study;
use crate::processes::ensure_alone;
use crate::provenance::this_command;
use crate::reporting::make_report;
use crate::reviewed_training::{ensure_reviewed, follow_review, train_reviewed};
use crate::stages::{dataset, patch_frame, run_selection, say_excluded};
use crate::terminal::say;
use crate::train_arguments::TrainArguments;
use crate::training::{refuse_finished, resolve_device};

/// From a DICOM folder and an outcome table to a trained CNN and a report.
#[derive(Parser)]
pub struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    train: TrainArguments,
    /// Edge of the patch around each foramen; 200 shows the whole slice.
    #[arg(long, value_name = "MM", default_value_t = 50.0)]
    patch_mm: f64,
    /// Edge of a pixel of the patch.
    #[arg(long, value_name = "MM", default_value_t = 0.5)]
    pixel_mm: f64,
    /// Where the files go.
    #[arg(long, value_name = "DIR", default_value = DEFAULT)]
    out: PathBuf,
    /// Write into a folder that is not empty, even over a finished study.
    #[arg(long)]
    force: bool,
    /// Whether this is what the example `study` does without arguments.
    #[arg(skip)]
    small: bool,
}

/// Where a study goes whose folder is not named.
const DEFAULT: &str = "foramen-study";

/// What the example studies without arguments, so that it ends in less than a minute.
const SUBJECTS: usize = 40;
const FOLDS: usize = 3;
const EPOCHS: usize = 3;

/// Where the example leaves that.
const SMALL: &str = "foramen-study-small";

impl Arguments {
    /// The arguments of the example `study`, which ends in less than a minute where it is given
    /// none. Where they are wrong, or ask for help, this ends the program.
    #[must_use]
    pub fn of_example() -> Self {
        let help = format!(
            "Without arguments the example studies {SUBJECTS} drawn subjects in {SMALL}, with \
             {FOLDS} folds of {EPOCHS} epochs, which takes less than a minute. --subjects 288 \
             makes the default study."
        );
        let matches = Self::command().after_help(help).get_matches();
        let read = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if std::env::args_os().len() > 1 {
            return read;
        }
        Self {
            inputs: Inputs::synthetic(SUBJECTS),
            train: TrainArguments::default().with_folds(FOLDS).with_epochs(EPOCHS),
            out: SMALL.into(),
            small: true,
            ..read
        }
    }

    /// Whether no folder was named, and this command has made the study of drawn subjects that
    /// lies there, or was interrupted before it trained: nothing is lost when it is made anew.
    ///
    /// # Errors
    /// When a training was interrupted there.
    fn is_made_again(&self) -> Result<bool> {
        let named = !self.small && self.out != Path::new(DEFAULT);
        let drawn = !named && self.inputs.dicom.path().is_none();
        let by_this = trained_by(&self.out).is_none_or(|command| command == this_command());
        let again = drawn && by_this && is_anew(&self.out);
        if again && self.out.join("checkpoints").is_dir() {
            bail!(
                "a training was interrupted in {}; give --resume to go on, or --force to begin anew",
                self.out.display()
            );
        }
        Ok(again)
    }
}

/// Runs the command.
///
/// # Errors
/// When an input cannot be used or a file cannot be written; the message names it.
pub fn run(arguments: &Arguments) -> Result<()> {
    ensure_alone("study")?;
    let out = &arguments.out;
    // What can be known to fail is told before an hour of work, not after.
    let frame = patch_frame(arguments.patch_mm, arguments.pixel_mm)?;
    let goes_on = arguments.train.resume || arguments.train.reviewed;
    let anew = !goes_on && !arguments.force && arguments.is_made_again()?;
    let _lock = prepare_output(out, arguments.force || goes_on || anew)?;
    if arguments.small {
        say!(
            "to show how it works: {SUBJECTS} drawn subjects, {FOLDS} folds of {EPOCHS} epochs; \
             --subjects 288 makes the default study"
        );
    }
    if !arguments.force && !anew {
        refuse_finished(out, &arguments.train, "give another --out")?;
    }
    let device = resolve_device(&arguments.train.device)?;
    say!("device: {device}");
    let mut timing: Vec<(String, f64)> = Vec::new();
    let mut clock = Instant::now();
    let mut lap = |stage: &str, clock: &mut Instant| {
        timing.push((stage.to_owned(), clock.elapsed().as_secs_f64()));
        *clock = Instant::now();
    };

    if arguments.train.reviewed {
        ensure_reviewed(out)?;
    }
    arguments.inputs.draw()?;
    lap("cohort", &mut clock);
    let inputs = arguments.inputs.open()?;
    lap("scan", &mut clock);
    let config = arguments.inputs.config().with_patch(frame);
    let selected = run_selection(&inputs, &config, out)?.selected;
    lap("select", &mut clock);

    let flow = CohortFlow::of(&selected.manifest);
    say!("{} rows, {} included", flow.rows, flow.included);
    say_excluded(&selected);
    if flow.included == 0 {
        bail!(
            "no row of the outcome table can be used; {} gives the reason of each",
            out.join("manifest.json").display()
        );
    }
    let models = if arguments.train.reviewed {
        let rows = follow_review(out, &inputs.source.dicom, inputs.scan, &config)?;
        lap("patches", &mut clock);
        train_reviewed(out, &rows, &arguments.train)?
    } else {
        let dataset = dataset(out)?;
        lap("patches", &mut clock);
        train_study(&dataset, &arguments.train, out)?
    };
    lap("train", &mut clock);

    let notes = StageNotes { timing_s: timing, ..files::read_stages(out)?.unwrap_or_default() };
    files::write_stages(out, &notes)?;
    make_report(out, None)?;
    let page = out.join("report.html");
    let summary: Vec<String> =
        models.iter().map(|model| format!("{} {}", model.title, model.summary())).collect();
    let page = page.canonicalize().context("the report was just written")?;
    say!("{} of {} rows; {}", flow.included, flow.rows, summary.join("; "));
    say!("report: {}", page.display());
    Ok(())
}
