//! Compiles the shim against the headers that torch-sys used, and tells this
//! package's own tests where libtorch is. Crates with kernels of their own (`foramen-kernels`)
//! read what is found here from `DEP_FORAMEN_TCH_SHIM_…`.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=include");
    println!("cargo:rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo:rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    println!("cargo:rerun-if-env-changed=GLOO_INCLUDE");
    if env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() {
        return;
    }
    let target_os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let lib = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from);
    let mut includes = includes(lib.as_deref());
    let abi = env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
    let joined = env::join_paths(&includes).expect("folders without a separator in their names");
    println!("cargo:includes={}", joined.display());
    println!("cargo:cxx11_abi={abi}");
    let mut parts = vec!["shim"];
    if env::var_os("CARGO_FEATURE_DISTRIBUTED").is_some() {
        includes.extend(gloo());
        parts.push("distributed");
    }
    for name in parts {
        // Gloo's process group is declared where this is defined, in the C++ of libtorch itself.
        let is_distributed = name == "distributed";
        let standard = if is_distributed { "c++20" } else { "c++17" };
        let mut build = cc::Build::new();
        build.cpp(true).pic(true).warnings(false).includes(&includes);
        build.file(format!("shim/{name}.cpp"));
        if target_os == "windows" {
            build.flag(format!("/std:{standard}"));
        } else {
            // The headers alone cost more memory with debug information than the
            // rest of the build together, and it tells nothing about some hundred lines.
            build.debug(false).opt_level(1).flag(format!("-std={standard}"));
            build.flag("-ffp-contract=off");
            build.define("_GLIBCXX_USE_CXX11_ABI", &*abi);
        }
        if is_distributed {
            build.define("USE_C10D_GLOO", None);
            if let Some(folders) = nccl(lib.as_deref()) {
                build.define("USE_C10D_NCCL", None).includes(folders);
            }
        }
        build.compile(&format!("foramen_tch_{name}"));
    }
    let Some(lib) = lib else { return };
    let rpath = |separator: char| format!("-Wl,-rpath{separator}{}", lib.display());
    let arguments = match &*target_os {
        "linux" => vec![rpath('='), "-Wl,--no-as-needed".to_owned(), "-ltorch".to_owned()],
        "macos" => vec![rpath(',')],
        _ => Vec::new(),
    };
    for argument in &arguments {
        println!("cargo:rustc-link-arg={argument}");
    }
    println!("cargo:link_arguments={}", arguments.join("\t"));
}

/// Where the headers of Gloo are, unless the compiler looks there anyway.
fn gloo() -> Option<PathBuf> {
    const HEADER: &str = "gloo/rendezvous/store.h";
    let given = env::var_os("GLOO_INCLUDE").map(PathBuf::from);
    let usual = ["/usr/include", "/usr/local/include"].map(PathBuf::from);
    let Some(found) = given.iter().chain(&usual).find(|folder| folder.join(HEADER).is_file())
    else {
        panic!(
            "found no headers of Gloo ({HEADER}), which the feature distributed needs and libtorch \
             does not ship: install libgloo-dev (Debian, Ubuntu: apt install libgloo-dev; Fedora: \
             dnf install gloo-devel), or set GLOO_INCLUDE to the folder that holds `gloo`"
        );
    };
    (Some(found) == given.as_ref()).then(|| found.clone())
}

/// Where the headers of NCCL and CUDA are, where libtorch has CUDA; a warning where they are not.
fn nccl(lib: Option<&Path>) -> Option<[PathBuf; 2]> {
    if !lib?.join("libtorch_cuda.so").is_file() {
        return None;
    }
    let find = |variable: &str, header: &str, usual: &[&str]| {
        println!("cargo:rerun-if-env-changed={variable}");
        let given = env::var_os(variable).map(PathBuf::from).into_iter();
        let mut folders = given.chain(usual.iter().map(PathBuf::from));
        folders.find(|folder| folder.join(header).is_file())
    };
    let nccl = find("NCCL_INCLUDE", "nccl.h", &["/usr/include"]);
    let cuda = find("CUDA_INCLUDE", "cuda_runtime_api.h", &["/usr/local/cuda/include"]);
    let found = nccl.zip(cuda).map(|(nccl, cuda)| [nccl, cuda]);
    if found.is_none() {
        println!(
            "cargo:warning=found no nccl.h or no cuda_runtime_api.h, so that several processes \
             train on the CPU only; set NCCL_INCLUDE and CUDA_INCLUDE to the folders that hold them"
        );
    }
    found
}

/// The header folders: `LIBTORCH_INCLUDE` where it is set, as torch-sys reads
/// it, else the `include` beside the libraries that torch-sys linked.
fn includes(lib: Option<&Path>) -> Vec<PathBuf> {
    let root = env::var_os("LIBTORCH_INCLUDE")
        .or_else(|| env::var_os("LIBTORCH"))
        .map(PathBuf::from)
        .filter(|root| root.join("include/ATen").is_dir())
        .or_else(|| lib.and_then(Path::parent).map(Path::to_path_buf));
    let Some(root) = root.filter(|root| root.join("include/ATen").is_dir()) else {
        panic!(
            "found no libtorch headers (include/ATen): set LIBTORCH or LIBTORCH_INCLUDE to the \
             folder that holds `include`, or build with the feature doc-only"
        );
    };
    let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let own = Path::new(&package).join("include");
    vec![own, root.join("include"), root.join("include/torch/csrc/api/include")]
}
