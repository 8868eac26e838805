use crate::{TorchError, ffi};

/// Makes libtorch use deterministic algorithms, on CPU (oneDNN) and CUDA
/// (cuDNN), and refuse operations that have none. Switching it on switches the
/// cuDNN benchmark mode off, since that mode picks algorithms by time.
///
/// Equal bytes need more than this switch: the same number of intra-op
/// threads, number format and CPU capability ([`crate::cpu_capability`]).
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn set_deterministic(on: bool) -> Result<(), TorchError> {
    ffi::set_deterministic(on)
}

/// Whether deterministic algorithms are switched on.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn is_deterministic() -> Result<bool, TorchError> {
    ffi::is_deterministic()
}

/// Allows or forbids TF32 (10-bit mantissa) in f32 matrix products and
/// convolutions on CUDA.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn set_tf32(on: bool) -> Result<(), TorchError> {
    ffi::set_tf32(on)
}

/// Whether TF32 is allowed in both matrix products and convolutions.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn is_tf32() -> Result<bool, TorchError> {
    ffi::is_tf32()
}

/// Lets cuDNN time its algorithms and take the fastest; not deterministic.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn set_cudnn_benchmark(on: bool) -> Result<(), TorchError> {
    ffi::set_cudnn_benchmark(on)
}

/// Whether cuDNN times its algorithms.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn is_cudnn_benchmark() -> Result<bool, TorchError> {
    ffi::is_cudnn_benchmark()
}

/// Treats denormal f32 numbers as zero on this thread and those it starts;
/// decayed weights and averages are full of them, and they are slow. Returns
/// whether the processor can.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn set_flush_denormal(on: bool) -> Result<bool, TorchError> {
    ffi::set_flush_denormal(on)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;

    // One test, because the switches are global to the process.
    #[test]
    fn switches_are_read_back_and_have_effect() {
        set_cudnn_benchmark(true).unwrap();
        assert!(is_cudnn_benchmark().unwrap());
        set_deterministic(true).unwrap();
        assert!(is_deterministic().unwrap());
        assert!(!is_cudnn_benchmark().unwrap());
        // torch.use_deterministic_algorithms(True); torch.empty(3) is NaN by
        // "torch.utils.deterministic.fill_uninitialized_memory".
        assert!(Tensor::empty([3], (Kind::Float, Device::Cpu)).isnan().all().int64_value(&[]) == 1);
        set_deterministic(false).unwrap();
        assert!(!is_deterministic().unwrap());

        set_tf32(true).unwrap();
        assert!(is_tf32().unwrap());
        set_tf32(false).unwrap();
        assert!(!is_tf32().unwrap());

        if set_flush_denormal(true).unwrap() {
            // torch.set_flush_denormal(True); torch.tensor([1e-39]) * 1 is 0.
            let tiny = Tensor::from_slice(&[1e-39f32]) * 1.0;
            assert_eq!(tiny.double_value(&[0]), 0.0);
            set_flush_denormal(false).unwrap();
        }
    }
}
