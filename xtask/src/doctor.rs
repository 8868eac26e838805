//! `cargo xtask doctor`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cargo::{Settings, test_data};
use crate::pip::Pip;
use crate::{cache, cmake, libtorch};

/// Prints what was found; changes nothing.
pub(crate) fn doctor() -> Result<()> {
    let settings = Settings::read();
    let libtorch = libtorch_in_use(&settings);
    let rows = [
        ("libtorch", describe_libtorch(&settings, libtorch.as_deref())),
        ("processor", describe_processor()),
        ("CUDA", describe_cuda(libtorch.as_deref())),
        ("CMake", describe_cmake(&settings)),
        ("Gloo", describe_gloo()),
        (
            "pip",
            Pip::find().map_or("not found (python3 -m pip, or uv)".to_owned(), |pip| pip.name()),
        ),
        ("cache", describe_folder(&cache::folder()?)),
        ("test data", describe_test_data()),
    ];
    for (name, text) in rows {
        println!("{name:<10} {text}");
    }
    Ok(())
}

fn libtorch_in_use(settings: &Settings) -> Option<PathBuf> {
    if std::env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        return libtorch::of_python().ok();
    }
    std::env::var_os("LIBTORCH").map(PathBuf::from).or_else(|| settings.libtorch.clone())
}

fn describe_libtorch(settings: &Settings, libtorch: Option<&Path>) -> String {
    let Some(libtorch) = libtorch else {
        return "not set up; run `cargo xtask setup`".to_owned();
    };
    let source = if std::env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        "by LIBTORCH_USE_PYTORCH"
    } else if std::env::var_os("LIBTORCH").is_some() && !settings.gave("LIBTORCH") {
        "by LIBTORCH"
    } else {
        "by .cargo/libtorch.toml"
    };
    match libtorch::check(libtorch) {
        Ok(()) => format!("{}, {} ({source})", libtorch::VERSION, libtorch.display()),
        Err(why) => format!("{} ({source}) cannot be used: {why}", libtorch.display()),
    }
}

/// What the feature `distributed` needs and libtorch does not ship.
fn describe_gloo() -> String {
    let given = std::env::var_os("GLOO_INCLUDE").map(PathBuf::from).into_iter();
    let mut folders = given.chain(["/usr/include", "/usr/local/include"].map(PathBuf::from));
    match folders.find(|folder| folder.join("gloo/rendezvous/store.h").is_file()) {
        Some(folder) => format!("headers in {}", folder.display()),
        None => {
            "no headers; the feature distributed needs them (apt install libgloo-dev)".to_owned()
        }
    }
}

fn describe_processor() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let name = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let name = name.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{name}, {cores} cores; {}", capability())
}

/// libtorch picks its kernels by these; results differ in the last digits
/// between machines that differ here.
#[cfg(target_arch = "x86_64")]
fn capability() -> String {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    let bf16 = is_x86_feature_detected!("avx512bf16");
    let kernels = match (avx512, avx2) {
        (true, _) => "AVX512",
        (_, true) => "AVX2",
        _ => "DEFAULT",
    };
    let yes = |has: bool| if has { "yes" } else { "no" };
    format!("kernels {kernels} (avx2 {}, avx512 {}, bf16 {})", yes(avx2), yes(avx512), yes(bf16))
}

#[cfg(not(target_arch = "x86_64"))]
fn capability() -> String {
    "kernels DEFAULT".to_owned()
}

fn describe_cuda(libtorch: Option<&Path>) -> String {
    let driver = fs::read_to_string("/proc/driver/nvidia/version").ok();
    let driver = driver.and_then(|text| Some(text.lines().next()?.trim().to_owned()));
    let built = libtorch.is_some_and(libtorch::has_cuda);
    match (driver, built) {
        (Some(driver), true) => format!("usable: {driver}"),
        (Some(driver), false) => {
            format!(
                "not usable: this libtorch is without CUDA (`cargo xtask setup --cuda`); {driver}"
            )
        }
        (None, true) => "not usable: libtorch has CUDA, but no NVIDIA driver is loaded".to_owned(),
        (None, false) => {
            "none: no NVIDIA driver is loaded, and libtorch is without CUDA".to_owned()
        }
    }
}

fn describe_cmake(settings: &Settings) -> String {
    let program = std::env::var_os("CMAKE").map(PathBuf::from).or_else(|| settings.cmake.clone());
    let program = program.unwrap_or_else(|| PathBuf::from("cmake"));
    match cmake::version(&program) {
        Some(version) => format!("{version}, {}", program.display()),
        None => format!("{} not found; `cargo xtask setup` brings it", program.display()),
    }
}

fn describe_folder(folder: &Path) -> String {
    let Ok(entries) = fs::read_dir(folder) else {
        return format!("{} (not made yet)", folder.display());
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    format!(
        "{} ({})",
        folder.display(),
        if names.is_empty() { "empty".to_owned() } else { names.join(", ") }
    )
}

fn describe_test_data() -> String {
    let folder = test_data();
    match fs::canonicalize(&folder) {
        Ok(folder) => folder.display().to_string(),
        Err(_) => format!(
            "{} is missing; tests that read it are ignored (set FORAMEN_TEST_DATA)",
            folder.display()
        ),
    }
}
