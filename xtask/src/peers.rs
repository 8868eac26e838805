//! `cargo xtask peers-test`: the numbers and the speed of `foramen-metrics` and
//! `foramen-dicom` beside those of the packages that people use, and the CNN beside
//! PyTorch.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{cache, cargo};

/// The peers of `foramen-metrics`, at the versions whose numbers were read.
pub(crate) const STATISTICS: [&str; 6] = [
    "numpy==2.4.6",
    "pandas==3.1.1",
    "scipy==1.17.1",
    "scikit-learn==1.9.1",
    "statsmodels==0.15.0",
    "dcurves==1.1.7",
];

/// Left out unless asked for.
const TORCHMETRICS: &str = "torchmetrics==1.9.0";

/// The peers of `foramen-dicom`, and the decoders that pydicom takes.
pub(crate) const READERS: [&str; 9] = [
    "numpy==2.4.6",
    "pydicom==3.0.2",
    "dcm2niix==1.0.20260724",
    "dicomsdl==0.109.4",
    "simpleitk==2.5.7",
    "pylibjpeg==2.1.0",
    "pylibjpeg-libjpeg==2.5.0",
    "pylibjpeg-openjpeg==2.6.0",
    "pylibjpeg-rle==2.2.0",
];

/// The peers of `foramen-cnn`, and what a whole study in Python is made of.
pub(crate) const TORCH: [&str; 9] = [
    "torch==2.13.0",
    "numpy==2.4.6",
    "safetensors==0.8.0",
    "monai==1.6.1",
    "pydicom==3.0.2",
    "scipy==1.17.1",
    "pandas==3.1.1",
    "scikit-learn==1.9.1",
    "matplotlib==3.11.2",
];

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// `foramen-metrics` with Python and R.
    Metrics,
    /// `foramen-dicom` with dcm2niix and pydicom.
    Dicom,
    /// `foramen-cnn` and `foramen-tch` with PyTorch, which fills 5 GB on Linux: what
    /// `foramen-tch` is tested with, an exported model, and the speed of training and
    /// prediction.
    Cnn,
}

/// Builds our side, makes the Python environment where there is none, and runs
/// the comparison, which fails on the first number that differs.
pub(crate) fn peers(subject: Option<Subject>, torchmetrics: bool) -> Result<()> {
    if matches!(subject, None | Some(Subject::Metrics)) {
        metrics(torchmetrics)?;
    }
    if matches!(subject, None | Some(Subject::Dicom)) {
        dicom()?;
    }
    if subject == Some(Subject::Cnn) {
        cnn()?;
    }
    Ok(())
}

fn cnn() -> Result<()> {
    let build = ["build", "--release", "--package", "foramen-cnn"];
    cargo::run(build.into_iter().chain(["--example", "exported", "--example", "speed"]), &[])?;
    let python = environment("peers-cnn", &TORCH)?;
    let script = |name| cargo::root().join("crates/foramen-cnn/peers").join(name);
    let shim = cargo::root().join("crates/foramen-tch");
    let reference = [shim.join("peers/reference.py"), shim.join("tests/pytorch.safetensors")];
    run(Command::new(&python).args(reference).arg("--check"))?;
    run(Command::new(&python).arg(script("compare.py")).arg(program("exported")))?;
    run(Command::new(&python).arg(script("speed.py")).arg(program("speed")))
}

fn dicom() -> Result<()> {
    // JPEG-LS needs CMake; without it such files are listed as refused.
    let cmake = std::env::var_os("CMAKE").unwrap_or_else(|| "cmake".into());
    let has_cmake = answers(Command::new(cmake).arg("--version"));
    let features: &[&str] = if has_cmake { &["--features", "jpeg-ls"] } else { &[] };
    let build = ["build", "--release", "--package", "foramen-dicom", "--example", "dicom_peers"];
    cargo::run(build.into_iter().chain(features.iter().copied()), &[])?;
    let python = environment("peers-dicom", &READERS)?;
    let data = cargo::test_data();
    let work = cache::folder()?.join("peers-dicom-work");
    let mut compare = Command::new(python);
    compare
        .arg(cargo::root().join("crates/foramen-dicom/peers/compare.py"))
        .arg(program("dicom_peers"));
    run(compare.arg(data).arg(work))
}

fn metrics(torchmetrics: bool) -> Result<()> {
    let build = ["build", "--release", "--package", "foramen-metrics"];
    cargo::run(build.into_iter().chain(["--features", "serde", "--example", "peers"]), &[])?;
    let mut packages = STATISTICS.to_vec();
    packages.extend(torchmetrics.then_some(TORCHMETRICS));
    let name = if torchmetrics { "peers-torch" } else { "peers" };
    let python = environment(name, &packages)?;
    let mut compare = Command::new(&python);
    let script = cargo::root().join("crates/foramen-metrics/peers/compare.py");
    compare.arg(script).arg(program("peers"));
    if has_proc() {
        compare.arg("Rscript");
    } else {
        println!("R with pROC is not here; compared with Python alone (Debian: r-cran-proc)");
    }
    run(&mut compare)
}

/// What cargo built, wherever it was told to build.
pub(crate) fn program(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| cargo::root().join("target"), PathBuf::from);
    target.join("release/examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The Python of an environment in the user cache that has the packages.
pub(crate) fn environment(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = cache::folder()?.join(name);
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let done = folder.join("packages.txt");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    println!("making a Python environment in {}", folder.display());
    let base = ["python3", "python"]
        .into_iter()
        .find(|name| answers(Command::new(name).arg("--version")))
        .context("there is no Python; install Python 3.11 or newer")?;
    run(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    std::fs::write(&done, wanted).with_context(|| format!("cannot write {}", done.display()))?;
    Ok(python)
}

pub(crate) fn has_proc() -> bool {
    answers(Command::new("Rscript").args(["-e", "quit(status = !requireNamespace('pROC'))"]))
}

pub(crate) fn answers(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed ({status}); its own message is above");
    }
    Ok(())
}
