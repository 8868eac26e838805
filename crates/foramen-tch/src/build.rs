use std::collections::BTreeMap;

use crate::{TorchError, ffi};

/// The version of the libtorch whose headers this crate was built against,
/// for example `2.13.0`.
#[must_use]
pub fn libtorch_version() -> &'static str {
    ffi::version()
}

/// The instruction set that libtorch's CPU kernels chose, for example `AVX512`:
/// a part of any claim of equal bytes.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn cpu_capability() -> Result<String, TorchError> {
    ffi::cpu_capability()
}

/// What libtorch finds out about the processor, as `torch.cpu.get_capabilities` has it:
/// `true` or `false` by instruction set (`avx512_bf16`), numbers for caches and cores,
/// and its name (`cpu_name`).
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn cpu_capabilities() -> Result<BTreeMap<String, String>, TorchError> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(ffi::cpu_capabilities()?
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_capability_are_named() {
        assert!(libtorch_version().starts_with("2."));
        assert!(!cpu_capability().unwrap().is_empty());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_processor_is_the_one_that_rust_finds() {
        let found = cpu_capabilities().unwrap();
        assert_eq!(found["architecture"], "x86_64");
        assert!(found["num_logical_cores"].parse::<usize>().unwrap() > 0);
        for (name, has) in [
            ("avx2", std::is_x86_feature_detected!("avx2")),
            ("avx512_bf16", std::is_x86_feature_detected!("avx512bf16")),
            ("avx512_fp16", std::is_x86_feature_detected!("avx512fp16")),
        ] {
            assert_eq!(found[name], has.to_string(), "{name}");
        }
        // Rust has no stable name for it; what it decides must at least be told.
        assert!(["true", "false"].contains(&found["amx_bf16"].as_str()));
    }
}
