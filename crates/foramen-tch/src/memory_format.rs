use tch::Tensor;

use crate::{TorchError, ffi};

/// The same values laid out channels-last (NHWC in memory, NCHW in shape),
/// which convolutions on CPU and on tensor cores prefer.
///
/// # Errors
/// [`TorchError::Exception`] for a tensor that has not four dimensions.
pub fn channels_last(tensor: &Tensor) -> Result<Tensor, TorchError> {
    ffi::channels_last(tensor)
}

/// Lays a weight out channels-last in place: whoever holds the tensor, a
/// variable store or an optimiser, holds the new layout.
///
/// # Errors
/// [`TorchError::Exception`] for a tensor that has not four dimensions.
pub fn make_channels_last(tensor: &mut Tensor) -> Result<(), TorchError> {
    ffi::make_channels_last(tensor)
}

/// Whether a tensor is laid out channels-last.
///
/// # Errors
/// [`TorchError::Exception`] should libtorch refuse.
pub fn is_channels_last(tensor: &Tensor) -> Result<bool, TorchError> {
    ffi::is_channels_last(tensor)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    // Counted, not random: another test watches the random generator.
    fn counted(shape: [i64; 4]) -> Tensor {
        let options = (Kind::Float, Device::Cpu);
        Tensor::arange(shape.iter().product::<i64>(), options).reshape(shape)
    }

    #[test]
    fn channels_come_last_in_memory_only() {
        // torch.rand(2,3,4,5).contiguous(memory_format=torch.channels_last)
        //   .stride() is (60, 1, 15, 3)
        let plain = counted([2, 3, 4, 5]);
        let other = channels_last(&plain).unwrap();
        assert_eq!(other.size(), [2, 3, 4, 5]);
        assert_eq!(other.stride(), [60, 1, 15, 3]);
        assert!(other.equal(&plain));
        assert!(is_channels_last(&other).unwrap() && !is_channels_last(&plain).unwrap());
    }

    #[test]
    fn a_shared_weight_changes_for_all_holders() {
        let mut weight = counted([4, 3, 3, 3]);
        let holder = weight.shallow_clone();
        make_channels_last(&mut weight).unwrap();
        assert!(is_channels_last(&weight).unwrap());
        assert!(holder.equal(&weight));
    }

    #[test]
    fn a_vector_has_no_channels() {
        assert!(channels_last(&Tensor::from_slice(&[1f32])).is_err());
    }
}
