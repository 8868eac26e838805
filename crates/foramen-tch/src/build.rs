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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_capability_are_named() {
        assert!(libtorch_version().starts_with("2."));
        assert!(!cpu_capability().unwrap().is_empty());
    }
}
