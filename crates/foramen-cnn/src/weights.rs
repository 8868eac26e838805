//! Where weights come from: drawn, or a file of torchvision's.

use std::fs;
use std::path::Path;

use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution as _, Normal};
use safetensors::SafeTensors;
use tch::{Kind, Tensor};

use crate::{CnnError, tensors};

/// Draws a convolution's weights from He's normal (arXiv 1502.01852).
pub(crate) fn draw_convolution(tensor: &mut Tensor, generator: &mut ChaCha8Rng) {
    let fan_in = tensor.size().iter().skip(1).product::<i64>() as f64;
    let normal = Normal::new(0.0, (2.0 / fan_in).sqrt()).expect("a deviation is positive");
    fill(tensor, normal.sample_iter(generator));
}

/// Fills a tensor with numbers as they come.
pub(crate) fn fill(tensor: &mut Tensor, numbers: impl Iterator<Item = f64>) {
    let values: Vec<f64> = numbers.take(tensor.numel()).collect();
    let drawn = Tensor::from_slice(&values).view(&*tensor.size()).to_kind(Kind::Float);
    tch::no_grad(|| tensor.copy_(&drawn));
}

/// Fills tensors from a safetensors file by their names; they lie as in the file
/// then. What else is in the file, such as the last layer, is left; kernels for
/// three colours are summed where images have one channel, which is what they give
/// for grey.
pub(crate) fn load(
    path: &Path,
    named: impl Iterator<Item = (String, Tensor)>,
) -> Result<(), CnnError> {
    let bytes = fs::read(path).map_err(|source| CnnError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let foreign = |problem: String| CnnError::Foreign { path: path.to_owned(), problem };
    let file = SafeTensors::deserialize(&bytes).map_err(|error| foreign(error.to_string()))?;
    for (name, mut tensor) in named {
        let size = tensor.size();
        let of_colours = file.tensor(&name).is_ok_and(|view| view.shape().get(1) == Some(&3));
        let loaded = match *size {
            [to, 1, rows, columns] if of_colours => {
                tensors::read(&file, &name, &[to, 3, rows, columns], tensor.kind())
                    .map(|colours| colours.sum_dim_intlist(1, true, tensor.kind()))
            }
            _ => tensors::read(&file, &name, &size, tensor.kind()),
        };
        // The storage changes hands: a copy of all weights would take longer than to
        // predict with them.
        tensor.set_data(&loaded.map_err(foreign)?.to_device(tensor.device()));
    }
    Ok(())
}
