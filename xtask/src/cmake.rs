//! CMake, which builds the JPEG-LS decoder (feature `jpeg-ls`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cache::Cache;
use crate::pip::Pip;
use crate::wheel;

const VERSION: &str = "3.31.10";

/// The first line that `program --version` prints, where it runs.
pub(crate) fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next()?.strip_prefix("cmake version ").map(str::to_owned)
}

/// Where the cache keeps the program.
pub(crate) fn cached(cache: &Cache) -> PathBuf {
    cache.path(&folder()).join("bin").join(format!("cmake{}", std::env::consts::EXE_SUFFIX))
}

fn folder() -> String {
    format!("cmake-{VERSION}")
}

/// Fetches CMake from PyPI into the cache, whole or not at all.
pub(crate) fn fetch(cache: &Cache) -> Result<PathBuf> {
    let Some(pip) = Pip::find() else {
        bail!("there is no cmake on PATH, and neither pip nor uv to fetch it; install CMake");
    };
    println!("fetching CMake {VERSION} from PyPI (about 30 MB, once)");
    let staging = cache.stage()?;
    let (wheels, built) = (staging.path().join("wheels"), staging.path().join("built"));
    let wheels = pip
        .download(&[&format!("cmake=={VERSION}")], false, &wheels)
        .context("cannot get CMake from PyPI; install it by hand")?;
    for wheel in wheels {
        wheel::unpack(&wheel, &built, |name| {
            let file = name.strip_prefix("cmake/data/")?;
            ["bin/", "share/"].iter().any(|kept| file.starts_with(kept)).then(|| file.into())
        })?;
    }
    cache.place(&built, &folder(), &staging)?;
    let program = cached(cache);
    if version(&program).is_none() {
        bail!(
            "the CMake from PyPI does not run here ({}); install CMake by hand",
            program.display()
        );
    }
    Ok(program)
}
