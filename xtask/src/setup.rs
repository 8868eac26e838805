//! `cargo xtask setup`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cache::Cache;
use crate::cargo::Settings;
use crate::cmake;
use crate::libtorch::{self, Build};

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// libtorch with CUDA: several gigabytes, Linux only.
    #[arg(long, conflicts_with = "cpu")]
    cuda: bool,
    /// Go back to libtorch without CUDA. Without either flag, what is set up stays.
    #[arg(long)]
    cpu: bool,
}

impl Options {
    fn build(&self) -> Option<Build> {
        match (self.cuda, self.cpu) {
            (true, _) => Some(Build::Cuda),
            (_, true) => Some(Build::Cpu),
            _ => None,
        }
    }
}

/// Finds or fetches everything and tells cargo where it is.
pub(crate) fn setup(options: &Options) -> Result<Settings> {
    let cache = Cache::lock()?;
    let known = Settings::read();
    let (libtorch, origin) = find_libtorch(&cache, &known, options.build())?;
    println!("libtorch {}: {} ({origin})", libtorch::VERSION, libtorch.display());
    let cmake = find_cmake(&cache, &known);
    let settings = Settings { libtorch: Some(libtorch), cmake };
    settings.write()?;
    Ok(settings)
}

/// The order is torch-sys's own, then the cache, then PyPI.
fn find_libtorch(
    cache: &Cache,
    known: &Settings,
    wanted: Option<Build>,
) -> Result<(PathBuf, &'static str)> {
    let require = |libtorch: &Path, name: &str| {
        libtorch::check(libtorch).with_context(|| {
            format!(
                "{name} names {}, which cannot be used; correct it, or unset it to let setup fetch libtorch",
                libtorch.display()
            )
        })?;
        if wanted == Some(Build::Cuda) && !libtorch::has_cuda(libtorch) {
            bail!(
                "{name} names {}, a build without CUDA; unset it to let setup fetch one",
                libtorch.display()
            );
        }
        Ok(())
    };
    if std::env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        let libtorch = libtorch::of_python().context("LIBTORCH_USE_PYTORCH is set")?;
        require(&libtorch, "LIBTORCH_USE_PYTORCH")?;
        return Ok((libtorch, "of Python, by LIBTORCH_USE_PYTORCH"));
    }
    if let Some(libtorch) = std::env::var_os("LIBTORCH").filter(|_| !known.gave("LIBTORCH")) {
        let libtorch = PathBuf::from(libtorch);
        require(&libtorch, "LIBTORCH")?;
        return Ok((libtorch, "by LIBTORCH"));
    }
    // What an earlier run settled on stays, if it still stands.
    if let (Some(libtorch), None) = (&known.libtorch, wanted) {
        match libtorch::check(libtorch) {
            Ok(()) if cache.contains(libtorch) => return Ok((libtorch.clone(), "in the cache")),
            Ok(()) => return Ok((libtorch.clone(), "as set up before")),
            Err(why) => println!("{} can no longer be used: {why}", libtorch.display()),
        }
    }
    let build = wanted.unwrap_or(Build::Cpu);
    let libtorch = build.libtorch(&cache.path(&build.folder()));
    if libtorch::check(&libtorch).is_ok() {
        return Ok((libtorch, "in the cache"));
    }
    Ok((libtorch::fetch(cache, build)?, "fetched from PyPI"))
}

/// A path only where cargo must be told one. That CMake is missing stops
/// nothing but the feature `jpeg-ls`.
fn find_cmake(cache: &Cache, known: &Settings) -> Option<PathBuf> {
    if std::env::var_os("CMAKE").is_some() && !known.gave("CMAKE") {
        println!("CMake: by CMAKE");
        return None;
    }
    if let Some(version) = cmake::version(Path::new("cmake")) {
        println!("CMake {version}: on PATH");
        return None;
    }
    let program = cmake::cached(cache);
    let found = match cmake::version(&program) {
        Some(_) => Ok(program),
        None => cmake::fetch(cache),
    };
    match found {
        Ok(program) => {
            let version = cmake::version(&program).unwrap_or_default();
            println!("CMake {version}: {}", program.display());
            Some(program)
        }
        Err(why) => {
            println!("CMake: {why:#}\n       (the feature `jpeg-ls` cannot be built)");
            None
        }
    }
}
