//! libtorch: found where the user has it, else fetched from PyPI.
//!
//! The wheels of PyPI hold the C++ headers and libraries beside the Python
//! package. A build without a GPU needs three of the libraries, and two small
//! ones of CUDA that `libtorch_cpu` names without ever calling.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cache::Cache;
use crate::pip::Pip;
use crate::wheel;

/// The one version that tch 0.26 accepts.
pub(crate) const VERSION: &str = "2.13.0";

/// What a libtorch can compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Cpu,
    Cuda,
}

impl Build {
    /// The name of its folder in the cache.
    pub(crate) fn folder(self) -> String {
        let name = match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        };
        format!("libtorch-{VERSION}-{name}")
    }

    /// Where libtorch is inside that folder. The CUDA libraries look for one
    /// another at `../../nvidia`, as pip lays them out, so that layout is kept.
    pub(crate) fn libtorch(self, folder: &Path) -> PathBuf {
        match self {
            Self::Cpu => folder.to_owned(),
            Self::Cuda => folder.join("torch"),
        }
    }
}

/// The file name of a shared library here.
fn library(name: &str) -> String {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}{name}{suffix}")
}

/// The version that the headers of `libtorch` declare.
pub(crate) fn version(libtorch: &Path) -> Option<String> {
    // Written by CMake as `#define TORCH_VERSION_MAJOR 2` and so on.
    let header = libtorch.join("include/torch/headeronly/version.h");
    let text = fs::read_to_string(header).ok()?;
    let number = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("#define TORCH_VERSION_")?.strip_prefix(name));
        line?.trim().parse::<u32>().ok()
    };
    Some(format!("{}.{}.{}", number("MAJOR")?, number("MINOR")?, number("PATCH")?))
}

/// Whether `libtorch` holds the libraries for CUDA.
pub(crate) fn has_cuda(libtorch: &Path) -> bool {
    libtorch.join("lib").join(library("torch_cuda")).exists()
}

/// Whether `libtorch` can be built against, with the reason if not.
pub(crate) fn check(libtorch: &Path) -> Result<()> {
    for file in [
        Path::new("include/torch/csrc/api/include/torch/torch.h").to_owned(),
        Path::new("lib").join(library("torch")),
        Path::new("lib").join(library("torch_cpu")),
        Path::new("lib").join(library("c10")),
    ] {
        if !libtorch.join(&file).exists() {
            bail!("it has no {}", file.display());
        }
    }
    match version(libtorch) {
        Some(version) if version == VERSION => Ok(()),
        Some(version) => bail!("it is libtorch {version}, and {VERSION} is needed"),
        None => bail!("its headers are older than libtorch {VERSION}, which is needed"),
    }
}

