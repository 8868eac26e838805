//! `cargo xtask peers`: foramen and what people would use instead, in turn on the same files,
//! and `docs/benchmarks.md`, which is made of the records.
//!
//! Each subject is a Python script that lets the sides take turns (`turns.py`) and leaves a
//! record (JSON) in the user cache. The page is always made of all records that are there, so
//! that it can be made in parts.

mod interval;
mod machine;
mod page;
mod profile;
mod record;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::peers::{READERS, STATISTICS, TORCH, environment, has_proc, program, run};
use crate::{cache, cargo};
use machine::Machine;
use record::Record;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Headers and volumes, beside pydicom, dicomsdl, SimpleITK and dcm2niix.
    Dicom,
    /// Labels from a table, beside pandas.
    Labels,
    /// Statistics, beside scikit-learn, NumPy, statsmodels, and pROC where R has it.
    Statistics,
    /// Measurement, patches and augmentation, beside SciPy and MONAI.
    Stages,
    /// Training steps and predictions, warm and cold, beside PyTorch.
    Network,
    /// The whole job from folder to report, beside a Python script of the same stages.
    Job,
    /// Where the time of a study goes; needs `perf` of Linux.
    Profile,
    /// Time and memory of scan and selection of 288, 2,880 and 28,800 small studies. It takes
    /// long and 4 GB of disk, and runs only when it is named.
    Growth,
}

impl Subject {
    /// Those that run where none is named, in the order of the page.
    const USUAL: [Self; 7] = [
        Self::Dicom,
        Self::Labels,
        Self::Statistics,
        Self::Stages,
        Self::Network,
        Self::Job,
        Self::Profile,
    ];

    fn name(self) -> String {
        self.to_possible_value().expect("no subject is hidden").get_name().to_owned()
    }
}

/// What is measured, and how long.
#[derive(Args)]
pub(crate) struct Options {
    /// What is measured [default: all but growth].
    subjects: Vec<Subject>,
    /// Rounds of each comparison.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds after which a comparison ends before its last round, once it has three.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Subjects of the whole job.
    #[arg(long, default_value_t = 40)]
    job_subjects: usize,
    /// Epochs of the whole job, on both sides.
    #[arg(long, default_value_t = 6)]
    job_epochs: usize,
    /// Rounds of the whole job.
    #[arg(long, default_value_t = 2)]
    job_rounds: usize,
    /// Sizes of the cohorts of `growth`.
    #[arg(long, value_delimiter = ',', default_values_t = [288, 2880, 28_800])]
    growth: Vec<usize>,
    /// Threads of both sides [default: all].
    #[arg(long)]
    threads: Option<usize>,
    /// Fewer subjects and rounds, to see whether everything runs; the page says so.
    #[arg(long)]
    quick: bool,
    /// Only write `docs/benchmarks.md` anew from the records that are there.
    #[arg(long, conflicts_with = "subjects")]
    page: bool,
}

impl Options {
    fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(all)
    }
}

/// Folders of a run.
pub(crate) struct Places {
    /// Where records are kept.
    records: PathBuf,
    /// Where sides write.
    work: PathBuf,
}

impl Places {
    fn new() -> Result<Self> {
        let folder = cache::folder()?.join("benchmarks");
        let (records, work) = (folder.join("records"), folder.join("work"));
        for folder in [&records, &work] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(Self { records, work })
    }

    fn record(&self, subject: Subject) -> PathBuf {
        self.records.join(format!("{}.json", subject.name()))
    }
}

