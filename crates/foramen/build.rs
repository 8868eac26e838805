//! Tells the linker of this package's program where libtorch is, and the program
//! which commit it was built from.
//!
//! tch does the former for itself, but link arguments do not travel to packages
//! that depend on it. Without them a binary links `libtorch_cpu` alone (CUDA is
//! then silently missing) and the loader finds no libtorch at run time. Where
//! libtorch is not part of the build, the variable is absent and nothing is said.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    commit();
    // torch-sys sets it on Linux and macOS, for those who depend on it directly.
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => {
            // The second is where `cargo xtask bundle` puts libtorch.
            let rpaths = [format!("-Wl,-rpath={lib}"), "-Wl,-rpath=$ORIGIN/../lib".to_owned()];
            let rest = ["-Wl,--no-as-needed", "-ltorch"];
            for argument in rpaths.iter().map(String::as_str).chain(rest) {
                println!("cargo:rustc-link-arg={argument}");
            }
        }
        Ok("macos") => println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}"),
        _ => {}
    }
}

/// Sets `FORAMEN_COMMIT`, where this package lies in a checkout of its repository.
fn commit() {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let Some(root) = package.ancestors().nth(2) else { return };
    // A copy in somebody else's repository has no commit of its own.
    let top = git(root, &["rev-parse", "--show-toplevel"]).map(PathBuf::from);
    let same = top.and_then(|top| Some(top.canonicalize().ok()? == root.canonicalize().ok()?));
    if same != Some(true) {
        return;
    }
    // What makes another commit, or a tree that differs from it.
    let logs = ["logs/HEAD", "index"].map(|name| git(root, &["rev-parse", "--git-path", name]));
    for log in logs.into_iter().flatten() {
        println!("cargo:rerun-if-changed={}", root.join(log).display());
    }
    println!("cargo:rerun-if-changed={}", root.join("crates").display());
    if let Some(commit) = git(root, &["describe", "--always", "--dirty", "--abbrev=12"]) {
        println!("cargo:rustc-env=FORAMEN_COMMIT={commit}");
    }
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
