//! `cargo xtask`: what plain cargo cannot do.
//!
//! `setup` brings libtorch and CMake into the user cache and tells cargo where
//! they are, `doctor` prints what was found, `demo` and `test` are `setup`
//! followed by the cargo command a user would type, `lite0` brings weights learned
//! on photographs, `peers-test` compares `foramen-metrics`, `foramen-dicom` and
//! `foramen-cnn` with what people use. Each may be run again and again; what is already there is kept.

mod cache;
mod cargo;
mod cmake;
mod doctor;
mod libtorch;
mod lite0;
mod peers;
mod pip;
mod setup;
mod wheel;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What plain cargo cannot do for foramen")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Bring libtorch and CMake into the user cache and tell cargo about them.
    Setup(setup::Options),
    /// Print what was found: libtorch, CPU, CUDA, CMake, folders.
    Doctor,
    /// `setup`, then the whole path on a synthetic cohort.
    Demo {
        /// Passed on to the example `study`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// `setup`, then every test of the workspace, libtorch and doctests included.
    Test {
        /// Passed on to `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Bring the ImageNet weights of EfficientNet-Lite0 into the user cache.
    Lite0,
    /// Numbers and speed of `foramen-metrics` beside Python and R, of
    /// `foramen-dicom` beside dcm2niix and pydicom, and of `foramen-cnn` beside
    /// PyTorch.
    PeersTest {
        /// One of the three [default: metrics and dicom].
        subject: Option<peers::Subject>,
        /// Compare with torchmetrics too. Its PyTorch fills 5 GB on Linux.
        #[arg(long)]
        torchmetrics: bool,
    },
}

/// The optional features that `setup` makes buildable.
const FEATURES: [&str; 2] = ["--features", "torch,jpeg-ls"];

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Setup(options) => setup::setup(&options).map(drop),
        Task::Doctor => doctor::doctor(),
        Task::Lite0 => lite0::lite0(),
        Task::PeersTest { subject, torchmetrics } => peers::peers(subject, torchmetrics),
        Task::Demo { arguments } => {
            setup::setup(&setup::Options::default())?;
            cargo::run(
                ["run", "--release"].into_iter().chain(FEATURES).chain([
                    "--example",
                    "study",
                    "--",
                ]),
                &arguments,
            )
        }
        Task::Test { arguments } => {
            setup::setup(&setup::Options::default())?;
            cargo::run(["test", "--workspace"].into_iter().chain(FEATURES), &arguments)
        }
    }
}
