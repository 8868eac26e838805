use std::fmt;

use foramen_image::Contrast;
use ndarray::{Array1, Array2, ArrayView2};
use safetensors::SafeTensors;

/// The network that reads foramina: convolutions of 3 × 3 with ReLU, and two layers
/// for all places together.
pub struct Network {
    convolutions: Vec<Convolution>,
    hidden: (Array2<f32>, Array1<f32>),
    output: (Array2<f32>, Array1<f32>),
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

struct Convolution {
    /// `[to, from × rows × columns]`.
    weight: Array2<f32>,
    bias: Array1<f32>,
    kernel: usize,
    stride: usize,
}

/// Maps `[channels, rows × columns]` of a square.
struct Maps {
    values: Array2<f32>,
    edge: usize,
}

impl Network {
    /// Rows and columns of what it reads.
    pub const EDGE: usize = 56;
    /// Their distance in millimetres.
    pub const PIXEL: f64 = 0.4;
    /// Steps of the convolutions.
    pub const STRIDES: [usize; 8] = [1, 2, 1, 2, 1, 2, 1, 1];
    /// Channels of the image and after each convolution.
    pub const CHANNELS: [usize; 9] = [1, 16, 16, 32, 32, 64, 64, 64, 16];
    /// Numbers that it gives: the log odds of a foramen; its width in millimetres, and
    /// the logarithm of its mean error; rows and columns of the front and the back wall,
    /// in millimetres from the middle.
    pub const OUTPUTS: usize = 7;

    /// The network of a safetensors file: `convolution0.weight` `[to, from, 3, 3]` and
    /// `.bias`, and so on, `hidden` and `output`, in f32.
    ///
    /// # Errors
    /// What does not fit, as text.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let tensor = |name: &str| {
            let view = file.tensor(name).map_err(|error| error.to_string())?;
            let values = view.data().chunks_exact(4);
            let values: Vec<f32> =
                values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            Ok::<_, String>((view.shape().to_vec(), values))
        };
        let layer = |name: &str| {
            let (shape, weight) = tensor(&format!("{name}.weight"))?;
            let (_, bias) = tensor(&format!("{name}.bias"))?;
            if shape.len() < 2 {
                return Err(format!("{name} has the shape {shape:?}"));
            }
            let from = shape[1..].iter().product();
            let weight = Array2::from_shape_vec((shape[0], from), weight);
            let weight = weight.map_err(|error| format!("{name}: {error}"))?;
            Ok::<_, String>((weight, Array1::from(bias), shape))
        };
        let fits = |name: &str, found: &[usize], expected: &[usize]| {
            (found == expected)
                .then_some(())
                .ok_or_else(|| format!("{name} has the shape {found:?} and not {expected:?}"))
        };
        let (mut convolutions, mut edge) = (Vec::new(), Self::EDGE);
        for (i, stride) in Self::STRIDES.into_iter().enumerate() {
            let name = format!("convolution{i}");
            let (weight, bias, shape) = layer(&name)?;
            let kernel = if i + 1 == Self::STRIDES.len() { 1 } else { 3 };
            fits(&name, &shape, &[Self::CHANNELS[i + 1], Self::CHANNELS[i], kernel, kernel])?;
            fits(&name, bias.shape(), &[Self::CHANNELS[i + 1]])?;
            convolutions.push(Convolution { weight, bias, kernel, stride });
            edge = edge.div_ceil(stride);
        }
        let (hidden, output) = (layer("hidden")?, layer("output")?);
        // The contrast stands behind the places.
        let features = Self::CHANNELS[Self::STRIDES.len()] * edge * edge + 1;
        fits("hidden", &hidden.2, &[hidden.1.len(), features])?;
        fits("output", &output.2, &[Self::OUTPUTS, hidden.1.len()])?;
        fits("output", output.1.shape(), &[Self::OUTPUTS])?;
        Ok(Self { convolutions, hidden: (hidden.0, hidden.1), output: (output.0, output.1) })
    }

    /// What it says of a crop of [`Self::EDGE`] rows and columns.
    ///
    /// # Panics
    /// When the crop has another size.
    #[must_use]
    pub fn read(&self, crop: ArrayView2<'_, f32>, contrast: Contrast) -> [f64; Self::OUTPUTS] {
        let pixels: Vec<f32> = crop.iter().copied().collect();
        let values = Array2::from_shape_vec((1, Self::EDGE * Self::EDGE), pixels);
        let mut maps = Maps { values: values.expect("a crop has its size"), edge: Self::EDGE };
        let mut unfolded = Vec::new();
        for convolution in &self.convolutions {
            maps = convolution.of(&maps, &mut unfolded);
        }
        let mut features: Vec<f32> = maps.values.iter().copied().collect();
        features.push(f32::from(u8::from(contrast == Contrast::T2Star)));
        let hidden = (self.hidden.0.dot(&Array1::from(features)) + &self.hidden.1)
            .mapv_into(|value| value.max(0.0));
        let output = self.output.0.dot(&hidden) + &self.output.1;
        std::array::from_fn(|i| f64::from(output[i]))
    }
}