/// The folder of the PyTorch that `python3` imports, torch-sys's first choice
/// where `LIBTORCH_USE_PYTORCH` is set.
pub(crate) fn of_python() -> Result<PathBuf> {
    let python = if std::env::var_os("VIRTUAL_ENV").is_some() { "python" } else { "python3" };
    let code = "import torch, pathlib; print(pathlib.Path(torch.__file__).parent)";
    let output = Command::new(python)
        .args(["-c", code])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {python}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("{python} cannot import torch: {}", message.lines().last().unwrap_or_default());
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Fetches `build` from PyPI into the cache, whole or not at all.
pub(crate) fn fetch(cache: &Cache, build: Build) -> Result<PathBuf> {
    if !cfg!(any(
        all(target_os = "linux", target_arch = "x86_64"),
        all(target_os = "macos", target_arch = "aarch64")
    )) {
        bail!(
            "PyPI has no wheel of libtorch {VERSION} that is known to fit this machine ({} {}).\n{BY_HAND}",
            std::env::consts::OS,
            std::env::consts::ARCH
        );
    }
    if build == Build::Cuda && !cfg!(target_os = "linux") {
        bail!("libtorch with CUDA is for Linux; leave `--cuda` out");
    }
    let Some(pip) = Pip::find() else {
        bail!("libtorch is fetched by pip or uv, and neither was found.\n{BY_HAND}");
    };
    let size = match build {
        Build::Cpu => "about 0.5 GB",
        Build::Cuda => "about 2.5 GB",
    };
    println!("fetching libtorch {VERSION} from PyPI ({size}, once)");
    let staging = cache.stage()?;
    let (wheels, built) = (staging.path().join("wheels"), staging.path().join("built"));
    let cannot = || format!("cannot get libtorch {VERSION} from PyPI ({BY_HAND})");
    let torch = pip
        .download(&[&format!("torch=={VERSION}")], false, &wheels)
        .with_context(cannot)?
        .into_iter()
        .next()
        .context("pip left no wheel of torch")?;
    match build {
        Build::Cpu if cfg!(target_os = "linux") => linux_cpu(&pip, &torch, &wheels, &built)?,
        Build::Cpu => unpack(&torch, &built, |name| {
            let kept = ["libtorch.", "libtorch_cpu.", "libc10.", "libomp."];
            let below = header(name).or_else(|| below(name, "torch/lib/"))?;
            let lib = below.strip_prefix("lib").ok().and_then(Path::to_str);
            lib.is_none_or(|lib| kept.iter().any(|start| lib.starts_with(start))).then_some(below)
        })?,
        Build::Cuda => linux_cuda(&pip, &torch, &wheels, &built)?,
    }
    let libtorch = build.libtorch(&built);
    fs::write(libtorch.join("build-version"), format!("{VERSION}\n"))?;
    check(&libtorch).context("what PyPI gave is not what was expected")?;
    let folder = cache.place(&built, &build.folder(), &staging)?;
    Ok(build.libtorch(&folder))
}

/// `torch/include/…` → `include/…`, where headers alone are wanted.
fn header(name: &str) -> Option<PathBuf> {
    name.starts_with("torch/include/").then(|| name["torch/".len()..].into())
}

/// `<folder>/x` → `lib/x`.
fn below(name: &str, folder: &str) -> Option<PathBuf> {
    let file = name.strip_prefix(folder).filter(|file| !file.contains('/'))?;
    Some(Path::new("lib").join(file))
}

fn unpack(wheel: &Path, into: &Path, keep: impl Fn(&str) -> Option<PathBuf>) -> Result<()> {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    println!("unpacking {name}");
    if wheel::unpack(wheel, into, keep)? == 0 {
        bail!("{name} holds nothing of what was expected");
    }
    // Disk space is given back as early as can be.
    fs::remove_file(wheel).with_context(|| format!("cannot remove {}", wheel.display()))
}

fn linux_cpu(pip: &Pip, torch: &Path, wheels: &Path, built: &Path) -> Result<()> {
    const LIBRARIES: [&str; 3] = ["libtorch_cpu.so", "libc10.so", "libgomp.so.1"];
    unpack(torch, built, |name| {
        let library = || {
            below(name, "torch/lib/").filter(|_| LIBRARIES.iter().any(|kept| name.ends_with(kept)))
        };
        header(name).or_else(library)
    })?;
    for (requirement, library) in [
        ("nvidia-cuda-runtime==13.0.96", "libcudart.so.13"),
        ("nvidia-cuda-cupti==13.0.85", "libcupti.so.13"),
    ] {
        for wheel in pip.download(&[requirement], false, wheels)? {
            unpack(&wheel, built, |name| {
                (name.rsplit('/').next() == Some(library)).then(|| Path::new("lib").join(library))
            })?;
        }
    }
    // The wheel's own libtorch.so names libtorch_cuda; for the linker, a script
    // that stands for libtorch_cpu does the same work without it.
    fs::write(built.join("lib/libtorch.so"), "INPUT(libtorch_cpu.so)\n")?;
    link_gomp(&built.join("lib"))
}

fn linux_cuda(pip: &Pip, torch: &Path, wheels: &Path, built: &Path) -> Result<()> {
    // Of what torch depends on, only the CUDA libraries matter to C++.
    let metadata = wheel::read(torch, ".dist-info/METADATA")?;
    let requirements = cuda_requirements(&metadata);
    if requirements.is_empty() {
        bail!("the wheel of torch names no CUDA libraries");
    }
    unpack(torch, built, |name| {
        let header = name.starts_with("torch/include/").then(|| name.into());
        header.or_else(|| below(name, "torch/lib/").map(|path| Path::new("torch").join(path)))
    })?;
    for wheel in pip.download(&requirements, true, wheels)? {
        let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("unpacking {name}");
        // Some, like cuda-toolkit, hold nothing but requirements.
        wheel::unpack(&wheel, built, |name| {
            (name.starts_with("nvidia/") && name.contains(".so")).then(|| name.into())
        })?;
        fs::remove_file(&wheel)?;
    }
    if !has_cuda(&Build::Cuda.libtorch(built)) {
        bail!("the wheel of torch holds no CUDA build");
    }
    link_gomp(&built.join("torch/lib"))
}

/// `cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"` and its
/// like, without what stands behind the semicolon.
fn cuda_requirements(metadata: &str) -> Vec<&str> {
    metadata
        .lines()
        .filter_map(|line| line.strip_prefix("Requires-Dist: "))
        .filter(|line| line.starts_with("nvidia-") || line.starts_with("cuda-toolkit"))
        .map(|line| line.split(';').next().unwrap_or(line).trim())
        .collect()
}

/// So that `-lgomp` is the OpenMP that libtorch itself loads, not the system's.
#[cfg(unix)]
fn link_gomp(lib: &Path) -> Result<()> {
    std::os::unix::fs::symlink("libgomp.so.1", lib.join("libgomp.so"))
        .with_context(|| format!("cannot write into {}", lib.display()))
}

#[cfg(not(unix))]
fn link_gomp(_lib: &Path) -> Result<()> {
    Ok(())
}

/// What remains where nothing can be fetched.
const BY_HAND: &str = "Either install PyTorch 2.13.0 for Python and run again with \
LIBTORCH_USE_PYTORCH=1, or unpack libtorch 2.13.0 from https://pytorch.org and run again with \
LIBTORCH=<its folder>. Without either, tch's own feature does the download: add \
`tch = { version = \"0.26\", features = [\"download-libtorch\"] }` to the package that you build. \
Everything but the CNN works without libtorch.";

#[cfg(test)]
mod tests {
    use super::*;

    fn fake(folder: &Path, patch: u32) {
        let api = folder.join("include/torch/csrc/api/include/torch");
        let headeronly = folder.join("include/torch/headeronly");
        for folder in [&api, &headeronly, &folder.join("lib")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(api.join("torch.h"), "").unwrap();
        let version = format!(
            "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH {patch}\n"
        );
        fs::write(headeronly.join("version.h"), version).unwrap();
        for name in ["torch", "torch_cpu", "c10"] {
            fs::write(folder.join("lib").join(library(name)), "").unwrap();
        }
    }

    #[test]
    fn a_whole_libtorch_of_the_right_version_passes() {
        let folder = tempfile::tempdir().unwrap();
        fake(folder.path(), 0);
        assert_eq!(version(folder.path()).as_deref(), Some(VERSION));
        check(folder.path()).unwrap();
        assert!(!has_cuda(folder.path()));
    }

    #[test]
    fn another_version_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fake(folder.path(), 1);
        let message = check(folder.path()).unwrap_err().to_string();
        assert_eq!(message, "it is libtorch 2.13.1, and 2.13.0 is needed");
    }

    #[test]
    fn a_missing_library_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fake(folder.path(), 0);
        fs::remove_file(folder.path().join("lib").join(library("c10"))).unwrap();
        let message = check(folder.path()).unwrap_err().to_string();
        assert!(message.contains(&library("c10")), "{message}");
    }

    #[test]
    fn cuda_requirements_are_picked_from_metadata() {
        // Lines of the METADATA of torch 2.13.0.
        let metadata = "Name: torch\n\
            Requires-Dist: sympy>=1.13.3\n\
            Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.3; platform_system == \"Linux\"\n\
            Requires-Dist: cuda-bindings<14,>=13.0.3; platform_system == \"Linux\"\n\
            Requires-Dist: nvidia-nccl-cu13==2.29.7; platform_system == \"Linux\"\n\
            Requires-Dist: triton==3.7.1; platform_system == \"Linux\"\n";
        assert_eq!(
            cuda_requirements(metadata),
            ["cuda-toolkit[cublas,cudart]==13.0.3", "nvidia-nccl-cu13==2.29.7"]
        );
    }
}
