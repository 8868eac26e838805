//! The tensors of one network in a file.

use safetensors::{Dtype, SafeTensors};

use crate::contract::FormatError;

/// The tensors of one member of an ensemble.
pub(crate) struct Weights<'a> {
    tensors: &'a SafeTensors<'a>,
    member: usize,
}

impl<'a> Weights<'a> {
    pub(crate) fn of(tensors: &'a SafeTensors<'a>, member: usize) -> Self {
        Self { tensors, member }
    }

    /// A tensor of f32 that must have this shape.
    pub(crate) fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, FormatError> {
        let name = format!("member{}.{name}", self.member);
        let tensor = self.tensors.tensor(&name)?;
        if tensor.dtype() != Dtype::F32 {
            return Err(FormatError::Type { name, found: format!("{:?}", tensor.dtype()) });
        }
        if tensor.shape() != shape {
            let (found, expected) = (tensor.shape().to_vec(), shape.to_vec());
            return Err(FormatError::Shape { name, found, expected });
        }
        let (numbers, _) = tensor.data().as_chunks();
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}
