//! The program with everything it needs, for a machine without a network.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::cargo;
use crate::setup;

#[derive(Args)]
pub(crate) struct Options {
    /// Folder of the bundle; it must not be there yet.
    #[arg(long, value_name = "DIR", default_value = "foramen-bundle")]
    out: PathBuf,
    /// Folder `models` of a study, which goes into the bundle too.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

const FEATURES: &str = "torch,jpeg-ls,review";

/// Builds the program, and puts it into a folder with libtorch, models and licences. The program
/// looks for its libraries in `lib` beside `bin`, so that the folder may be moved.
pub(crate) fn bundle(options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "bundles are made on Linux alone");
    let out = &options.out;
    ensure!(!out.exists(), "{} is there; name another folder by --out", out.display());
    let settings = setup::setup(&setup::Options::default())?;
    let libtorch = settings.libtorch.context("setup found no libtorch")?;
    let build = ["build", "--release", "--locked", "--package", "foramen", "--features", FEATURES];
    cargo::run(build, &[])?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let program = target.unwrap_or_else(|| cargo::root().join("target")).join("release/foramen");

    copy(&program, &out.join("bin/foramen"))?;
    for library in libraries(&program, &libtorch.join("lib"))? {
        copy(&library, &out.join("lib").join(library.file_name().unwrap_or_default()))?;
    }
    for name in ["LICENSE-MIT", "LICENSE-APACHE", "CITATION.cff"] {
        copy(&cargo::root().join(name), &out.join("share").join(name))?;
    }
    write(&out.join("share/THIRD-PARTY.txt"), &third_party()?)?;
    write(&out.join("README.txt"), README)?;
    if let Some(models) = &options.models {
        ensure!(
            models.join("folds.json").is_file(),
            "{} is no folder `models` of a study",
            models.display()
        );
        copy_folder(models, &out.join("models"))?;
    }
    println!("{}: {:.0} MB", out.display(), size(out)? as f64 / 1e6);
    Ok(())
}

const README: &str = "\
foramen: who gains from a steroid injection at a cervical nerve root?
Research software, not a medical device.

bin/foramen --help         what it does
bin/foramen check-device   what it computes on
bin/foramen study --subjects 40 --out my-study
                           a whole study on drawn patients

The folder needs no network and no installation. It needs Linux with glibc and libstdc++ of the
machine it was built on, or later ones. lib holds libtorch (BSD-3-Clause) and what it needs;
share holds the licences.
";

/// What of libtorch the program needs, as the loader finds it.
fn libraries(program: &Path, folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let output = Command::new("ldd").arg(program).env("LD_LIBRARY_PATH", folder).output();
    let output = output.context("could not run ldd, which tells the libraries of a program")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success() && !text.contains("not found"), "ldd says: {text}");
    let found: BTreeSet<PathBuf> = text
        .lines()
        .filter_map(|line| line.split_once("=> ")?.1.split(" (").next())
        .map(PathBuf::from)
        .filter(|path| path.starts_with(folder))
        .collect();
    if found.is_empty() {
        bail!("{} needs nothing of {}", program.display(), folder.display());
    }
    Ok(found)
}

/// The crates that are linked in, with their licences.
fn third_party() -> Result<String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(cargo::root());
    command.args(["tree", "--locked", "--package", "foramen", "--features", FEATURES]);
    command.args(["--edges", "normal", "--prefix", "none", "--format", "{p}: {l}"]);
    let output = command.output().context("could not run cargo tree")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let root = cargo::root().to_string_lossy().into_owned();
    let lines: BTreeSet<&str> = text
        .lines()
        // A crate that was told before is marked; those of this workspace have its licence.
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty() && !line.contains(&root))
        .collect();
    let lines: Vec<&str> = lines.into_iter().collect();
    Ok(format!(
        "Crates that are part of the program, with their licences\n\n{}\n",
        lines.join("\n")
    ))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("could not copy {} to {}", from.display(), to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    fs::copy(from, to).map(drop).with_context(failed)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &place)?,
            false => copy(&entry.path(), &place)?,
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        sum += if kind.is_dir() { size(&entry.path())? } else { kind.len() };
    }
    Ok(sum)
}