/// Measures the subjects and writes the page.
pub(crate) fn benchmarks(options: &Options) -> Result<()> {
    let places = Places::new()?;
    if !options.page {
        let subjects =
            if options.subjects.is_empty() { &Subject::USUAL[..] } else { &options.subjects };
        for subject in subjects {
            build(*subject)?;
        }
        for subject in subjects {
            println!("\n== {}", subject.name());
            let started = Instant::now();
            measure(*subject, options, &places)?;
            let path = places.record(*subject);
            if let Some(mut record) = Record::read(&path)? {
                record.machine = Some(Machine::here());
                record.write(&path)?;
            }
            println!("   {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    let records = Subject::USUAL.into_iter().chain([Subject::Growth]);
    let records: Vec<Record> = records
        .filter_map(|subject| Record::read(&places.record(subject)).transpose())
        .collect::<Result<_>>()?;
    let page = cargo::root().join("docs/benchmarks.md");
    fs::write(&page, page::page(&records))
        .with_context(|| format!("cannot write {}", page.display()))?;
    println!("\nwrote docs/benchmarks.md from {} records", records.len());
    Ok(())
}

/// Builds our side before any clock runs, so that no other work meets it.
fn build(subject: Subject) -> Result<()> {
    let release = |arguments: &[&str]| {
        cargo::run(["build", "--release"].into_iter().chain(arguments.iter().copied()), &[])
    };
    let foramen = ["--package", "foramen", "--features", "torch"];
    let stages = ["--package", "foramen-validation", "--features", "torch"];
    let example = |name| [&stages[..], &["--example", name]].concat();
    match subject {
        Subject::Dicom | Subject::Profile => {
            release(&["--package", "foramen-dicom", "--example", "dicom_peers"])?;
            release(&foramen)
        }
        Subject::Labels => release(&example("peer_stages")),
        Subject::Job => release(&foramen),
        Subject::Statistics => {
            let peers = ["--features", "serde", "--example", "peers"];
            release(&[&["--package", "foramen-metrics"][..], &peers].concat())
        }
        Subject::Stages => {
            release(&foramen)?;
            release(&example("peer_stages"))
        }
        Subject::Network => {
            release(&["--package", "foramen-cnn", "--example", "speed"])?;
            release(&["--package", "foramen-native", "--example", "predict_patch"])?;
            release(&example("peer_stages"))
        }
        Subject::Growth => release(&example("growth")),
    }
}

fn measure(subject: Subject, options: &Options, places: &Places) -> Result<()> {
    let root = cargo::root();
    let peers = root.join("crates/foramen-validation/peers");
    let script = |python: PathBuf, path: PathBuf| {
        let mut command = Command::new(python);
        command.arg(path).env("PYTHONPATH", &peers);
        command.arg("--record").arg(places.record(subject));
        command.arg("--programs").arg(program("none").parent().expect("it lies in a folder"));
        command.arg("--work").arg(places.work.join(subject.name()));
        let numbers = [
            ("--rounds", if options.quick { 3 } else { options.rounds }),
            ("--threads", options.threads()),
            ("--seconds", usize::try_from(options.seconds).unwrap_or(usize::MAX)),
        ];
        for (name, number) in numbers {
            command.arg(name).arg(number.to_string());
        }
        command.args(options.quick.then_some("--quick"));
        command
    };
    fs::create_dir_all(places.work.join(subject.name()))?;
    let of_crate = |name: &str| root.join("crates").join(name).join("peers/speed.py");
    match subject {
        Subject::Dicom => {
            let cohort = cohort(places, 20)?;
            let mut command =
                script(environment("peers-dicom", &READERS)?, of_crate("foramen-dicom"));
            run(command.arg("--cohort").arg(cohort))
        }
        Subject::Labels => {
            run(&mut script(environment("peers", &STATISTICS)?, peers.join("labels.py")))
        }
        Subject::Statistics => {
            let mut command =
                script(environment("peers", &STATISTICS)?, of_crate("foramen-metrics"));
            if has_proc() {
                command.args(["--rscript", "Rscript"]);
            }
            run(&mut command)
        }
        Subject::Stages => {
            let cohort = cohort(places, 20)?;
            let mut command = script(environment("peers-cnn", &TORCH)?, peers.join("patches.py"));
            run(command.arg("--cohort").arg(cohort))
        }
        Subject::Network => {
            let turns = root.join("crates/foramen-cnn/peers/turn_by_turn.py");
            let mut command = script(environment("peers-cnn", &TORCH)?, turns);
            run(command.arg("--model").arg(root.join("crates/foramen-native/tests/model")))
        }
        Subject::Job => {
            let (subjects, epochs, rounds) = if options.quick {
                (30, 2, 1)
            } else {
                (options.job_subjects, options.job_epochs, options.job_rounds)
            };
            let cohort = cohort(places, subjects)?;
            let mut command = script(environment("peers-cnn", &TORCH)?, peers.join("whole_job.py"));
            command.arg("--cohort").arg(cohort).arg("--epochs").arg(epochs.to_string());
            run(command.arg("--job-rounds").arg(rounds.to_string()))
        }
        Subject::Profile => {
            let subjects = if options.quick { 30 } else { options.job_subjects };
            let cohort = cohort(places, subjects)?;
            let epochs = if options.quick { 2 } else { options.job_epochs };
            let probe = script(environment("peers-cnn", &TORCH)?, peers.join("probe.py"));
            profile::profile(options, places, &cohort, epochs, probe)
        }
        Subject::Growth => growth(options, places),
    }
}

/// A drawn cohort, kept in the user cache.
fn cohort(places: &Places, subjects: usize) -> Result<PathBuf> {
    let folder = places.work.join(format!("cohort-{subjects}"));
    if !folder.join("truth.json").is_file() {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let mut command = Command::new(foramen());
        command.args(["cohort", "--subjects", &subjects.to_string(), "--out"]);
        run(command.arg(&folder))?;
    }
    Ok(folder)
}

/// The program `foramen` as it was built.
fn foramen() -> PathBuf {
    let examples = program("foramen");
    let release = examples.parent().and_then(Path::parent).expect("examples lie in a folder");
    release.join(examples.file_name().expect("a program has a name"))
}

fn growth(options: &Options, places: &Places) -> Result<()> {
    let sizes: Vec<String> = if options.quick {
        vec!["24".to_owned(), "96".to_owned()]
    } else {
        options.growth.iter().map(ToString::to_string).collect()
    };
    let rows = places.work.join("growth.json");
    let arguments: [OsString; 6] = [
        "--subjects".into(),
        sizes.join(",").into(),
        "--scratch".into(),
        places.work.clone().into(),
        "--json".into(),
        rows.clone().into(),
    ];
    run(Command::new(program("growth")).args(arguments))?;
    let text = fs::read_to_string(&rows)?;
    let growth = serde_json::from_str(&text).context("the rows of `growth` are not as expected")?;
    let record = Record {
        subject: Subject::Growth.name(),
        threads: options.threads(),
        quick: options.quick,
        growth,
        ..Record::default()
    };
    record.write(&places.record(Subject::Growth))
}
