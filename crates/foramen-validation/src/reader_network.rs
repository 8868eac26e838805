//! The network of `foramen-select` as libtorch trains it.

use std::path::Path;

use anyhow::Result;
use foramen_select::Network;
use foramen_tch::AdamW;
use tch::nn::{self, Module as _, ModuleT as _};
use tch::{Device, Kind, Tensor};

const HIDDEN: i64 = 64;

/// Convolutions with batch norms, and two layers for all places together.
pub struct TrainedReader {
    store: nn::VarStore,
    convolutions: Vec<(nn::Conv2D, nn::BatchNorm)>,
    hidden: nn::Linear,
    output: nn::Linear,
    clearance: nn::Linear,
}

impl TrainedReader {
    /// A network on a device, with weights drawn by libtorch's generator.
    #[must_use]
    pub fn new(device: Device) -> Self {
        let store = nn::VarStore::new(device);
        let root = store.root();
        let channels = Network::CHANNELS.map(signed);
        let mut edge = signed(Network::EDGE);
        let convolutions = (0..Network::STRIDES.len()).map(|i| {
            let (from, to) = (channels[i], channels[i + 1]);
            let kernel = if i + 1 == Network::STRIDES.len() { 1 } else { 3 };
            let stride = signed(Network::STRIDES[i]);
            edge = (edge + stride - 1) / stride;
            let config =
                nn::ConvConfig { stride, padding: kernel / 2, bias: false, ..Default::default() };
            let path = &root / format!("convolution{i}");
            let norm = nn::batch_norm2d(&path / "norm", to, Default::default());
            (nn::conv2d(&path, from, to, kernel, config), norm)
        });
        let convolutions: Vec<_> = convolutions.collect();
        let features = channels[Network::STRIDES.len()] * edge * edge + 1;
        let hidden = nn::linear(&root / "hidden", features, HIDDEN, Default::default());
        let output =
            nn::linear(&root / "output", HIDDEN, signed(Network::OUTPUTS), Default::default());
        let clearance = nn::linear(&root / "clearance", HIDDEN, 1, Default::default());
        Self { store, convolutions, hidden, output, clearance }
    }

    /// What it gives for crops `[n, 1, rows, columns]` and 1 where they are T2* `[n, 1]`:
    /// the outputs that are read, and last the distance of the nearest pedicle, from which
    /// it learns and which is not written.
    pub fn forward(&self, crops: &Tensor, is_t2_star: &Tensor, train: bool) -> Tensor {
        let mut maps = crops.shallow_clone();
        for (convolution, norm) in &self.convolutions {
            maps = norm.forward_t(&convolution.forward(&maps), train).relu_();
        }
        let places = maps.contiguous().flatten(1, -1).to_kind(Kind::Float);
        let features = Tensor::cat(&[places.dropout(0.2, train), is_t2_star.shallow_clone()], 1);
        let hidden = self.hidden.forward(&features).relu();
        Tensor::cat(&[self.output.forward(&hidden), self.clearance.forward(&hidden)], 1)
    }

    /// Lets an optimiser train it.
    pub fn hand_to(&self, optimiser: &mut AdamW) {
        for (name, tensor) in self.store.variables() {
            if tensor.requires_grad() {
                optimiser.add(&name, &tensor, tensor.dim() > 1);
            }
        }
    }

    /// Writes the file that [`Network::from_safetensors`] reads, with batch norms folded
    /// into convolutions.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut named = Vec::new();
        for (i, (convolution, norm)) in self.convolutions.iter().enumerate() {
            let scale = (&norm.running_var + 1e-5).rsqrt();
            let scale = norm.ws.as_ref().map_or_else(|| scale.shallow_clone(), |ws| ws * &scale);
            let bias = -&norm.running_mean * &scale;
            let bias = norm.bs.as_ref().map_or_else(|| bias.shallow_clone(), |bs| bs + &bias);
            named.push((
                format!("convolution{i}.weight"),
                &convolution.ws * scale.view([-1, 1, 1, 1]),
            ));
            named.push((format!("convolution{i}.bias"), bias));
        }
        for (name, layer) in [("hidden", &self.hidden), ("output", &self.output)] {
            named.push((format!("{name}.weight"), layer.ws.shallow_clone()));
            if let Some(bias) = &layer.bs {
                named.push((format!("{name}.bias"), bias.shallow_clone()));
            }
        }
        let named: Vec<_> = named
            .into_iter()
            .map(|(name, tensor)| (name, tensor.detach().to_device(Device::Cpu).contiguous()))
            .collect();
        Ok(Tensor::write_safetensors(&named, path)?)
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).expect("a layer is small")
}

#[cfg(test)]
mod tests {
    use foramen_image::Contrast;
    use foramen_image::ndarray::Array2;

    use super::*;

    /// The network of `foramen-select` computes what libtorch does, batch norms folded.
    #[test]
    fn weights_written_give_what_was_trained() {
        tch::manual_seed(1);
        let trained = TrainedReader::new(Device::Cpu);
        let edge = signed(Network::EDGE);
        let crops = Tensor::rand([8, 1, edge, edge], (Kind::Float, Device::Cpu));
        let is_t2_star = Tensor::ones([8, 1], (Kind::Float, Device::Cpu));
        // Batch norms take means and deviations of their own.
        for _ in 0..3 {
            let _ = trained.forward(&crops, &is_t2_star, true);
        }
        let name = format!("foramen-reader-{}.safetensors", std::process::id());
        let file = std::env::temp_dir().join(name);
        trained.write(&file).unwrap();
        let network = Network::from_safetensors(&std::fs::read(&file).unwrap()).unwrap();
        let pixels: Vec<f32> = crops.get(0).flatten(0, -1).try_into().unwrap();
        let crop = Array2::from_shape_vec((Network::EDGE, Network::EDGE), pixels).unwrap();
        let expected = trained.forward(&crops.narrow(0, 0, 1), &is_t2_star.narrow(0, 0, 1), false);
        let expected = Vec::<f64>::try_from(expected.flatten(0, -1).to_kind(Kind::Double)).unwrap();
        for (ours, theirs) in network.read(crop.view(), Contrast::T2Star).into_iter().zip(expected)
        {
            assert!((ours - theirs).abs() < 1e-4, "{ours} and {theirs}");
        }
        std::fs::remove_file(file).unwrap();
    }
}
