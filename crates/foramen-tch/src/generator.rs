use tch::{Device, Tensor};

use crate::{TorchError, ffi};

/// The state of a device's default random generator: bytes to save with a
/// checkpoint and to give back to [`set_generator_state`].
///
/// # Errors
/// [`TorchError::Exception`] where the device has no generator, for example
/// CUDA in a CPU build.
pub fn generator_state(device: Device) -> Result<Tensor, TorchError> {
    ffi::generator_state(device)
}

/// Puts a device's default random generator into a state read earlier.
///
/// # Errors
/// [`TorchError::Exception`] for a tensor that is no such state.
pub fn set_generator_state(device: Device, state: &Tensor) -> Result<(), TorchError> {
    ffi::set_generator_state(device, state)
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    #[test]
    fn a_restored_state_repeats_its_numbers() {
        let state = generator_state(Device::Cpu).unwrap();
        let draw = || Vec::<f32>::try_from(Tensor::rand([8], (Kind::Float, Device::Cpu))).unwrap();
        let first = draw();
        assert_ne!(draw(), first);
        set_generator_state(Device::Cpu, &state).unwrap();
        assert_eq!(draw(), first);
    }

    #[test]
    fn a_foreign_tensor_is_an_error_not_an_abort() {
        let error = set_generator_state(Device::Cpu, &Tensor::from_slice(&[1u8])).unwrap_err();
        assert!(error.to_string().starts_with("libtorch could not set the generator state"));
    }
}
