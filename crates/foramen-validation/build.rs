//! Tells the linker of this package's binaries where libtorch is.
//!
//! tch does the same for itself, but link arguments do not travel to packages
//! that depend on it. Without them a binary links `libtorch_cpu` alone (CUDA is
//! then silently missing) and the loader finds no libtorch at run time. Where
//! libtorch is not part of the build, the variable is absent and nothing is said.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // torch-sys sets it on Linux and macOS, for those who depend on it directly.
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else { return };
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => {
            for argument in [&*format!("-Wl,-rpath={lib}"), "-Wl,--no-as-needed", "-ltorch"] {
                println!("cargo:rustc-link-arg={argument}");
            }
        }
        Ok("macos") => println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}"),
        _ => {}
    }
}
