//! Memory that goes from one tensor to the next.

use crate::{TorchError, ffi};

/// Keeps freed memory for the next tensors instead of giving it back to the system.
///
/// The maps of a training step are as large as those of the step before, but glibc
/// gives each large block back and asks for it again, and the kernel clears every
/// page anew. The setting is the whole process's, which from then on keeps the most
/// memory that it ever used; so it is a program's to call, at the start of `main`,
/// not a library's.
///
/// Returns whether the allocator can (glibc; elsewhere nothing changes).
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn reuse_memory() -> Result<bool, TorchError> {
    ffi::reuse_memory()
}
