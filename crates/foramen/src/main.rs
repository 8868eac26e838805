//! The program `foramen`: one subcommand for each of [`foramen::commands`].

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use foramen::commands::{self, finish};

/// Predicts from cervical MRI and pain scores who gains from a steroid injection.
///
/// Each stage writes files for the next. With no arguments each subcommand runs on generated data.
#[derive(Parser)]
#[command(name = "foramen", arg_required_else_help = true)]
struct Arguments {
    /// Print the version, that of libtorch, and the device used.
    #[arg(short = 'V', long)]
    version: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Everything: from a DICOM folder and an outcome table to models and a report.
    Study(Box<commands::study::Arguments>),
    /// List the MR stacks of a folder, and what is not used, with reasons.
    Scan(commands::scan::Arguments),
    /// Write each stack as NIfTI and as a contact sheet.
    Export(commands::export::Arguments),
    /// Draft disc positions from the sagittal series, for a person to correct.
    Levels(commands::levels::Arguments),
    /// Turn a pain table into labels and a cohort flow.
    Label(commands::label::Arguments),
    /// Check what the folds of a study, or the parts of a data set, share.
    Leakage(commands::leakage::Arguments),
    /// Measure the foramina, choose the slices, and draw the measurements.
    Select(commands::select::Arguments),
    /// Train the CNN and the baseline (width only) on a study prepared by `select`.
    Train(commands::train::Arguments),
    /// Predict the outcome of planned injections with trained models.
    Predict(commands::predict::Arguments),
    /// Write trained models as one TorchScript file for PyTorch.
    #[cfg(feature = "torch")]
    ExportModel(commands::export_model::Arguments),
    /// Join parts of a study that several processes made (`--shard`).
    Merge(commands::merge::Arguments),
    /// AUC, calibration and more, from any table of predictions.
    Evaluate(Box<commands::evaluate::Arguments>),
    /// Compare measured widths with readers'.
    Agreement(commands::agreement::Arguments),
    /// Make the report of a study again from the files in its folder.
    Report(commands::report::Arguments),
    /// Show every choice to a person, and store the corrections.
    #[cfg(feature = "review")]
    Review(commands::review::Arguments),
    /// Make a synthetic cohort.
    Cohort(commands::cohort::Arguments),
    /// Show which device the CNN would use, and test it.
    #[cfg(feature = "torch")]
    CheckDevice(commands::check_device::Arguments),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.version {
        println!("{}", commands::version());
        return ExitCode::SUCCESS;
    }
    // Without one, clap has printed the help.
    let Some(task) = arguments.task else { return ExitCode::FAILURE };
    finish(match task {
        Task::Study(arguments) => commands::study::run(&arguments),
        Task::Scan(arguments) => commands::scan::run(&arguments),
        Task::Export(arguments) => commands::export::run(&arguments),
        Task::Levels(arguments) => commands::levels::run(&arguments),
        Task::Label(arguments) => commands::label::run(&arguments),
        Task::Leakage(arguments) => commands::leakage::run(&arguments),
        Task::Select(arguments) => commands::select::run(&arguments),
        Task::Train(arguments) => commands::train::run(&arguments),
        Task::Predict(arguments) => commands::predict::run(&arguments),
        #[cfg(feature = "torch")]
        Task::ExportModel(arguments) => commands::export_model::run(&arguments),
        Task::Merge(arguments) => commands::merge::run(&arguments),
        Task::Evaluate(arguments) => commands::evaluate::run(&arguments),
        Task::Agreement(arguments) => commands::agreement::run(&arguments),
        Task::Report(arguments) => commands::report::run(&arguments),
        #[cfg(feature = "review")]
        Task::Review(arguments) => commands::review::run(&arguments),
        Task::Cohort(arguments) => commands::cohort::run(&arguments),
        #[cfg(feature = "torch")]
        Task::CheckDevice(arguments) => commands::check_device::run(&arguments),
        Task::Completions { shell } => {
            let mut written = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "foramen", &mut written);
            print!("{}", String::from_utf8_lossy(&written));
            Ok(())
        }
    })
}