impl Convolution {
    /// Maps after the convolution and `ReLU`.
    fn of(&self, maps: &Maps, unfolded: &mut Vec<f32>) -> Maps {
        let edge = maps.edge.div_ceil(self.stride);
        let mut values = if self.kernel == 1 {
            self.weight.dot(&maps.values)
        } else {
            self.unfold(maps, edge, unfolded);
            let unfolded = ArrayView2::from_shape((self.weight.ncols(), edge * edge), unfolded);
            self.weight.dot(&unfolded.expect("a place for each weight"))
        };
        for (mut row, bias) in values.rows_mut().into_iter().zip(&self.bias) {
            row.mapv_inplace(|value| (value + bias).max(0.0));
        }
        Maps { values, edge }
    }

    /// What lies below the kernel at each place, `[from × kernel rows × kernel columns,
    /// rows × columns]`; zeros beyond the edges.
    fn unfold(&self, maps: &Maps, edge: usize, unfolded: &mut Vec<f32>) {
        unfolded.clear();
        let reach = self.kernel / 2;
        let wide = maps.edge + 2 * reach;
        let mut padded = vec![0.0; wide * wide];
        for map in maps.values.rows() {
            for (y, row) in map.as_slice().into_iter().flat_map(|m| m.chunks(maps.edge)).enumerate()
            {
                let start = (y + reach) * wide + reach;
                padded[start..start + maps.edge].copy_from_slice(row);
            }
            for below in 0..self.kernel * self.kernel {
                let (down, right) = (below / self.kernel, below % self.kernel);
                for y in 0..edge {
                    let row = &padded[(y * self.stride + down) * wide + right..];
                    match self.stride {
                        1 => unfolded.extend_from_slice(&row[..edge]),
                        stride => unfolded.extend(row.iter().step_by(stride).take(edge)),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;
    use safetensors::{Dtype, serialize};

    use super::*;

    #[test]
    fn weights_of_another_shape_are_refused_by_name() {
        let bytes: &[u8] = include_bytes!("weights.safetensors");
        assert!(Network::from_safetensors(bytes).is_ok());
        assert!(Network::from_safetensors(&bytes[..1000]).is_err());
        let file = SafeTensors::deserialize(bytes).unwrap();
        let (shape, data) = (vec![64, 786], vec![0; 64 * 786 * 4]);
        for name in ["hidden.weight", "convolution3.weight"] {
            let mut tensors: Vec<_> = file.tensors();
            let other = TensorView::new(Dtype::F32, shape.clone(), &data).unwrap();
            tensors.iter_mut().find(|(of, _)| of == name).unwrap().1 = other;
            let error = Network::from_safetensors(&serialize(tensors, None).unwrap()).unwrap_err();
            let layer = name.strip_suffix(".weight").unwrap();
            assert!(error.starts_with(layer) && error.contains("786"), "{error}");
        }
    }
}
