use tch::Tensor;

use crate::{TorchError, ffi};

/// Moves each target towards its source by the fraction `weight` (0 to 1), by
/// libtorch's kernel over lists: the step of an exponential moving average.
///
/// # Errors
/// [`TorchError::State`] for lists of unequal length, [`TorchError::Exception`]
/// for tensors of unequal shape.
pub fn move_towards(targets: &[Tensor], sources: &[Tensor], weight: f64) -> Result<(), TorchError> {
    ffi::lerp(targets, sources, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_move_by_the_fraction() {
        let targets = [Tensor::from_slice(&[0f32, 1.0]), Tensor::from_slice(&[2f32])];
        let sources = [Tensor::from_slice(&[4f32, 1.0]), Tensor::from_slice(&[0f32])];
        move_towards(&targets, &sources, 0.25).unwrap();
        assert_eq!(Vec::<f32>::try_from(&targets[0]).unwrap(), [1.0, 1.0]);
        assert_eq!(Vec::<f32>::try_from(&targets[1]).unwrap(), [1.5]);
    }

    #[test]
    fn unequal_lists_and_shapes_are_refused() {
        let one = [Tensor::from_slice(&[0f32, 1.0])];
        assert!(move_towards(&one, &[], 0.5).is_err());
        assert!(move_towards(&one, &[Tensor::from_slice(&[0f32, 1.0, 2.0])], 0.5).is_err());
    }
}
