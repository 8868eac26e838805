//! Compiles the kernels against the headers that foramen-tch was compiled against, and tells
//! this package's own tests where libtorch is.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=shim");
    // foramen-tch has found libtorch, and hands on where (its key `links`). It says nothing where
    // it was built without.
    let found = |name: &str| env::var(format!("DEP_FORAMEN_TCH_SHIM_{name}")).ok();
    let Some(includes) = found("INCLUDES") else { return };
    let is_windows = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "windows");
    // A batch norm rounds alike with each instruction set; products of matrices take one rounding
    // for a product and a sum where there is an instruction for it.
    for (name, contract) in
        [("instruction_set", "off"), ("batch_norm", "off"), ("winograd", "fast")]
    {
        let mut build = cc::Build::new();
        build.cpp(true).pic(true).warnings(false).includes(env::split_paths(&includes));
        build.file(format!("shim/{name}.cpp"));
        if is_windows {
            build.flag("/std:c++17");
        } else {
            // Also in a debug build: a network is trained there as well.
            build.debug(false).opt_level(3).flag("-std=c++17");
            build.flag(format!("-ffp-contract={contract}"));
            let abi = found("CXX11_ABI").unwrap_or_else(|| "1".to_owned());
            build.define("_GLIBCXX_USE_CXX11_ABI", &*abi);
        }
        build.compile(&format!("foramen_kernels_{name}"));
    }
    for argument in found("LINK_ARGUMENTS").iter().flat_map(|all| all.split('\t')) {
        println!("cargo:rustc-link-arg={argument}");
    }
}
